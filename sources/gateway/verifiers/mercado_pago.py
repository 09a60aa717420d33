"""Mercado Pago: `x-signature: ts=<time>,v1=<hex>`, HMAC-SHA256 over a manifest of the query's `data.id`, `x-request-id` and the time.

The body is not signed, so nothing of it is believed that the query does not say: its `data.id` must be the signed one.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from sources.gateway.verifiers.hmac_keys import HmacKey, signed_by_one
from sources.gateway.verifiers.stripe import read_time_and_signatures
from sources.gateway.verifiers.verdict import MALFORMED, MISSING, VERIFIED, WRONG, Refused, Verdict, in_time

MILLISECONDS_FROM: Final = 100_000_000_000
"""A larger time is in milliseconds: both are sent."""


def verify(
    given: str | None,
    *,
    request_id: str | None,
    data_id: str | None,
    body: bytes,
    keys: Sequence[HmacKey],
    now_seconds: int,
    age_seconds_max: int,
) -> Verdict:
    """Judge the header with the texts that the manifest is made of; a text that did not come is left out of it."""
    if not given:
        return MISSING
    read = read_time_and_signatures(given, "v1", "ts")
    if read is None:
        return MALFORMED
    time, signatures = read
    if not signed_by_one(keys, signatures, (manifest(data_id, request_id, time).encode("utf-8", "surrogateescape"),), "hex"):
        return WRONG
    seconds = int(time) // 1000 if int(time) >= MILLISECONDS_FROM else int(time)
    return in_time(seconds, now_seconds, age_seconds_max) or _same_resource(data_id, body)


def manifest(data_id: str | None, request_id: str | None, time: str) -> str:
    """What is signed; ids with letters are signed in lower case."""
    parts = []
    if data_id:
        parts.append(f"id:{data_id.lower()};")
    if request_id:
        parts.append(f"request-id:{request_id};")
    return "".join(parts) + f"ts:{time};"


def _same_resource(data_id: str | None, body: bytes) -> Verdict:
    named = _named_in(body)
    if named is not None and data_id is not None and named.lower() != data_id.lower():
        return Refused("body_differs")
    return VERIFIED


def _named_in(body: bytes) -> str | None:
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    data = content.get("data") if isinstance(content, dict) else None
    named = data.get("id") if isinstance(data, dict) else None
    return str(named) if isinstance(named, str | int) else None
