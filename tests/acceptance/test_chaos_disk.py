"""A full disk under the ledger's file, the database or the broker: nothing is booked wrongly, and space is all that has to come back."""

from pathlib import Path

import pytest

from tests.acceptance.chaos_checks import findings
from tests.acceptance.chaos_nemesis import Nemesis
from tests.acceptance.chaos_options import SEED, figure, option
from tests.acceptance.chaos_system import Shape, chaos_system
from tests.acceptance.chaos_word import check_what_the_product_says

pytestmark = pytest.mark.kafka

FULL_SECONDS = 5.0
WORKING_AGAIN_SECONDS_MAX = option("HEAL_SECONDS", 30)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("part", "database"), [("ledger", "sqlite"), ("database", "postgresql"), ("broker", "postgresql")])
def test_a_full_disk_costs_time_only(tmp_path: Path, *, part: str, database: str) -> None:
    """`make soak-disk`."""
    shape = Shape(seed=SEED, database=database, lives=40, behind_records=8_000, full_disk=part)
    with chaos_system(shape, tmp_path) as system:
        system.start()
        system.until_decided(5_000)
        system.load.send(8_000)
        healed = Nemesis(system).fill_disk(FULL_SECONDS)
        system.drain()
        assert findings(system.scene()) == {}, f"seed {SEED}, logs in {tmp_path}"
        check_what_the_product_says(system)
        figure(
            f"disk: seed {SEED}, full under the {part} ({database}): all works again {healed.seconds:.1f} s after there is room, "
            f"{system.load.truth.sent} events: 0 lost, 0 doubled, 0 altered; deaths {dict(system.excused)}"
        )
        assert healed.seconds <= WORKING_AGAIN_SECONDS_MAX
