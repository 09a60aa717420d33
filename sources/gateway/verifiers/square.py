"""Square: `x-square-hmacsha256-signature`, base64 of HMAC-SHA256 over the notification URL and the body."""

from collections.abc import Sequence

from sources.gateway.verifiers.hmac_keys import HmacKey, signed_by_one
from sources.gateway.verifiers.verdict import MISSING, VERIFIED, WRONG, Verdict


def verify(given: str | None, url: bytes, body: bytes, keys: Sequence[HmacKey]) -> Verdict:
    """Judge the header; `url` is the address as Square has it, to the letter: behind a proxy the request does not show it."""
    if not given:
        return MISSING
    return VERIFIED if signed_by_one(keys, (given,), (url, body), "base64") else WRONG
