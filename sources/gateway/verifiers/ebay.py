"""eBay: `X-EBAY-SIGNATURE` is base64 of `{alg, kid, signature, digest}`; ECDSA over the raw body, the public key fetched by its id."""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sources.gateway.verifiers.verdict import MALFORMED, MISSING, VERIFIED, WRONG, Refused, Verdict

HEADER_LETTERS_MAX: Final = 2_000
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {"SHA1": hashes.SHA1(), "SHA256": hashes.SHA256()}  # noqa: S303 - eBay's choice
_PEM_LINE: Final = re.compile(r"-----[A-Z ]+-----|\s")


@dataclass(frozen=True, slots=True)
class EbaySignature:
    """What the header says."""

    key_id: str
    digest: str
    signature: bytes


def read_signature(given: str | None) -> EbaySignature | Refused:
    """Read the header; nothing of it is believed yet."""
    if not given:
        return MISSING
    content: Any = None
    raw = _decoded(given) if len(given) <= HEADER_LETTERS_MAX else None
    if raw is not None:
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError):
            content = None
    if not isinstance(content, dict):
        return MALFORMED
    key_id, digest, text = content.get("kid"), content.get("digest", "SHA1"), content.get("signature")
    signature = _decoded(text) if isinstance(text, str) else None
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id) or digest not in _DIGESTS or signature is None:
        return MALFORMED
    return EbaySignature(key_id, digest, signature) if str(content.get("alg", "")).upper() == "ECDSA" else MALFORMED


def verify(given: EbaySignature, body: bytes, key: ec.EllipticCurvePublicKey) -> Verdict:
    """Judge the body with the key that the signature names."""
    try:
        key.verify(given.signature, body, ec.ECDSA(_DIGESTS[given.digest]))
    except InvalidSignature:
        return WRONG
    return VERIFIED


def load_key(answer: bytes) -> ec.EllipticCurvePublicKey:
    """The public key in eBay's answer `{"key": "-----BEGIN PUBLIC KEY-----..."}`, line breaks or not. Raises `ValueError`."""
    try:
        content: Any = json.loads(answer)
        key = load_der_public_key(base64.b64decode(_PEM_LINE.sub("", content["key"]), validate=True))
    except (TypeError, KeyError, RecursionError, UnsupportedAlgorithm) as error:
        raise ValueError("no public key in the answer") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("the key is none of an elliptic curve")
    return key


def challenge_response(code: str, token: str, endpoint: str) -> str:
    """The answer to eBay's question whether an endpoint is ours: hexadecimal SHA-256 over code, token and endpoint."""
    return hashlib.sha256(f"{code}{token}{endpoint}".encode("utf-8", "surrogateescape")).hexdigest()


def _decoded(text: str) -> bytes | None:
    """Canonical base64 only: what is read is what would be written."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
