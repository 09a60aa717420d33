"""What stands on the topics, read by fastavro from the schema files alone: none of the program's codecs takes part."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import orjson

import schemas
from tests.acceptance.load import Sent
from tests.integration.order_stream import Fetched

HEADER_BYTES = 5
EVENTS, DECISIONS, ENTRIES, DISCREPANCIES, DEAD_LETTERS, ACKS, ACTIONS = TOPICS = (
    "orders.events.v1",
    "accounting.decisions.v1",
    "accounting.entries.v1",
    "accounting.discrepancies.v1",
    "orders.dlq.v1",
    "accounting.acks.v1",
    "accounting.actions.v1",
)
"""Everything that the operational database is made of."""

MILLION = 1_000_000

Place = tuple[int, int]
"""Partition and offset."""
Verdict = tuple[str, str | None]
"""Outcome and code."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One posting."""

    account: str
    side: str
    amount: int


@dataclass(slots=True)
class TopicFacts:
    """All committed records, each topic's in offset order per partition, and where each partition ends.

    `refused` are the places of the records that must end as dead letters.
    """

    records: dict[str, list[Fetched]]
    ends: dict[tuple[str, int], int]
    refused: set[Place] = field(default_factory=set)

    def values(self, topic: str) -> Iterator[tuple[Fetched, dict[str, Any]]]:
        """The records of a topic with what they say."""
        for record in self.records[topic]:
            assert record.value is not None
            yield record, decoded(record.value)[1]

    def events(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """The events in the form of their JSON twins, without what is absent."""
        for record in self.records[EVENTS]:
            place = record.partition, record.offset
            if place not in self.refused:
                assert record.value is not None
                name, value = decoded(record.value)
                yield place, {"type": name} | _present(value)

    def judged(self) -> dict[Place, Verdict]:
        """The last word on every record, by the decisions in the order of their partitions."""
        verdicts: dict[Place, Verdict] = {}
        parked: dict[tuple[int, str], Place] = {}
        for record, batch in self.values(DECISIONS):
            for one in batch["outcomes"]:
                place = record.partition, one["offset"]
                verdicts[place] = one["outcome"], one["code"]
                if one["outcome"] == "deferred":
                    parked[record.partition, one["event_id"]] = place
            for one in batch["healed"]:
                verdicts[parked[record.partition, one["event_id"]]] = one["outcome"], one["code"]
        return verdicts


def refused_places(records: list[Fetched], sent: set[Sent]) -> set[Place]:
    """Where those records stand that were sent to be refused."""
    known = {(one.key or None, one.value or None, one.partition) for one in sent}
    return {(one.partition, one.offset) for one in records if (one.key or None, one.value or None, one.partition) in known}


@cache
def decoded(framed: bytes) -> tuple[str, dict[str, Any]]:
    """Name of the record and its values, kept and not to be changed."""
    return read_framed(framed)


def read_framed(framed: bytes) -> tuple[str, dict[str, Any]]:
    """Name of the record and its values; nothing may follow it."""
    name, schema = _schema(int.from_bytes(framed[1:HEADER_BYTES], "big"))
    stream = BytesIO(framed[HEADER_BYTES:])
    value = fastavro.schemaless_reader(stream, schema, None, return_record_name=True, return_record_name_override=True)
    assert framed[0] == 0
    assert not stream.read()
    assert isinstance(value, dict)
    return name, value


@cache
def _schema(number: int) -> tuple[str, Any]:
    home = Path(schemas.__file__).parent
    (locked,) = (one for one in orjson.loads((home / "registry.lock.json").read_bytes())["schemas"] if one["id"] == number)
    name = locked["subject"].rpartition(".")[2]
    schema = orjson.loads((home / "avro" / f"{name}.v{locked['version']}.avsc").read_bytes())
    return name, fastavro.parse_schema(schema)


def _present(value: Any) -> Any:
    """Absent fields left out, times and quantities as texts, a record of several kinds with its kind."""
    match value:
        case dict():
            told = {name: _present(item) for name, item in value.items() if item is not None}
            return told | {"quantity": _units(told["quantity"])} if "quantity" in told else told
        case list():
            return [_present(item) for item in value]
        case (str() as name, dict() as record):
            return {"type": name.rpartition(".")[2]} | _present(record)
        case datetime():
            return value.isoformat()
        case _:
            return value


def _units(millionths: int) -> str:
    """Millionths of a unit as units."""
    sign = "-" if millionths < 0 else ""
    return f"{sign}{abs(millionths) // MILLION}.{abs(millionths) % MILLION:06}"
