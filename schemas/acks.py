"""Acks: what a ledger did with an entry."""

from dataclasses import dataclass
from typing import Any

from schemas import json_twin
from schemas.framed_values import frame_object
from schemas.output_codec import decode_output, output_record
from schemas.value_fields import avro_values

RECORD = "Ack"
ACK_STATUSES = ("POSTED", "PARKED", "REJECTED", "UNCERTAIN")
_OPTIONAL = ("remote_id", "document_number", "reason", "chain_hash")


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Ack:
    """One entry at one ledger: `status` is one of `ACK_STATUSES`, `at` UTC microseconds, `remote_id` the ledger's own id.

    chain_hash: head of the ledger's hash chain of the entry's partition after it; None where the ledger keeps no chain.
    """

    entry_id: str
    ledger: str
    status: str
    remote_id: str | None = None
    document_number: str | None = None
    reason: str | None = None
    at: int
    chain_hash: str | None = None


def encode_ack(ack: Ack) -> bytes:
    """The framed Avro value of an ack."""
    return frame_object(RECORD, ack)


def decode_ack(value: bytes | None) -> Ack:
    """The ack of a framed Avro value; raises `DecodeError`."""
    return Ack(**{**dict.fromkeys(_OPTIONAL), **decode_output(RECORD, value)})


def ack_to_json(ack: Ack) -> dict[str, Any]:
    """The JSON form of an ack."""
    return json_twin.write_object(output_record(RECORD), avro_values(ack))
