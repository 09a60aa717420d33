"""HMAC over the raw body, in a header: Shopify and WooCommerce (SHA-256, base64), and whoever does the same in hexadecimal."""

from collections.abc import Sequence

from sources.gateway.verifiers.hmac_keys import Encoding, HmacKey, signed_by_one
from sources.gateway.verifiers.verdict import MALFORMED, MISSING, VERIFIED, WRONG, Verdict


def verify(given: str | None, body: bytes, keys: Sequence[HmacKey], encoding: Encoding = "base64", prefix: str = "") -> Verdict:
    """Judge the text of the signature header, which begins with `prefix` (as in `sha256=`)."""
    if not given:
        return MISSING
    if not given.startswith(prefix):
        return MALFORMED
    return VERIFIED if signed_by_one(keys, (given[len(prefix) :],), (body,), encoding) else WRONG
