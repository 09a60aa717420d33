"""Records of the topics as rows. Pure: a row is a function of its record, but for what `sinks.projector.folding` carries on.

The order of the values is that of the columns below, which is that of the migration.
"""

import re
from dataclasses import dataclass
from typing import Final

import orjson

from schemas.acks import decode_ack
from schemas.dead_letters import decode_dead_letter
from schemas.events import open_value
from schemas.json_writer import json_writer
from schemas.operator_actions import OperatorAction
from schemas.output_codec import decode_output, output_record
from schemas.refusal import InvalidEvent, Refusal
from sinks.databases.database import Row

EVENT: Final = (
    "partition",
    "record_offset",
    "record_at",
    "order_key",
    "refusal",
    "event_id",
    "event_type",
    "business_key",
    "source",
    "occurred_at",
    "received_at",
    "body",
)
BATCH: Final = ("partition", "batch_offset", "first_offset", "next_offset", "worker", "decided_at")
DECISION: Final = ("partition", "record_offset", "batch_offset", "event_id", "outcome", "code", "entry_ids")
HEALED: Final = ("partition", "batch_offset", "place", "event_id", "outcome", "code", "entry_ids")
DISCREPANCY_LOG: Final = ("partition", "record_offset", "discrepancy_id", "order_key", "state", "raised_at", "body")
DEAD_LETTER: Final = (
    "partition",
    "record_offset",
    "subject",
    "source_topic",
    "source_partition",
    "source_offset",
    "order_key",
    "reason",
    "detail",
    "schema_id",
    "value_bytes",
    "first_seen_at",
    "worker_version",
)
ACK: Final = (
    "partition",
    "record_offset",
    "entry_id",
    "ledger",
    "status",
    "remote_id",
    "document_number",
    "reason",
    "acked_at",
    "chain_hash",
)

_ORDER_KEY = re.compile(r"[^:]+:[^:]+:[^:]+:.+", re.DOTALL)
KEY_LENGTH_MAX: Final = 1_024
"""Longest key of a refused record that is taken for an order key."""


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """One record of a topic; `timestamp` in UTC milliseconds."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def text(value: str) -> str:
    """A text that both databases can hold: PostgreSQL has no character 0."""
    return value.replace("\x00", "\ufffd") if "\x00" in value else value


def order_key_of(key: bytes | None) -> str | None:
    """The key of a record as text, where it has the form of an order key: any other may be anything, names included."""
    if key is None or len(key) > KEY_LENGTH_MAX:
        return None
    try:
        found = key.decode()
    except UnicodeDecodeError:
        return None
    return text(found) if _ORDER_KEY.fullmatch(found) else None


def event_row(record: TopicRecord) -> Row:
    """A record of the events topic, readable or not; the twin is as its producer stated it."""
    place = (record.partition, record.offset, record.timestamp * 1000)
    opened = open_value(record.value)
    if isinstance(opened, Refusal):
        return _refused(place, record, opened.reason)
    twin = json_writer(opened.schema.record)(opened.values)
    try:
        event = opened.schema.build(opened.values)
    except InvalidEvent as problem:
        return _refused(place, record, problem.reason)
    order_key = event.order_key
    if record.key != order_key.encode():
        return _refused(place, record, "wrong_key")
    return (
        *place,
        text(order_key),
        None,
        event.event_id,
        opened.schema.record.name,
        text(event.business_key),
        text(event.source),
        event.occurred_at,
        event.received_at,
        orjson.dumps(twin).decode(),
    )


def _refused(place: Row, record: TopicRecord, reason: str) -> Row:
    return (*place, order_key_of(record.key), reason, None, None, None, None, None, None, None)


def entry_row(record: TopicRecord) -> Row:
    """The values of upsert_entry.sql; raises `DecodeError`."""
    values = decode_output("JournalEntry", record.value)
    twin = json_writer(output_record("JournalEntry"))(values)
    document = values.get("document")
    return (
        values["entry_id"],
        record.partition,
        record.offset,
        text(values["content_hash"]),
        text(values["order_key"]),
        values["entry_seq"],
        text(values["entry_kind"]),
        values["event_id"],
        text(values["tenant"]),
        text(values["legal_entity"]),
        text(values["channel"]),
        values["posting_date"],
        text(values["currency"]),
        values.get("reverses"),
        document["kind"] if document else None,
        text(document["document_ref"]) if document else None,
        document["totals"]["gross"] if document else None,
        orjson.dumps(twin).decode(),
    )


def discrepancy_rows(record: TopicRecord) -> tuple[Row, Row]:
    """The log row, and the values of upsert_discrepancy.sql; raises `DecodeError`."""
    values = decode_output("Discrepancy", record.value)
    place = (record.partition, record.offset)
    body = orjson.dumps(json_writer(output_record("Discrepancy"))(values)).decode()
    log = (*place, values["discrepancy_id"], text(values["order_key"]), values["state"], values["raised_at"], body)
    now = (
        values["discrepancy_id"],
        *place,
        text(values["code"]),
        values["severity"],
        text(values["order_key"]),
        values.get("event_id"),
        values.get("entry_id"),
        optional(values.get("account")),
        values.get("expected"),
        values.get("actual"),
        optional(values.get("currency")),
        orjson.dumps(values["parameters"], option=orjson.OPT_SORT_KEYS).decode(),
        values["raised_at"],
        values["state"],
    )
    return log, now


def dead_letter_row(record: TopicRecord) -> Row:
    """A dead letter without its bytes; raises `DecodeError`."""
    letter = decode_dead_letter(record.value)
    return (
        record.partition,
        record.offset,
        subject_of(letter.topic, letter.partition, letter.offset),
        text(letter.topic),
        letter.partition,
        letter.offset,
        order_key_of(letter.key),
        text(letter.reason),
        text(letter.detail),
        letter.schema_id,
        None if letter.value is None else len(letter.value),
        letter.first_seen_at,
        text(letter.worker_version),
    )


def subject_of(topic: str, partition: int, offset: int) -> str:
    """How operators' actions name a refused record."""
    return text(f"{topic}/{partition}/{offset}")


def ack_row(record: TopicRecord) -> Row:
    """What a ledger said about an entry; raises `DecodeError`."""
    ack = decode_ack(record.value)
    return (
        record.partition,
        record.offset,
        ack.entry_id,
        text(ack.ledger),
        ack.status,
        optional(ack.remote_id),
        optional(ack.document_number),
        optional(ack.reason),
        ack.at,
        optional(ack.chain_hash),
    )


def action_row(record: TopicRecord, action: OperatorAction) -> Row:
    """The values of upsert_action.sql."""
    return (
        action.action_id,
        record.partition,
        record.offset,
        action.kind,
        action.subject_kind,
        text(action.subject),
        optional(action.order_key),
        text(action.actor),
        text(action.reason),
        action.at,
        optional(action.assignee),
        action.refers_to,
        action.sent_event_id,
        optional(action.event),
    )


def ids(entry_ids: tuple[str, ...]) -> str:
    """Entry ids as a JSON list."""
    return orjson.dumps(entry_ids).decode() if entry_ids else "[]"


def optional(value: str | None) -> str | None:
    """A text that may be absent."""
    return None if value is None else text(value)
