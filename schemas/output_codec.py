"""Reads the records that the product writes itself: framed Avro values, strictly."""

from functools import cache
from typing import Any, NamedTuple

from schemas.avro_types import Primitive, Record
from schemas.formats import is_time
from schemas.framing import HEADER_BYTES, BadFrame, schema_id_of
from schemas.registry import registry
from schemas.strict_reader import MalformedAvro, RecordReader, compile_reader, read_body

OUTPUT_BYTES_MAX = 8 * 1024 * 1024
"""Longest value of an entry, decision, discrepancy or dead letter record."""
ITEMS_MAX = OUTPUT_BYTES_MAX
HEADERS_MAX = 10_000
"""Most headers of a dead letter: each takes some hundred bytes of memory, and may take two of the record."""
_LISTS_MAX = {"DeadLetter": HEADERS_MAX}
"""Records whose lists are shorter than ITEMS_MAX."""


class DecodeError(ValueError):
    """A record of ours cannot be read: another producer wrote to the topic, or this build is too old."""


class _OutputSchema(NamedTuple):
    record: Record
    reader: RecordReader
    times: tuple[str, ...]


@cache
def _schemas_of(record_name: str) -> dict[int, _OutputSchema]:
    return {
        schema_id: _OutputSchema(known.record, compile_reader(known.record, _LISTS_MAX.get(record_name, ITEMS_MAX)), _times(known.record))
        for schema_id, known in registry().by_id.items()
        if known.record.name == record_name
    }


def _times(record: Record) -> tuple[str, ...]:
    """The fields that hold a time; records of ours hold them at the top only."""
    return tuple(field.name for field in record.fields if isinstance(field.type, Primitive) and field.type.format == "time")


def decode_output(record_name: str, value: bytes | None) -> dict[str, Any]:
    """The avro values of a framed record of that name; raises `DecodeError`."""
    if not value:
        raise DecodeError(f"{record_name}: the record has no value")
    try:
        schema_id = schema_id_of(value)
        schema = _schemas_of(record_name).get(schema_id)
        if schema is None:
            raise DecodeError(f"{record_name}: schema id {schema_id} is not one of its versions in this build")
        values = read_body(schema.reader, value, HEADER_BYTES)
    except (BadFrame, MalformedAvro) as problem:
        raise DecodeError(f"{record_name}: {problem}") from None
    for name in schema.times:
        if name in values and not is_time(values[name]):
            raise DecodeError(f"{record_name}: {name} is a time that no calendar has")
    return values


def output_record(record_name: str) -> Record:
    """The newest schema of a record we write."""
    return registry().latest[record_name].record
