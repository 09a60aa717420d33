"""The JSON Schema of mapper files, for editors; the loader knows more than it can say."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from schemas.avro_types import Array, Enumeration, Field, Primitive, Record
from schemas.avro_types import Mapping as AvroMapping
from schemas.events import event_record
from sources.platforms.mapped.language import (
    CHECK,
    CONDITION,
    CONNECTION_KEYS,
    CONTROL_ROW,
    DELIMITED,
    ENCODINGS,
    FACT,
    FETCH,
    FILE,
    FORMS,
    GRADES,
    GROUP,
    HOLD,
    NOTHING,
    OBJECT,
    PART,
    REPEATS,
    SHARE,
    SIGNS,
    UNITS,
    VALUE,
    Block,
    Form,
    Key,
)
from sources.platforms.mapped.mapper_file import mappable_events
from sources.platforms.mapped.target_file import own_fields

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {
    "anyOf": [{"type": ["string", "boolean", "integer"]}, {"type": "array", "items": {"type": ["string", "boolean", "integer"]}}]
}
_CONSTANT: Final = {"type": ["string", "boolean", "integer", "array"], "maxItems": 0}
_VALUE: Final = {"$ref": "#/$defs/value"}
_CONDITIONS: Final = {"$ref": "#/$defs/conditions"}


def mapper_json_schema() -> dict[str, Any]:
    """Draft 2020-12, with descriptions, allowed values, and the fields of every event."""
    records: dict[str, Any] = {}
    facts = [_fact(name, records) for name in mappable_events()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mapper of asiento",
        "description": "How the payloads of one source become order events.",
        **_block(FILE),
        "$defs": {
            "value": {"anyOf": [_CONSTANT, _block(VALUE)]},
            "conditions": {"type": "object", "additionalProperties": {"anyOf": [*_TEXTS["anyOf"], _block(CONDITION)]}},
            "object": _block(OBJECT),
            "fact": {**_block(FACT), "allOf": facts},
            **records,
        },
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"description": key.doc, **_written(name, key)} for name, key in block.items()},
        "required": [name for name, key in block.items() if key.required],
        "additionalProperties": False,
    }


def _written(name: str, key: Key) -> Mapping[str, Any]:
    if name == "connection" and key.form == "name":
        return {"enum": list(CONNECTION_KEYS)}
    if key.form in _BLOCKS:
        block = _block(_BLOCKS[key.form])
        return _list_of(block) if key.form in {"nothing", "hold", "checks"} else block
    if key.form in _WORDS:
        return {"enum": list(_WORDS[key.form])}
    return _FORMS.get(key.form, _TEXT)


def _list_of(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_FORMS: Final[Mapping[Form, Mapping[str, Any]]] = {
    "name": {"type": "string", "pattern": "^[a-z0-9-]{1,32}$"},
    "flag": {"type": "boolean"},
    "number": {"type": ["string", "integer"]},
    "paths": {"anyOf": [_TEXT, _list_of(_TEXT)]},
    "texts": _TEXTS,
    "columns": _TEXTS,
    "value": _VALUE,
    "values": _list_of(_VALUE),
    "conditions": _CONDITIONS,
    "known": {"type": "object", "additionalProperties": _TEXTS},
    "topics": {"type": "object", "additionalProperties": _TEXT},
    "words": {"type": "object", "additionalProperties": _TEXT},
    "enum": {"type": "object", "additionalProperties": _CONSTANT},
    "constant": _CONSTANT,
    "targets": {"type": "object"},
    "cumulative": _list_of(_TEXT),
    "objects": {"type": "object", "additionalProperties": {"$ref": "#/$defs/object"}},
    "facts": _list_of({"$ref": "#/$defs/fact"}),
}


_BLOCKS: Final[Mapping[Form, Block]] = {
    "file_format": DELIMITED,
    "group": GROUP,
    "control_row": CONTROL_ROW,
    "nothing": NOTHING,
    "hold": HOLD,
    "checks": CHECK,
    "fetch": FETCH,
    "share": SHARE,
}
_WORDS: Final[Mapping[Form, Iterable[str]]] = {
    "grade": GRADES,
    "repeat": REPEATS,
    "sign": SIGNS,
    "unit": UNITS,
    "form": FORMS,
    "encoding": ENCODINGS,
    "event": mappable_events(),
}


def _fact(name: str, records: dict[str, Any]) -> dict[str, Any]:
    """What `set` of a fact may hold, by its event."""
    event = event_record(name)
    assert event is not None  # noqa: S101 - the name comes from the contract
    return {
        "if": {"properties": {"event": {"const": name}}, "required": ["event"]},
        "then": {"properties": {"set": _fields(own_fields(event), records)}},
    }


def _fields(fields: tuple[Field, ...], records: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: {"description": field.doc, **_target(field, records)} for field in fields},
        "additionalProperties": False,
    }


def _target(field: Field, records: dict[str, Any]) -> dict[str, Any]:
    match field.type:
        case Array(items=Record() as record):
            return _list_of(_part(record, records))
        case Record():
            return _part(field.type, records)
        case AvroMapping():
            return {"type": "object", "additionalProperties": _VALUE}
        case Enumeration(symbols=symbols):
            return {"$comment": ", ".join(symbols[1:]), **_VALUE}
        case Primitive() | Array():
            return dict(_VALUE)
    return dict(_VALUE)


def _part(record: Record, records: dict[str, Any]) -> dict[str, Any]:
    name = f"item of {record.name}"
    if name not in records:
        records[name] = {}
        block = _block(PART)
        block["properties"]["set"] = _fields(record.fields, records)
        records[name] = block
    return {"$ref": f"#/$defs/{name.replace(' ', '%20')}"}
