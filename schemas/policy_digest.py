"""The values of a policy version, all of them or those that differ from the defaults, and the digest over the latter."""

from dataclasses import fields
from hashlib import sha256
from typing import Any

import orjson

from asiento.accounting.policy import Policy
from schemas.formats import time_text
from schemas.policy_keys import BOOKING_KEYS, POLICY_KEYS

_DEFAULTS = Policy()


def policy_values(in_force_from: int, policy: Policy) -> dict[str, Any]:
    """Every value of a version as it stands in a file, defaults and digest filled in; such a file gives the same version.

    `in_force_from` in UTC microseconds; 0, which is for ever, is left out.
    """
    values: dict[str, Any] = {"version": policy.version}
    if in_force_from:
        values["in_force_from"] = time_text(in_force_from)
    values["digest"] = policy_digest(in_force_from, policy)
    values |= {name: getattr(policy, name) for name in POLICY_KEYS if name != "version"}
    entities = {name: {"time_zone": books.time_zone or policy.time_zone} for name, books in policy.entities}
    for name, books in policy.entities:
        if books.book_currency is not None:
            entities[name]["book_currency"] = books.book_currency
    channels = {name: {rule: getattr(policy.for_channel(name), rule) for rule in BOOKING_KEYS} for name, _ in policy.channels}
    return values | {"entities": entities, "channels": channels}


def policy_digest(in_force_from: int, policy: Policy) -> str:
    """`p1:` and 32 hexadecimal digits over all that decides the books: equal versions have equal digests, however written.

    Only what differs from the defaults counts, so that a key that a later release adds leaves the digests of old files alone.
    """
    base: dict[str, Any] = {name: value for name in POLICY_KEYS if (value := getattr(policy, name)) != getattr(_DEFAULTS, name)}
    stated = {"version": policy.version, "in_force_from": in_force_from, "policy": base}
    stated["entities"] = _differing(policy.entities, policy)
    stated["channels"] = _differing(policy.channels, policy)
    return "p1:" + sha256(orjson.dumps(stated, option=orjson.OPT_SORT_KEYS)).digest()[:16].hex()


def _differing(parts: tuple[tuple[str, Any], ...], policy: Policy) -> dict[str, Any]:
    """(name, part of the policy) -> what each part states otherwise than the policy; parts that state nothing are left out."""
    differing: dict[str, Any] = {}
    for name, part in parts:
        values = {one.name: getattr(part, one.name) for one in fields(part)}
        differs = {key: value for key, value in values.items() if value not in (None, getattr(policy, key, None))}
        if differs:
            differing[name] = differs
    return differing
