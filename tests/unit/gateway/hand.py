"""The schemes once more, by hand: HMAC from plain SHA-256 as RFC 2104 writes it, RSA and ECDSA by the openssl program."""

import base64
import hashlib
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

BLOCK = 64


def hmac_sha256(key: bytes, text: bytes) -> bytes:
    """RFC 2104 over SHA-256."""
    if len(key) > BLOCK:
        key = hashlib.sha256(key).digest()
    padded = key.ljust(BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + text).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def in_base64(raw: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(raw).decode()


def openssl(*words: str, given: bytes = b"") -> bytes:
    """What the openssl program answers."""
    return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True).stdout


@cache
def private_key(kind: str) -> Path:
    """A key pair for this test run: `rsa` or `ec`; another one per name after a hyphen."""
    path = Path(mkdtemp(prefix="asiento-keys-")) / f"{kind}.pem"
    if kind.startswith("rsa"):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(path))
    else:
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", str(path))
    return path


@cache
def public_pem(kind: str) -> bytes:
    """The public half as PEM."""
    return openssl("pkey", "-in", str(private_key(kind)), "-pubout")


def signed(kind: str, digest: str, text: bytes) -> bytes:
    """The signature of `openssl dgst`: PKCS 1 v1.5 for RSA, DER for ECDSA."""
    return openssl("dgst", f"-{digest}", "-sign", str(private_key(kind)), given=text)
