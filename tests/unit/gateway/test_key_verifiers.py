"""Verifiers of published keys: eBay, Saleor and PayPal, signed by the openssl program; any changed byte is refused."""

import base64
import datetime
import json
import zlib
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from sources.gateway.verifiers import ebay, paypal, saleor
from sources.gateway.verifiers.verdict import VERIFIED, Refused, Verdict
from tests.unit.gateway.hand import in_base64, private_key, public_pem, signed

BODY = b'{"metadata":{"topic":"ORDER_CONFIRMATION"},"notification":{"notificationId":"n-1"}}'
NOW = 1_800_000_000
changes = st.tuples(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=255))


def changed(data: bytes, change: tuple[int, int]) -> bytes:
    """One byte of it is another."""
    at = change[0] % len(data)
    return data[:at] + bytes([data[at] ^ change[1]]) + data[at + 1 :]


def changed_text(text: str, change: tuple[int, int]) -> str:
    """One byte of a header, as a server hands it on."""
    return changed(text.encode(), change).decode("utf-8", "surrogateescape")


# eBay


def _ebay_header(body: bytes, digest: str = "sha1", kind: str = "ec", **other: Any) -> str:
    content = {"alg": "ecdsa", "kid": "key-1", "signature": in_base64(signed(kind, digest, body)), "digest": digest.upper(), **other}
    return in_base64(json.dumps(content).encode())


def _ebay(header: str | None, body: bytes) -> Verdict:
    found = ebay.read_signature(header)
    if isinstance(found, Refused):
        return found
    if found.key_id != "key-1":
        return Refused("key_unknown")
    return ebay.verify(found, body, ebay.load_key(json.dumps({"key": public_pem("ec").decode(), "algorithm": "ECDSA"}).encode()))


EBAY_HEADER = _ebay_header(BODY)


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_ebay_takes_what_its_key_signed(digest: str) -> None:
    assert _ebay(_ebay_header(BODY, digest), BODY) == VERIFIED


def test_ebay_keys_come_on_one_line_or_several() -> None:
    one_line = public_pem("ec").decode().replace("\n", "")
    assert ebay.load_key(json.dumps({"key": one_line}).encode()).curve.name == "secp256r1"


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"key": 5}', b'{"key": "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----"}'])
def test_ebay_answers_without_a_key(answer: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        ebay.load_key(answer)


def test_ebay_another_key_is_refused() -> None:
    assert _ebay(_ebay_header(BODY, kind="ec-other"), BODY) == Refused("signature_wrong")


@given(change=changes)
def test_ebay_a_changed_byte_is_refused(change: tuple[int, int]) -> None:
    assert isinstance(_ebay(EBAY_HEADER, changed(BODY, change)), Refused)
    raw = json.loads(base64.b64decode(EBAY_HEADER))
    raw["signature"] = changed_text(raw["signature"], change)
    assert isinstance(_ebay(in_base64(json.dumps(raw).encode()), BODY), Refused)


@pytest.mark.parametrize(
    "header",
    [
        "x",
        "====",
        in_base64(b"[]"),
        in_base64(b"{}"),
        in_base64(b"{" * 1_400),
        _ebay_header(BODY, alg="none"),
        _ebay_header(BODY, digest="sha1", kid="../x"),
    ],
)
def test_ebay_headers_that_are_none(header: str) -> None:
    assert _ebay(header, BODY) == Refused("signature_malformed")


def test_ebay_header_missing() -> None:
    assert _ebay(None, BODY) == Refused("signature_missing")


def test_ebay_challenge_is_answered_as_documented() -> None:
    import hashlib

    wanted = hashlib.sha256()
    for text in ("code-1", "token-2", "https://hooks.example.com/in/acme/ebay:main"):
        wanted.update(text.encode())
    assert ebay.challenge_response("code-1", "token-2", "https://hooks.example.com/in/acme/ebay:main") == wanted.hexdigest()


# Saleor


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _saleor_header(body: bytes, kind: str = "rsa", **changes_of_head: Any) -> str:
    head = {"alg": "RS256", "b64": False, "crit": ["b64"], "kid": "1", **changes_of_head}
    protected = _url_safe(json.dumps({name: value for name, value in head.items() if value is not None}).encode())
    payload = body if head["b64"] is False else _url_safe(body).encode()
    return f"{protected}..{_url_safe(signed(kind, 'sha256', protected.encode() + b'.' + payload))}"


def _jwks(*kinds: str, **other: Any) -> bytes:
    rows = []
    for number, kind in enumerate(kinds, 1):
        key = load_pem_public_key(public_pem(kind))
        assert isinstance(key, rsa.RSAPublicKey)
        numbers = key.public_numbers()
        row = {
            "kty": "RSA",
            "use": "sig",
            "kid": str(number),
            "n": _url_safe(numbers.n.to_bytes(256, "big")),
            "e": _url_safe(b"\x01\x00\x01"),
        }
        rows.append(row | other)
    return json.dumps({"keys": [*rows, {"kty": "EC", "kid": "9"}]}).encode()


def _saleor(header: str | None, body: bytes) -> Verdict:
    found = saleor.read_signature(header)
    if isinstance(found, Refused):
        return found
    key = saleor.load_keys(_jwks("rsa")).get(found.key_id)
    return saleor.verify(found, body, key) if key is not None else Refused("key_unknown")


SALEOR_HEADER = _saleor_header(BODY)


@pytest.mark.parametrize("head", [{}, {"b64": None, "crit": None}, {"crit": None}])
def test_saleor_takes_a_detached_signature_over_the_plain_or_the_encoded_body(head: dict[str, Any]) -> None:
    assert _saleor(_saleor_header(BODY, **head), BODY) == VERIFIED


@given(change=changes)
def test_saleor_a_changed_byte_is_refused(change: tuple[int, int]) -> None:
    assert isinstance(_saleor(SALEOR_HEADER, changed(BODY, change)), Refused)
    assert isinstance(_saleor(changed_text(SALEOR_HEADER, change), BODY), Refused)


@pytest.mark.parametrize(
    "header",
    [
        "a.b",
        "..",
        SALEOR_HEADER.replace("..", ".e30."),
        SALEOR_HEADER + "=",
        _saleor_header(BODY, alg="none"),
        _saleor_header(BODY, alg="HS256"),
        _saleor_header(BODY, crit=["exp"]),
        _saleor_header(BODY, b64=None),
        "e30.." + SALEOR_HEADER.rpartition(".")[2],
        "x" * 5_000,
    ],
)
def test_saleor_headers_that_are_none(header: str) -> None:
    assert _saleor(header, BODY) == Refused("signature_malformed")


def test_saleor_another_key_is_refused() -> None:
    assert _saleor(_saleor_header(BODY, kind="rsa-other"), BODY) == Refused("signature_wrong")
    assert _saleor(_saleor_header(BODY, kid="2"), BODY) == Refused("key_unknown")
    assert _saleor(None, BODY) == Refused("signature_missing")


def test_saleor_keys_by_their_ids_and_none_that_is_weak() -> None:
    assert sorted(saleor.load_keys(_jwks("rsa", "rsa-other"))) == ["1", "2"]
    assert saleor.load_keys(_jwks("rsa", use="enc")) == {}
    for answer in (b"", b"[]", b"{}", b'{"keys": 5}', _jwks("rsa", n=_url_safe((2**1023 + 1).to_bytes(128, "big"))), _jwks("rsa", n="=")):
        with pytest.raises(ValueError, match=r"."):
            saleor.load_keys(answer)


# PayPal

WEBHOOK = "7WX12345AB678901C"
URL = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-5edc0ebc"
TIME = datetime.datetime.fromtimestamp(NOW, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _certificate(name: str, issuer: "Issued | None", kind: str, *, ca: bool = False, hours: int = 1) -> "Issued":
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = load_pem_public_key(public_pem(kind))
    assert isinstance(key, rsa.RSAPublicKey)
    now = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    own = serialization.load_pem_private_key(private_key(kind).read_bytes(), None)
    assert isinstance(own, rsa.RSAPrivateKey)
    signer = issuer.key if issuer else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=2))
        .not_valid_after(now + datetime.timedelta(hours=hours))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
    if ca:
        usage = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return Issued(builder.sign(signer, hashes.SHA256()), own)


class Issued:
    """A certificate and its key."""

    def __init__(self, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> None:
        self.certificate = certificate
        self.key = key

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


ROOT = _certificate("Root", None, "rsa-root", ca=True)
MIDDLE = _certificate("Middle", ROOT, "rsa-middle", ca=True)
LEAF = _certificate("messageverificationcerts.paypal.com", MIDDLE, "rsa")
CHAIN = LEAF.pem() + MIDDLE.pem()


def _paypal_signature(body: bytes, webhook: str = WEBHOOK) -> str:
    return in_base64(signed("rsa", "sha256", f"tid-1|{TIME}|{webhook}|{zlib.crc32(body)}".encode()))


SIGNATURE = _paypal_signature(BODY)
KEY = paypal.load_key(CHAIN, URL, [ROOT.certificate], NOW)


def _paypal(
    body: bytes = BODY, *, tid: str | None = "tid-1", time: str = TIME, signature: str = SIGNATURE, url: str = URL, now: int = NOW
) -> Verdict:
    found = paypal.read_transmission(tid, time, signature, url, "SHA256withRSA")
    if isinstance(found, Refused):
        return found
    return paypal.verify(found, WEBHOOK, body, KEY, now_seconds=now, age_seconds_max=300)


def test_paypal_takes_what_the_key_of_its_certificate_signed() -> None:
    assert _paypal() == VERIFIED


@given(change=changes)
def test_paypal_a_changed_byte_is_refused(change: tuple[int, int]) -> None:
    assert isinstance(_paypal(changed(BODY, change)), Refused)
    assert isinstance(_paypal(signature=changed_text(SIGNATURE, change)), Refused)
    assert isinstance(_paypal(time=changed_text(TIME, change)), Refused)
    assert isinstance(_paypal(tid=changed_text("tid-1", change)), Refused)


def test_paypal_is_of_one_webhook_and_in_time() -> None:
    assert _paypal(signature=_paypal_signature(BODY, "other")) == Refused("signature_wrong")
    assert _paypal(now=NOW + 301) == Refused("signature_too_old")
    assert _paypal(now=NOW - 301) == Refused("signature_from_the_future")
    assert _paypal(tid=None) == Refused("signature_missing")
    assert paypal.read_transmission("t", TIME, SIGNATURE, URL, "SHA1withRSA") == Refused("signature_malformed")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/v1/notifications/certs/C",
        "https://api.paypal.com.example/v1/notifications/certs/C",
        "https://evil.example/v1/notifications/certs/C",
        "https://api.paypal.com@evil.example/v1/notifications/certs/C",
        "https://user@api.paypal.com/v1/notifications/certs/C",
        "https://api.paypal.com:8443/v1/notifications/certs/C",
        "https://api.paypal.com:x/v1/notifications/certs/C",
        "https://api.paypal.com/v1/notifications/certs/../../C",
        "https://api.paypal.com/v1/notifications/certs/%2e%2e/C",
        "https://api.paypal.com/v1/notifications/certs/C?x=1",
        "https://api.paypal.com/v2/C",
        "https://[::1",
    ],
)
def test_paypal_certificates_come_from_paypal_alone(url: str) -> None:
    assert _paypal(url=url) == Refused("certificate_refused")


@pytest.mark.parametrize(
    ("answer", "url", "now"),
    [
        (LEAF.pem(), URL, NOW),
        (CHAIN, URL, NOW + 3_700),
        (CHAIN, URL.replace("api.", "api.sandbox."), NOW),
        (MIDDLE.pem(), URL, NOW),
        (_certificate("messageverificationcerts.paypal.com", None, "rsa-rogue").pem(), URL, NOW),
        (_certificate("example.com", MIDDLE, "rsa-rogue").pem() + MIDDLE.pem(), URL, NOW),
        (LEAF.pem() * 11, URL, NOW),
        (b"", URL, NOW),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", URL, NOW),
    ],
    ids=["no chain", "expired", "of the sandbox", "an authority", "of itself", "another name", "too many", "empty", "none"],
)
def test_paypal_certificates_that_prove_nothing(answer: bytes, url: str, now: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        paypal.load_key(answer, url, [ROOT.certificate], now)
