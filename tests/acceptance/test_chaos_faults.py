"""Zombies, restarts of broker and database, cuts of the network: the same books, and work goes on by itself soon after each."""

from pathlib import Path

import pytest

from tests.acceptance.chaos_checks import findings
from tests.acceptance.chaos_nemesis import Nemesis
from tests.acceptance.chaos_options import DATABASE, SEED, figure, option
from tests.acceptance.chaos_system import SMALL_CHUNKS, Shape, chaos_system
from tests.acceptance.chaos_word import check_what_the_product_says

pytestmark = pytest.mark.kafka

EACH = int(option("FAULTS", 5))
WORKING_AGAIN_SECONDS_MAX = option("HEAL_SECONDS", 30)
BUSY_MACHINE_SECONDS_MAX = 120.0
"""The figure is that of the long run; here other tests use the machine."""


def plague_and_check(shape: Shape, directory: Path, each: int, seconds_max: float) -> str:
    """One run; answers its figures."""
    with chaos_system(shape, directory) as system:
        system.start()
        system.until_decided(shape.behind_records)
        nemesis = Nemesis(system)
        nemesis.plague(each)
        system.drain()
        assert findings(system.scene()) == {}, f"seed {shape.seed}, logs in {directory}"
        check_what_the_product_says(system)
        slow = sorted(nemesis.healed, key=lambda one: -one.seconds)
        assert slow[0].seconds <= seconds_max, f"seed {shape.seed}: {slow[:3]}, logs in {directory}"
        kinds = sorted({one.what for one in slow})
        return (
            f"faults: seed {shape.seed}, {shape.database}: {len(slow)} faults of the kinds {kinds}; slowest: {slow[0].what}, "
            f"{slow[0].seconds:.1f} s until all works again, median {slow[len(slow) // 2].seconds:.1f} s; {system.load.truth.sent} events: "
            f"0 lost, 0 doubled, 0 altered; deaths, each started again by the supervisor's part: {dict(system.excused)}"
        )


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_one_of_each_fault_leaves_the_books_right(tmp_path: Path) -> None:
    shape = Shape(seed=6, database=DATABASE, lives=12, behind_records=600, worker_settings=SMALL_CHUNKS)
    figure(plague_and_check(shape, tmp_path, 1, BUSY_MACHINE_SECONDS_MAX))


@pytest.mark.soak
@pytest.mark.timeout(1_500)
def test_five_of_each_fault_leave_the_books_right(tmp_path: Path) -> None:
    """`make soak-faults`. Every third seed has static members."""
    shape = Shape(seed=SEED, database=DATABASE, static_members=SEED % 3 == 0, worker_settings=SMALL_CHUNKS)
    figure(plague_and_check(shape, tmp_path, EACH, WORKING_AGAIN_SECONDS_MAX))
