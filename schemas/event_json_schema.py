"""JSON Schemas (draft 2020-12) of the JSON twin of order events, for producers that check with a validator of their own.

They say what a schema can say; the decoder knows more (several fields together, card numbers, the sum of all items). Whatever
a schema refuses, the decoder refuses too.
"""

from typing import Any, Final

from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.event_rules import DUE_DAYS_MAX, TAXES_MAX, TEXT_LENGTH_MAX
from schemas.formats import MONEY_MAX
from schemas.json_twin import INT_MAX, INT_MIN, LIST_ITEMS_MAX, LONG_MAX, LONG_MIN

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_DECIMAL: Final = "0*[0-9]{1,18}([.][0-9]{1,12})?"
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE: Final = "([Zz]|[+-][0-9]{2}:[0-9]{2})"

_TEXT: Final[dict[str, Any]] = {"type": "string", "maxLength": TEXT_LENGTH_MAX}
_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "money": {"type": "integer", "minimum": 0, "maximum": MONEY_MAX},
    "signed_money": {"type": "integer", "minimum": -MONEY_MAX, "maximum": MONEY_MAX},
    "sequence": {"type": "integer", "minimum": 1, "maximum": LONG_MAX},
    "quantity": {"type": "string", "pattern": "^[0-9]{1,16}([.][0-9]{1,6})?$"},
    "decimal": {"type": "string", "pattern": f"^-?{_DECIMAL}$"},
    "amount_per_unit": {"type": "string", "pattern": f"^-?{_DECIMAL}$"},
    "signed_decimal": {"type": "string", "pattern": f"^-?{_DECIMAL}$"},
    "time": {
        "type": "string",
        "pattern": f"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,9}})?{_ZONE}$",
    },
    "date": {"type": "string", "pattern": f"^{_DAY}$"},
    "uuid": {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"},
    "free_text": _TEXT,
    "label": _TEXT,
}
_KINDS: Final[dict[str, dict[str, Any]]] = {
    "string": {**_TEXT, "minLength": 1},
    "boolean": {"type": "boolean"},
    "long": {"type": "integer", "minimum": LONG_MIN, "maximum": LONG_MAX},
    "int": {"type": "integer", "minimum": INT_MIN, "maximum": INT_MAX},
}
_OF_NAMES: Final[dict[str, dict[str, Any]]] = {
    "tenant": {"pattern": "^[^:]+$"},
    "source": {"pattern": "^[^:]+:[^:]+$"},
    "due_days": {"minimum": 0, "maximum": DUE_DAYS_MAX},
    "taxes": {"maxItems": TAXES_MAX},
}
"""What a field may say beyond its type, by its name."""
_MONEY_NEEDS: Final = ("currency", "currency_exponent")


def event_json_schema(record: Record, example: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema of one event; its parts are under `$defs`."""
    parts: dict[str, Any] = {}
    schema = _object(record, parts)
    head: dict[str, Any] = {"$schema": DIALECT, "$id": f"urn:asiento:event:{record.name}", "title": record.name, "description": record.doc}
    if example is not None:
        head["examples"] = [example]
    return {**head, **schema, "$defs": dict(sorted(parts.items()))}


def _object(record: Record, parts: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {"type": {"const": record.name}} if record.is_event else {}
    needed = ["type"] if record.is_event else []
    for field in record.fields:
        stated = record.states_money and field.name in _MONEY_NEEDS
        properties[field.name] = {"description": field.doc, **_field(field, parts, needed=stated)}
        if stated or not (field.nullable or field.json_default is not None):
            needed.append(field.name)
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def _field(field: Field, parts: dict[str, Any], *, needed: bool) -> dict[str, Any]:
    schema = _schema(field.type, parts) | _OF_NAMES.get(field.name, {})
    if field.json_default is not None:
        return {"anyOf": [schema, {"type": "null"}], "default": field.json_default}
    if not field.nullable or needed:
        return schema
    text = isinstance(field.type, Primitive) and schema.get("type") == "string"
    return {"anyOf": [schema, {"enum": ["", None]}]} if text else {"anyOf": [schema, {"type": "null"}]}


def _schema(avro_type: AvroType, parts: dict[str, Any]) -> dict[str, Any]:
    match avro_type:
        case Primitive(format=str(form)):
            return _FORMATS[form]
        case Primitive(kind=kind):
            return _KINDS[kind]
        case Enumeration(symbols=symbols, unknown_has_meaning=meaningful):
            return {"enum": list(symbols if meaningful else symbols[1:])}
        case Array(items=items):
            return {"type": "array", "maxItems": LIST_ITEMS_MAX, "items": _schema(items, parts)}
        case Mapping():
            names = {"minLength": 1, "maxLength": TEXT_LENGTH_MAX}
            return {"type": "object", "maxProperties": LIST_ITEMS_MAX, "propertyNames": names, "additionalProperties": _TEXT}
        case OneOf(branches=branches):
            return {"oneOf": [_reference(branch, parts) for branch in branches]}
        case Record():
            return _reference(avro_type, parts)


def _reference(record: Record, parts: dict[str, Any]) -> dict[str, Any]:
    if record.name not in parts:
        parts[record.name] = {}
        parts[record.name] = {"description": record.doc, **_object(record, parts)}
    return {"$ref": f"#/$defs/{record.name}"}
