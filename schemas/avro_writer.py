"""Writes Avro bodies with fastavro; parsed schemas are kept, logical types are left to us (times are integers)."""

from functools import cache
from io import BytesIO
from typing import Any

from fastavro import parse_schema, schemaless_writer

from schemas.avro_types import OneOf, Record
from schemas.framing import frame_header
from schemas.registry import registry


@cache
def _prepared(record_name: str) -> tuple[bytes, Any, tuple[str, ...]]:
    known = registry().latest[record_name]
    unions = tuple(field.name for field in known.record.fields if isinstance(field.type, OneOf))
    return frame_header(known.locked.id), parse_schema(_without_logical_types(known.avsc)), unions


def _without_logical_types(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [_without_logical_types(item) for item in schema]
    return schema


def write_framed(record_name: str, values: dict[str, Any]) -> bytes:
    """Frame header and Avro body of `values` under the newest schema of `record_name`."""
    header, schema, unions = _prepared(record_name)
    for name in unions:
        if values.get(name) is not None:
            values = {**values, name: _branch(registry().latest[values[name]["type"]].record, values[name])}
    stream = BytesIO()
    stream.write(header)
    schemaless_writer(stream, schema, values)
    return stream.getvalue()


def _branch(record: Record, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return record.full_name, {name: value for name, value in values.items() if name != "type"}
