"""Reader and writer against fastavro, and the forms of Avro that only other encoders write."""

from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import example, given, settings

from schemas.avro_pieces import UnwritableValue
from schemas.avro_types import Record, read_record
from schemas.avro_writer import ITEMS, compile_writer
from schemas.events import encode_event_json, event_record, event_values_from_json
from schemas.framing import HEADER_BYTES
from schemas.registry import registry
from schemas.strict_reader import MalformedAvro, TooManyItems, TrailingBytes, compile_reader, read_body
from tests.unit.schemas import examples, strategies


def without_logical_types(schema: Any) -> Any:
    """fastavro then leaves times as the integers they are."""
    if isinstance(schema, dict):
        return {key: without_logical_types(value) for key, value in schema.items() if key != "logicalType"}
    return [without_logical_types(item) for item in schema] if isinstance(schema, list) else schema


def fastavro_schema(name: str) -> Any:
    return fastavro.parse_schema(without_logical_types(registry().latest[name].avsc))


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    if isinstance(value, tuple):
        return (value[0], without_nulls(value[1]))
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def with_named_branch(values: dict[str, Any]) -> dict[str, Any]:
    """Avro values as fastavro has them: one of several records is a pair of its full name and its fields."""
    replacement = values.get("replacement")
    if replacement is None:
        return values
    fields = {name: part for name, part in replacement.items() if name != "type"}
    return values | {"replacement": (f"asiento.orders.v1.{replacement['type']}", fields)}


@settings(max_examples=100, deadline=None)
@given(strategies.events)
@example(examples.correction())
def test_what_we_write_fastavro_reads_and_the_other_way_round(obj: dict[str, Any]) -> None:
    record, values = event_values_from_json(obj)
    schema = fastavro_schema(record.name)
    body = encode_event_json(obj)[HEADER_BYTES:]
    read = fastavro.schemaless_reader(BytesIO(body), schema, return_record_name=True, return_record_name_override=True)
    assert without_nulls(read) == with_named_branch(values)
    stream = BytesIO()
    fastavro.schemaless_writer(stream, schema, with_named_branch(values))
    assert stream.getvalue() == body
    assert read_body(compile_reader(record, 1000), stream.getvalue(), 0) == values


def one_field(avro_type: Any) -> Record:
    return read_record({"type": "record", "name": "R", "namespace": "n", "fields": [{"name": "x", "type": avro_type}]})


@pytest.mark.parametrize("value", [0, 1, -1, 63, 64, -64, -65, 2**31 - 1, -(2**31), 2**32, 2**63 - 1, -(2**63)])
def test_longs(value: int) -> None:
    record = one_field("long")
    out = bytearray()
    compile_writer(record, ITEMS)(out, {"x": value})
    assert read_body(compile_reader(record, 1), bytes(out), 0) == {"x": value}
    assert fastavro.schemaless_reader(BytesIO(out), {"type": "record", "name": "R", "fields": [{"name": "x", "type": "long"}]}) == {
        "x": value
    }


STRINGS = {"type": "array", "items": "string"}


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b"\x00", []),
        (b"\x04\x02a\x02b\x00", ["a", "b"]),
        (b"\x02\x02a\x02\x02b\x00", ["a", "b"]),  # two blocks
        (b"\x03\x08\x02a\x02b\x00", ["a", "b"]),  # a block with its size
        (b"\x80\x00", []),  # a zero that takes two bytes
    ],
)
def test_blocks(body: bytes, items: list[str]) -> None:
    assert read_body(compile_reader(one_field(STRINGS), 10), body, 0) == {"x": items}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"\x03\x06\x02a\x02b\x00", MalformedAvro),  # the stated size is not the size
        (b"\x03\x03\x02a\x02b\x00", MalformedAvro),  # a negative size
        (b"\x03\x7e\x02a\x02b\x00", MalformedAvro),  # a size beyond the end
        (b"\x16" + b"\x00" * 11 + b"\x00", TooManyItems),
        (b"\x0a" + b"\x00" * 5 + b"\x0c" + b"\x00" * 6 + b"\x00", TooManyItems),  # in two blocks
        (b"\x02\x02a\x00\x00", TrailingBytes),
        (b"", MalformedAvro),
    ],
)
def test_blocks_that_lie(body: bytes, error: type[MalformedAvro]) -> None:
    with pytest.raises(error):
        read_body(compile_reader(one_field(STRINGS), 10), body, 0)


def test_a_map_names_a_key_once() -> None:
    reader = compile_reader(one_field({"type": "map", "values": "string"}), 10)
    assert read_body(reader, b"\x04\x02a\x02x\x02b\x02y\x00", 0) == {"x": {"a": "x", "b": "y"}}
    with pytest.raises(MalformedAvro, match="twice"):
        read_body(reader, b"\x04\x02a\x02x\x02a\x02y\x00", 0)


@pytest.mark.parametrize(
    ("avro_type", "value"),
    [
        ("long", 2**63),
        ("long", "1"),
        ("string", 7),
        ("string", None),
        ("string", "\ud800"),
        ({"type": "enum", "name": "E", "symbols": ["UNKNOWN"]}, "OTHER"),
    ],
)
def test_the_writer_never_bends_a_value(avro_type: Any, value: Any) -> None:
    with pytest.raises(UnwritableValue):
        compile_writer(one_field(avro_type), ITEMS)(bytearray(), {"x": value})


def test_every_event_of_the_contract_has_a_record() -> None:
    assert event_record("OrderPlaced") is not None
    assert event_record("JournalEntry") is None
    assert event_record("Nothing") is None
    assert encode_event_json(examples.placed())[:HEADER_BYTES] == b"\x00\x00\x00\x00\x01"
