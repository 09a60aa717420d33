"""Saleor: `Saleor-Signature` is a detached JWS (RS256) over the raw body; its key stands in the shop's JWKS under its id."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sources.gateway.verifiers.verdict import MALFORMED, MISSING, VERIFIED, WRONG, Refused, Verdict

HEADER_LETTERS_MAX: Final = 4_000
KEY_BITS_MIN: Final = 2_048
KEYS_MAX: Final = 50
_BASE64_URL: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class DetachedSignature:
    """What the header says. `plain_body`: the body is signed as it is, else as base64url."""

    key_id: str
    protected: bytes
    signature: bytes
    plain_body: bool


def read_signature(given: str | None) -> DetachedSignature | Refused:
    """Read `<protected>..<signature>`; RS256 alone is taken, whatever the header asks for."""
    if not given:
        return MISSING
    parts = given.split(".")
    if len(given) > HEADER_LETTERS_MAX or len(parts) != 3 or parts[1]:
        return MALFORMED
    raw, signature = _decoded(parts[0]), _decoded(parts[2])
    try:
        content: Any = json.loads(raw or b"")
    except (ValueError, RecursionError):
        return MALFORMED
    if signature is None or not isinstance(content, dict) or content.get("alg") != "RS256" or content.get("crit", ["b64"]) != ["b64"]:
        return MALFORMED
    if content.get("b64", True) not in (True, False) or ("crit" in content and "b64" not in content):
        return MALFORMED
    plain_body = content.get("b64", True) is False
    return DetachedSignature(str(content.get("kid", "")), parts[0].encode(), signature, plain_body)


def verify(given: DetachedSignature, body: bytes, key: rsa.RSAPublicKey) -> Verdict:
    """Judge the body with the key that the signature names."""
    payload = body if given.plain_body else base64.urlsafe_b64encode(body).rstrip(b"=")
    try:
        key.verify(given.signature, given.protected + b"." + payload, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return WRONG
    return VERIFIED


def load_keys(answer: bytes) -> dict[str, rsa.RSAPublicKey]:
    """The RSA signing keys of a JWKS by their id; keys of other kinds are left out. Raises `ValueError`."""
    try:
        content: Any = json.loads(answer)
        rows = content["keys"]
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("no JWKS") from error
    if not isinstance(rows, list) or len(rows) > KEYS_MAX:
        raise ValueError("no JWKS")
    return {str(row.get("kid", "")): _key(row) for row in rows if isinstance(row, dict) and _signs(row)}


def _signs(row: Mapping[str, Any]) -> bool:
    return row.get("kty") == "RSA" and row.get("use", "sig") == "sig" and row.get("alg", "RS256") == "RS256"


def _key(row: Mapping[str, Any]) -> rsa.RSAPublicKey:
    modulus, exponent = _decoded(str(row.get("n", ""))), _decoded(str(row.get("e", "")))
    if modulus is None or exponent is None:
        raise ValueError("a key of the JWKS is none")
    numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
    key = numbers.public_key()
    if key.key_size < KEY_BITS_MIN:
        raise ValueError(f"a key of the JWKS has {key.key_size} bits, fewer than {KEY_BITS_MIN}")
    return key


def _decoded(text: str) -> bytes | None:
    """Canonical base64url without padding only."""
    if not _BASE64_URL.fullmatch(text):
        return None
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text else None
