"""kill -9 of workers, sink, broker and database at random instants: the ledger is what the oracle tells of the events sent."""

from pathlib import Path

import pytest

from tests.acceptance.chaos_checks import findings
from tests.acceptance.chaos_nemesis import Nemesis
from tests.acceptance.chaos_options import DATABASE, SEED, figure, option
from tests.acceptance.chaos_system import SMALL_CHUNKS, Shape, chaos_system
from tests.acceptance.chaos_word import check_what_the_product_says

pytestmark = pytest.mark.kafka

KILLS = int(option("KILLS", 60))
RECORDS = int(option("RECORDS", 300000))


def kill_and_check(shape: Shape, directory: Path, kills: int, records: int) -> str:
    """One run; answers its figures."""
    with chaos_system(shape, directory) as system:
        system.start()
        nemesis = Nemesis(system)
        nemesis.kill_through(kills, records)
        system.drain()
        under_fire = system.seconds
        assert findings(system.scene()) == {}, f"seed {shape.seed}, logs in {directory}"
        check_what_the_product_says(system)
        told = sum(len(order.template.entries) for order in system.load.truth.orders())
        return (
            f"kills: seed {shape.seed}, {shape.database}, {'static' if shape.static_members else 'dynamic'} members: "
            f"{sum(nemesis.kills.values())} kill -9 {nemesis.kills}, {nemesis.behind} under load, {system.load.truth.sent} events, "
            f"{told} entries: 0 lost, 0 doubled, 0 altered; other deaths {dict(system.excused)}; "
            f"{under_fire:.0f} s under fire, {system.seconds - under_fire:.0f} s of checks"
        )


@pytest.mark.timeout(600)
def test_killed_at_random_the_books_are_the_oracle_s(tmp_path: Path) -> None:
    """Of this seed a worker, the broker, the sink and the database."""
    shape = Shape(seed=11, database=DATABASE, lives=12, behind_records=800, worker_settings=SMALL_CHUNKS)
    figure(kill_and_check(shape, tmp_path, kills=4, records=2_400))


@pytest.mark.soak
@pytest.mark.timeout(1_500)
def test_killed_sixty_times_at_random_the_books_are_the_oracle_s(tmp_path: Path) -> None:
    """`make soak-kills`. Every third seed has static members."""
    shape = Shape(seed=SEED, database=DATABASE, static_members=SEED % 3 == 0, worker_settings=SMALL_CHUNKS)
    figure(kill_and_check(shape, tmp_path, KILLS, RECORDS))
