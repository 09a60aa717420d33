"""The tie-out of a ledger in PostgreSQL, by a role that may only look."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from sinks.ledger import LedgerUnreachable
from sinks.postgresql_ledger import schema
from sinks.tie_out.comparison import DifferenceKind
from sinks.trial_balance import read_trial_balance
from tests.unit.sinks_tie_out.captured import Comparer
from tests.unit.sinks_tie_out.planting import plant_all, unlocked_server
from tests.unit.sinks_verify.capture import Installation, install

ORDERS = 100
PLANTED = 40


@pytest.fixture
async def installation(tmp_path: Path, postgresql: str) -> Installation:
    """200 entries with repeats and conflicts among them, booked into PostgreSQL."""
    return await install(tmp_path, orders=ORDERS, conflicts=4, database=postgresql)


@pytest.fixture
def comparer(installation: Installation) -> Iterator[Comparer]:
    """A tie-out that connects as a role with no more than SELECT."""
    reader = f"reader_{uuid.uuid4().hex[:8]}"
    with closing(psycopg.connect(installation.url, autocommit=True)) as admin:
        admin.execute(f'CREATE ROLE "{reader}" LOGIN'.encode())
    schema.migrate(installation.url, writer=None, reader=reader)
    found = Comparer(replace(installation, database=installation.url.replace("//postgres@", f"//{reader}@")))
    yield found
    found.close()


async def test_a_clean_ledger_ties_and_every_damage_is_named(installation: Installation, comparer: Comparer) -> None:
    found = await comparer.compare()
    assert found.clean
    assert (found.cells, found.entries, found.trial_balance) == ((), ORDERS * 2, {"MXN": 0})
    books = read_trial_balance(installation.url)["MXN"]
    assert {one.account: one.balance for one in found.standing} == {name: books[name] for name in {one.account for one in found.standing}}
    assert found.booked == found.captured == {"MXN": books["psp_clearing:stripe"]}
    with unlocked_server(installation.url) as server:
        planted = plant_all(server, PLANTED, seed=2)
    found = await comparer.compare()
    assert {one.entry_id: one.kind for one in found.found.differences} == {one.entry_id: one.kind for one in planted}
    assert found.found.counts[DifferenceKind.FOREIGN] == PLANTED // 10
    assert found.unexplained == ()


async def test_sums_beyond_64_bits_are_exact(installation: Installation, comparer: Comparer) -> None:
    huge = 2**62
    with unlocked_server(installation.url) as server:
        server.do("UPDATE posting SET amount = ? WHERE entry_no IN (3, 5, 7)", (huge,))
    found = await comparer.compare()
    assert found.found.counts[DifferenceKind.ALTERED] == 3
    assert sum(one.held.debits + one.held.credits for one in found.cells) > 2**63


async def test_a_server_that_does_not_answer_is_no_difference(installation: Installation) -> None:
    comparer = Comparer(replace(installation, database="postgresql://nobody@127.0.0.1:1/gone"))
    with pytest.raises(LedgerUnreachable):
        await comparer.compare()
    comparer.close()
