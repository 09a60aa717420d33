"""Dead letters: a refused record as it came, with the reason; replayable."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from schemas import json_twin
from schemas.framed_values import frame_object
from schemas.output_codec import decode_output, output_record
from schemas.value_fields import avro_values

RECORD = "DeadLetter"


@dataclass(frozen=True, slots=True)
class Header:
    """One Kafka header."""

    key: str
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A refused record: key and value as they came, headers by `schemas.kept_headers`; `reason` is one of `schemas.refusal.REASONS`."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    reason: str
    detail: str
    schema_id: int | None
    first_seen_at: int
    worker_version: str


def encode_dead_letter(letter: DeadLetter) -> bytes:
    """The framed Avro value of a dead letter."""
    return frame_object(RECORD, letter)


def decode_dead_letter(value: bytes | None) -> DeadLetter:
    """The dead letter of a framed Avro value; raises `DecodeError`."""
    values = {**dict.fromkeys(("key", "value", "schema_id")), **decode_output(RECORD, value)}
    values["headers"] = tuple(Header(header["key"], header.get("value")) for header in values["headers"])
    return DeadLetter(**values)


def dead_letter_to_json(letter: DeadLetter) -> dict[str, Any]:
    """The JSON form of a dead letter: bytes in base64."""
    shown = json_twin.write_object(output_record(RECORD), avro_values(letter))
    return {name: _texts(part) for name, part in shown.items()}


def _texts(shown: Any) -> Any:
    match shown:
        case bytes():
            return b64encode(shown).decode()
        case dict():
            return {name: _texts(item) for name, item in shown.items()}
        case list():
            return [_texts(item) for item in shown]
        case _:
            return shown
