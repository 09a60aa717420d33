"""Our side of a comparison: what was posted, what is under way, and which entries of the embedded ledger neither of them covers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from asiento.accounting.journal import JournalEntry
from sinks.bookkeeping.booked import BookedRow
from sinks.external.connections import Connection
from sinks.ledger_access import reader_at
from sinks.posting.rows import OPEN_STATES, EntryRow, EntryState, PostingRow, PostingState
from sinks.posting.store import PostingStore
from sinks.reconciler.comparison import PostedDocument
from sinks.reconciler.findings import Difference, Finding

ENTRIES_ASKED_MAX: Final = 500
LEGAL_ENTITY, POSTING_DATE, CURRENCY = 7, 15, 17
"""Places in the columns of a booked row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OurDocuments:
    """Documents of these days: those said to stand in the ledger, and the keys of all others. `sending`: a call is under way."""

    posted: tuple[PostedDocument, ...]
    under_way: frozenset[str]
    sending: bool

    def as_settled_as(self, other: "OurDocuments") -> bool:
        """Whether nothing was posted between the two, and nothing was being sent."""
        return [one.document.key for one in self.posted] == [one.document.key for one in other.posted] and not (
            self.sending or other.sending
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The embedded ledger's entries of these days: how many, how many not taken or sent yet, and what stands in the way of others."""

    entries: int
    on_the_way: int
    findings: tuple[Finding, ...]


def our_documents(store: PostingStore, first: str, last: str) -> OurDocuments:
    """All documents of a connection dated in these days, both included."""
    posted = [
        PostedDocument(document=row.document, remote_id=row.remote_id or "", number=row.remote_number)
        for row in _listed(store, PostingState.POSTED)
        if first <= row.document.date <= last
    ]
    others = (state for state in PostingState if state is not PostingState.POSTED)
    under_way = frozenset(row.key for state in others for row in _listed(store, state))
    sending = bool(store.sending.listed(PostingState.SENDING, limit=1))
    return OurDocuments(posted=tuple(posted), under_way=under_way, sending=sending)


def _listed(store: PostingStore, state: PostingState) -> Iterator[PostingRow]:
    after = 0
    while rows := store.sending.listed(state, after=after):
        yield from rows
        after = rows[-1].number


def coverage(store: PostingStore, ledger_url: str, connection: Connection, first: str, last: str) -> Coverage:
    """Entries that the embedded ledger has booked in these days, against what became of them here. Raises `LedgerError`."""
    taken_to = {row[0]: row[3] for row in store.session.query("offsets")}
    entries = on_the_way = 0
    findings: list[Finding] = []
    with reader_at(ledger_url) as reader:
        rows = (row for row in reader.all_rows() if first <= row.columns[POSTING_DATE] <= last)
        while page := list(islice(rows, ENTRIES_ASKED_MAX)):
            concerned = [row for row in page if connection.takes(row.columns[LEGAL_ENTITY], row.columns[CURRENCY])]
            kept = {row.entry_id: row for row in store.intake.entries([row.entry_id for row in concerned])}
            entries += len(concerned)
            for row in concerned:
                found = _uncovered(store, row, kept.get(row.entry_id), taken_to.get(row.partition, 0))
                if isinstance(found, Finding):
                    findings.append(found)
                elif found:
                    on_the_way += 1
    return Coverage(entries=entries, on_the_way=on_the_way, findings=tuple(findings))


def _uncovered(store: PostingStore, row: BookedRow, kept: EntryRow | None, taken_to: int) -> Finding | bool:
    """What is wrong with an entry; else whether it is on its way still."""
    if kept is None:
        return _finding(row.entry(), "it was never taken by this connection") if row.offset < taken_to else True
    if kept.content_hash != row.content_hash:
        return _finding(row.entry(), "the embedded ledger has another content under this entry_id", Difference.AMOUNT)
    match kept.state:
        case EntryState.WAITING:
            return _finding(row.entry(), f"it waits: {kept.about or 'an earlier entry of its order waits'}: {kept.reason or ''}")
        case EntryState.REJECTED:
            return _finding(row.entry(), f"it was given up: {kept.reason or ''}")
        case EntryState.NOTHING:
            return False
        case EntryState.PLANNED | EntryState.SUMMARIZED:
            return _of_documents(row, store.sending.documents_of_entry(row.entry_id), kept.state)


def _of_documents(row: BookedRow, documents: Sequence[PostingRow], state: EntryState) -> Finding | bool:
    stuck = [one for one in documents if one.state in (PostingState.PARKED, PostingState.REJECTED)]
    if stuck:
        words = ": ".join(word for word in (stuck[0].reason, stuck[0].about, stuck[0].message) if word)
        return _finding(row.entry(), f"{stuck[0].document.reference} is {stuck[0].state.lower()}: {words}")
    if not documents:
        return state is EntryState.SUMMARIZED
    return any(one.state in OPEN_STATES for one in documents)


def _finding(entry: JournalEntry, why: str, difference: Difference = Difference.UNPOSTED) -> Finding:
    return Finding(
        difference=difference,
        words=f"entry {entry.entry_id} ({entry.entry_kind} of {entry.order_key}): {why}",
        currency=entry.currency,
        entry_ids=(entry.entry_id,),
        date=entry.posting_date,
    )
