"""Discrepancies: Avro codec and JSON form of the core's value."""

from typing import Any

from asiento.accounting.decision import Discrepancy
from schemas import json_twin
from schemas.framed_values import frame_object
from schemas.output_codec import decode_output, output_record
from schemas.value_fields import avro_values

RECORD = "Discrepancy"
_OPTIONAL = ("event_id", "entry_id", "account", "expected", "actual", "currency")


def encode_discrepancy(discrepancy: Discrepancy) -> bytes:
    """The framed Avro value of a discrepancy."""
    return frame_object(RECORD, discrepancy)


def decode_discrepancy(value: bytes | None) -> Discrepancy:
    """The discrepancy of a framed Avro value; raises `DecodeError`."""
    values = {**dict.fromkeys(_OPTIONAL), **decode_output(RECORD, value)}
    values["parameters"] = tuple(sorted(values["parameters"].items()))
    return Discrepancy(**values)


def discrepancy_to_json(discrepancy: Discrepancy) -> dict[str, Any]:
    """The JSON form of a discrepancy; `raised_at` is RFC 3339."""
    return json_twin.write_object(output_record(RECORD), avro_values(discrepancy))
