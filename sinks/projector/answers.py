"""What the reader of the operational database answers. Times in UTC microseconds, money in minor units."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import orjson

from asiento.accounting.decision import Discrepancy
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent
from schemas.entries import entry_from_json
from schemas.events import parse_event_json
from schemas.refusal import Refusal

State: TypeAlias = Literal["OPEN", "RESOLVED"]


class Cursor(NamedTuple):
    """Where a list goes on: behind the item with this time and id."""

    at: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealedLine:
    """One judging of a parked event after the first."""

    batch_offset: int
    decided_at: int
    outcome: str
    code: str | None
    entry_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """A record of the events topic and what became of it; `record_at` is when Kafka got it.

    `refusal` stands instead of event_id to body where the record could not be read. `first_outcome` is None before a
    worker has judged it. `healed` has the later judgings of this event_id that belong to this record.
    """

    partition: int
    offset: int
    record_at: int
    order_key: str | None
    refusal: str | None
    event_id: str | None
    event_type: str | None
    business_key: str | None
    source: str | None
    occurred_at: int | None
    received_at: int | None
    body: str | None
    first_outcome: str | None
    first_code: str | None
    first_entry_ids: tuple[str, ...]
    decided_at: int | None
    healed: tuple[HealedLine, ...]

    @property
    def outcome(self) -> str | None:
        """The outcome of now, after healing."""
        return self.healed[-1].outcome if self.healed else self.first_outcome

    @property
    def code(self) -> str | None:
        """The code of the outcome of now."""
        return self.healed[-1].code if self.healed else self.first_code

    @property
    def entry_ids(self) -> tuple[str, ...]:
        """All entries that the record led to."""
        return (*self.first_entry_ids, *(entry_id for line in self.healed for entry_id in line.entry_ids))

    def event(self) -> OrderEvent | Refusal:
        """The event as the core saw it, or why it never did."""
        if self.body is None:
            return Refusal(self.refusal or "undecodable", "")
        return parse_event_json(self.body.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """A journal entry and the record that brought it first; `body` is its JSON."""

    partition: int
    offset: int
    entry_id: str
    content_hash: str
    order_key: str
    entry_seq: int
    body: str

    def entry(self) -> JournalEntry:
        """The entry; raises `DecodeError`."""
        return entry_from_json(orjson.loads(self.body)).entry


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEvent:
    """A parked or a rejected event: `code` says why, `since` since when. Details are None until its record is projected.

    A parked one is OPEN while it is listed; a rejected one is RESOLVED when an operator resolved it or replayed a mended one.
    """

    event_id: str
    order_key: str | None
    code: str | None
    since: int
    partition: int
    offset: int | None
    event_type: str | None
    business_key: str | None
    source: str | None
    occurred_at: int | None
    received_at: int | None
    assignee: str | None
    state: State

    @property
    def cursor(self) -> Cursor:
        """Where the list goes on behind this one."""
        return Cursor(self.since, self.event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyLine:
    """A discrepancy with where it stands; `resolved_by` is `stream` or `operator`, None while it is OPEN.

    `value` is what its newest record says: after the stream resolved it, with what resolved it.
    """

    value: Discrepancy
    partition: int
    offset: int
    assignee: str | None
    state: State
    resolved_by: Literal["stream", "operator"] | None

    @property
    def cursor(self) -> Cursor:
        """Where the list goes on behind this one."""
        return Cursor(self.value.raised_at, self.value.discrepancy_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterLine:
    """A refused record; its bytes stand on the dead letter topic at `partition` and `offset`, as long as that keeps them.

    `subject` is topic/partition/offset of the refused record, as actions name it. `order_key` is its key, where that has
    the form of one. `replays` counts how often operators sent it again.
    """

    subject: str
    source_topic: str
    source_partition: int
    source_offset: int
    order_key: str | None
    reason: str
    detail: str
    schema_id: int | None
    value_bytes: int | None
    first_seen_at: int
    worker_version: str
    partition: int
    offset: int
    assignee: str | None
    state: State
    replays: int

    @property
    def cursor(self) -> Cursor:
        """Where the list goes on behind this one."""
        return Cursor(self.first_seen_at, self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionLine:
    """One thing that an operator did; see `schemas.operator_actions.OperatorAction`. `event` is JSON."""

    action_id: str
    kind: str
    subject_kind: str
    subject: str
    order_key: str | None
    actor: str
    reason: str
    at: int
    assignee: str | None
    refers_to: str | None
    sent_event_id: str | None
    event: str | None
    partition: int
    offset: int

    @property
    def cursor(self) -> Cursor:
        """Where the list goes on behind this one."""
        return Cursor(self.at, self.action_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AckLine:
    """What a ledger said about an entry; the last one of an entry and ledger counts."""

    partition: int
    offset: int
    entry_id: str
    ledger: str
    status: str
    remote_id: str | None
    document_number: str | None
    reason: str | None
    at: int
    chain_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyRecord:
    """One record about a discrepancy: raised, resolved or raised again; `body` is its JSON."""

    partition: int
    offset: int
    discrepancy_id: str
    state: State
    raised_at: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecords:
    """Everything that stands under one order key, each in the order of its partition; discrepancies by age.

    `as_of` is the arrival of the newest event that is projected, of any order of these partitions; None where nothing is.
    """

    order_key: str
    as_of: int | None
    events: tuple[EventLine, ...]
    entries: tuple[EntryLine, ...]
    parked: tuple[WaitingEvent, ...]
    rejected: tuple[WaitingEvent, ...]
    discrepancies: tuple[DiscrepancyLine, ...]
    discrepancy_log: tuple[DiscrepancyRecord, ...]
    dead_letters: tuple[DeadLetterLine, ...]
    acks: tuple[AckLine, ...]
    actions: tuple[ActionLine, ...]

    @property
    def known(self) -> bool:
        """Whether anything was ever seen under the key."""
        return bool(self.events or self.entries or self.dead_letters or self.discrepancies or self.actions)

    @property
    def acks_of(self) -> Mapping[str, tuple[AckLine, ...]]:
        """entry_id -> the newest ack of each ledger."""
        newest = {(ack.entry_id, ack.ledger): ack for ack in self.acks}
        found: dict[str, tuple[AckLine, ...]] = {}
        for (entry_id, _), ack in newest.items():
            found[entry_id] = (*found.get(entry_id, ()), ack)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCounts:
    """How many are open, by code; dead letters by reason."""

    parked: Mapping[str, int]
    rejected: Mapping[str, int]
    discrepancies: Mapping[str, int]
    dead_letters: Mapping[str, int]
    proposals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectedOffset:
    """How far a partition of a topic (its name on the broker) is projected."""

    topic: str
    partition: int
    cluster_id: str
    topic_id: str
    next_offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionGap:
    """Offsets [first_offset, next_offset) that retention took before the projector had read them."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
