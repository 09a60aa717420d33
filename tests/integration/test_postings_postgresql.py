"""The database of postings in a real PostgreSQL, and the posting state machine on it."""

from contextlib import closing
from pathlib import Path

import pytest

from sinks.posting.store import PostingStore
from sinks.projector.writer import OperationalWriter
from tests.posting_fault_cases import LOOK_UP_FAULTS, FaultCases, ran
from tests.posting_store_cases import StoreCases
from tests.scripted_ledger import FAULTS, ScriptedLedger, able

CALLS_MIN = 5_000
DOCUMENTS = 4_600


class TestPostgresqlStore(StoreCases):
    """See the cases."""

    @pytest.fixture
    def url(self, postgresql: str) -> str:
        return postgresql


@pytest.mark.soak
class TestPostgresqlFaults(FaultCases):
    """See the cases: all of them run on SQLite in the gate."""

    documents_max = 300
    deaths_every = 3

    @pytest.fixture
    def url(self, postgresql: str) -> str:
        return postgresql


@pytest.mark.slow
async def test_faults_and_deaths_on_postgresql_lose_and_double_nothing(postgresql: str) -> None:
    counts = await ran(postgresql, ScriptedLedger(able=able(), seed=1, percent=FAULTS, find_percent=LOOK_UP_FAULTS), 150)
    assert (counts.lost, counts.doubled, counts.unknown, counts.posted) == (0, 0, 0, 150)


@pytest.mark.soak
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_five_thousand_calls_a_fifth_of_them_failing(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'postings.sqlite'}" if database == "sqlite" else request.getfixturevalue("postgresql")
    ledger = ScriptedLedger(able=able(), seed=11, percent=FAULTS, find_percent=LOOK_UP_FAULTS)
    counts = await ran(url, ledger, DOCUMENTS)
    assert counts.posts >= CALLS_MIN
    assert ledger.faults["drop_after"] >= CALLS_MIN // 25
    assert (counts.lost, counts.doubled, counts.unknown, counts.early, counts.posted) == (0, 0, 0, 0, DOCUMENTS)
    assert counts.worst_share < 0.1


def test_one_database_holds_both_what_is_projected_and_what_is_posted(postgresql: str) -> None:
    OperationalWriter.open(postgresql).close()
    with closing(PostingStore.serve(postgresql, "books")) as store:
        assert store.sending.counts() == ()
    OperationalWriter.open(postgresql).close()
