"""Platforms that sign nothing send a secret along: in a header of our choice (BigCommerce, VTEX), or as user and password."""

import base64
import hmac
from collections.abc import Sequence

from sources.gateway.verifiers.verdict import VERIFIED, Refused, Verdict

BASIC = "Basic "


def verify_header(given: str | None, secrets: Sequence[bytes]) -> Verdict:
    """Judge the value of the header that carries the secret."""
    if not given:
        return Refused("credentials_missing")
    text, fits = given.encode("utf-8", "surrogateescape"), False
    for secret in secrets:
        fits |= hmac.compare_digest(secret, text)
    return VERIFIED if fits else Refused("credentials_wrong")


def verify_basic(given: str | None, user: str, secrets: Sequence[bytes]) -> Verdict:
    """Judge an Authorization header of basic authentication."""
    if not given:
        return Refused("credentials_missing")
    scheme, _, value = given.partition(" ")
    text = (BASIC + value if scheme.lower() == "basic" else given).encode("utf-8", "surrogateescape")
    fits = False
    for secret in secrets:
        fits |= hmac.compare_digest(BASIC.encode() + base64.b64encode(user.encode() + b":" + secret), text)
    return VERIFIED if fits else Refused("credentials_wrong")
