"""Framed Avro values of records: the newest schema of each, its writer prepared once."""

from dataclasses import replace
from functools import cache
from typing import Any

from schemas.avro_writer import ATTRIBUTES, ITEMS, Access, Writer, compile_writer, write_bytes
from schemas.framing import frame_header
from schemas.registry import registry


@cache
def _prepared(record_name: str, access: Access, fields_left_out: int) -> tuple[bytes, Writer]:
    known = registry().latest[record_name]
    fields = known.record.fields[: len(known.record.fields) - fields_left_out]
    return frame_header(known.locked.id), compile_writer(replace(known.record, fields=fields), access)


def frame_values(record_name: str, values: dict[str, Any]) -> bytes:
    """The framed value of avro values; raises `UnwritableValue`."""
    header, write = _prepared(record_name, ITEMS, 0)
    out = bytearray(header)
    write(out, values)
    return bytes(out)


def frame_object(record_name: str, value: Any, *last_texts: str) -> bytes:
    """The framed value of an object whose attributes are the fields; `last_texts` are the record's last fields if it lacks them.

    Raises `UnwritableValue`.
    """
    header, write = _prepared(record_name, ATTRIBUTES, len(last_texts))
    out = bytearray(header)
    write(out, value)
    for text in last_texts:
        write_bytes(out, text.encode())
    return bytes(out)
