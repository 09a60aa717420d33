"""Topics with everything on them that the projector reads, made by the real core and codecs, without a broker.

A synthetic day, a mug order with one event that waits, payments that are rejected, one of which is sent again mended; an order id with a
character that PostgreSQL does not know; poison; acks of most entries;
operators who assign, resolve, reopen, propose, approve and replay.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.acks import Ack, encode_ack
from schemas.dead_letters import decode_dead_letter
from schemas.decisions import decode_decisions
from schemas.discrepancies import decode_discrepancy
from schemas.entries import decode_entry
from schemas.event_messages import EventMessage, message_from_json
from schemas.operator_actions import OperatorAction, encode_action
from schemas.partitioning import partition_for
from schemas.topics import (
    ACCOUNTING_ACKS,
    ACCOUNTING_ACTIONS,
    ACCOUNTING_DECISIONS,
    ACCOUNTING_DISCREPANCIES,
    ACCOUNTING_ENTRIES,
    ORDERS_DLQ,
    ORDERS_EVENTS,
)
from sinks.projector.rows import TopicRecord
from sources.synthetic.day import trading_day
from streams.chunk import Workplace, fold_chunk
from streams.engine.processor import SourceRange
from tests.integration.order_books import life_of_a_mug_order
from tests.unit.streams.offline_engine import Record

CHUNK_RECORDS = 7
STARTED_AT = 1_772_409_600_000_000
MUG_ORDER = "acme:shopify:main:mug-1"


@dataclass(slots=True)
class ProjectedStream:
    """topic -> partition -> its records in offset order; offsets have gaps where a transaction ended."""

    partitions: int
    topics: dict[str, dict[int, list[TopicRecord]]] = field(default_factory=dict)
    _next: dict[tuple[str, int], int] = field(default_factory=dict)

    def put(self, topic: str, partition: int, key: bytes | None, value: bytes | None, at: int) -> int:
        """Append one record; answers its offset. `at` in microseconds."""
        offset = self._next.get((topic, partition), 0)
        self._next[topic, partition] = offset + 1
        self.topics.setdefault(topic, {}).setdefault(partition, []).append(TopicRecord(partition, offset, at // 1000, key, value))
        return offset

    def end_transaction(self, topic: str, partition: int) -> None:
        """A control record: an offset that readers never see."""
        self._next[topic, partition] = self._next.get((topic, partition), 0) + 1

    def end(self, topic: str, partition: int) -> int:
        """The end of a partition."""
        return self._next.get((topic, partition), 0)

    def records(self, topic: str) -> Iterator[TopicRecord]:
        """All records of a topic."""
        for _, found in sorted(self.topics.get(topic, {}).items()):
            yield from found


def projected_stream(*, seed: int = 3, orders: int = 12, partitions: int = 3) -> ProjectedStream:
    """The whole stream, the caller's own; the same arguments give the same bytes."""
    return deepcopy(_made(seed, orders, partitions))


@cache
def _made(seed: int, orders: int, partitions: int) -> ProjectedStream:
    stream = ProjectedStream(partitions)
    for number, message in enumerate(_messages(seed, orders)):
        partition = message.partition(partitions)
        stream.put(ORDERS_EVENTS, partition, message.key, message.value, STARTED_AT + number * 1_000_000)
    for partition in range(partitions):
        _work(stream, partition)
    _acknowledge(stream)
    _operate(stream)
    return stream


def _messages(seed: int, orders: int) -> Iterator[EventMessage]:
    day = trading_day(seed, orders)
    for arrival in day.arrivals:
        if arrival.event is None:
            yield EventMessage(arrival.key, arrival.raw, ())
        else:
            yield message_from_json(arrival.event)
    yield from (message_from_json(event) for event in life_of_a_mug_order("mug-1"))
    yield from (message_from_json(event) for event in rejected_life("wrong-money-1"))
    yield from (message_from_json(event) for event in rejected_life("wrong-money-2")[:2])
    yield from (message_from_json(event) for event in rejected_life("wrong-money-3")[:2])
    yield from (message_from_json(event) for event in life_of_a_mug_order("character \x00")[:3])
    yield EventMessage(b"acme:shopify:main:poison-1", b"\x07 no event", ())
    yield EventMessage(b"\xff no order key", b"", ())


def rejected_life(order_id: str) -> list[dict[str, Any]]:
    """A mug order whose payment comes in another currency: rejected; then sent again under its id, mended."""
    capture, placed, *_ = life_of_a_mug_order(order_id)
    return [placed, capture | {"currency": "USD"}, capture]


def _work(stream: ProjectedStream, partition: int) -> None:
    """Judge the events of a partition chunk by chunk."""
    records = [Record(one.offset, one.key or b"", one.value or b"") for one in stream.topics.get(ORDERS_EVENTS, {}).get(partition, [])]
    states: dict[bytes, Any] = {}
    for number, first in enumerate(range(0, len(records), CHUNK_RECORDS)):
        chunk = records[first : first + CHUNK_RECORDS]
        decided_at = STARTED_AT + 60_000_000 * (number + 1)
        workplace = Workplace(
            partition_count=stream.partitions, policies=DEFAULT_POLICIES, worker="w1", worker_version="1", decided_at=decided_at
        )
        source = SourceRange(topic=ORDERS_EVENTS, partition=partition, first_offset=first, next_offset=chunk[-1].offset + 1, records=chunk)
        output = fold_chunk(source, states.get, workplace)
        states.update(output.new_states)
        written = {
            ACCOUNTING_ENTRIES: output.entries,
            ACCOUNTING_DISCREPANCIES: output.discrepancies,
            ORDERS_DLQ: output.dead_letters,
            ACCOUNTING_DECISIONS: output.decisions,
        }
        for topic, found in written.items():
            for one in found:
                stream.put(topic, partition, one.key, one.value, decided_at)
            if found:
                stream.end_transaction(topic, partition)


def _acknowledge(stream: ProjectedStream) -> None:
    """Most entries are posted, every fifth is parked first, every seventh not known yet."""
    for record in list(stream.records(ACCOUNTING_ENTRIES)):
        entry = decode_entry(record.value).entry
        if record.offset % 7 == 6:
            continue
        if record.offset % 5 == 4:
            parked = Ack(entry_id=entry.entry_id, ledger="books", status="PARKED", reason="no account for it", at=STARTED_AT)
            stream.put(ACCOUNTING_ACKS, record.partition, record.key, encode_ack(parked), STARTED_AT)
        posted = Ack(entry_id=entry.entry_id, ledger="books", status="POSTED", remote_id=f"{record.offset}", at=STARTED_AT + 1)
        stream.put(ACCOUNTING_ACKS, record.partition, record.key, encode_ack(posted), STARTED_AT + 1)


def act(stream: ProjectedStream, action: OperatorAction) -> OperatorAction:
    """Put an action on its topic."""
    stream.put(ACCOUNTING_ACTIONS, partition_for(action.key, stream.partitions), action.key, encode_action(action), action.at)
    return action


def _operate(stream: ProjectedStream) -> None:
    """Of all discrepancies one in two is resolved, one in four reopened; letters are replayed, rejected events resolved."""
    for number, action in enumerate(_actions(stream)):
        act(stream, action)
        if number % 6 == 5:
            act(stream, action)  # sent twice by an operator's nervous finger


def _actions(stream: ProjectedStream) -> Iterator[OperatorAction]:
    at = STARTED_AT + 3_600_000_000
    found = {one.discrepancy_id: one for one in (decode_discrepancy(record.value) for record in stream.records(ACCOUNTING_DISCREPANCIES))}
    for number, one in enumerate(found.values()):
        about: dict[str, Any] = {"subject_kind": "DISCREPANCY", "subject": one.discrepancy_id, "order_key": one.order_key, "actor": "ana"}
        yield OperatorAction(kind="ASSIGN", **about, reason="mine", at=at, assignee="ana")
        if number % 2:
            yield OperatorAction(kind="RESOLVE", **about, reason="agreed with the shop", at=at + 1)
        if number % 4 == 1:
            yield OperatorAction(kind="REOPEN", **about, reason="no, it is not", at=at + 2)
    proposed = {"subject_kind": "EVENT", "subject": str(uuid5(NAMESPACE_OID, "subject")), "order_key": MUG_ORDER, "actor": "ana"}
    first = OperatorAction(kind="PROPOSE", **proposed, reason="by hand", at=at, event="{}")
    yield first
    yield OperatorAction(kind="PROPOSE", **proposed, reason="by hand again", at=at + 1, event="{}")
    yield OperatorAction(kind="APPROVE", **proposed | {"actor": "bob"}, reason="right", at=at + 3, refers_to=first.action_id)
    yield from _actions_on_events(stream, at)


def _actions_on_events(stream: ProjectedStream, at: int) -> Iterator[OperatorAction]:
    rejected = [item for batch in _batches(stream) for item in batch.outcomes if item.outcome == "rejected"]
    for number, item in enumerate(rejected):
        subject: dict[str, Any] = {"subject_kind": "EVENT", "subject": item.event_id, "order_key": item.order_key, "actor": "bob"}
        if number % 3 == 0:
            yield OperatorAction(kind="RESOLVE", **subject, reason="known to the shop", at=at + 10)
    for number, record in enumerate(stream.records(ORDERS_DLQ)):
        letter = decode_dead_letter(record.value)
        name = f"{letter.topic}/{letter.partition}/{letter.offset}"
        if number % 2 == 0:
            yield OperatorAction(kind="REPLAY", subject_kind="DEAD_LETTER", subject=name, actor="bob", reason="mended", at=at + 20)


def _batches(stream: ProjectedStream) -> Iterable[Any]:
    return [decode_decisions(record.value) for record in stream.records(ACCOUNTING_DECISIONS)]


def outcomes_of(stream: ProjectedStream) -> Mapping[str, int]:
    """How many records had which outcome first."""
    counts: dict[str, int] = {}
    for batch in _batches(stream):
        for item in batch.outcomes:
            counts[item.outcome] = counts.get(item.outcome, 0) + 1
    return counts
