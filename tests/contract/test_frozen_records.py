"""Records of every frozen version, written once and kept: whatever changes, they are read as they were meant.

A schema that was edited together with its line of the lock file passes every comparison of the two; it does not pass this.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.avro_types import Array, AvroType, Enumeration, Mapping, OneOf, Primitive, Record
from schemas.avro_writer import ITEMS, compile_writer
from schemas.framing import HEADER_BYTES, frame_header, schema_id_of
from schemas.registry import FROZEN, KnownSchema, registry
from schemas.strict_reader import compile_reader, read_body

KEPT = Path(__file__).with_name("frozen_records.jsonl")
RECORDS: list[dict[str, Any]] = [orjson.loads(line) for line in KEPT.read_bytes().splitlines()]
TEXTS = {"uuid": "1d9a6e0c-2f5b-5a53-9f0e-5d2b1c7a4e11", "date": "2026-01-05", "decimal": "0.21", "amount_per_unit": "1.25"}


def full_value(avro_type: AvroType, branch: int, numbers: Iterator[int], name: str = "") -> Any:
    """A value with every field there, no two numbers alike; a union takes the branch of that number, or its last."""
    match avro_type:
        case Record(fields=fields):
            return {field.name: full_value(field.type, branch, numbers, field.name) for field in fields}
        case OneOf(branches=branches):
            record = branches[min(branch, len(branches) - 1)]
            return {**full_value(record, branch, numbers), "type": record.name}
        case Array(items=items):
            return [full_value(items, branch, numbers, name)]
        case Mapping(values=values):
            return {"key": full_value(values, branch, numbers, name)}
        case Enumeration(symbols=symbols):
            return symbols[-1]
        case Primitive(kind="string", format=form):
            return TEXTS.get(form or "", f"{name} {next(numbers)}")
        case Primitive(kind=kind):
            number = next(numbers)
            return {"long": 10**15 + number, "int": number, "boolean": True, "bytes": b"\xff" + name.encode()}[kind]


def kept_lines(known: KnownSchema) -> Iterator[bytes]:
    """What is kept of a version when it is frozen: one record for each branch of its unions."""
    unions = [len(field.type.branches) for field in known.record.fields if isinstance(field.type, OneOf)]
    for branch in range(max(unions, default=1)):
        values = full_value(known.record, branch, count(1))
        out = bytearray(frame_header(known.locked.id))
        compile_writer(known.record, ITEMS)(out, values)
        yield orjson.dumps({"subject": known.locked.subject, "value": out.hex(), "read": values}, default=bytes.hex)


@pytest.mark.parametrize("kept", RECORDS, ids=lambda kept: kept["subject"].rpartition(".")[2])
def test_a_kept_record_is_read_as_it_was_meant(kept: dict[str, Any]) -> None:
    value = bytes.fromhex(kept["value"])
    known = registry().by_id[schema_id_of(value)]
    assert known.locked.subject == kept["subject"]
    found = read_body(compile_reader(known.record, 10), value, HEADER_BYTES)
    assert orjson.loads(orjson.dumps(found, default=bytes.hex)) == kept["read"]


def test_records_of_every_frozen_version_are_kept() -> None:
    kept = {schema_id_of(bytes.fromhex(record["value"])) for record in RECORDS}
    frozen = [known for known in registry().by_id.values() if known.locked.status == FROZEN]
    missing = [line.decode() for known in frozen if known.locked.id not in kept for line in kept_lines(known)]
    assert not missing, "\n".join([f"append to {KEPT.name}:", *missing])
