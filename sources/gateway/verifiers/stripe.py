"""Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=...]`, HMAC-SHA256 over `<t>.<body>`."""

from collections.abc import Sequence
from typing import Final

from sources.gateway.verifiers.hmac_keys import HmacKey, signed_by_one
from sources.gateway.verifiers.verdict import MALFORMED, MISSING, VERIFIED, WRONG, Verdict, in_time

SIGNATURES_MAX: Final = 10
"""A header with more is none of Stripe's: one per active secret is what there is."""
TIME_DIGITS_MAX: Final = 12


def verify(given: str | None, body: bytes, keys: Sequence[HmacKey], now_seconds: int, age_seconds_max: int) -> Verdict:
    """Judge the text of the header. Every attempt is signed anew, so a short age is enough."""
    if not given:
        return MISSING
    read = read_time_and_signatures(given, "v1")
    if read is None:
        return MALFORMED
    time, signatures = read
    if not signed_by_one(keys, signatures, (time.encode(), b".", body), "hex"):
        return WRONG
    return in_time(int(time), now_seconds, age_seconds_max) or VERIFIED


def read_time_and_signatures(given: str, version: str, time_name: str = "t") -> tuple[str, list[str]] | None:
    """The time as written and the signatures of one version from `t=...,v1=...`; None where one of both is missing or time is no number."""
    times, signatures = [], []
    for part in given.split(","):
        name, _, value = part.partition("=")
        if name == time_name:
            times.append(value)
        elif name == version:
            signatures.append(value)
    if len(times) != 1 or not 0 < len(signatures) <= SIGNATURES_MAX:
        return None
    time = times[0]
    usable = time.isascii() and time.isdecimal() and len(time) <= TIME_DIGITS_MAX + 3
    return (time, signatures) if usable else None
