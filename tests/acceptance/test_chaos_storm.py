"""A rebalance storm: a third worker joins, or leaves, every fifteen seconds; the books are exact, and work goes on meanwhile."""

import time
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.chaos_checks import findings
from tests.acceptance.chaos_options import DATABASE, SEED, figure, option
from tests.acceptance.chaos_system import WORKERS, ChaosSystem, Shape, chaos_system
from tests.acceptance.chaos_word import check_metrics
from tests.acceptance.test_chaos_restart import is_ready
from tests.integration.order_stream import Worker, wait_until

pytestmark = pytest.mark.kafka

STORM_SECONDS = option("STORM_SECONDS", 300)
CALM_SECONDS = option("CALM_SECONDS", 60)
EVERY_SECONDS = 15.0
GUEST = "w3"
SHARE_MIN = 0.3


def work_for(system: ChaosSystem, seconds: float) -> float:
    """Let the workers work with enough to do; records a second."""
    before, began = system.decided_total(), time.monotonic()

    def over() -> bool:
        system.keep_behind()
        return time.monotonic() - began >= seconds

    system.until(over, f"{seconds:.0f} s pass", seconds + 60)
    return (system.decided_total() - before) / (time.monotonic() - began)


def storm(system: ChaosSystem, seconds: float) -> tuple[float, int]:
    """Records a second under the storm, and how often the guest joined or left."""
    before, began, moves = system.decided_total(), time.monotonic(), 0
    while time.monotonic() - began < seconds:
        guest: Worker | None = system.workers.pop(GUEST, None)
        if guest is None:
            system.start_worker(GUEST)
        else:
            wait_until(partial(guest.logged, "process_started"), "the guest takes signals")
            assert guest.stop() == 0, guest.log_file
        moves += 1
        system.journal(f"{GUEST} {'joins' if guest is None else 'leaves'}")
        work_for(system, EVERY_SECONDS * moves - (time.monotonic() - began))
    return (system.decided_total() - before) / (time.monotonic() - began), moves


@pytest.mark.soak
@pytest.mark.timeout(1_500)
def test_in_a_rebalance_storm_work_goes_on_and_the_books_are_right(tmp_path: Path) -> None:
    """`make soak-storm`: calm and storm are measured one after the other in the same run.

    More than a million events: compared with the oracle and the counters only; what the product says of itself is compared after kills
    and faults, where there are fewer.
    """
    shape = Shape(seed=SEED, database=DATABASE, behind_records=30_000)
    with chaos_system(shape, tmp_path) as system:
        system.start()
        system.until(lambda: all(is_ready(system, name) for name in WORKERS), "both workers have partitions")
        work_for(system, EVERY_SECONDS)
        calm = work_for(system, CALM_SECONDS)
        stormy, moves = storm(system, STORM_SECONDS)
        system.journal(f"calm {calm:.0f} records a second, storm {stormy:.0f}")
        system.drain()
        system.journal("all is decided and booked")
        assert findings(system.scene()) == {}, f"seed {SEED}, logs in {tmp_path}"
        check_metrics(system, system.load.truth.outcomes())
        figure(
            f"storm: seed {SEED}, {DATABASE}, {moves} joins and leaves in {STORM_SECONDS:.0f} s: {stormy:.0f} records/s of {calm:.0f} "
            f"in calm ({100 * stormy / calm:.0f} %), {system.load.truth.sent} events: 0 lost, 0 doubled, 0 altered; "
            f"deaths {dict(system.excused)}"
        )
        assert stormy >= SHARE_MIN * calm
