"""Framed Avro values of records: the newest schema of each, its writer prepared once."""

from dataclasses import replace
from functools import cache
from typing import Any

from schemas.avro_types import Field, Record
from schemas.avro_writer import ATTRIBUTES, ITEMS, Access, Writer, compile_writer, write_bytes
from schemas.framing import frame_header
from schemas.registry import registry


@cache
def _prepared(record_name: str, access: Access) -> tuple[bytes, Writer]:
    known = registry().latest[record_name]
    return frame_header(known.locked.id), compile_writer(known.record, access)


@cache
def _prepared_around(record_name: str, field_name: str) -> tuple[bytes, Writer, Writer | None]:
    """The frame, and the writers of the fields before and behind one; None where none is behind it."""
    known = registry().latest[record_name]
    at = [field.name for field in known.record.fields].index(field_name)
    return (
        frame_header(known.locked.id),
        _fields_writer(known.record, known.record.fields[:at]),
        _fields_writer(known.record, known.record.fields[at + 1 :]) if known.record.fields[at + 1 :] else None,
    )


def _fields_writer(record: Record, fields: tuple[Field, ...]) -> Writer:
    return compile_writer(replace(record, fields=fields), ATTRIBUTES)


def frame_values(record_name: str, values: dict[str, Any]) -> bytes:
    """The framed value of avro values; raises `UnwritableValue`."""
    header, write = _prepared(record_name, ITEMS)
    out = bytearray(header)
    write(out, values)
    return bytes(out)


def frame_object(record_name: str, value: Any) -> bytes:
    """The framed value of an object whose attributes are the fields; raises `UnwritableValue`."""
    header, write = _prepared(record_name, ATTRIBUTES)
    out = bytearray(header)
    write(out, value)
    return bytes(out)


def frame_object_with(record_name: str, value: Any, field_name: str, text: str) -> bytes:
    """The framed value of an object that lacks one text field, and the text for it; raises `UnwritableValue`."""
    header, write_before, write_behind = _prepared_around(record_name, field_name)
    out = bytearray(header)
    write_before(out, value)
    write_bytes(out, text.encode())
    if write_behind is not None:
        write_behind(out, value)
    return bytes(out)
