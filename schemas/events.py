"""Order events: from Avro or JSON to the values of the core, and back.

Both doors end in the same checks and the same fingerprints. The order of judgement at the Avro door: empty_value,
too_large, bad_magic, unknown_schema_id, wrong_record_type, undecodable or too_many_lines, trailing_bytes, then the
rules of the event (missing_field, invalid_field, card_number). Bytes are looked at only after their length, ids only
against the lock file and, where one is handed in, a look-up of schemas that were judged before; never against anything the
message says.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import orjson

from asiento.accounting.order_events import OrderEvent
from schemas import event_reader, json_twin
from schemas.avro_types import Record
from schemas.event_builder import Builder, builder_of
from schemas.event_reader import EventReader, compile_event_reader
from schemas.event_rules import EVENT_ITEMS_MAX, ITEM_BYTES_MIN, TEXT_LENGTH_MAX, check_items, check_texts
from schemas.framed_values import frame_object, frame_values
from schemas.framing import HEADER_BYTES, BadFrame, frame_header, schema_id_of
from schemas.refusal import InvalidEvent, Refusal
from schemas.registry import registry
from schemas.strict_reader import MalformedAvro, RecordReader, TooManyItems, TrailingBytes, compile_reader, read_body
from schemas.value_fields import avro_values

EVENT_BYTES_MAX = 512 * 1024
"""Longest value of an event record."""
JSON_BYTES_MAX = 4 * 1024 * 1024
"""Longest line of JSON that is looked at: the JSON twin of a record is longer than the record, which alone is measured."""


class CheckedEvent(NamedTuple):
    """A JSON event that keeps the contract: its record, its framed value, its avro values as stated."""

    record_name: str
    value: bytes
    stated: dict[str, Any]


class EventSchema(NamedTuple):
    """How the events of one schema id are read, by that schema, and built, by the newest version of it."""

    record: Record
    reader: RecordReader
    build: Builder


class OpenedValue(NamedTuple):
    """A framed event whose bytes are right: its schema and its avro values, no rule applied yet."""

    schema_id: int
    schema: EventSchema
    values: dict[str, Any]


SchemaLookup: TypeAlias = Callable[[int], EventSchema | Refusal]
"""What is known of an id that the lock file does not have; may raise `SchemaUndecided`."""


class SchemaUndecided(Exception):
    """Nobody has been asked yet about this schema id; nothing may be decided about its record."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(schema_id)
        self.schema_id = schema_id


def refuse_unknown(schema_id: int) -> Refusal:
    """The look-up without a registry: what the lock file does not have is not known."""
    return Refusal("unknown_schema_id", f"schema id {schema_id}", schema_id)


@cache
def _event_schemas() -> dict[int, EventSchema]:
    """Schema id -> how to read it, for every order event of the lock file."""
    newest = registry().latest
    return {
        schema_id: EventSchema(
            record=known.record,
            reader=compile_reader(known.record, json_twin.LIST_ITEMS_MAX),
            build=builder_of(newest[known.record.name].record),
        )
        for schema_id, known in registry().by_id.items()
        if known.record.is_event
    }


@cache
def _event_readers() -> dict[bytes, EventReader]:
    """Frame header -> the short way to an event, for the newest version of every record."""
    return {
        frame_header(known.locked.id): compile_event_reader(known.record) for known in registry().latest.values() if known.record.is_event
    }


def event_schema(schema_id: int) -> EventSchema:
    """How events of an id of the lock file are read; raises `KeyError`."""
    return _event_schemas()[schema_id]


def is_locked(schema_id: int) -> bool:
    """Whether the lock file has this id."""
    return schema_id in registry().by_id


@cache
def event_record(name: str) -> Record | None:
    """The newest schema of the event `name`; None where the contract has no such event."""
    known = registry().latest.get(name)
    return known.record if known is not None and known.record.is_event else None


def decode_event(value: bytes | None, look_up: SchemaLookup = refuse_unknown) -> OrderEvent | Refusal:
    """The event of a framed Avro value, or why not; never raises for what the bytes are. `look_up` may raise `SchemaUndecided`."""
    if value and len(value) <= event_reader.EVENT_BYTES_MAX:
        read = _event_readers().get(value[:HEADER_BYTES])
        if read is not None:
            try:
                return read(value, HEADER_BYTES, len(value))
            except (LookupError, ValueError):
                pass  # something is wrong or unusual: judged below
    opened = open_value(value, look_up)
    if isinstance(opened, Refusal):
        return opened
    schema_id, schema, values = opened
    try:
        event: OrderEvent = schema.build(values)
    except InvalidEvent as problem:
        return problem.refusal(schema_id)
    return event


def open_value(value: bytes | None, look_up: SchemaLookup = refuse_unknown) -> OpenedValue | Refusal:
    """A framed event before the rules look at it; `look_up` is asked for ids that the lock file does not have."""
    if not value:
        return Refusal("empty_value", "the record has no value")
    if len(value) > EVENT_BYTES_MAX:
        return Refusal("too_large", f"{len(value)} bytes, at most {EVENT_BYTES_MAX} are taken")
    try:
        schema_id = schema_id_of(value)
    except BadFrame as problem:
        return Refusal("bad_magic", str(problem))
    schema = _event_schemas().get(schema_id)
    if schema is None:
        if schema_id in registry().by_id:
            return Refusal("wrong_record_type", f"schema id {schema_id}", schema_id)
        found = look_up(schema_id)
        if isinstance(found, Refusal):
            return found
        schema = found
    try:
        values = read_body(schema.reader, value, HEADER_BYTES)
        if len(value) > EVENT_ITEMS_MAX * ITEM_BYTES_MIN:
            check_items(values)
        if len(value) > TEXT_LENGTH_MAX:
            check_texts(schema.record, values)
        return OpenedValue(schema_id, schema, values)
    except InvalidEvent as problem:
        return problem.refusal(schema_id)
    except TooManyItems as problem:
        return Refusal("too_many_lines", str(problem), schema_id)
    except TrailingBytes as problem:
        return Refusal("trailing_bytes", str(problem), schema_id)
    except MalformedAvro as problem:
        return Refusal("undecodable", str(problem), schema_id)


def event_values_from_json(obj: Any) -> tuple[Record, dict[str, Any]]:
    """Record and avro values (as stated) of a JSON event of any type of the contract; raises `InvalidEvent`."""
    if not isinstance(obj, dict):
        raise InvalidEvent("invalid_json", "an object is expected")
    name = obj.get("type")
    record = event_record(name) if type(name) is str else None
    if record is None:
        raise InvalidEvent("unknown_type", "no event of the contract", "type")
    values = json_twin.read_object(record, obj)
    check_items(values)
    check_texts(record, values)
    return record, values


def event_from_json(obj: Any) -> OrderEvent:
    """The event of a JSON object; raises `InvalidEvent`."""
    record, values = event_values_from_json(obj)
    event: OrderEvent = builder_of(record)(values)
    return event


def parse_event_json(line: bytes) -> OrderEvent | Refusal:
    """The event of one line of JSON, or why not; never raises for what the bytes are."""
    try:
        event = event_from_json(parse_object(line))
        if len(line) > EVENT_BYTES_MAX:
            _check_size(encode_event(event))
    except InvalidEvent as problem:
        return problem.refusal()
    return event


def parse_object(line: bytes) -> Any:
    """The JSON of one line. Of a name given twice the last value counts. Raises `InvalidEvent`."""
    if len(line) > JSON_BYTES_MAX:
        raise InvalidEvent("too_large", f"{len(line)} bytes of JSON, at most {JSON_BYTES_MAX} are looked at")
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as problem:
        raise InvalidEvent("invalid_json", f"{problem.msg} at character {problem.pos + 1}") from None


def _check_size(framed: bytes) -> None:
    if len(framed) > EVENT_BYTES_MAX:
        raise InvalidEvent("too_large", f"{len(framed)} bytes, at most {EVENT_BYTES_MAX} are taken")


def event_to_json(event: OrderEvent) -> dict[str, Any]:
    """The JSON twin of an event."""
    return json_twin.write_object(registry().latest[type(event).__name__].record, avro_values(event))


def encode_event(event: OrderEvent) -> bytes:
    """The framed Avro value of an event."""
    return frame_object(type(event).__name__, event)


def encode_event_json(obj: Any) -> bytes:
    """The framed Avro value of a JSON event of any type of the contract, checked; raises `InvalidEvent`."""
    return encode_checked(obj).value


def encode_checked(obj: Any) -> CheckedEvent:
    """A JSON event of any type of the contract as its producer stated it, checked and encoded; raises `InvalidEvent`."""
    record, values = event_values_from_json(obj)
    stated = json_twin.read_object(record, obj)
    builder_of(record)(values)
    framed = frame_values(record.name, stated)
    _check_size(framed)
    return CheckedEvent(record.name, framed, stated)


def decode_to_json(value: bytes | None, look_up: SchemaLookup = refuse_unknown) -> dict[str, Any] | Refusal:
    """The JSON twin, as its producer stated it, of a framed event of any type, booked already or not, or why not."""
    opened = open_value(value, look_up)
    if isinstance(opened, Refusal):
        return opened
    stated = deepcopy(opened.values)
    try:
        opened.schema.build(opened.values)
    except InvalidEvent as problem:
        return problem.refusal(opened.schema_id)
    return json_twin.write_object(opened.schema.record, stated)
