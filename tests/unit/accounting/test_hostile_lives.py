"""No valid record, however absurd, may raise: an exception in the fold of a chunk ends the worker, again and again.

Lives of `hostile_lives` go through `fold_chunk` as Avro, in chunks of any size, their states through the codec in between.
What must hold of the books is looked at from outside: from events, documents and postings, not from the core's own totals.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from asiento.accounting.journal import Document, JournalEntry
from asiento.accounting.order_events import OrderEvent, PaymentCaptured, RefundIssued
from asiento.accounting.order_state import OrderState
from schemas.decisions import DecisionBatch, decode_decisions
from schemas.discrepancies import decode_discrepancy
from schemas.entries import decode_entry
from schemas.events import decode_event
from schemas.framed_values import frame_values
from schemas.json_twin import read_object
from schemas.order_state import decode_state, encode_state
from schemas.refusal import REASONS, Refusal
from schemas.registry import registry
from streams.chunk import ChunkOutput, Workplace, fold_chunk
from streams.engine.processor import SourceRange
from tests.order_making import Json
from tests.unit.accounting.hostile_lives import HostileLife
from tests.unit.streams.offline_engine import Record

KEY = b"acme:shop:es:1"
LIVES = 200
LIVES_SOAK = 20_000
CODES: dict[str, set[str | None]] = {
    "posted": {None},
    "duplicate": {None},
    "conflict": {"D21", "D22"},
    "deferred": {"D10", "D11", "D19", "D27"},
    "rejected": {"D01", "D03", "D06", "D24", "parking_overflow", "amount_limit", "order_archived"},
    "ignored": {"test_mode"},
    "dead_letter": set(REASONS),
}
RANK = {"PENDING": 0, "SUCCEEDED": 1, "FAILED": 2}
CUSTOMER = ("accounts_receivable", "contract_liability", "refunds_payable", "dispute_losses")


def framed(event: Json) -> bytes:
    """The Avro value of an object that keeps the types of its schema, whatever its rules say."""
    record = registry().latest[event["type"]].record
    return frame_values(record.name, read_object(record, event))


@dataclass
class Books:
    """What an onlooker knows of one order: the facts that were posted, the documents, the postings."""

    captured: int = 0
    tenders: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    invoiced: int = 0
    credited: int = 0
    postings: Counter[str] = field(default_factory=Counter)
    entry_ids: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)

    def post(self, event: OrderEvent) -> None:
        """Count the money of an event that was posted."""
        if isinstance(event, PaymentCaptured):
            self.captured += event.amount
        if isinstance(event, RefundIssued):
            # Of a tender that stands twice in one event the first counts.
            for tender_id, tender in {one.tender_id: one for one in reversed(event.tenders)}.items():
                place = (event.refund_id, tender_id)
                earlier = self.tenders.get(place)
                if earlier is None or RANK[tender.status] > RANK[earlier[0]]:
                    self.tenders[place] = (tender.status, tender.amount)

    def enter(self, entry: JournalEntry) -> None:
        """Count an entry; that it balances its constructor has checked."""
        self.entry_ids.append(entry.entry_id)
        assert entry.entry_seq == len(self.entry_ids)
        for posting in entry.postings:
            self.postings[posting.account] += posting.amount if posting.side == "DEBIT" else -posting.amount
        if entry.document is not None:
            self.references.append(entry.document.document_ref)
            self._document(entry.entry_kind, entry.document)

    def _document(self, kind: str, document: Document) -> None:
        totals = document.totals
        assert totals.net + totals.tax == totals.gross
        if kind in ("invoice", "credit_note"):
            assert sum(line.net for line in document.lines) == totals.net
            assert sum(tax.amount for line in document.lines for tax in line.taxes) == totals.tax
        self.invoiced += totals.gross if kind == "invoice" else 0
        self.credited += totals.gross if kind == "credit_note" else 0

    def refunds(self, status: str) -> int:
        """Refunded money of a status."""
        return sum(amount for stated, amount in self.tenders.values() if stated == status)

    def check(self, state: OrderState | None) -> None:
        """Section 3 from outside, and what must never be negative."""
        assert len(set(self.entry_ids)) == len(self.entry_ids)
        assert len(set(self.references)) == len(self.references)
        if state is None:
            return
        pending = self.refunds("PENDING")
        rests = [line.open.rest() for line in state.lines.values()]
        still_open = max(0, sum(rest[0] + sum(rest[4:]) for rest in rests))
        owed = self.invoiced - self.credited - self.captured + self.refunds("SUCCEEDED") + pending
        deposit = min(max(-owed, 0), still_open)
        expected = (max(owed, 0), -deposit, -(pending + max(-owed, 0) - deposit), 0)
        assert tuple(self.postings[account] for account in CUSTOMER) == expected
        assert min([*state.uncredited.values(), 0]) == 0
        for line in state.lines.values():
            if line.terms.kind != "ROUNDING":
                assert min(*line.invoiced, *line.cancelled, *line.credited, *line.open.rest()) >= 0
                keys = {("", "", ""), *[tax.cap_key for tax in line.terms.taxes]}
                assert min(line.uncredited(key) for key in keys) >= 0


class Onlooker:
    """Plays the life of a seed chunk by chunk and looks at everything that comes out."""

    def __init__(self, seed: int) -> None:
        self._life = HostileLife(seed)
        self._chunk_sizes = Random(seed)
        self._books = Books()
        self._state: OrderState | None = None
        self._parked: dict[str, OrderEvent] = {}
        self._made: list[bytes | None] = []
        self.outcomes: Counter[str] = Counter()

    def check(self) -> None:
        """Chunks of any size first, then all records in one: the same entries."""
        records = [Record(offset, KEY, framed(event)) for offset, event in enumerate(self._life.events)]
        start = 0
        while start < len(records):
            end = start + self._chunk_sizes.choice((1, 1, 2, 5, 100))
            self._check_chunk(records[start:end])
            start = end
        assert [entry.value for entry in self._fold(records, None).entries] == self._made

    def _fold(self, records: list[Record], state: OrderState | None) -> ChunkOutput:
        end = records[-1].offset + 1
        source = SourceRange(topic="orders", partition=0, first_offset=records[0].offset, next_offset=end, records=records)
        place = Workplace(partition_count=1, policies=self._life.policies, worker="w", worker_version="1", decided_at=0)
        return fold_chunk(source, lambda _: state, place)

    def _check_chunk(self, records: list[Record]) -> None:
        output = self._fold(records, self._state)
        self._check_outcomes(records, decode_decisions(output.decisions[0].value))
        for entry in output.entries:
            self._made.append(entry.value)
            self._books.enter(decode_entry(entry.value).entry)
        for discrepancy in output.discrepancies:
            decode_discrepancy(discrepancy.value)
        for snapshot in output.states:
            assert snapshot.value is not None
            self._state = decode_state(snapshot.value)
            assert self._state == output.new_states[KEY]
            assert encode_state(self._state) == snapshot.value
        self._books.check(self._state)

    def _check_outcomes(self, records: list[Record], batch: DecisionBatch) -> None:
        assert [one.offset for one in batch.outcomes] == [record.offset for record in records]
        for record, one in zip(records, batch.outcomes, strict=True):
            assert one.code in CODES[one.outcome], one
            self.outcomes[one.outcome] += 1
            event = decode_event(record.value)
            if not isinstance(event, Refusal):
                if one.outcome == "posted":
                    self._books.post(event)
                elif one.outcome == "deferred":
                    self._parked[event.event_id] = event
        for healed in batch.healed:
            assert healed.code in CODES[healed.outcome], healed
            if healed.outcome == "posted":
                self._books.post(self._parked[healed.event_id])


def play(seeds: range) -> Counter[str]:
    """How often each outcome came in the lives of some seeds."""
    outcomes: Counter[str] = Counter()
    for seed in seeds:
        onlooker = Onlooker(seed)
        try:
            onlooker.check()
        except Exception as error:
            raise AssertionError(f"the life of seed {seed} breaks the books: {error}") from error
        outcomes += onlooker.outcomes
    return outcomes


@pytest.mark.parametrize("start", range(0, LIVES, 100))
def test_a_hostile_life_never_raises_and_its_books_hold(start: int) -> None:
    outcomes = play(range(start, start + 100))
    assert set(outcomes) == set(CODES)
    assert outcomes["posted"] > 300


@pytest.mark.soak
def test_many_hostile_lives() -> None:
    assert play(range(LIVES, LIVES + LIVES_SOAK))["posted"] > 3 * LIVES_SOAK
