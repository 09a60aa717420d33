"""One chunk of the events topic through the core: records and states in, everything to write out. Pure: no clock, no I/O.

Records of one order see each other's states through the overlay of this chunk; nothing outside changes. What would be too
large to write is refused here, before any transaction: an event one of whose entries or whose order's new state exceeds 8 MiB, or
whose entries together exceed 32 MiB, becomes a dead letter and leaves the order as it was. What is only too much for one
transaction, or takes too long, is given back as `RangeTooLarge`: its halves give the same outcomes.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, assert_never

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Decision, Deferred, Duplicate, Ignored, Outcome, Posted, Rejected
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import PolicyBook
from schemas.acceptance import accept_record
from schemas.avro_writer import ValueTooLong
from schemas.decisions import DecisionBatch, HealedOutcome, RecordOutcome, encode_decisions
from schemas.discrepancies import encode_discrepancy
from schemas.entries import encode_entry
from schemas.events import SchemaLookup, SchemaUndecided, is_locked, refuse_unknown
from schemas.framing import BadFrame, schema_id_of
from schemas.order_state import encode_state
from schemas.refusal import Refusal
from streams.dead_letters import VALUE_BYTES_MAX, letter_of
from streams.engine.processor import OutputRecord, RangeTooLarge, SourceRange, SourceRecord, StateRecord

OUTPUT_BYTES_MAX: Final = 32 * 1024 * 1024
"""Most bytes of entries of one event, and of one transaction of two or more records."""
SCHEMAS_WANTED_MAX: Final = 100
"""Most schema ids that are asked for together."""
DEAD_LETTER: Final = "dead_letter"

StateOf = Callable[[bytes], OrderState | None]


def never_late() -> bool:
    """Time does not count."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What a chunk needs to know of the worker: `partition_count` of the topic, its own name and version, the time (UTC us).

    `is_late` is asked between two records: true asks for halves, so that the worker's event loop turns; no outcome depends on it.
    `look_up` tells what was decided of schema ids that the lock file does not have; it raises `SchemaUndecided` of others.
    """

    partition_count: int
    policies: PolicyBook
    worker: str
    worker_version: str
    decided_at: int
    is_late: Callable[[], bool] = never_late
    look_up: SchemaLookup = refuse_unknown


@dataclass(slots=True)
class ChunkCounts:
    """What the chunk adds to the counters; entries also by when the record arrived that led to them, milliseconds since 1970."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    healed: Counter[str] = field(default_factory=Counter)
    entry_kinds: Counter[str] = field(default_factory=Counter)
    discrepancies: Counter[tuple[str, str]] = field(default_factory=Counter)
    entry_arrivals: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class ChunkOutput:
    """Everything one chunk causes, encoded; `new_states` are the decoded states of the orders it changed, by key."""

    batch: DecisionBatch
    decisions: list[OutputRecord]
    entries: list[OutputRecord]
    discrepancies: list[OutputRecord]
    dead_letters: list[OutputRecord]
    states: list[StateRecord]
    new_states: dict[bytes, OrderState]
    counts: ChunkCounts


class SchemasWanted(Exception):
    """The record at index `place` cannot be judged before it is decided what these schema ids are, its own among them."""

    def __init__(self, place: int, schema_ids: tuple[int, ...]) -> None:
        super().__init__(place, schema_ids)
        self.place = place
        self.schema_ids = schema_ids


def fold_chunk(source: SourceRange, state_of: StateOf, workplace: Workplace) -> ChunkOutput:
    """Judge the records of a range in order. `state_of(key)` gives the committed state of an order, None if unknown.

    Raises `RangeTooLarge` if two or more records are too much for one transaction or too slow, `SchemasWanted` at the first record of
    an undecided schema id, and whatever `decide` raises.
    """
    watched: frozenset[bytes] = frozenset()
    while True:
        fold = _Fold(source, state_of, workplace, watched)
        for place, record in enumerate(source.records):
            if place and (fold.entry_bytes > OUTPUT_BYTES_MAX or workplace.is_late()):
                raise RangeTooLarge
            try:
                fold.judge(record)
            except SchemaUndecided as problem:
                raise SchemasWanted(place, _undecided(source, place, problem.schema_id, workplace.look_up)) from None
        output = fold.finish()
        oversized = {state.key for state in output.states if state.value is not None and len(state.value) > VALUE_BYTES_MAX}
        if not oversized:
            return output
        watched |= oversized  # once more, measuring the states of these orders after every event


def give_up_record(source: SourceRange, detail: str, workplace: Workplace) -> ChunkOutput:
    """Refuse the one record of a range as `crashes_worker`, without looking into it."""
    fold = _Fold(source, lambda _: None, workplace, frozenset())
    (record,) = source.records
    fold.refuse(record, Refusal("crashes_worker", detail))
    return fold.finish()


def _undecided(source: SourceRange, place: int, first: int, look_up: SchemaLookup) -> tuple[int, ...]:
    """The schema ids from `place` on that are undecided, so that they are asked for together: the first ones, in order."""
    found = {first: None}
    for record in source.records[place + 1 :]:
        try:
            schema_id = schema_id_of(record.value or b"")
            if not is_locked(schema_id):
                look_up(schema_id)
        except BadFrame:
            continue
        except SchemaUndecided as problem:
            found[problem.schema_id] = None
            if len(found) == SCHEMAS_WANTED_MAX:
                break
    return tuple(found)


class _TooLarge(Exception):
    """What an event causes fits no record of ours; the message is for the dead letter."""


def _require_state_fits(state: OrderState) -> None:
    if len(encode_state(state)) > VALUE_BYTES_MAX:
        raise _TooLarge(f"the state of the order would be longer than {VALUE_BYTES_MAX} bytes")


class _Fold:
    """The chunk in the making."""

    __slots__ = (
        "_healed",
        "_outcomes",
        "counts",
        "dead_letters",
        "discrepancies",
        "entries",
        "entry_bytes",
        "overlay",
        "source",
        "state_of",
        "watched",
        "workplace",
    )

    def __init__(self, source: SourceRange, state_of: StateOf, workplace: Workplace, watched: frozenset[bytes]) -> None:
        self.source = source
        self.state_of = state_of
        self.workplace = workplace
        self.watched = watched
        self.overlay: dict[bytes, OrderState] = {}
        self.entries: list[OutputRecord] = []
        self.entry_bytes = 0
        self.discrepancies: list[OutputRecord] = []
        self.dead_letters: list[OutputRecord] = []
        self.counts = ChunkCounts()
        self._outcomes: list[RecordOutcome] = []
        self._healed: list[HealedOutcome] = []

    def judge(self, record: SourceRecord) -> None:
        """One record to its one outcome."""
        workplace = self.workplace
        event = accept_record(
            key=record.key,
            value=record.value,
            partition=self.source.partition,
            partition_count=workplace.partition_count,
            look_up=workplace.look_up,
        )
        if isinstance(event, Refusal):
            self.refuse(record, event)
            return
        key = event.order_key.encode()
        state = self.overlay.get(key)
        if state is None:
            state = self.state_of(key)
        decision = decide(event, state, workplace.policies)
        try:
            entries = self._encoded(key, decision)
            if key in self.watched and decision.state is not None and decision.state is not state:
                _require_state_fits(decision.state)
        except _TooLarge as problem:
            self.refuse(record, Refusal("too_large", str(problem)), event)
            return
        if decision.state is not None and decision.state is not state:
            self.overlay[key] = decision.state
        if entries:
            self.entries += entries
            self.counts.entry_arrivals[record.timestamp] += len(entries)
        self._report(record.offset, key, event, decision)

    def _encoded(self, key: bytes, decision: Decision) -> list[OutputRecord]:
        """The entries of a decision; raises `_TooLarge`."""
        entries, size = [], 0
        for entry in decision.entries:
            try:
                value = encode_entry(entry)
            except ValueTooLong:
                value = None
            if value is None or len(value) > VALUE_BYTES_MAX:
                raise _TooLarge(f"an entry of this event would be longer than {VALUE_BYTES_MAX} bytes")
            size += len(value)
            if size > OUTPUT_BYTES_MAX:
                raise _TooLarge(f"the entries of this event would be longer than {OUTPUT_BYTES_MAX} bytes together")
            entries.append(OutputRecord(key, value, []))
        self.entry_bytes += size
        return entries

    def _report(self, offset: int, key: bytes, event: OrderEvent, decision: Decision) -> None:
        counts = self.counts
        for entry in decision.entries:
            counts.entry_kinds[entry.entry_kind] += 1
        for discrepancy in decision.discrepancies:
            self.discrepancies.append(OutputRecord(key, encode_discrepancy(discrepancy), []))
            counts.discrepancies[discrepancy.code, discrepancy.state] += 1
        for healed in decision.healed:
            outcome, code = _name_and_code(healed.outcome)
            ids = tuple([entry.entry_id for entry in healed.entries])
            self._healed.append(HealedOutcome(event_id=healed.event_id, outcome=outcome, code=code, entry_ids=ids))
            counts.healed[outcome] += 1
        outcome, code = _name_and_code(decision.outcome)
        own_ids = tuple([entry.entry_id for entry in decision.entries])
        if decision.healed:
            healed_ids = {entry.entry_id for healed in decision.healed for entry in healed.entries}
            own_ids = tuple([entry_id for entry_id in own_ids if entry_id not in healed_ids])
        self._outcome(offset, event, outcome, code, own_ids)

    def _outcome(self, offset: int, event: OrderEvent | None, outcome: str, code: str | None, entry_ids: tuple[str, ...]) -> None:
        event_id, order_key = (event.event_id, event.order_key) if event is not None else (None, None)
        self._outcomes.append(
            RecordOutcome(offset=offset, event_id=event_id, order_key=order_key, outcome=outcome, code=code, entry_ids=entry_ids)
        )
        self.counts.outcomes[outcome] += 1

    def refuse(self, record: SourceRecord, refusal: Refusal, event: OrderEvent | None = None) -> None:
        """One record to its dead letter."""
        self.counts.refusals[refusal.reason] += 1
        letter = letter_of(
            self.source, record, refusal, first_seen_at=self.workplace.decided_at, worker_version=self.workplace.worker_version
        )
        self.dead_letters.append(OutputRecord(record.key, letter, []))
        self._outcome(record.offset, event, DEAD_LETTER, refusal.reason, ())

    def finish(self) -> ChunkOutput:
        """The chunk's output; raises `RangeTooLarge`."""
        source, workplace = self.source, self.workplace
        batch = DecisionBatch(
            topic=source.topic,
            partition=source.partition,
            first_offset=source.first_offset,
            next_offset=source.next_offset,
            outcomes=tuple(self._outcomes),
            healed=tuple(self._healed),
            worker=workplace.worker,
            decided_at=workplace.decided_at,
        )
        decisions = encode_decisions(batch)
        if len(decisions) > VALUE_BYTES_MAX and len(source.records) > 1:
            raise RangeTooLarge
        return ChunkOutput(
            batch=batch,
            decisions=[OutputRecord(None, decisions, [])],
            entries=self.entries,
            discrepancies=self.discrepancies,
            dead_letters=self.dead_letters,
            states=[StateRecord(key, encode_state(state), len(state.parked)) for key, state in self.overlay.items()],
            new_states=self.overlay,
            counts=self.counts,
        )


def _name_and_code(outcome: Outcome) -> tuple[str, str | None]:
    match outcome:
        case Posted():
            return "posted", None
        case Duplicate():
            return "duplicate", None
        case Conflict(code):
            return "conflict", code
        case Deferred(code):
            return "deferred", code
        case Rejected(code):
            return "rejected", code
        case Ignored(code):
            return "ignored", code
        case _:
            assert_never(outcome)
