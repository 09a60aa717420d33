"""What becomes of a record that is refused."""

from dataclasses import replace
from hashlib import sha256
from typing import Final

from schemas.dead_letters import DeadLetter, Header, encode_dead_letter
from schemas.kept_headers import kept_value
from schemas.output_codec import HEADERS_MAX
from schemas.refusal import Refusal
from streams.engine.processor import SourceRange, SourceRecord

VALUE_BYTES_MAX: Final = 8 * 1024 * 1024
"""Longest value of an entry, a state, a dead letter or a decision batch."""


def letter_of(source: SourceRange, record: SourceRecord, refusal: Refusal, *, first_seen_at: int, worker_version: str) -> bytes:
    """The dead letter of a record as it came, but for headers that are not kept; `first_seen_at` in UTC microseconds.

    A record that no dead letter can hold is replaced by its length and SHA-256.
    """
    headers, detail = record.headers, refusal.detail
    if len(headers) > HEADERS_MAX:
        headers, detail = (), f"{detail}; its {len(headers)} headers are left out here, read them at its offset"
    letter = DeadLetter(
        topic=source.topic,
        partition=source.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple(Header(name, kept_value(name, value)) for name, value in headers),
        reason=refusal.reason,
        detail=detail,
        schema_id=refusal.schema_id,
        first_seen_at=first_seen_at,
        worker_version=worker_version,
    )
    encoded = encode_dead_letter(letter)
    if len(encoded) <= VALUE_BYTES_MAX:
        return encoded
    value = record.value or b""
    stand_in = f"{detail}; left out here, read it at its offset: {len(value)} bytes, SHA-256 {sha256(value).hexdigest()}"
    return encode_dead_letter(replace(letter, key=None, value=None, headers=(), schema_id=None, detail=stand_in))
