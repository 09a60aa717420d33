"""Fingerprints of order events: SHA-256 over canonical JSON, first 16 bytes, tagged `f1:`.

Canonical JSON: the JSON twin with sorted keys, no blanks, UTF-8; absent fields left out, empty lists kept; decimals and
quantities in their shortest form, times as UTC microseconds.
"""

from hashlib import sha256
from typing import Any, NamedTuple

import orjson

TAG = "f1:"
TRANSPORT_FIELDS = ("received_at", "source_event_id", "correlation_id", "causation_id")
IDENTITY_FIELDS = ("event_id", "occurred_at", "source_version", "source_sequence")


class Fingerprints(NamedTuple):
    """`fingerprint`: the whole content; `business`: the fact, whatever its id; `natural`: further without business_key."""

    fingerprint: str
    business: str
    natural: str
    size_bytes: int


def canonical_json(values: Any) -> bytes:
    """Sorted keys, no blanks, UTF-8."""
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def take_fingerprints(values: dict[str, Any]) -> Fingerprints:
    """The fingerprints of an event's normal form (see `schemas.event_builder`); takes its transport fields out of `values`.

    An event inside another one has had its fingerprints taken before: what came with its transport counts in neither.
    """
    for name in TRANSPORT_FIELDS:
        values.pop(name, None)
    whole = canonical_json(values)
    fact = values.copy()
    for name in IDENTITY_FIELDS:
        fact.pop(name, None)
    business = canonical_json(fact)
    del fact["business_key"]
    return Fingerprints(tagged(whole), tagged(business), tagged(canonical_json(fact)), len(whole))


def tagged(content: bytes) -> str:
    """The fingerprint of canonical JSON."""
    return TAG + sha256(content).hexdigest()[:32]
