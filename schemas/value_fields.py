"""Immutable values of the core to the dicts that the codecs write."""

from dataclasses import fields
from functools import cache
from typing import Any, cast

from schemas.avro_types import Array, AvroType, Mapping, OneOf, Record
from schemas.registry import registry


def avro_values(value: Any) -> dict[str, Any]:
    """The avro values of a dataclass value whose class is named after its record; None is left out."""
    return _of_record(registry().latest[type(value).__name__].record, value)


def _of_record(record: Record, value: Any) -> dict[str, Any]:
    found = {}
    for name, avro_type in _shared_fields(record, value.__class__):
        part = getattr(value, name)
        if part is not None:
            found[name] = _of(avro_type, part)
    return found


@cache
def _shared_fields(record: Record, value_class: type[object]) -> tuple[tuple[str, AvroType], ...]:
    known = {field.name for field in fields(cast(Any, value_class))}
    return tuple((field.name, field.type) for field in record.fields if field.name in known)


def _of(avro_type: AvroType, part: Any) -> Any:
    match avro_type:
        case Record():
            return _of_record(avro_type, part)
        case Array():
            return [_of(avro_type.items, item) for item in part]
        case Mapping():
            return dict(part)
        case OneOf(branches=branches):
            name = part.__class__.__name__
            return {"type": name} | _of_record(next(branch for branch in branches if branch.name == name), part)
        case _:
            return part
