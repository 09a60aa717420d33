"""The writing side of the operational database: rows and offsets in one transaction, by compare-and-set."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from asiento.runtime.file_lock import LockHeld, locked
from schemas.decisions import DecisionBatch, decode_decisions
from schemas.operator_actions import decode_action
from schemas.output_codec import DecodeError
from schemas.topics import (
    ACCOUNTING_ACKS,
    ACCOUNTING_ACTIONS,
    ACCOUNTING_DECISIONS,
    ACCOUNTING_DISCREPANCIES,
    ACCOUNTING_ENTRIES,
    ORDERS_DLQ,
    ORDERS_EVENTS,
)
from sinks.databases.database import Database, Row, placeholders, transaction
from sinks.entry_stream import StreamBroken
from sinks.ledger import OffsetRange, StreamIdentity
from sinks.projector import rows
from sinks.projector.database import migrate, open_database, sqlite_path
from sinks.projector.errors import ForeignOperational, OperationalInUse, OperationalUnavailable, ProjectionMoved
from sinks.projector.folding import DecisionFold, EventKey, EventState, PlacedBatch, named_again, named_events
from sinks.projector.rows import TopicRecord
from sinks.projector.statements import statement
from sinks.projector.topics import ProjectedTopic

IDS_ASKED_MAX: Final = 500
"""Ids in one question to the database."""

_LOCK_PRODUCT: Final = 0x61736F70
"""First half of the advisory lock's number in PostgreSQL; the second is the schema's."""

_ADVANCE = statement("advance_offset")
_OFFSETS = statement("offsets")
_INSERT_OFFSET = statement("insert_offset")
_INSERT_GAP = statement("insert_gap")
_DECIDED_UNTIL = statement("decided_until")
_DECIDED_BETWEEN = statement("decided_between")
_UPSERT_ENTRY = statement("upsert_entry")
_UPSERT_DISCREPANCY = statement("upsert_discrepancy")
_UPSERT_ACTION = statement("upsert_action")
_UPSERT_CLOSING = statement("upsert_closing")
_UPSERT_ASSIGNMENT = statement("upsert_assignment")
_UPSERT_EVENT_STATE = statement("upsert_event_state")

Made = TypeVar("Made")
_CLOSES = frozenset({"RESOLVE", "REPLAY", "REOPEN"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPart:
    """What was read of one topic since the last batch: the ranges that are moved, and the records in them.

    Records of one partition stand in offset order; offsets of a range without a record are control records.
    """

    topic: ProjectedTopic
    ranges: tuple[OffsetRange, ...]
    records: tuple[TopicRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTopic:
    """A topic as the broker knows it."""

    topic: ProjectedTopic
    identity: StreamIdentity
    partitions: tuple[int, ...]


class OperationalWriter:
    """The one writer of an operational database. Not for two threads at once."""

    def __init__(self, database: Database, release: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._release = release
        self._decided_until: dict[int, int] = {}

    @classmethod
    def open(cls, url: str) -> "OperationalWriter":
        """Connect, become the only writer and bring the tables up to date.

        Raises `OperationalInUse`, `ForeignOperational`, `OperationalUnavailable`.
        """
        with ExitStack() as undo:
            release = undo.enter_context(ExitStack())
            path = sqlite_path(url)
            if path is not None:
                try:
                    release.enter_context(locked(path.with_name(path.name + ".lock"), wait_seconds_max=0))
                except LockHeld:
                    raise OperationalInUse(f"{path}: another projector writes this database: stop that one first") from None
                except OSError as error:
                    raise OperationalUnavailable(f"{path}: {error.strerror}") from None
            database = open_database(url, for_writing=True)
            undo.callback(database.close)
            with database.explained():
                if database.dialect == "postgresql":
                    _take_advisory_lock(database)
                migrate(database)
            undo.pop_all()
        return cls(database, release.close)

    @property
    def database(self) -> Database:
        """The connection, for reading what was written."""
        return self._database

    def bind(self, topics: Iterable[BoundTopic]) -> dict[tuple[str, int], int]:
        """Bind topics that are new to the database; answer the next offset by (name on the broker, partition).

        Raises `ForeignOperational` where the database was written from another topic of that name.
        """
        with self._database.explained():
            bound: dict[str, list[Row]] = {}
            for row in self._database.query(_OFFSETS):
                bound.setdefault(row[0], []).append(row)
            fresh: list[Row] = []
            for found in topics:
                name = found.topic.on_broker
                present = bound.get(name, [])
                self._require_same(found, present)
                known = {row[1] for row in present}
                identity = found.identity
                fresh += [(name, number, identity.cluster_id, identity.topic_id) for number in found.partitions if number not in known]
            with transaction(self._database):
                self._database.change_many(_INSERT_OFFSET, fresh)
            self._decided_until.clear()
            return {(row[0], row[1]): row[4] for row in self._database.query(_OFFSETS)}

    def skip(self, topic: ProjectedTopic, gaps: Sequence[OffsetRange]) -> None:
        """Go over offsets that retention took, and note them."""
        with self._database.explained(), transaction(self._database):
            for gap in gaps:
                self._database.change(_INSERT_GAP, (topic.on_broker, gap.partition, gap.start, gap.end))
                self._advance(topic.on_broker, gap)

    def write(self, parts: Sequence[TopicPart]) -> None:
        """Write the rows of all records and move all offsets, or nothing.

        Raises `StreamBroken` for a record that is not ours, `ProjectionMoved`, `OperationalUnavailable`.
        """
        prepared = [(part, _PREPARED[part.topic.name](part)) for part in parts]
        with self._database.explained(), transaction(self._database):
            for part, put in prepared:
                for moved in part.ranges:
                    self._advance(part.topic.on_broker, moved)
                put(self)

    def close(self) -> None:
        """Let go of the database; safe to call twice."""
        self._database.close()
        self._release()

    def _advance(self, topic: str, moved: OffsetRange) -> None:
        values = {"topic": topic, "partition": moved.partition, "start": moved.start, "next": moved.end}
        if self._database.change(_ADVANCE, values) != 1:
            raise ProjectionMoved(
                f"{self._database.place}: partition {moved.partition} of {topic} is not at offset {moved.start} any more: "
                "another process has written; nothing of this batch was kept"
            )

    def _require_same(self, found: BoundTopic, present: Sequence[Row]) -> None:
        identity, name, place = found.identity, found.topic.on_broker, self._database.place
        for _, partition, cluster_id, topic_id, _ in present:
            if (cluster_id, topic_id) != (identity.cluster_id, identity.topic_id):
                raise ForeignOperational(
                    f"{place}: written from topic {name} (id {topic_id}) on cluster {cluster_id}, not from the one of now "
                    f"(id {identity.topic_id} on cluster {identity.cluster_id}): the topic or the broker was replaced. "
                    "Name the right broker, or make the database again: `asiento operational rebuild --into NEW_URL`"
                )
            if partition not in found.partitions:
                raise ForeignOperational(
                    f"{place}: written from partition {partition} of {name}, which now has only {len(found.partitions)}; "
                    "the partition count of a topic generation is fixed"
                )

    def put_decisions(self, batches: Sequence[PlacedBatch]) -> None:
        """Fold batches, in offset order per partition, into their rows."""
        for partition in {placed.batch.partition for placed in batches} - self._decided_until.keys():
            found = self._database.query(_DECIDED_UNTIL, (partition,))
            self._decided_until[partition] = found[0][0] if found else 0
        decided = self._decided_in(named_again(batches, self._decided_until))
        fold = DecisionFold(self._states_of(named_events(batches)), self._decided_until, decided)
        for placed in batches:
            fold.add(placed)
        self._database.append("decision_batch", rows.BATCH, fold.batches)
        self._database.append("decision", rows.DECISION, fold.decisions)
        self._database.append("healed", rows.HEALED, fold.healed)
        self._database.change_many(_UPSERT_EVENT_STATE, fold.states)
        # Wrong only if this transaction fails, and then the process ends.
        self._decided_until.update(fold.decided_until)

    def _decided_in(self, ranges: Iterable[OffsetRange]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for asked in ranges:
            rows_there = self._database.query(_DECIDED_BETWEEN, (asked.partition, asked.start, asked.end))
            found.setdefault(asked.partition, set()).update(offset for (offset,) in rows_there)
        return found

    def _states_of(self, keys: Iterable[EventKey]) -> dict[EventKey, EventState]:
        wanted = iter(sorted({key.event_id for key in keys}))
        found: dict[EventKey, EventState] = {}
        while asked := list(islice(wanted, IDS_ASKED_MAX)):
            for row in self._database.query(statement("event_states").replace("{ids}", placeholders(asked)), asked):
                found[EventKey(row[0], row[1])] = EventState(
                    record_offset=row[2], order_key=row[3], outcome=row[4], code=row[5], since=row[6], batch_offset=row[7]
                )
        return found


def _take_advisory_lock(database: Database) -> None:
    if database.query("SELECT pg_try_advisory_lock(?, hashtext(current_schema()))", (_LOCK_PRODUCT,)) != [(True,)]:
        raise OperationalInUse(f"{database.place}: another projector writes this database: stop that one first")


_Put: TypeAlias = Callable[[OperationalWriter], None]
"""Writes rows that were prepared outside the transaction."""


def _each(part: TopicPart, make: Callable[[TopicRecord], Made]) -> list[Made]:
    """One value per record; raises `StreamBroken` for a record that our programs did not write."""
    made = []
    for record in part.records:
        try:
            made.append(make(record))
        except DecodeError as error:
            raise StreamBroken(
                f"partition {record.partition} offset {record.offset} of {part.topic.on_broker} is no record of ours ({error}); "
                "find out who wrote it, nothing was skipped"
            ) from error
    return made


def _events(part: TopicPart) -> _Put:
    made = _each(part, rows.event_row)
    return lambda writer: writer.database.append("event", rows.EVENT, made)


def _entries(part: TopicPart) -> _Put:
    made = _each(part, rows.entry_row)
    return lambda writer: writer.database.change_many(_UPSERT_ENTRY, made)


def _decisions(part: TopicPart) -> _Put:
    made = _each(part, lambda record: PlacedBatch(record.offset, _batch_of(part, record)))
    return lambda writer: writer.put_decisions(made)


def _batch_of(part: TopicPart, record: TopicRecord) -> DecisionBatch:
    batch = decode_decisions(record.value)
    if batch.partition != record.partition:
        raise StreamBroken(
            f"partition {record.partition} offset {record.offset} of {part.topic.on_broker} decides about partition {batch.partition}: "
            "workers write to the partition of their source; find out who wrote it, nothing was skipped"
        )
    return batch


def _discrepancies(part: TopicPart) -> _Put:
    made = _each(part, rows.discrepancy_rows)

    def put(writer: OperationalWriter) -> None:
        writer.database.append("discrepancy_log", rows.DISCREPANCY_LOG, [log for log, _ in made])
        writer.database.change_many(_UPSERT_DISCREPANCY, [now for _, now in made])

    return put


def _dead_letters(part: TopicPart) -> _Put:
    made = _each(part, rows.dead_letter_row)
    return lambda writer: writer.database.append("dead_letter", rows.DEAD_LETTER, made)


def _acks(part: TopicPart) -> _Put:
    made = _each(part, rows.ack_row)
    return lambda writer: writer.database.append("ack", rows.ACK, made)


def _actions(part: TopicPart) -> _Put:
    made = _each(part, lambda record: (record, decode_action(record.value)))
    actions = [action for _, action in made]
    closings = [action for action in actions if action.kind in _CLOSES and (action.kind, action.subject_kind) != ("REPLAY", "DISCREPANCY")]

    def put(writer: OperationalWriter) -> None:
        database = writer.database
        database.change_many(_UPSERT_ACTION, [rows.action_row(record, action) for record, action in made])
        database.change_many(
            _UPSERT_CLOSING,
            [(action.subject_kind, rows.text(action.subject), action.kind, action.at, action.action_id) for action in closings],
        )
        database.change_many(
            _UPSERT_ASSIGNMENT,
            [
                (action.subject_kind, rows.text(action.subject), rows.optional(action.assignee), action.at, action.action_id)
                for action in actions
                if action.kind == "ASSIGN"
            ],
        )

    return put


_PREPARED: Final[dict[str, Callable[[TopicPart], _Put]]] = {
    ORDERS_EVENTS: _events,
    ACCOUNTING_DECISIONS: _decisions,
    ACCOUNTING_ENTRIES: _entries,
    ACCOUNTING_DISCREPANCIES: _discrepancies,
    ORDERS_DLQ: _dead_letters,
    ACCOUNTING_ACKS: _acks,
    ACCOUNTING_ACTIONS: _actions,
}
