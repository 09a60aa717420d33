"""Schemas that came from a registry: which of them are ours, under another id, or another lawful version of ours.

A schema text is believed only as far as it says what one of our records says. The same content (words, order of attributes and
attributes that a registry strips may differ) is read exactly as ours. What differs as our own versions may differ
(`schemas.compatibility`) and passes the lint is read by that schema, then brought to ours by Avro's rules: fields that we do not
know are left out, symbols that we do not know become UNKNOWN. Anything else is a `Refusal`. Why: docs/adr/0007.
"""

import re
from typing import Any

import orjson

from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record, SchemaError, read_record
from schemas.compatibility import Node, expand, unlawful_changes
from schemas.event_builder import builder_of
from schemas.events import EventSchema, event_schema
from schemas.json_twin import LIST_ITEMS_MAX
from schemas.lint import lint_schema
from schemas.refusal import Refusal
from schemas.registry import KnownSchema, registry
from schemas.strict_reader import RecordReader, compile_reader

SCHEMA_BYTES_MAX = 512 * 1024
"""Longest schema text that is looked at; our longest has 40 kB."""
DEPTH_MAX = 64
"""Deepest nesting of a schema that is looked at."""
NAME_LENGTH_MAX = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_NAMED = frozenset({"record", "enum"})
_KEPT = frozenset(
    {"type", "doc", "fields", "symbols", "items", "values", "default", "logicalType", "precision", "scale", "size"}
    | {"format", "unknown", "event", "money", "json_default"}
)
"""Attributes that mean something to us; others (avro.java.string, aliases, order, ...) say nothing about what is written."""
_SAID = frozenset({"logicalType", "precision", "scale", "format", "unknown", "event", "money"})
"""Attributes that a registry may have stripped, but that must not contradict ours where they are there."""


class _NotOurs(ValueError):
    """The schema cannot be taken; the message says why, in words for an operator."""


def adopt_schema(text: str, schema_id: int) -> EventSchema | Refusal:
    """How events of a registry's schema are read, or why they are not; never raises for what the text is."""
    if len(text) > SCHEMA_BYTES_MAX:
        return _refused(schema_id, f"its text is longer than {SCHEMA_BYTES_MAX} bytes")
    try:
        schema = _normal(orjson.loads(text), "", 0)
        return _adopted(schema, schema_id)
    except _NotOurs as problem:
        return _refused(schema_id, str(problem))
    except RecursionError:
        return _refused(schema_id, "it is nested too deeply")
    except (SchemaError, LookupError, TypeError, ValueError, AttributeError) as problem:
        return _refused(schema_id, f"it is not Avro as we write it: {type(problem).__name__}")


def known_as(text: str) -> KnownSchema | None:
    """The version of ours, of any record, that says the same as a schema text; None if there is none, whatever the text is."""
    if len(text) > SCHEMA_BYTES_MAX:
        return None
    try:
        schema = _normal(orjson.loads(text), "", 0)
        return _same(_versions(schema), expand(schema))
    except (RecursionError, SchemaError, LookupError, TypeError, ValueError, AttributeError):
        return None


def _refused(schema_id: int, why: str) -> Refusal:
    return Refusal("schema_not_ours", f"schema id {schema_id} of the registry: {why}", schema_id)


def _adopted(schema: Any, schema_id: int) -> EventSchema | Refusal:
    versions = _versions(schema)
    newest = registry().latest[versions[0].record.name]
    if not newest.record.is_event:
        return Refusal("wrong_record_type", f"schema id {schema_id} of the registry is {newest.record.name}", schema_id)
    written = expand(schema)
    same = _same(versions, written)
    if same is not None:
        return event_schema(same.locked.id)
    _require_lawful(schema, written, versions)
    theirs = read_record(schema)
    if _depth(theirs, {}) > DEPTH_MAX:
        raise _NotOurs("its types are nested too deeply")
    return _other_version(theirs, newest)


def _versions(schema: Any) -> list[KnownSchema]:
    """Our versions of the record that a schema names; raises `_NotOurs` if there is none."""
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise _NotOurs("it is not one record")
    subject = f"{schema['namespace']}.{schema['name']}"
    versions = [known for known in registry().by_id.values() if known.locked.subject == subject]
    if not versions:
        raise _NotOurs("its record is none of the contract")
    return versions


def _same(versions: list[KnownSchema], written: Node) -> KnownSchema | None:
    """The version that writes the same, if one does."""
    return next((known for known in versions if _writes_alike(written, expand(known.avsc), set())), None)


def _require_lawful(schema: dict[str, Any], written: Node, versions: list[KnownSchema]) -> None:
    """Raises `_NotOurs` unless each of our versions could be followed, or could have been preceded, by this one."""
    problems = lint_schema(schema, with_docs=False)
    if problems:
        raise _NotOurs(f"{problems[0].place}: {problems[0].problem}")
    for known in versions:
        ours, name = expand(known.avsc), known.record.name
        later, earlier = list(unlawful_changes(ours, written, name)), list(unlawful_changes(written, ours, name))
        if later and earlier:
            raise _NotOurs(f"against our version {known.locked.version}: {later[0].place}: {later[0].problem}")


# -- one way of writing a schema --------------------------------------------------------------------------------------


def _normal(schema: Any, namespace: str, depth: int) -> Any:
    """The schema as we write it: attributes that mean something, names that are names. Raises `_NotOurs`."""
    if depth > DEPTH_MAX:
        raise _NotOurs("it is nested too deeply")
    if isinstance(schema, list):
        return [_normal(branch, namespace, depth + 1) for branch in schema]
    if not isinstance(schema, dict):
        if not isinstance(schema, str):
            raise _NotOurs("a type is neither a name nor an object")
        return schema
    found = {name: value for name, value in schema.items() if name in _KEPT}
    kind = schema.get("type")
    if isinstance(kind, dict | list):
        raise _NotOurs("a type is written inside another one")
    for inner in ("items", "values"):
        if inner in found:
            found[inner] = _normal(found[inner], namespace, depth + 1)
    if kind in _NAMED:
        namespace, name = _names(schema, namespace)
        found |= {"name": name, "namespace": namespace}
    if kind == "record":
        found["fields"] = [_normal_field(field, namespace, depth + 1) for field in schema["fields"]]
        if len({field["name"] for field in found["fields"]}) < len(found["fields"]):
            raise _NotOurs("a field is there twice")
    if kind == "enum":
        found["symbols"] = [_require_name(symbol) for symbol in schema["symbols"]]
    return found


def _normal_field(field: dict[str, Any], namespace: str, depth: int) -> dict[str, Any]:
    kept = {name: value for name, value in field.items() if name in _KEPT}
    return {**kept, "name": _require_name(field["name"]), "type": _normal(field["type"], namespace, depth)}


def _names(schema: dict[str, Any], namespace: str) -> tuple[str, str]:
    """Namespace and name of a named type; a name with dots carries its namespace."""
    before, _, name = str(schema["name"]).rpartition(".")
    space = str(before or schema.get("namespace", namespace))
    for part in space.split("."):
        _require_name(part)
    return space, _require_name(name)


def _require_name(name: Any) -> str:
    if not isinstance(name, str) or len(name) > NAME_LENGTH_MAX or _NAME.fullmatch(name) is None:
        raise _NotOurs("a name in it is none")
    return name


# -- the same content -------------------------------------------------------------------------------------------------


def _writes_alike(theirs: Node, ours: Node, judged: set[str]) -> bool:
    """Whether both write the same bytes with the same meaning; a type that comes twice is judged where it comes first."""
    if theirs["type"] != ours["type"] or theirs.get("name") != ours.get("name"):
        return False
    if any(name in theirs and theirs[name] != ours.get(name) for name in _SAID):
        return False
    name = ours.get("name", "")
    if name in judged:
        return True
    judged.update({name} - {""})
    match ours["type"]:
        case "record":
            pairs = list(zip(theirs["fields"], ours["fields"], strict=False))
            same_names = [field["name"] for field in theirs["fields"]] == [field["name"] for field in ours["fields"]]
            return same_names and all(_writes_alike(one["type"], other["type"], judged) for one, other in pairs)
        case "enum":
            return bool(theirs["symbols"] == ours["symbols"])
        case "union":
            one, other = theirs["branches"], ours["branches"]
            return len(one) == len(other) and all(_writes_alike(*pair, judged) for pair in zip(one, other, strict=True))
        case "array":
            return _writes_alike(theirs["items"], ours["items"], judged)
        case "map":
            return _writes_alike(theirs["values"], ours["values"], judged)
    return True


# -- another version --------------------------------------------------------------------------------------------------


def _other_version(theirs: Record, newest: KnownSchema) -> EventSchema:
    """Reads by their schema, brings what was read to ours, and builds as ours."""
    ours = newest.record
    read_theirs = compile_reader(_with_our_symbols(theirs, ours, {}), LIST_ITEMS_MAX)
    return EventSchema(ours, _without_unknown_fields(read_theirs, ours), builder_of(ours))


def _without_unknown_fields(read: RecordReader, ours: Record) -> RecordReader:
    def read_known(data: bytes, position: int, end: int) -> tuple[dict[str, Any], int]:
        values, position = read(data, position, end)
        _drop_unknown_fields(ours, values)
        return values, position

    return read_known


def _drop_unknown_fields(ours: AvroType, values: Any) -> None:
    match ours:
        case Record(by_name=known):
            for name in [name for name in values if name not in known]:
                del values[name]
            for name, value in values.items():
                _drop_unknown_fields(known[name].type, value)
        case Array(items=Record() as items):
            for item in values:
                _drop_unknown_fields(items, item)
        case OneOf(branches=branches):
            name = values["type"]
            _drop_unknown_fields(next(branch for branch in branches if branch.name == name), values)
            values["type"] = name  # not a field: it says which of the records this is


def _depth(avro_type: AvroType, found: dict[str, int]) -> int:
    """How deep values of a type can be nested: each level is a call of the reader. A type may stand in many places."""
    match avro_type:
        case Array(items=inner) | Mapping(values=inner):
            return 1 + _depth(inner, found)
        case OneOf(branches=branches):
            return max(_depth(branch, found) for branch in branches)
        case Record():
            if avro_type.full_name not in found:
                found[avro_type.full_name] = 1 + max(_depth(field.type, found) for field in avro_type.fields)
            return found[avro_type.full_name]
    return 1


def _with_our_symbols(theirs: Record, ours: Record, made: dict[str, Record]) -> Record:
    """Their record in which a symbol that we do not know is UNKNOWN."""
    if theirs.full_name not in made:
        made[theirs.full_name] = Record(
            name=theirs.name,
            full_name=theirs.full_name,
            doc=theirs.doc,
            fields=tuple(_field_with_our_symbols(field, ours, made) for field in theirs.fields),
            is_event=theirs.is_event,
            states_money=theirs.states_money,
        )
    return made[theirs.full_name]


def _field_with_our_symbols(field: Field, ours: Record, made: dict[str, Record]) -> Field:
    known = ours.by_name.get(field.name)
    found = field.type if known is None else _type_with_our_symbols(field.type, known.type, made)
    return Field(field.name, found, field.nullable, field.doc, field.json_default)


def _type_with_our_symbols(theirs: AvroType, ours: AvroType, made: dict[str, Record]) -> AvroType:
    match theirs, ours:
        case Enumeration(), Enumeration():
            symbols = tuple(symbol if symbol in ours.symbols else "UNKNOWN" for symbol in theirs.symbols)
            return Enumeration(theirs.name, symbols, ours.unknown_has_meaning)
        case Record(), Record():
            return _with_our_symbols(theirs, ours, made)
        case Array(), Array():
            return Array(_type_with_our_symbols(theirs.items, ours.items, made))
        case Mapping(), Mapping():
            return Mapping(_type_with_our_symbols(theirs.values, ours.values, made))
        case OneOf(), OneOf():
            pairs = zip(theirs.branches, ours.branches, strict=True)
            return OneOf(tuple(_with_our_symbols(one, other, made) for one, other in pairs))
        case Primitive(), _:
            return theirs
    raise _NotOurs(f"{type(theirs).__name__} is not {type(ours).__name__}")
