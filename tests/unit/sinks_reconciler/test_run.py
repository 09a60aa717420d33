"""A whole comparison: the store's documents against a ledger that is read back, and against the embedded ledger."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from asiento.accounting.journal import JournalEntry
from schemas.discrepancies import decode_discrepancy
from schemas.entries import encode_entry
from schemas.wording.messages import discrepancy_message
from sinks.external.capabilities import AccountUse, Capabilities
from sinks.external.connections import Connection
from sinks.external.documents import LedgerDocument
from sinks.external.effects import effects
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, RemoteLine, Request
from sinks.external.results import NotSent, Posted, PostResult, Refusal, Refused
from sinks.intake.intake import planned
from sinks.intake.planning import Planner
from sinks.ledger import OffsetRange, StreamEntry
from sinks.posting.rows import Intake, Move, PostingRow, PostingState
from sinks.posting.store import PostingStore
from sinks.reconciler.findings import Difference
from sinks.reconciler.run import Reconciliation, Report
from sinks.sqlite_ledger import SqliteLedger
from tests.unit.sinks.journal import STREAM, batch, capture, hashed, invoice
from tests.unit.sinks_planner.ledgers import JOURNALS, JOURNALS_ONLY
from tests.unit.sinks_planner.rules import Rules

NOW = 1_750_100_000_000_000
FIRST, LAST = "2025-06-01", "2025-06-30"
READS = replace(JOURNALS_ONLY, reads_documents=True, reads_balances=True)
Answer = TypeVar("Answer")


class ReadBack:
    """A ledger that can be read; `meanwhile` happens once, while its balances are read."""

    def __init__(self, documents: Sequence[RemoteDocument], capabilities: Capabilities = READS) -> None:
        self.capabilities = capabilities
        self.held = list(documents)
        self.moved_by_hand: dict[tuple[str, str], int] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self.looked_up = 0
        self.fails = False

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        if self.fails:
            raise NotSent("the ledger cannot be reached")
        for document in [*self.held]:
            if first <= document.date <= last:
                yield document

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        sums: dict[tuple[str, str], int] = {}
        for document in self.held:
            for line in document.lines if document.date <= as_of and not document.voided else ():
                place = (line.account, document.currency)
                sums[place] = sums.get(place, 0) + line.amount
        if as_of >= FIRST:
            happens, self.meanwhile = self.meanwhile, lambda: None
            happens()
            for place, amount in self.moved_by_hand.items():
                sums[place] = sums.get(place, 0) + amount
        return sums

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        self.looked_up += 1
        for held in self.held:
            if held.key == document.key:
                if (held.date, held.total) == (document.date, document.total):
                    return Posted(remote_id=held.remote_id)
                return Refused(refusal=Refusal.CONFLICT, code="other", message=f"it stands on {held.date}")
        return None

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        raise AssertionError("nothing is rendered")

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        raise AssertionError("no account is judged")

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        raise AssertionError("nothing is ever posted by reading back")

    async def accounts(self) -> Sequence[RemoteAccount]:
        return []

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        return []

    async def close(self) -> None:
        return None


class Books:
    """A store whose entries are taken, and posted as far as told."""

    def __init__(self, store: PostingStore) -> None:
        self.store = store
        self.offset = 0

    async def __call__(self, work: Callable[[PostingStore], Answer]) -> Answer:
        return work(self.store)

    def take(self, entries: Sequence[JournalEntry], rules: Rules | None = None) -> None:
        taken = streamed(entries, self.offset)
        batch = planned(Planner(JOURNALS, READS, rules or Rules()), self.store, taken, NOW)
        moved = OffsetRange(partition=0, start=self.offset, end=self.offset + len(entries))
        self.offset += len(entries)
        self.store.intake.take(Intake(ranges=(moved,), entries=tuple(batch.taken), discrepancies=()), NOW)

    def settle(self, state: PostingState, entries: Sequence[JournalEntry] | None = None) -> list[LedgerDocument]:
        """Bring the documents of these entries (None: all) to a state, as far as their order lets them; answers them."""
        done: list[LedgerDocument] = []
        while rows := self._due(entries):
            self._move(rows, state)
            done += [row.document for row in rows]
        return done

    def _due(self, entries: Sequence[JournalEntry] | None) -> list[PostingRow]:
        return [row for row in self.store.sending.due(NOW) if entries is None or row.document.entry_ids[0] in ids(entries)]

    def _move(self, rows: Sequence[PostingRow], state: PostingState) -> None:
        if state is not PostingState.PARKED:
            self.store.sending.begin_attempt(rows, NOW)
        before = PostingState.PLANNED if state is PostingState.PARKED else PostingState.SENDING
        moves = [
            Move(
                key=row.key,
                before=before,
                state=state,
                ready_at=NOW,
                failures=0,
                tried_since=None,
                open_since=None,
                reason="period_closed" if state is PostingState.PARKED else None,
                remote_id=f"R-{row.key}",
            )
            for row in rows
        ]
        if state is not PostingState.SENDING:
            self.store.sending.settle(moves, NOW)


def ids(entries: Sequence[JournalEntry]) -> set[str]:
    return {entry.entry_id for entry in entries}


def streamed(entries: Sequence[JournalEntry], first: int) -> list[StreamEntry]:
    return [
        StreamEntry(partition=0, offset=first + place, hashed=hashed(entry), value=encode_entry(entry))
        for place, entry in enumerate(entries)
    ]


def held(document: LedgerDocument) -> RemoteDocument:
    return RemoteDocument(
        remote_id=f"R-{document.key}",
        key=document.key,
        kind=document.kind,
        reference=document.reference,
        date=document.date,
        currency=document.currency,
        total=document.total,
        lines=tuple(RemoteLine(account=account, amount=amount) for account, amount in effects(document).items()),
    )


ENTRIES = [entry for number in range(1, 9) for entry in (capture(number), invoice(number))]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    store = PostingStore.serve(f"sqlite:///{tmp_path / 'postings.sqlite'}", "books")
    store.intake.bind(STREAM, (0,))
    yield Books(store)
    store.close()


def compared(books: Books, ledger: ReadBack, ledger_url: str | None = None, connection: Connection = JOURNALS) -> Report:
    return asyncio.run(Reconciliation(connection, ledger, books, ledger_url, lambda: NOW).run(FIRST, LAST))


def told(books: Books) -> list[tuple[str, str]]:
    """(code, state) of what was raised since the last question."""
    pending = books.store.outbox.pending_discrepancies(1_000)
    if pending:
        books.store.outbox.mark_raised(pending[-1].number)
    return [(one.code, one.state) for one in (decode_discrepancy(item.value) for item in pending)]


def test_what_stands_there_as_it_was_posted_is_clean(books: Books) -> None:
    books.take(ENTRIES)
    ledger = ReadBack([held(document) for document in books.settle(PostingState.POSTED)])
    report = compared(books, ledger)
    assert report.clean
    assert (report.posted, report.compared, report.balances_compared) == (16, 16, True)
    assert report.findings == ()
    assert told(books) == []


def test_a_difference_is_raised_once_and_resolved_when_it_is_gone(books: Books) -> None:
    books.take(ENTRIES)
    ledger = ReadBack([held(document) for document in books.settle(PostingState.POSTED)])
    gone = ledger.held.pop(3)
    report = compared(books, ledger)
    assert [(one.difference, one.key) for one in report.findings] == [(Difference.MISSING, gone.key)]
    assert report.balances_compared, "the missing document explains the balances"
    assert (report.raised, told(books)) == (1, [("D33", "OPEN")])
    assert compared(books, ledger).raised == 0
    ledger.held.append(gone)
    report = compared(books, ledger)
    assert (report.clean, report.resolved, told(books)) == (True, 1, [("D33", "RESOLVED")])


def test_a_document_on_another_day_is_looked_up_and_not_called_missing(books: Books) -> None:
    books.take(ENTRIES)
    ledger = ReadBack([held(document) for document in books.settle(PostingState.POSTED)])
    ledger.held[2] = replace(ledger.held[2], date="2025-09-01")
    report = compared(books, ledger)
    assert [(one.difference, one.key) for one in report.findings] == [(Difference.DATE, ledger.held[2].key)]
    assert "2025-09-01" in report.findings[0].words


def test_an_account_that_was_moved_by_hand_is_raised_as_d18(books: Books) -> None:
    books.take(ENTRIES)
    ledger = ReadBack([held(document) for document in books.settle(PostingState.POSTED)])
    ledger.moved_by_hand = {("REVENUE:SALES", "MXN"): 777}
    (finding,) = compared(books, ledger).findings
    assert (finding.difference, finding.account) == (Difference.BALANCE, "REVENUE:SALES")
    (pending,) = books.store.outbox.pending_discrepancies(2)
    assert "account REVENUE:SALES moved by" in discrepancy_message(decode_discrepancy(pending.value), "en").happened
    assert told(books) == [("D18", "OPEN")]
    ledger.moved_by_hand = {}
    assert compared(books, ledger).resolved == 1
    assert told(books) == [("D18", "RESOLVED")]


def test_what_is_posted_while_balances_are_read_is_no_difference(books: Books) -> None:
    books.take(ENTRIES)
    ledger = ReadBack([held(document) for document in books.settle(PostingState.POSTED)])
    more = [capture(90), invoice(90)]
    books.take(more)
    ledger.meanwhile = lambda: ledger.held.extend(held(document) for document in books.settle(PostingState.POSTED))
    report = compared(books, ledger)
    assert (report.findings, report.balances_compared, report.posted) == ((), True, 18)


def test_what_is_being_sent_is_no_difference(books: Books) -> None:
    books.take(ENTRIES)
    first, rest = ENTRIES[:4], ENTRIES[4:]
    standing = books.settle(PostingState.POSTED, rest)
    sent = books.settle(PostingState.SENDING, first)
    report = compared(books, ReadBack([held(document) for document in [*standing, *sent]]))
    assert (report.findings, report.balances_compared) == ((), False)


def test_a_ledger_without_lists_is_looked_up_document_by_document(books: Books) -> None:
    books.take(ENTRIES)
    documents = [held(document) for document in books.settle(PostingState.POSTED)]
    ledger = ReadBack([*documents[1:-1], replace(documents[-1], total=1)], JOURNALS_ONLY)
    report = compared(books, ledger)
    assert ledger.looked_up == 16
    assert [one.difference for one in report.findings] == [Difference.MISSING, Difference.AMOUNT]
    assert not report.balances_compared


def test_a_ledger_that_cannot_be_read_raises_nothing(books: Books) -> None:
    books.take(ENTRIES)
    books.settle(PostingState.POSTED)
    ledger = ReadBack([])
    ledger.fails = True
    with pytest.raises(NotSent):
        compared(books, ledger)
    assert told(books) == []


async def _booked(path: Path, entries: Sequence[JournalEntry]) -> str:
    ledger = SqliteLedger(path, lambda: NOW)
    await ledger.open(STREAM, (0,))
    await ledger.book(batch(entries))
    await ledger.close()
    return f"sqlite:///{path}"


def test_entries_of_the_embedded_ledger_are_all_accounted_for(books: Books, tmp_path: Path) -> None:
    """Posted, on their way, waiting for a rule, parked, and one that the connection never took."""
    posted, moving, parked, unmapped, later = ENTRIES[:4], ENTRIES[4:6], ENTRIES[6:8], ENTRIES[8:9], ENTRIES[9:]
    books.take([*posted, *moving, *parked])
    books.take(unmapped, Rules(missing=frozenset({posting.account for posting in unmapped[0].postings})))
    documents = books.settle(PostingState.POSTED, posted)
    books.settle(PostingState.PARKED, parked)
    url = asyncio.run(_booked(tmp_path / "ledger.sqlite", ENTRIES))
    report = compared(books, ReadBack([held(document) for document in documents]), url)
    assert (report.embedded_compared, report.entries, report.on_the_way) == (True, 16, len(moving) + len(later))
    assert [one.difference for one in report.findings] == [Difference.UNPOSTED] * 3
    assert {one.entry_ids[0] for one in report.findings} == ids([*parked, *unmapped])
    assert not report.clean


def test_an_entry_that_was_skipped_is_found(books: Books, tmp_path: Path) -> None:
    books.take(ENTRIES[:6])
    books.offset += 1
    books.store.intake.take(Intake(ranges=(OffsetRange(partition=0, start=6, end=7),), entries=()), NOW)
    books.settle(PostingState.POSTED)
    url = asyncio.run(_booked(tmp_path / "ledger.sqlite", ENTRIES[:7]))
    report = compared(books, ReadBack([held(row.document) for row in books.store.sending.listed(PostingState.POSTED)]), url)
    (finding,) = report.findings
    assert (finding.difference, finding.entry_ids) == (Difference.UNPOSTED, (ENTRIES[6].entry_id,))
    assert "never taken" in finding.words


def test_an_entry_in_a_currency_that_the_connection_does_not_take_is_not_missed(books: Books, tmp_path: Path) -> None:
    """Each of them was called unposted: the ledger of a country had as many false alarms as the others had entries."""
    books.store.intake.take(Intake(ranges=(OffsetRange(partition=0, start=0, end=7),), entries=()), NOW)
    url = asyncio.run(_booked(tmp_path / "ledger.sqlite", ENTRIES[:7]))
    other = replace(JOURNALS, currencies=frozenset({"USD"} - {entry.currency for entry in ENTRIES}))
    report = compared(books, ReadBack([]), url, other)
    assert (report.clean, report.embedded_compared, report.entries) == (True, True, 0)


def test_without_an_embedded_ledger_it_says_so(books: Books, tmp_path: Path) -> None:
    books.take(ENTRIES)
    ledger = ReadBack([held(document) for document in books.settle(PostingState.POSTED)])
    report = compared(books, ledger, f"sqlite:///{tmp_path / 'nowhere.sqlite'}")
    assert (report.clean, report.embedded_compared, report.entries) == (True, False, 0)
