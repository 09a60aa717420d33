"""The shape of our Avro schemas as typed values, read from the `.avsc` files.

Only what our lint allows exists here: no top-level union, no recursive type, no float. A union is either
"nullable X" (on the field) or "null or one of these records".
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, cast

PrimitiveKind: TypeAlias = Literal["string", "long", "int", "boolean", "bytes"]
PRIMITIVES: frozenset[str] = frozenset({"string", "long", "int", "boolean", "bytes"})


class SchemaError(ValueError):
    """A schema says something our contract does not allow; the message names the place."""


@dataclass(frozen=True)
class Primitive:
    """A primitive type and the format that the JSON twin and the checks give it."""

    kind: PrimitiveKind
    format: str | None = None


@dataclass(frozen=True)
class Enumeration:
    """Symbols in order; the first is UNKNOWN, refused where it has no meaning."""

    name: str
    symbols: tuple[str, ...]
    unknown_has_meaning: bool


@dataclass(frozen=True)
class Array:
    """A list of items."""

    items: "AvroType"


@dataclass(frozen=True)
class Mapping:
    """A map from text to values."""

    values: "AvroType"


@dataclass(frozen=True)
class OneOf:
    """One of several records; the JSON twin tells which by its `type`."""

    branches: tuple["Record", ...]


@dataclass(frozen=True)
class Field:
    """One field; `json_default` stands where the JSON twin leaves it out."""

    name: str
    type: "AvroType"
    nullable: bool
    doc: str
    json_default: str | None


@dataclass(frozen=True, eq=False)
class Record:
    """A record, compared by identity; `is_event` and `states_money` hold for order events only."""

    name: str
    full_name: str
    doc: str
    fields: tuple[Field, ...]
    is_event: bool
    states_money: bool

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by name."""
        return {field.name: field for field in self.fields}


AvroType: TypeAlias = Primitive | Enumeration | Array | Mapping | OneOf | Record


def read_record(schema: dict[str, Any]) -> Record:
    """The typed shape of a parsed `.avsc`; raises `SchemaError`."""
    found = _Names().resolve(schema, "", schema.get("name", "?"))
    if not isinstance(found, Record):
        raise SchemaError("a message must be a record")
    return found


class _Names:
    """Resolves named types while one schema is read; a type is only known once it is complete (no recursion)."""

    def __init__(self) -> None:
        self._known: dict[str, AvroType] = {}

    def resolve(self, schema: Any, namespace: str, at: str) -> AvroType:
        if isinstance(schema, str):
            return self._named(schema, namespace, at)
        if isinstance(schema, list):
            raise SchemaError(f"{at}: a union stands on a field only, as null or one type")
        kind = schema["type"]
        if kind in PRIMITIVES:
            return Primitive(cast(PrimitiveKind, kind), schema.get("format"))
        if kind == "array":
            return Array(self.resolve(schema["items"], namespace, f"{at}[]"))
        if kind == "map":
            return Mapping(self.resolve(schema["values"], namespace, f"{at}{{}}"))
        if kind not in ("enum", "record"):
            raise SchemaError(f"{at}: type {kind} is not used here")
        inner = schema.get("namespace", namespace)
        full_name = f"{inner}.{schema['name']}"
        if full_name in self._known:
            raise SchemaError(f"{at}: {full_name} is defined twice")
        found = self._enumeration(schema) if kind == "enum" else self._record(schema, inner, full_name, at)
        self._known[full_name] = found
        return found

    def _named(self, name: str, namespace: str, at: str) -> AvroType:
        if name in PRIMITIVES:
            return Primitive(cast(PrimitiveKind, name))
        full_name = name if "." in name else f"{namespace}.{name}"
        if full_name not in self._known:
            raise SchemaError(f"{at}: {full_name} is unknown here, or contains itself")
        return self._known[full_name]

    def _enumeration(self, schema: dict[str, Any]) -> Enumeration:
        return Enumeration(schema["name"], tuple(schema["symbols"]), schema.get("unknown") == "meaningful")

    def _record(self, schema: dict[str, Any], namespace: str, full_name: str, at: str) -> Record:
        fields = tuple(self._field(field, namespace, f"{at}.{field['name']}") for field in schema["fields"])
        return Record(
            name=schema["name"],
            full_name=full_name,
            doc=schema.get("doc", ""),
            fields=fields,
            is_event=bool(schema.get("event")),
            states_money=bool(schema.get("money")),
        )

    def _field(self, field: dict[str, Any], namespace: str, at: str) -> Field:
        declared, nullable = field["type"], False
        found: AvroType
        if isinstance(declared, list):
            if len(declared) < 2 or declared[0] != "null" or "null" in declared[1:]:
                raise SchemaError(f"{at}: a union is null first, then a type")
            nullable = True
            branches = [self.resolve(branch, namespace, at) for branch in declared[1:]]
            found = branches[0] if len(branches) == 1 else self._one_of(branches, at)
        else:
            found = self.resolve(declared, namespace, at)
        return Field(field["name"], found, nullable, field.get("doc", ""), field.get("json_default"))

    def _one_of(self, branches: list[AvroType], at: str) -> OneOf:
        records = tuple(branch for branch in branches if isinstance(branch, Record))
        if len(records) != len(branches):
            raise SchemaError(f"{at}: a union of several types holds records only")
        return OneOf(records)
