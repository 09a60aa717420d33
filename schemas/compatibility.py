"""Whether two versions of a schema understand each other: by Avro's rules of resolution, and by ours, which are stricter.

Both work on schemas in their expanded form: references replaced by what they name, names in full, words for people and the
status left out. Ours allow a later version to add fields that may be absent, after the old ones, and symbols, after the old
ones. Whatever ours allow, Avro resolves in both directions (docs/adr/0006).
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from schemas.avro_types import SchemaError
from schemas.findings import Problem

Node: TypeAlias = dict[str, Any]

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
PROMOTIONS: dict[str, frozenset[str]] = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
"""Type that was written -> other types that Avro reads it as."""
WORDS = frozenset({"doc", "status", "namespace"})
"""Properties that say nothing about what is written."""
STRUCTURE = frozenset({"fields", "items", "values", "symbols", "branches"})
FIELD_STRUCTURE = frozenset({"name", "type", "doc", "default"})
OLD_FIRST = "put the old ones first, as they were, and new ones after them"
KEEP = "leave it as it was; what must differ is another field, nullable and with default null"
_MISSING = object()


def expand(schema: Any) -> Node:
    """The expanded form of an Avro schema; raises `SchemaError` where it names an unknown type or contains itself."""
    return _Expansion().node(schema, "")


class _Expansion:
    """Expands one schema; a type is known once it is complete."""

    def __init__(self) -> None:
        self._known: dict[str, Node] = {}

    def node(self, schema: Any, namespace: str) -> Node:
        if isinstance(schema, list):
            return {"type": "union", "branches": [self.node(branch, namespace) for branch in schema]}
        if isinstance(schema, str):
            return {"type": schema} if schema in PRIMITIVES else self._named(schema, namespace)
        found: Node = {name: value for name, value in schema.items() if name not in WORDS}
        for inner in ("items", "values"):
            if inner in found:
                found[inner] = self.node(found[inner], namespace)
        if "name" not in found:
            return found
        namespace = schema.get("namespace", namespace)
        found["name"] = _full_name(found["name"], namespace)
        if "fields" in found:
            found["fields"] = [{**field, "type": self.node(field["type"], namespace)} for field in found["fields"]]
        self._known[found["name"]] = found
        return found

    def _named(self, name: str, namespace: str) -> Node:
        full_name = _full_name(name, namespace)
        if full_name not in self._known:
            raise SchemaError(f"{full_name} is unknown here, or contains itself")
        return self._known[full_name]


def _full_name(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _short_name(node: Node) -> str:
    return str(node["name"]).rpartition(".")[2]


def _label(node: Node) -> str:
    if node["type"] == "union":
        return " or ".join(_label(branch) for branch in node["branches"])
    return f"{node['type']} {_short_name(node)}" if "name" in node else str(node["type"])


def unreadable(reader: Node, writer: Node, at: str) -> Iterator[tuple[str, str]]:
    """(place, why) for what a reader with one schema cannot make of some record that was written with the other."""
    if writer["type"] == "union":
        for branch in writer["branches"]:
            yield from unreadable(reader, branch, at)
    elif reader["type"] == "union":
        yield from _no_branch(reader["branches"], writer, at)
    elif reader["type"] != writer["type"]:
        if reader["type"] not in PROMOTIONS.get(writer["type"], ()):
            yield at, f"{_label(writer)} is not read as {_label(reader)}"
    elif "name" in writer and _short_name(reader) != _short_name(writer):
        yield at, f"{_label(writer)} is not read as {_label(reader)}"
    else:
        yield from _unreadable_parts(reader, writer, at)


def _no_branch(branches: list[Node], writer: Node, at: str) -> Iterator[tuple[str, str]]:
    tried = [list(unreadable(branch, writer, at)) for branch in branches]
    if all(tried):
        alike = [problems for branch, problems in zip(branches, tried, strict=True) if _label(branch) == _label(writer)]
        yield from alike[0] if alike else [(at, f"{_label(writer)} is not read as {_label({'type': 'union', 'branches': branches})}")]


def _unreadable_parts(reader: Node, writer: Node, at: str) -> Iterator[tuple[str, str]]:
    match writer["type"]:
        case "record":
            written = {field["name"]: field["type"] for field in writer["fields"]}
            for field in reader["fields"]:
                place = f"{at}.{field['name']}"
                if field["name"] in written:
                    yield from unreadable(field["type"], written[field["name"]], place)
                elif "default" not in field:
                    yield place, "the field is not in what was written, and has no default"
        case "enum" if "default" not in reader:
            for symbol in sorted(set(writer["symbols"]) - set(reader["symbols"])):
                yield at, f"the symbol {symbol} is not known, and there is no default"
        case "array":
            yield from unreadable(reader["items"], writer["items"], f"{at}[]")
        case "map":
            yield from unreadable(reader["values"], writer["values"], f"{at}[]")
        case "fixed" if reader["size"] != writer["size"]:
            yield at, "the sizes differ"


def unlawful_changes(earlier: Node, later: Node, at: str) -> Iterator[Problem]:
    """What the later version of a schema changes against our rules; a part that comes twice is judged where it comes first."""
    yield from _changes(earlier, later, at, set())


def _changes(earlier: Node, later: Node, at: str, judged: set[str]) -> Iterator[Problem]:
    if _label(earlier) != _label(later):
        yield Problem(at, f"the type changed from {_label(earlier)} to {_label(later)}", KEEP)
        return
    name = earlier.get("name", "")
    if name in judged:
        return
    judged.update({name} - {""})
    for property_name in sorted((earlier.keys() | later.keys()) - STRUCTURE - {"type"}):
        before, after = earlier.get(property_name), later.get(property_name)
        if before != after:
            yield Problem(at, f"{property_name} changed from {_shown(before)} to {_shown(after)}", KEEP)
    match earlier["type"]:
        case "record":
            yield from _field_changes(earlier["fields"], later["fields"], at, judged)
        case "enum":
            yield from _symbol_changes(earlier, later, at)
        case "union":
            for before, after in zip(earlier["branches"], later["branches"], strict=True):
                yield from _changes(before, after, at, judged)
        case "array":
            yield from _changes(earlier["items"], later["items"], f"{at}[]", judged)
        case "map":
            yield from _changes(earlier["values"], later["values"], f"{at}[]", judged)


def _shown(value: Any) -> str:
    return "nothing" if value is None else f"{value}"


def _field_changes(before: list[Node], after: list[Node], at: str, judged: set[str]) -> Iterator[Problem]:
    old, new = {field["name"]: field for field in before}, {field["name"]: field for field in after}
    for name in old:
        if name not in new:
            yield Problem(f"{at}.{name}", "the field was taken out or renamed", "put it back; a field that nobody uses any more stays")
    kept = [name for name in old if name in new]
    if list(new)[: len(kept)] != kept:
        yield Problem(at, "old fields do not stand first in their old order", OLD_FIRST)
    for name, field in new.items():
        place = f"{at}.{name}"
        if name in old:
            yield from _one_field_changes(old[name], field, place)
            yield from _changes(old[name]["type"], field["type"], place, judged)
        elif not _may_be_absent(field):
            yield Problem(place, "a new field is not nullable with default null", 'write its type as ["null", ...] with "default": null')


def _one_field_changes(old: Node, new: Node, at: str) -> Iterator[Problem]:
    if old.get("default", _MISSING) != new.get("default", _MISSING):
        yield Problem(at, "the default changed", "leave the default as it was")
    for property_name in sorted((old.keys() | new.keys()) - FIELD_STRUCTURE):
        if old.get(property_name) != new.get(property_name):
            yield Problem(at, f"{property_name} changed", KEEP)


def _may_be_absent(field: Node) -> bool:
    branches = field["type"].get("branches", [{}])
    return bool(branches[0].get("type") == "null") and field.get("default", _MISSING) is None


def _symbol_changes(earlier: Node, later: Node, at: str) -> Iterator[Problem]:
    before, after = earlier["symbols"], later["symbols"]
    if after[: len(before)] != before:
        yield Problem(at, "old symbols do not stand first in their old order", OLD_FIRST)
    elif len(after) > len(before) and "default" not in earlier:
        yield Problem(at, "symbols were added to an enumeration without default", KEEP)
