"""What becomes of documents that a real Tryton refuses, by the policy of their connection: poster, store and connector together."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from sinks.connectors.tryton.client import TrytonClient
from sinks.connectors.tryton.drafts import Draft
from sinks.connectors.tryton.ledger import TrytonLedger
from sinks.external.connections import ClosedPeriods
from sinks.external.documents import LedgerDocument
from sinks.external.port import RemoteIds
from sinks.ledger import OffsetRange
from sinks.posting.poster import Poster, PosterWork
from sinks.posting.rows import Intake, Planned, TakenEntry
from sinks.posting.store import PostingStore
from tests.fixed_access import FixedAccess
from tests.posting_faults import VirtualClock
from tests.posting_store_cases import entry
from tests.tryton_chart import CLOSED_DAY
from tests.tryton_server import TrytonBooks
from tests.unit.sinks.journal import STREAM
from tests.unit.sinks_tryton.documents import journal

NOW = round(datetime(2026, 11, 29, tzinfo=UTC).timestamp()) * 1_000_000
STEPS_MAX = 100
DATES = "SELECT date::text FROM account_move WHERE state = 'posted' ORDER BY date"

Answer = TypeVar("Answer")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PostingStore]:
    opened = PostingStore.serve(f"sqlite:///{tmp_path / 'postings.sqlite'}", "books")
    opened.intake.bind(STREAM, (0,))
    yield opened
    opened.close()


@pytest.fixture
def books(tryton_books: TrytonBooks) -> TrytonBooks:
    tryton_books.empty()
    return tryton_books


async def work_through(
    store: PostingStore, ledger: TrytonLedger, policy: ClosedPeriods, *documents: LedgerDocument
) -> dict[str, tuple[str, str | None, str]]:
    """Post documents until nothing more is to be done: name -> state, reason, date."""
    told = entry(1, offset=0)
    documents = tuple(replace(document, entry_ids=(told.hashed.entry.entry_id,)) for document in documents)
    taken = TakenEntry(entry=told, plan=Planned(documents=documents))
    store.intake.take(Intake(ranges=(OffsetRange(partition=told.partition, start=0, end=1),), entries=(taken,)), NOW)

    async def calls(work: Callable[[PostingStore], Answer]) -> Answer:
        return work(store)

    clock = VirtualClock(NOW)
    poster = Poster(PosterWork(connection="books", closed_periods=policy), ledger, calls, clock=clock, random=Random(0))
    await poster.start()
    for _ in range(STEPS_MAX):
        seconds = await poster.step()
        if seconds is None:
            break
        await clock.sleep(seconds)
    await ledger.close()
    rows = store.sending.documents([document.key for document in documents])
    return {row.document.reference: (str(row.state), row.reason and str(row.reason), row.document.date) for row in rows}


@pytest.mark.parametrize(
    ("policy", "late", "dates"),
    [
        (ClosedPeriods.PARK, ("PARKED", "period_closed", CLOSED_DAY), ["2026-03-02"]),
        (ClosedPeriods.REJECT, ("REJECTED", "period_closed", CLOSED_DAY), ["2026-03-02"]),
        (ClosedPeriods.NEXT_OPEN, ("POSTED", None, "2025-02-01"), ["2025-02-01", "2026-03-02"]),
    ],
)
async def test_a_closed_period_by_policy(
    store: PostingStore, books: TrytonBooks, policy: ClosedPeriods, late: tuple[str, str | None, str], dates: list[str]
) -> None:
    ledger = TrytonLedger(TrytonClient(books.base_url, FixedAccess(books.keys.accountant)), {})
    found = await work_through(store, ledger, policy, journal("late", date=CLOSED_DAY), journal("good"))
    assert found == {"J-late": late, "J-good": ("POSTED", None, "2026-03-02")}
    assert [day for (day,) in books.rows(DATES)] == dates


async def test_a_move_out_of_balance_is_kept_for_a_person_and_holds_up_nobody(store: PostingStore, books: TrytonBooks) -> None:
    ledger = TrytonLedger(TrytonClient(books.base_url, FixedAccess(books.keys.accountant)), {})
    whole = ledger._naming.draft

    async def skewed(document: LedgerDocument, remote_ids: RemoteIds) -> Draft:
        draft = await whole(document, remote_ids)
        if document.reference == "J-skewed":
            draft.record["lines"][0][1][1]["credit"]["decimal"] = "10.49"
        return draft

    ledger._naming.draft = skewed  # type: ignore[method-assign]
    found = await work_through(store, ledger, ClosedPeriods.PARK, journal("one"), journal("skewed"), journal("two"))
    assert {name: told[:2] for name, told in found.items()} == {
        "J-one": ("POSTED", None),
        "J-skewed": ("PARKED", "invalid"),
        "J-two": ("POSTED", None),
    }
    assert len(books.rows("SELECT id FROM account_move")) == 2
