"""DecisionBatch: what became of every record of a processed chunk."""

from typing import Any

from asiento.accounting.values import event_value
from schemas import json_twin
from schemas.framed_values import frame_object
from schemas.output_codec import decode_output, output_record
from schemas.value_fields import avro_values

RECORD = "DecisionBatch"
OUTCOMES = ("posted", "duplicate", "conflict", "deferred", "rejected", "ignored", "dead_letter")
"""Every consumed record has exactly one of these at any time."""


@event_value
class RecordOutcome:
    """What became of the record at `offset`; ids are None where it could not be read."""

    offset: int
    event_id: str | None
    order_key: str | None
    outcome: str
    code: str | None
    entry_ids: tuple[str, ...]


@event_value
class HealedOutcome:
    """A parked event that was judged again in this chunk."""

    event_id: str
    outcome: str
    code: str | None
    entry_ids: tuple[str, ...]


@event_value
class DecisionBatch:
    """Outcomes of the offsets [first_offset, next_offset) of one partition; `decided_at` is UTC microseconds."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    outcomes: tuple[RecordOutcome, ...]
    healed: tuple[HealedOutcome, ...]
    worker: str
    decided_at: int


def encode_decisions(batch: DecisionBatch) -> bytes:
    """The framed Avro value of a batch."""
    return frame_object(RECORD, batch)


def decode_decisions(value: bytes | None) -> DecisionBatch:
    """The batch of a framed Avro value; raises `DecodeError`."""
    values = decode_output(RECORD, value)
    values["outcomes"] = tuple(RecordOutcome(**_with_absent(item, "event_id", "order_key", "code")) for item in values["outcomes"])
    values["healed"] = tuple(HealedOutcome(**_with_absent(item, "code")) for item in values["healed"])
    return DecisionBatch(**values)


def _with_absent(values: dict[str, Any], *names: str) -> dict[str, Any]:
    values["entry_ids"] = tuple(values["entry_ids"])
    return {**dict.fromkeys(names), **values}


def decisions_to_json(batch: DecisionBatch) -> dict[str, Any]:
    """The JSON form of a batch."""
    return json_twin.write_object(output_record(RECORD), avro_values(batch))
