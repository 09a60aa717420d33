"""Schemas of a registry: ours under another id are read as ours, lawful other versions by Avro's rules, anything else is refused."""

from collections.abc import Callable
from copy import deepcopy
from io import BytesIO
from typing import Any

import fastavro
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event_builder import builder_of
from schemas.events import EventSchema, decode_event, encode_event_json, event_schema, refuse_unknown
from schemas.foreign import DEPTH_MAX, SCHEMA_BYTES_MAX, adopt_schema, known_as
from schemas.framing import HEADER_BYTES, frame_header
from schemas.refusal import Refusal
from schemas.registry import KnownSchema, registry
from tests.unit.schemas import examples

FOREIGN_ID = 100_007
CAPTURED = registry().latest["PaymentCaptured"]
PLACED = registry().latest["OrderPlaced"]
EVENTS = [known for known in registry().by_id.values() if known.record.is_event]


def text(schema: Any) -> str:
    """The schema as a registry keeps it."""
    return orjson.dumps(schema).decode()


def changed(known: KnownSchema, change: Callable[[dict[str, Any]], object]) -> str:
    """The text of one of our schemas after a change."""
    schema = deepcopy(known.avsc)
    change(schema)
    return text(schema)


def adopted(schema_text: str) -> EventSchema:
    """The adopted schema; it must be."""
    found = adopt_schema(schema_text, FOREIGN_ID)
    assert isinstance(found, EventSchema), found
    return found


def refused(schema_text: str, reason: str = "schema_not_ours") -> str:
    """Why it is not adopted."""
    found = adopt_schema(schema_text, FOREIGN_ID)
    assert isinstance(found, Refusal)
    assert (found.reason, found.schema_id) == (reason, FOREIGN_ID)
    return found.detail


def as_java_writes(schema: Any) -> Any:
    """The schema as Java's generated classes carry it: every text says which Java type it is."""
    java = {"avro.java.string": "String"}
    if isinstance(schema, list):
        return [as_java_writes(branch) for branch in schema]
    if isinstance(schema, str):
        return {"type": "string", **java} if schema == "string" else schema
    found = {name: as_java_writes(value) if name in ("items", "values") else value for name, value in schema.items()}
    if "fields" in found:
        found["fields"] = [{**field, "type": as_java_writes(field["type"])} for field in found["fields"]]
    return found | java if found["type"] in ("string", "map") else found


@pytest.mark.parametrize("known", EVENTS, ids=lambda known: known.record.name)
def test_the_same_content_is_read_as_ours_however_it_is_written(known: KnownSchema) -> None:
    ours = event_schema(known.locked.id)
    assert adopted(text(known.avsc)) is ours
    canonical = fastavro.schema.to_parsing_canonical_form(fastavro.parse_schema(known.avsc, _write_hint=False))
    assert '"doc":' not in canonical
    assert adopted(canonical) is ours
    assert adopted(text(as_java_writes(known.avsc))) is ours
    assert adopted(text(dict(reversed(known.avsc.items())))) is ours
    dotted = {**known.avsc, "name": known.locked.subject}
    del dotted["namespace"]
    assert adopted(text(dotted)) is ours
    assert known_as(canonical) is known


def test_records_of_another_id_decode_exactly_as_ours() -> None:
    for obj in (examples.captured(), examples.placed()):
        value = encode_event_json(obj)
        known = registry().latest[obj["type"]]
        schema = adopted(text(known.avsc))
        again = frame_header(FOREIGN_ID) + value[HEADER_BYTES:]
        assert decode_event(again, {FOREIGN_ID: schema}.__getitem__) == decode_event(value)
        assert decode_event(again) == refuse_unknown(FOREIGN_ID)


def other_id(_: int) -> EventSchema | Refusal:
    """The look-up of a process that must not be asked."""
    raise AssertionError


def test_ids_of_the_lock_file_are_never_asked_for() -> None:
    assert not isinstance(decode_event(encode_event_json(examples.captured()), other_id), Refusal)


def with_fields(*fields: dict[str, Any]) -> Callable[[dict[str, Any]], object]:
    """Adds fields at the end."""
    return lambda schema: schema["fields"].extend({"doc": "New.", **field} for field in fields)


LATER = (
    {"name": "installments", "type": ["null", "int"], "default": None},
    {"name": "proof", "type": ["null", "bytes"], "default": None},
    {
        "name": "parts",
        "type": ["null", {"type": "record", "name": "Part", "fields": [{"name": "weight", "type": "long"}]}],
        "default": None,
    },
)


def add_symbol(schema: dict[str, Any]) -> None:
    """A tender that we do not know."""
    (tender,) = [field for field in schema["fields"] if field["name"] == "tender"]
    tender["type"]["symbols"].append("BARTER")


def written(schema_text: str, values: dict[str, Any]) -> bytes:
    """A framed record of the foreign schema, written by another library."""
    buffer = BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(orjson.loads(schema_text)), values)
    return frame_header(FOREIGN_ID) + buffer.getvalue()


def test_a_lawful_later_version_is_read_without_what_we_do_not_know() -> None:
    later = changed(CAPTURED, with_fields(*LATER))
    ours = decode_event(encode_event_json(examples.captured()))
    schema = adopted(later)
    assert schema.build is builder_of(CAPTURED.record)
    stated = fastavro_values(examples.captured())
    value = written(later, {**stated, "installments": 3, "proof": b"\x00\xff", "parts": {"weight": 5}})
    assert decode_event(value, lambda _: schema) == ours


def fastavro_values(obj: dict[str, Any]) -> dict[str, Any]:
    """The avro values of an event as another library reads them."""
    body = encode_event_json(obj)[HEADER_BYTES:]
    found = fastavro.schemaless_reader(BytesIO(body), fastavro.parse_schema(deepcopy(registry().latest[obj["type"]].avsc)), None)
    assert isinstance(found, dict)
    return found


def test_a_symbol_that_we_do_not_know_is_unknown_and_refused_where_that_has_no_meaning() -> None:
    later = changed(CAPTURED, add_symbol)
    schema = adopted(later)
    found = decode_event(written(later, {**fastavro_values(examples.captured()), "tender": "BARTER"}), lambda _: schema)
    assert isinstance(found, Refusal)
    assert (found.reason, found.detail) == ("invalid_field", "tender: UNKNOWN has no meaning here")
    known = written(later, fastavro_values(examples.captured()))
    assert decode_event(known, lambda _: schema) == decode_event(encode_event_json(examples.captured()))


def test_an_earlier_version_without_our_last_optional_field_is_read_too() -> None:
    """As if the field had come with a version of its own."""
    assert CAPTURED.avsc["fields"][-1]["name"] == "store"
    earlier = changed(CAPTURED, lambda schema: schema["fields"].pop())
    schema = adopted(earlier)
    stated = fastavro_values(examples.captured())
    assert decode_event(written(earlier, stated), lambda _: schema) == decode_event(encode_event_json(examples.captured()))


def test_a_later_correction_says_which_event_it_replaces_and_no_more_than_we_know() -> None:
    correction = {
        **examples.ENVELOPE,
        "type": "EventCorrected",
        "business_key": "correction:1",
        "supersedes_event_id": examples.OTHER_ID,
        "replacement": examples.captured(),
    }

    def change(schema: dict[str, Any]) -> None:
        branches = field_named(schema, "replacement")["type"]
        (captured,) = [branch for branch in branches if isinstance(branch, dict) and branch["name"] == "PaymentCaptured"]
        captured["fields"].append({"name": "type", "type": ["null", "bytes"], "default": None, "doc": "New."})

    later = changed(registry().latest["EventCorrected"], change)
    values = fastavro_values(correction)
    values["replacement"] = ("asiento.orders.v1.PaymentCaptured", {**values["replacement"], "type": b"\xff"})
    schema = adopted(later)
    assert decode_event(written(later, values), lambda _: schema) == decode_event(encode_event_json(correction))


def test_a_later_part_of_an_order_line_is_read_without_it_too() -> None:
    def change(schema: dict[str, Any]) -> None:
        (lines,) = [field for field in schema["fields"] if field["name"] == "lines"]
        lines["type"]["items"]["fields"].append({"name": "type", "type": ["null", "bytes"], "default": None, "doc": "New."})

    later = changed(PLACED, change)
    values = fastavro_values(examples.placed())
    for line in values["lines"]:
        line["type"] = b"\xff"
    schema = adopted(later)
    assert decode_event(written(later, values), lambda _: schema) == decode_event(encode_event_json(examples.placed()))


def field_named(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """A field of a record."""
    found: dict[str, Any] = next(field for field in schema["fields"] if field["name"] == name)
    return found


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "milliseconds": lambda schema: field_named(schema, "occurred_at")["type"].update(logicalType="timestamp-millis"),
    "another format": lambda schema: field_named(schema, "occurred_at")["type"].update(format="money"),
    "a field renamed": lambda schema: field_named(schema, "amount").update(name="amounts"),
    "a field taken out": lambda schema: schema["fields"].remove(field_named(schema, "amount")),
    "fields in another order": lambda schema: schema["fields"].reverse(),
    "a required field more": with_fields({"name": "more", "type": "string"}),
    "amount as a text": lambda schema: field_named(schema, "amount").update(type="string"),
    "amount as a double": lambda schema: field_named(schema, "amount").update(type="double"),
    "symbols in another order": lambda schema: field_named(schema, "tender")["type"]["symbols"].reverse(),
    "a part renamed": lambda schema: field_named(schema, "tender")["type"].update(name="Means"),
    "personal data": with_fields({"name": "email", "type": ["null", "string"], "default": None}),
    "another namespace": lambda schema: schema.update(namespace="com.example"),
    "another name": lambda schema: schema.update(name="PaymentVoided"),
    "a field twice": with_fields(LATER[0], LATER[0]),
    "contains itself": with_fields({"name": "again", "type": ["null", "asiento.orders.v1.PaymentCaptured"], "default": None}),
    "items of 0 bytes": with_fields(
        {
            "name": "many",
            "type": ["null", {"type": "array", "items": {"type": "record", "name": "Nothing", "fields": []}}],
            "default": None,
        }
    ),
    "items of 0 bytes by name": with_fields(
        {"name": "one", "type": ["null", {"type": "record", "name": "Nothing", "fields": []}], "default": None},
        {"name": "many", "type": ["null", {"type": "array", "items": "Nothing"}], "default": None},
    ),
    "items of null": with_fields({"name": "many", "type": ["null", {"type": "array", "items": "null"}], "default": None}),
    "a name that is code": with_fields(
        {
            "name": "part",
            "type": [
                "null",
                {"type": "record", "name": "x(b,p,e):\n  raise SystemExit\ndef y", "fields": [{"name": "weight", "type": "long"}]},
            ],
            "default": None,
        }
    ),
    "a namespace that is code": with_fields(
        {"name": "part", "type": ["null", {"type": "enum", "name": "E", "namespace": "a b", "symbols": ["UNKNOWN"]}], "default": None}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_not_ours_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    assert refused(changed(CAPTURED, change)).startswith(f"schema id {FOREIGN_ID} of the registry: ")


def test_names_are_names_before_anything_is_made_of_them() -> None:
    for name in ("a name that is code", "a namespace that is code"):
        assert refused(changed(CAPTURED, CHANGES[name])).endswith("a name in it is none")


def test_text_that_is_too_long_is_not_even_parsed() -> None:
    padded = text(CAPTURED.avsc) + " " * SCHEMA_BYTES_MAX
    assert "longer than" in refused(padded)
    assert known_as(padded) is None


def test_record_that_is_no_event_is_refused_as_such() -> None:
    refused(text(registry().latest["JournalEntry"].avsc), "wrong_record_type")


def deep_types(levels: int) -> str:
    """Records in records, each defined beside the one before, so that the text is flat and the values are deep."""
    fields: list[dict[str, Any]] = []
    inner: Any = "long"
    for level in range(levels):
        record = {"type": "record", "name": f"Level{level}", "fields": [{"name": "inner", "type": inner, "doc": "D."}], "doc": "D."}
        fields.append({"name": f"level{level}", "type": ["null", record], "default": None})
        inner = f"Level{level}"
    return changed(CAPTURED, with_fields(*fields))


def test_values_that_could_be_too_deep_for_a_reader_are_refused() -> None:
    adopted(deep_types(10))
    assert "nested too deeply" in refused(deep_types(DEPTH_MAX + 1))
    assert "nested too deeply" in refused(deep_types(3000))


HOSTILE = (
    "",
    "nonsense",
    "null",
    "[]",
    '"string"',
    "{}",
    '{"type": "record"}',
    '{"type": "record", "name": 5, "fields": []}',
    '{"type": "record", "name": "PaymentCaptured", "namespace": "asiento.orders.v1"}',
    '{"type": "record", "name": "PaymentCaptured", "namespace": "asiento.orders.v1", "fields": {}}',
    '{"type": "record", "name": "PaymentCaptured", "namespace": "asiento.orders.v1", "fields": [5]}',
    '{"type": "record", "name": "PaymentCaptured", "namespace": "asiento.orders.v1", "fields": [{"name": "a", "type": {"type": {}}}]}',
    '{"type": ' * 500 + "1" + "}" * 500,
    '{"type": "array", "items": ' * 1000 + '"int"' + "}" * 1000,
    "[" * 100_000,
    " " * (SCHEMA_BYTES_MAX + 1),
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_a_refusal_never_an_error(hostile: str) -> None:
    assert refused(hostile)
    assert known_as(hostile) is None


ODD: tuple[Any, ...] = (
    *(None, 0, -1, True, "", "null", "string", "UNKNOWN", "a b"),
    *([], {}, ["null"], ["null", "string"], {"type": "fixed"}, [[]]),
)


def places(schema: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a schema."""
    inner = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    return [path, *(found for name, value in inner for found in places(value, (*path, name)))]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_change_of_a_schema_is_adopted_or_refused_and_what_is_adopted_reads_any_bytes(data: st.DataObject) -> None:
    """Neither an error nor a hang; and what another program wrote with our own schema is an event or a refusal."""
    schema: Any = {"whole": deepcopy(data.draw(st.sampled_from((CAPTURED, PLACED))).avsc)}
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(places(schema)[1:]))
        container = schema
        for step in path:
            container = container[step]
        match data.draw(st.sampled_from(("replace", "remove", "copy"))):
            case "replace":
                container[last] = deepcopy(data.draw(st.sampled_from(ODD)))
            case "remove" if path:
                del container[last]
            case "copy" if isinstance(container, list):
                container.append(deepcopy(container[last]))
    found = adopt_schema(text(schema["whole"]), FOREIGN_ID)
    known_as(text(schema["whole"]))
    if isinstance(found, Refusal):
        return
    bodies = [encode_event_json(obj)[HEADER_BYTES:] for obj in (examples.captured(), examples.placed())]
    for body in (*bodies, data.draw(st.binary(max_size=80))):
        decode_event(frame_header(FOREIGN_ID) + body, lambda _: found)
