"""PayPal: RSA over `<transmission id>|<time>|<webhook id>|<CRC-32 of the body>`; the certificate comes from PayPal's own host."""

import base64
import binascii
import datetime
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from sources.gateway.verifiers.verdict import MALFORMED, MISSING, VERIFIED, WRONG, Refused, Verdict, in_time

ALGORITHM: Final = "SHA256withRSA"
PATH_START: Final = "/v1/notifications/certs/"
NAMES_OF_HOSTS: Final = {
    "api.paypal.com": "messageverificationcerts.paypal.com",
    "api.sandbox.paypal.com": "messageverificationcerts.sandbox.paypal.com",
}
"""Hosts that certificates are fetched from, and the name each of their certificates must bear."""
CERTIFICATES_MAX: Final = 10
CERTIFICATE_REFUSED: Final = Refused("certificate_refused")


@dataclass(frozen=True, slots=True)
class Transmission:
    """What the headers say: PAYPAL-TRANSMISSION-ID, -TIME, -SIG, PAYPAL-CERT-URL and PAYPAL-AUTH-ALGO."""

    transmission_id: str
    time: str
    sent_at_seconds: int
    signature: bytes
    certificate_url: str


def read_transmission(
    transmission_id: str | None, time: str | None, signature: str | None, certificate_url: str | None, algorithm: str | None
) -> Transmission | Refused:
    """Read the headers; a certificate from anywhere but PayPal is refused before anything is fetched."""
    if not (transmission_id and time and signature and certificate_url and algorithm):
        return MISSING
    try:
        raw = base64.b64decode(signature, validate=True)
        moment = datetime.datetime.fromisoformat(time)
    except (binascii.Error, ValueError):
        return MALFORMED
    canonical = base64.b64encode(raw).decode() == signature
    if algorithm != ALGORITHM or not canonical or moment.tzinfo is None:
        return MALFORMED
    if not is_from_paypal(certificate_url):
        return CERTIFICATE_REFUSED
    return Transmission(transmission_id, time, int(moment.timestamp()), raw, certificate_url)


def is_from_paypal(url: str) -> bool:
    """Whether a URL is https, of a known host on its own port, and under the path of certificates."""
    try:
        parts = urlsplit(url)
        plain = parts.port in (None, 443) and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        return False
    below = parts.path.startswith(PATH_START) and ".." not in parts.path and "%" not in parts.path
    return parts.scheme == "https" and parts.hostname in NAMES_OF_HOSTS and plain and below


def verify(given: Transmission, webhook_id: str, body: bytes, key: rsa.RSAPublicKey, *, now_seconds: int, age_seconds_max: int) -> Verdict:
    """Judge the body with the key of the certificate."""
    text = f"{given.transmission_id}|{given.time}|{webhook_id}|{zlib.crc32(body)}"
    try:
        key.verify(given.signature, text.encode("utf-8", "surrogateescape"), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return WRONG
    return in_time(given.sent_at_seconds, now_seconds, age_seconds_max) or VERIFIED


def load_key(answer: bytes, url: str, trusted: Sequence[x509.Certificate], now_seconds: int) -> rsa.RSAPublicKey:
    """The key of the first certificate of a PEM chain that leads to a trusted one and bears PayPal's name. Raises `ValueError`."""
    chain = x509.load_pem_x509_certificates(answer)
    if len(chain) > CERTIFICATES_MAX:
        raise ValueError(f"more than {CERTIFICATES_MAX} certificates in the chain")
    name = x509.DNSName(NAMES_OF_HOSTS[urlsplit(url).hostname or ""])
    now = datetime.datetime.fromtimestamp(now_seconds, datetime.UTC)
    verifier = PolicyBuilder().store(Store(list(trusted))).time(now).build_server_verifier(name)
    try:
        verifier.verify(chain[0], chain[1:])
    except VerificationError as error:
        raise ValueError(f"the certificate is not accepted: {error}") from None
    key = chain[0].public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the certificate has no RSA key")
    return key
