"""A document that its ledger does not take because of its day is told once, and told to be over when it goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.discrepancies import decode_discrepancy
from schemas.wording.messages import discrepancy_message
from sinks.ledger import OffsetRange
from sinks.posting.rows import Intake, Move, ParkReason, Planned, PostingState, TakenEntry
from sinks.posting.store import PostingStore
from tests.posting_store_cases import NOW, document, entry
from tests.unit.sinks.journal import STREAM


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PostingStore]:
    opened = PostingStore.serve(f"sqlite:///{tmp_path / 'postings.sqlite'}", "books")
    opened.intake.bind(STREAM, (0,))
    told = entry(1, offset=0)
    planned = Planned(documents=(document("one", entry_ids=(told.hashed.entry.entry_id,)),))
    ranges = (OffsetRange(partition=told.partition, start=0, end=1),)
    opened.intake.take(Intake(ranges=ranges, entries=(TakenEntry(entry=told, plan=planned),)), NOW)
    yield opened
    opened.close()


def _step(store: PostingStore, state: PostingState, reason: ParkReason | None) -> None:
    (row,) = store.sending.documents([document("one").key])
    move = Move(key=row.key, before=row.state, state=state, ready_at=NOW, failures=0, tried_since=None, open_since=None, reason=reason)
    store.sending.settle([move], NOW)


def _told(store: PostingStore) -> list[tuple[str, str, str]]:
    pending = store.outbox.pending_discrepancies(100)
    if pending:
        store.outbox.mark_raised(pending[-1].number)
    found = [decode_discrepancy(item.value) for item in pending]
    return [(one.code, one.state, discrepancy_message(one, "en").happened) for one in found]


def test_a_closed_day_is_raised_once_and_is_over_when_the_document_goes_on(store: PostingStore) -> None:
    _step(store, PostingState.PARKED, ParkReason.PERIOD_CLOSED)
    _step(store, PostingState.PARKED, ParkReason.PERIOD_CLOSED)
    assert _told(store) == [("D34", "OPEN", "Ledger books does not take one: its day lies in a closed period.")]
    _step(store, PostingState.PLANNED, None)
    ((code, state, _),) = _told(store)
    assert (code, state) == ("D34", "RESOLVED")


def test_what_is_parked_for_other_reasons_is_not_raised_so(store: PostingStore) -> None:
    _step(store, PostingState.PARKED, ParkReason.INVALID)
    _step(store, PostingState.PLANNED, None)
    assert _told(store) == []
