"""The two judges of two versions: known changes one by one, and what Avro resolution really does, by fastavro."""

from collections.abc import Iterator
from io import BytesIO
from itertools import product
from typing import Any, NamedTuple

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.avro_types import SchemaError
from schemas.compatibility import PRIMITIVES, Node, expand, unlawful_changes, unreadable

Schema = dict[str, Any]


def enum(name: str, *symbols: str, **properties: Any) -> Schema:
    return {"type": "enum", "name": name, "symbols": list(symbols), **properties}


def record(name: str, *fields: tuple[str, Any], **defaults: Any) -> Schema:
    """A record; `defaults` by field name, for nullable fields."""
    declared = [
        {"name": field, "type": kind, **({"default": defaults[field]} if field in defaults and isinstance(kind, list) else {})}
        for field, kind in fields
    ]
    return {"type": "record", "name": name, "fields": declared}


KIND = enum("Kind", "UNKNOWN", "A", "B", default="UNKNOWN")
PART = record("Part", ("n", "long"), ("note", ["null", "string"]), note=None)
PARTS = {"type": "array", "items": PART}
WIDER_PART = record("Part", ("n", "long"), ("note", ["null", "string"]), ("added", ["null", "string"]), note=None, added=None)
ONE = ["null", record("X", ("x", "int")), record("Y", ("y", "int"))]
FIELDS: tuple[tuple[str, Any], ...] = (
    ("id", "string"),
    ("amount", {"type": "long", "format": "money"}),
    ("count", "int"),
    ("kind", KIND),
    ("parts", PARTS),
    ("note", ["null", "string"]),
    ("one", ONE),
    ("labels", {"type": "map", "values": "string"}),
)


def base(*more: tuple[str, Any], **changed: Any) -> Schema:
    """The schema that all changes start from: a field has another type, or is gone (None), or comes behind."""
    fields = [(name, changed.get(name, kind)) for name, kind in FIELDS if changed.get(name, kind) is not None]
    return {**record("Event", *fields, *more, note=None, one=None, added=None), "namespace": "n"}


def with_first_field(**properties: Any) -> Schema:
    first, *rest = base()["fields"]
    return {**base(), "fields": [{**first, **properties}, *rest]}


class Case(NamedTuple):
    """A change: the later version, what our rules say, and which directions Avro cannot resolve."""

    later: Schema
    problem: str | None
    unreadable: str = ""


NEW_READS_OLD, OLD_READS_NEW, BOTH = "new reads old", "old reads new", "new reads old, old reads new"
NULLABLE: tuple[str, Any] = ("added", ["null", "string"])
CASES = {
    "nothing": Case(base(), None),
    "a nullable field at the end": Case(base(NULLABLE), None),
    "a nullable record at the end": Case(base(("added", ["null", record("Z", ("z", "int"))])), None),
    "a nullable field in a part": Case(base(parts={"type": "array", "items": WIDER_PART}), None),
    "a symbol at the end": Case(base(kind=enum("Kind", "UNKNOWN", "A", "B", "C", default="UNKNOWN")), None),
    "words": Case({**base(), "doc": "Better words."}, None),
    "words of a field": Case(with_first_field(doc="Better words."), None),
    "the status": Case({**base(), "status": "frozen"}, None),
    "a field without default": Case(base(("more", "string")), "not nullable with default null", NEW_READS_OLD),
    "a field with another default": Case(
        {**base(), "fields": [*base()["fields"], {"name": "more", "type": "int", "default": 0}]}, "not nullable with default null"
    ),
    "a nullable field without default": Case(base(("more", ["null", "string"])), "not nullable with default null", NEW_READS_OLD),
    "a field out": Case(base(count=None), "taken out or renamed", OLD_READS_NEW),
    "a nullable field out": Case(base(note=None), "taken out or renamed"),
    "a field renamed": Case(with_first_field(name="ident"), "taken out or renamed", BOTH),
    "a field renamed, with its old name as alias": Case(with_first_field(name="ident", aliases=["id"]), "taken out or renamed", BOTH),
    "int to long": Case(base(count="long"), "from int to long", OLD_READS_NEW),
    "long to int": Case(base(amount={"type": "int", "format": "money"}), "from long to int", NEW_READS_OLD),
    "string to bytes": Case(base(id="bytes"), "from string to bytes"),
    "string to nullable string": Case(base(id=["null", "string"]), "from string to null or string", OLD_READS_NEW),
    "nullable string to string": Case(base(note="string"), "from null or string to string", NEW_READS_OLD),
    "another format": Case(base(amount={"type": "long", "format": "signed_money"}), "format changed from money to signed_money"),
    "a format gone": Case(base(amount="long"), "format changed from money to nothing"),
    "a logical type": Case(base(count={"type": "int", "logicalType": "date"}), "logicalType changed"),
    "a symbol out": Case(base(kind=enum("Kind", "UNKNOWN", "A", default="UNKNOWN")), "old symbols"),
    "a symbol renamed": Case(base(kind=enum("Kind", "UNKNOWN", "A", "C", default="UNKNOWN")), "old symbols"),
    "a symbol between": Case(base(kind=enum("Kind", "UNKNOWN", "C", "A", "B", default="UNKNOWN")), "old symbols"),
    "an enumeration without default": Case(base(kind=enum("Kind", "UNKNOWN", "A", "B")), "default changed from UNKNOWN to nothing"),
    "an enumeration with another default": Case(base(kind=enum("Kind", "UNKNOWN", "A", "B", default="A")), "default changed"),
    "a meaning of UNKNOWN": Case(base(kind={**KIND, "unknown": "meaningful"}), "unknown changed"),
    "a branch more": Case(base(one=[*ONE, record("Z", ("z", "int"))]), "record Y to null or record X or record Y or", OLD_READS_NEW),
    "a branch less": Case(base(one=ONE[:2]), "the type changed", NEW_READS_OLD),
    "branches in another order": Case(base(one=["null", ONE[2], ONE[1]]), "the type changed"),
    "a field without default in a branch": Case(
        base(one=["null", record("X", ("x", "int"), ("z", "int")), ONE[2]]),
        "not nullable with default null",
        NEW_READS_OLD,
    ),
    "a default changed": Case(with_first_field(default="x"), "the default changed"),
    "a property of a field": Case(with_first_field(json_default="x"), "json_default changed"),
    "another record name": Case({**base(), "name": "Other"}, "from record Event to record Other", BOTH),
    "another name of a part": Case(
        base(parts={"type": "array", "items": record("Piece", ("n", "long"), ("note", ["null", "string"]), note=None)}),
        "from record Part to record Piece",
        BOTH,
    ),
    "another namespace": Case({**base(), "namespace": "m"}, "name changed from n.Event to m.Event"),
    "a property of the record": Case({**base(), "money": True}, "money changed from nothing to True"),
    "fields in another order": Case({**base(), "fields": base()["fields"][::-1]}, "old fields do not stand first"),
    "a nullable field in front": Case(
        {**base(), "fields": [{"name": "added", "type": ["null", "string"], "default": None}, *base()["fields"]]},
        "old fields do not stand first",
    ),
    "a list to a single": Case(base(parts=PART), "from array to record Part", BOTH),
    "items of a list": Case(base(parts={"type": "array", "items": "string"}), "from record Part to string", BOTH),
    "values of a map": Case(base(labels={"type": "map", "values": "int"}), "from string to int", BOTH),
}


def samples(node: Node) -> Iterator[Any]:
    """Values of a type that show each of its branches and symbols at least once; unions as (name, value) where they need it."""
    match node["type"]:
        case "union":
            for branch in node["branches"]:
                for value in samples(branch):
                    yield (branch["name"], value) if "fields" in branch else value
        case "record":
            columns = [(field["name"], list(samples(field["type"]))) for field in node["fields"]]
            for row in range(max((len(values) for _, values in columns), default=1)):
                yield {name: values[min(row, len(values) - 1)] for name, values in columns}
        case "enum":
            yield from node["symbols"]
        case "array":
            yield list(samples(node["items"]))
        case "map":
            yield {f"key {index}": value for index, value in enumerate(samples(node["values"]))}
        case str(kind):
            yield {"null": None, "boolean": True, "string": "x", "bytes": b"x", "float": 0.5, "double": 0.5}.get(kind, 7)


def resolves(reader: Schema, writer: Schema) -> bool:
    """Whether fastavro reads all samples of the writer's schema with the reader's."""
    written, wanted = fastavro.parse_schema(writer), fastavro.parse_schema(reader)
    for value in samples(expand(writer)):
        stream = BytesIO()
        fastavro.schemaless_writer(stream, written, value)
        stream.seek(0)
        try:
            fastavro.schemaless_reader(stream, written, wanted)
        except (fastavro.read.SchemaResolutionError, ValueError, TypeError):
            return False
    return True


def directions(earlier: Schema, later: Schema) -> str:
    """Which directions our resolution judge refuses."""
    before, after = expand(earlier), expand(later)
    refused = [(NEW_READS_OLD, after, before), (OLD_READS_NEW, before, after)]
    return ", ".join(name for name, reader, writer in refused if list(unreadable(reader, writer, "Event")))


def changes(earlier: Schema, later: Schema) -> list[str]:
    return [problem.problem for problem in unlawful_changes(expand(earlier), expand(later), "Event")]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_known_changes_by_our_rules(case: Case) -> None:
    found = changes(base(), case.later)
    assert any(case.problem in problem for problem in found) if case.problem is not None else not found
    assert all(found.mend and found.place.startswith("Event") for found in unlawful_changes(expand(base()), expand(case.later), "Event"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_known_changes_by_resolution(case: Case) -> None:
    assert directions(base(), case.later) == case.unreadable


@pytest.mark.parametrize("name", [name for name in CASES if "alias" not in name])
def test_fastavro_resolves_what_the_table_says(name: str) -> None:
    later, refused = CASES[name].later, CASES[name].unreadable
    assert resolves(later, base()) == (NEW_READS_OLD not in refused)
    assert resolves(base(), later) == (OLD_READS_NEW not in refused)


@pytest.mark.parametrize(("writer", "reader"), list(product(sorted(PRIMITIVES), repeat=2)))
def test_promotions(writer: str, reader: str) -> None:
    """Avro reads some types as wider ones; our rules let none change."""
    one, other = record("R", ("x", writer)), record("R", ("x", reader))
    assert (not list(unreadable(expand(other), expand(one), "R"))) == resolves(other, one)
    assert bool(changes(one, other)) == (writer != reader)


def test_symbols_may_be_added_where_the_earlier_version_has_a_default() -> None:
    earlier, later = base(kind=enum("Kind", "A")), base(kind=enum("Kind", "A", "B"))
    assert changes(earlier, later) == ["symbols were added to an enumeration without default"]
    assert directions(earlier, later) == OLD_READS_NEW
    assert not resolves(earlier, later)


def test_a_part_that_comes_twice_is_judged_once() -> None:
    twice, changed = ("again", "Part"), record("Part", ("n", "long"), ("note", ["null", "string"]), ("m", "int"), note=None)
    assert changes(base(twice), base(twice, parts={"type": "array", "items": changed})) == ["a new field is not nullable with default null"]


def test_a_reference_is_what_it_names() -> None:
    """The same types, the second place defined again under another name of the namespace, or referred to by its full name."""
    assert expand(base(("again", "n.Part"))) == expand(base(("again", "Part")))
    for name in ("Nothing", "Event"):
        with pytest.raises(SchemaError, match="unknown here, or contains itself"):
            expand(base(("again", name)))


symbols = st.lists(st.sampled_from(["UNKNOWN", "A", "B", "C"]), min_size=1, unique=True)
enums = symbols.flatmap(lambda found: st.sampled_from([enum("E", *found), enum("E", *found, default=found[0])]))
primitives = st.sampled_from(["boolean", "int", "long", "float", "double", "string", "bytes"])


def records(inner: st.SearchStrategy[Any], name: str) -> st.SearchStrategy[Schema]:
    """Records with some of three fields, some of which may be absent."""
    field = st.tuples(st.sampled_from(["a", "b", "c"]), inner, st.booleans())
    return st.lists(field, max_size=3, unique_by=lambda found: found[0]).map(
        lambda fields: {
            "type": "record",
            "name": name,
            "fields": [
                {"name": name, "type": ["null", kind], "default": None} if absent else {"name": name, "type": kind}
                for name, kind, absent in fields
            ],
        }
    )


lists = primitives.flatmap(lambda kind: st.sampled_from([{"type": "array", "items": kind}, {"type": "map", "values": kind}]))
parts = records(primitives | lists, "P") | enums
messages = st.tuples(records(primitives | lists, "R"), parts, parts.map(lambda part: {"type": "array", "items": part})).map(
    lambda found: {**found[0], "fields": [*found[0]["fields"], {"name": "p", "type": found[1]}]}
)


@st.composite
def evolved(draw: st.DrawFn, schema: Any, unlawful: bool) -> Any:
    """The schema after lawful additions; `unlawful`: and perhaps other changes."""
    if isinstance(schema, str):
        return draw(primitives) if unlawful and draw(st.integers(0, 9)) == 0 else schema
    if isinstance(schema, list):
        return [draw(evolved(branch, unlawful)) if branch != "null" else branch for branch in schema]
    match schema["type"]:
        case "enum":
            more = ["Z"] if ("default" in schema or unlawful) and draw(st.booleans()) else []
            kept = schema["symbols"] if not unlawful or draw(st.booleans()) else schema["symbols"][:1]
            return {**schema, "symbols": [*kept, *more]}
        case "record":
            fields = [{**field, "type": draw(evolved(field["type"], unlawful))} for field in schema["fields"]]
            if unlawful and draw(st.integers(0, 3)) == 0:
                fields = fields[1:]
            if draw(st.booleans()):
                absent = not unlawful or draw(st.booleans())
                fields.append({"name": "z", "type": ["null", "int"], "default": None} if absent else {"name": "z", "type": "int"})
            return {**schema, "fields": fields}
        case "array":
            return {**schema, "items": draw(evolved(schema["items"], unlawful))}
        case _:
            return {**schema, "values": draw(evolved(schema["values"], unlawful))}


@settings(max_examples=150, deadline=None)
@given(messages, st.data())
def test_the_resolution_judge_agrees_with_fastavro(writer: Schema, data: st.DataObject) -> None:
    reader = data.draw(evolved(writer, unlawful=True) | messages)
    assert (not list(unreadable(expand(reader), expand(writer), "R"))) == resolves(reader, writer)


@settings(max_examples=100, deadline=None)
@given(messages, st.data())
def test_what_our_rules_allow_resolves_in_both_directions(earlier: Schema, data: st.DataObject) -> None:
    later = data.draw(evolved(earlier, unlawful=False))
    assert changes(earlier, later) == []
    assert resolves(later, earlier)
    assert resolves(earlier, later)


@settings(max_examples=100, deadline=None)
@given(messages, st.data())
def test_what_does_not_resolve_is_against_our_rules(earlier: Schema, data: st.DataObject) -> None:
    later = data.draw(evolved(earlier, unlawful=True))
    if not resolves(later, earlier) or not resolves(earlier, later):
        assert changes(earlier, later) != []
