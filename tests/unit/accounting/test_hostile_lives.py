"""No valid record, however absurd, may raise: an exception in the fold of a chunk ends the worker, again and again.

Lives of `hostile_lives` go through `fold_chunk` as Avro, in chunks of any size, their states through the codec in between.
What must hold of the books is looked at from outside, by an `onlooker`.
"""

from collections import Counter
from random import Random

import pytest

from asiento.accounting.order_events import EVENT_TYPES, OrderEvent
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
from tests.unit.accounting.onlooker import Books
from tests.unit.streams.offline_engine import Record

KEY = b"acme:shop:es:1"
LIVES = 300
LIVES_TOGETHER = 150
LIVES_SOAK = 20_000
CODES: dict[str, set[str | None]] = {
    "posted": {None},
    "duplicate": {None},
    "conflict": {"D21", "D22"},
    "deferred": {"D10", "D11", "D19", "D27"},
    "rejected": {"D01", "D03", "D06", "D11", "D24", "parking_overflow", "amount_limit", "order_archived"},
    "ignored": {"test_mode", "estimate", "stale_edit", "other_fee_source"},
    "dead_letter": set(REASONS),
}
DISCREPANCIES = {"D01", "D03", "D05", "D06", "D08", "D09", "D10", "D11", "D16", "D17", "D19", "D21", "D22", "D24", "D27", "D28", "D38"}
DISCREPANCIES |= {"amount_limit", "order_archived"}


def framed(event: Json) -> bytes:
    """The Avro value of an object that keeps the types of its schema, whatever its rules say."""
    record = registry().latest[event["type"]].record
    return frame_values(record.name, read_object(record, event))


class Play:
    """The life of a seed, record by record; an onlooker sees everything that comes out."""

    def __init__(self, seed: int) -> None:
        self._life = HostileLife(seed)
        self._chunk_sizes = Random(seed)
        self._books = Books()
        self._state: OrderState | None = None
        self._parked: dict[str, OrderEvent] = {}
        self._raised: set[str] = set()
        self.seen: Counter[str] = Counter()
        """Outcomes, codes and, for what was posted, types of events."""

    def check(self) -> None:
        """One record after the other first, then the same in chunks of any size: the same entries, outcomes and state."""
        records = [Record(offset, KEY, framed(event)) for offset, event in enumerate(self._life.events)]
        singly: list[ChunkOutput] = []
        for record in records:
            singly.append(self._fold([record], self._state))
            self._check_output(record, singly[-1])
        chunks: list[ChunkOutput] = []
        state, start = None, 0
        while start < len(records):
            end = start + self._chunk_sizes.choice((2, 5, 100))
            chunks.append(self._fold(records[start:end], state))
            state = self._next_state(chunks[-1], state)
            start = end
        assert _told(chunks) == _told(singly)
        assert state == self._state

    def _fold(self, records: list[Record], state: OrderState | None) -> ChunkOutput:
        end = records[-1].offset + 1
        source = SourceRange(topic="orders", partition=0, first_offset=records[0].offset, next_offset=end, records=records)
        place = Workplace(partition_count=1, policies=self._life.policies, worker="w", worker_version="1", decided_at=0)
        return fold_chunk(source, lambda _: state, place)

    @staticmethod
    def _next_state(output: ChunkOutput, state: OrderState | None) -> OrderState | None:
        """The state after a chunk, through the codec."""
        for snapshot in output.states:
            assert snapshot.value is not None
            state = decode_state(snapshot.value)
            assert state == output.new_states[KEY]
            assert encode_state(state) == snapshot.value
        return state

    def _check_output(self, record: Record, output: ChunkOutput) -> None:
        self._check_outcomes(record, decode_decisions(output.decisions[0].value))
        for made in output.entries:
            entry = decode_entry(made.value).entry
            self._books.enter(entry)
            if entry.entry_kind == "suspense":
                self._books.suspend(entry)
        for value in output.discrepancies:
            one = decode_discrepancy(value.value)
            assert one.code in DISCREPANCIES
            assert one.state == "OPEN" or one.discrepancy_id in self._raised
            self._raised.add(one.discrepancy_id)
        self._state = self._next_state(output, self._state)
        self._books.check(self._state)

    def _check_outcomes(self, record: Record, batch: DecisionBatch) -> None:
        """One outcome of the record, then what it healed."""
        (one,) = batch.outcomes
        assert one.offset == record.offset
        event = decode_event(record.value)
        self._check_outcome(one.outcome, one.code, None if isinstance(event, Refusal) else event)
        for healed in batch.healed:
            self._check_outcome(healed.outcome, healed.code, self._parked[healed.event_id])

    def _check_outcome(self, outcome: str, code: str | None, event: OrderEvent | None) -> None:
        assert code in CODES[outcome], (outcome, code)
        self.seen.update([outcome, f"{outcome} {code}"])
        if event is not None and outcome == "posted":
            self._books.facts.post(event)
            self.seen[type(event).__name__] += 1
        elif event is not None and outcome == "deferred":
            self._parked[event.event_id] = event


def _told(outputs: list[ChunkOutput]) -> tuple[list[object], ...]:
    """Entries, discrepancies and outcomes of some chunks in a row."""
    batches = [decode_decisions(output.decisions[0].value) for output in outputs]
    return (
        [one.value for output in outputs for one in output.entries],
        [one.value for output in outputs for one in output.discrepancies],
        [one for batch in batches for one in batch.outcomes] + [one for batch in batches for one in batch.healed],
    )


def play(seeds: range) -> Counter[str]:
    """How often each outcome, code and posted type came in the lives of some seeds."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        life = Play(seed)
        try:
            life.check()
        except Exception as error:
            raise AssertionError(f"the life of seed {seed} breaks the books: {error}") from error
        seen += life.seen
    return seen


@pytest.mark.parametrize("start", range(0, LIVES, LIVES_TOGETHER))
def test_a_hostile_life_never_raises_and_its_books_hold(start: int) -> None:
    seen = play(range(start, start + LIVES_TOGETHER))
    assert set(CODES) <= set(seen)
    assert set(EVENT_TYPES) <= set(seen)
    assert seen["posted"] > 3 * LIVES_TOGETHER


@pytest.mark.soak
def test_many_hostile_lives() -> None:
    seen = play(range(LIVES, LIVES + LIVES_SOAK))
    assert seen["posted"] > 3 * LIVES_SOAK
    closed = {f"{outcome} {code}" for outcome, codes in CODES.items() if outcome != "dead_letter" for code in codes}
    assert closed <= set(seen)
