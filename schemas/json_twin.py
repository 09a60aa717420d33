"""The JSON twin: objects of the contract to the values that Avro holds, and back.

Values ("avro values" below) are dicts as the strict reader gives them: absent fields are left out, quantities are
micro-units, times UTC microseconds, decimals the text as stated. A record in a union says which by its `type`.
"""

from typing import Any

from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.formats import parse_quantity, parse_time, quantity_text, time_text
from schemas.refusal import InvalidEvent

LONG_MIN, LONG_MAX = -(1 << 63), (1 << 63) - 1
INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1
LIST_ITEMS_MAX = 1000
NAME_SHOWN_MAX = 40


def read_object(record: Record, value: Any, *, items_max: int = LIST_ITEMS_MAX) -> dict[str, Any]:
    """Avro values of a JSON object; raises `InvalidEvent` for unknown or missing fields and wrong types."""
    if not isinstance(value, dict):
        raise InvalidEvent("invalid_field", "an object is expected")
    for name in value:
        if name not in record.by_name and not (name == "type" and record.is_event):
            shown = name[:NAME_SHOWN_MAX].encode("ascii", "replace").decode() if isinstance(name, str) else "a name that is no text"
            raise InvalidEvent("unknown_field", f"{record.name} has no such field", shown)
    found = {}
    for field in record.fields:
        stated = value.get(field.name)
        if stated is None:
            if field.json_default is not None:
                found[field.name] = field.json_default
            elif not field.nullable:
                raise InvalidEvent("missing_field", f"{record.name} needs it", field.name)
            continue
        try:
            found[field.name] = read_value(field.type, stated, items_max)
        except InvalidEvent as problem:
            raise problem.within(field.name) from None
        except ValueError as problem:
            raise InvalidEvent("invalid_field", str(problem), field.name) from None
    return found


def read_value(avro_type: AvroType, value: Any, items_max: int = LIST_ITEMS_MAX) -> Any:
    """The avro value of one JSON value; raises `InvalidEvent` or, with words alone, `ValueError`."""
    match avro_type:
        case Primitive():
            return _read_primitive(avro_type, value)
        case Enumeration():
            if type(value) is not str or value not in avro_type.symbols:
                raise InvalidEvent("invalid_field", "one of " + ", ".join(avro_type.symbols[1:]) + " is expected")
            return value
        case Record():
            return read_object(avro_type, value, items_max=items_max)
        case Array():
            return _read_list(avro_type, value, items_max)
        case Mapping():
            return _read_map(avro_type, value, items_max)
        case OneOf():
            return _read_branch(avro_type, value, items_max)


def _read_list(array: Array, value: Any, items_max: int) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidEvent("invalid_field", "a list is expected")
    if len(value) > items_max:
        raise InvalidEvent("too_many_lines", f"more than {items_max} items")
    found = []
    for index, item in enumerate(value):
        try:
            found.append(read_value(array.items, item, items_max))
        except InvalidEvent as problem:
            raise problem.within(f"[{index}]") from None
    return found


def _read_map(mapping: Mapping, value: Any, items_max: int) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(type(name) is str for name in value):
        raise InvalidEvent("invalid_field", "an object is expected")
    if len(value) > items_max:
        raise InvalidEvent("too_many_lines", f"more than {items_max} items")
    return {_text(name): read_value(mapping.values, item, items_max) for name, item in value.items()}


def _read_branch(one_of: OneOf, value: Any, items_max: int) -> dict[str, Any]:
    branches = {record.name: record for record in one_of.branches}
    name = value.get("type") if isinstance(value, dict) else None
    if type(name) is not str or name not in branches:
        raise InvalidEvent("invalid_field", "an object whose type is one of " + ", ".join(branches) + " is expected")
    return {**read_object(branches[name], value, items_max=items_max), "type": name}


def _read_primitive(primitive: Primitive, value: Any) -> Any:
    match primitive:
        case Primitive(kind="boolean"):
            if type(value) is not bool:
                raise ValueError("true or false is expected")
            return value
        case Primitive(format="quantity" | "signed_quantity"):
            return parse_quantity(_text(value))
        case Primitive(format="time"):
            return parse_time(_text(value))
        case Primitive(kind="long" | "int"):
            low, high = (LONG_MIN, LONG_MAX) if primitive.kind == "long" else (INT_MIN, INT_MAX)
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"a whole number of {64 if primitive.kind == 'long' else 32} bits is expected")
            return value
        case _:
            return _text(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError("text is expected, in quotes")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("the text holds half a character (a lone surrogate)") from None
    return value


def write_object(record: Record, values: dict[str, Any]) -> dict[str, Any]:
    """The JSON object of avro values: fields in the order of the schema, absent ones left out."""
    found: dict[str, Any] = {"type": record.name} if record.is_event else {}
    for field in record.fields:
        value = values.get(field.name)
        if value is not None:
            found[field.name] = _write(field, field.type, value)
    return found


def _write(field: Field, avro_type: AvroType, value: Any) -> Any:
    match avro_type:
        case Primitive(format="quantity" | "signed_quantity"):
            return quantity_text(value)
        case Primitive(format="time"):
            return time_text(value)
        case Record():
            return write_object(avro_type, value)
        case Array():
            return [_write(field, avro_type.items, item) for item in value]
        case Mapping():
            return {name: _write(field, avro_type.values, item) for name, item in sorted(value.items())}
        case OneOf():
            return write_object(next(record for record in avro_type.branches if record.name == value["type"]), value)
        case Primitive() | Enumeration():
            return value
