"""The few words in which schemas are declared, and the formats behind the Avro types.

A `format` stands inside the type (`{"type": "long", "format": "money"}`) and says what the JSON twin, the
checks and the reference pages make of it:

| format | Avro | JSON twin |
|---|---|---|
| money | long, minor units, 0 or more | integer |
| signed_money | long, minor units | integer |
| quantity | long, micro-units, above 0 | decimal string, scale <= 6 |
| decimal, amount_per_unit | string, 0 or more | decimal string |
| signed_decimal | string | decimal string |
| time | long, timestamp-micros UTC | RFC 3339 with an offset |
| date | string | YYYY-MM-DD |
| uuid | string | canonical form, letters in lower case |
| free_text | string | text; may be empty, looked through for card numbers |
| label | string | text; may be empty |
"""

from typing import Any, TypeAlias

AvroType: TypeAlias = str | dict[str, Any] | list[Any]
Declared: TypeAlias = dict[str, Any]

TEXT = "string"
LABEL = {"type": "string", "format": "label"}
FREE_TEXT = {"type": "string", "format": "free_text"}
UUID = {"type": "string", "format": "uuid"}
DATE = {"type": "string", "format": "date"}
DECIMAL = {"type": "string", "format": "decimal"}
SIGNED_DECIMAL = {"type": "string", "format": "signed_decimal"}
UNIT_COST = {"type": "string", "format": "amount_per_unit"}
MONEY = {"type": "long", "format": "money"}
SIGNED_MONEY = {"type": "long", "format": "signed_money"}
QUANTITY = {"type": "long", "format": "quantity"}
TIME = {"type": "long", "logicalType": "timestamp-micros", "format": "time"}
LONG = "long"
INT = "int"
BOOL = "boolean"
BYTES = "bytes"


def required(name: str, avro_type: AvroType, doc: str, **properties: Any) -> Declared:
    """A field that every record states."""
    return {"name": name, "type": avro_type, "doc": doc, **properties}


def optional(name: str, avro_type: AvroType, doc: str) -> Declared:
    """A field that may be absent: nullable, default null."""
    return {"name": name, "type": ["null", avro_type], "default": None, "doc": doc}


def array(items: AvroType) -> Declared:
    """A list of `items`."""
    return {"type": "array", "items": items}


def mapping(values: AvroType) -> Declared:
    """A map from text to `values`."""
    return {"type": "map", "values": values}


def enum(name: str, *symbols: str, doc: str, unknown_has_meaning: bool = False) -> Declared:
    """An enumeration that starts with UNKNOWN, its default; UNKNOWN is refused unless it has a meaning."""
    declared: Declared = {"type": "enum", "name": name, "doc": doc, "symbols": ["UNKNOWN", *symbols], "default": "UNKNOWN"}
    return {**declared, "unknown": "meaningful"} if unknown_has_meaning else declared


def record(name: str, doc: str, *fields: Declared, **properties: Any) -> Declared:
    """A record type; a part of a message or a message of its own."""
    return {"type": "record", "name": name, "doc": doc, **properties, "fields": list(fields)}
