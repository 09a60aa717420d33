"""Zoho: `X-Zoho-Webhook-Signature`, HMAC-SHA256 over the pairs of query and form, sorted by key, then the raw body if it is no form."""

from collections.abc import Sequence

from sources.gateway.arrival import form_pairs
from sources.gateway.verifiers.hmac_keys import HmacKey, signed_by_one
from sources.gateway.verifiers.verdict import MISSING, VERIFIED, WRONG, Verdict

FORM = "application/x-www-form-urlencoded"


def verify(given: str | None, query: Sequence[tuple[str, str]], content_type: str, body: bytes, keys: Sequence[HmacKey]) -> Verdict:
    """Judge the header. The documentation does not say how the hash is written: hexadecimal and base64 are taken."""
    if not given:
        return MISSING
    parts = signed_parts(query, content_type, body)
    fits = signed_by_one(keys, (given,), parts, "hex") | signed_by_one(keys, (given,), parts, "base64")
    return VERIFIED if fits else WRONG


def signed_parts(query: Sequence[tuple[str, str]], content_type: str, body: bytes) -> tuple[bytes, bytes]:
    """What is signed: keys with their values, decoded, without anything between them; then the body."""
    is_form = content_type.partition(";")[0].strip().lower() == FORM
    pairs = [*query, *(form_pairs(body.decode("utf-8", "replace")) if is_form else ())]
    text = "".join(key + value for key, value in sorted(pairs, key=lambda pair: pair[0]))
    return text.encode("utf-8", "surrogateescape"), b"" if is_form else body
