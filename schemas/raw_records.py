"""What comes before events: raw payloads as they arrived, and requests for what a payload only pointed at."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from schemas.framed_values import frame_object
from schemas.output_codec import decode_output

FETCH_DEPTH_MAX: Final = 3
"""Payloads in a row that only point at the next one; a fourth is refused, so that no circle goes on for ever."""

RawOrigin: TypeAlias = Literal["WEBHOOK", "POLL", "FETCH", "FILE", "REST", "LINK"]
RawSignature: TypeAlias = Literal["VERIFIED", "UNSIGNED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """One raw payload; its Kafka key is `tenant:source:resource`, where source is `<platform>:<connection>`.

    source_topic: kind of payload in the platform's words. received_at: UTC microseconds. fetch_error: why a fetch brought nothing,
    for good; the body is empty then. fetch_depth: how many payloads in a row only pointed at the next one; None for none.
    """

    source_topic: str
    origin: RawOrigin
    signature: RawSignature = "UNSIGNED"
    transport_id: str | None = None
    content_type: str = "application/json"
    received_at: int
    body: bytes
    fetch_error: str | None = None
    fetch_depth: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """An object to fetch; the answer is a raw record with the request's key and depth. `asked_at` is UTC microseconds."""

    request_id: str
    source_topic: str
    resource: str
    reason: str
    depth: int
    asked_at: int


def encode_raw_record(record: RawRecord) -> bytes:
    """The framed Avro value of a raw record."""
    return frame_object("RawRecord", record)


def decode_raw_record(value: bytes | None) -> RawRecord:
    """The raw record of a framed Avro value; raises `DecodeError`."""
    return RawRecord(**{**dict.fromkeys(("transport_id", "fetch_error", "fetch_depth")), **decode_output("RawRecord", value)})


def encode_fetch_request(request: FetchRequest) -> bytes:
    """The framed Avro value of a fetch request."""
    return frame_object("FetchRequest", request)


def decode_fetch_request(value: bytes | None) -> FetchRequest:
    """The fetch request of a framed Avro value; raises `DecodeError`."""
    return FetchRequest(**decode_output("FetchRequest", value))
