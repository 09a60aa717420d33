"""Puts the verifier of a source together: its keys prepared, its limits bound. Nothing here decides, the verifiers do."""

import contextlib
import os
import ssl
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from cryptography import x509

from asiento.runtime.settings import SettingsError
from sources.gateway.arrival import Arrival
from sources.gateway.configuration import SecretPlace, SourceConfig
from sources.gateway.key_client import EbayKeys, KeyClient
from sources.gateway.platform_facts import facts_of
from sources.gateway.remote_keys import RemoteKeys
from sources.gateway.secret_places import secret_at
from sources.gateway.verifiers import (
    adyen,
    allow_list,
    ebay,
    hmac_body,
    mercado_pago,
    mollie,
    paypal,
    saleor,
    shared_secret,
    square,
    stripe,
    zoho,
)
from sources.gateway.verifiers.hmac_keys import HmacKey
from sources.gateway.verifiers.verdict import Refused, Verdict

EBAY_KEY_URL: Final = "https://api.ebay.com/commerce/notification/v1/public_key/{kid}"
EBAY_TOKEN_URL: Final = "https://api.ebay.com/identity/v1/oauth2/token"  # noqa: S105 - an address

Judge: TypeAlias = Callable[[Arrival], Verdict]


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A signature that was read: the name of the key that proves it, and how, once the key is there."""

    name: str
    judge: Callable[[Any], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How the requests of one source are proven: at once by `judge`, or with a published key that `read` finds out.

    challenge: answers a platform's question whether the address is ours, given its code.
    """

    judge: Judge | None = None
    read: Callable[[Arrival], NamedKey | Refused] | None = None
    keys: RemoteKeys | None = None
    challenge: Callable[[str], str] | None = None


class SchemeBuilder:
    """Reads secrets and makes the schemes. `clock` answers UTC seconds. Raises `SettingsError` where a secret cannot be read."""

    def __init__(self, client: KeyClient | None, clock: Callable[[], int], environment: Mapping[str, str] = os.environ) -> None:
        self._client = client
        self._clock = clock
        self._environment = environment

    def scheme_of(self, source: SourceConfig) -> Scheme:
        """The scheme of a source."""
        if source.scheme in _REMOTE:
            return _REMOTE[source.scheme](self, source)
        return Scheme(judge=_LOCAL[source.scheme](self, source))

    def secrets_of(self, source: SourceConfig) -> tuple[bytes, ...]:
        """The secrets that prove requests of a source."""
        return tuple(self.secret(place, source) for place in source.secrets)

    def secret(self, place: SecretPlace, source: SourceConfig) -> bytes:
        """One secret of a source."""
        return secret_at(place, f"tenants.{source.tenant}.{source.source}", self._environment)

    def keys_of(self, source: SourceConfig, *, hexadecimal: bool = False) -> tuple[HmacKey, ...]:
        """The secrets of a source as HMAC keys."""
        return tuple(
            HmacKey(self._unpacked(secret, source) if hexadecimal else secret, source.algorithm) for secret in self.secrets_of(source)
        )

    def client(self) -> KeyClient:
        """What fetches published keys; there is none where only the configuration is checked."""
        if self._client is None:
            raise SettingsError("keys are fetched while the gateway runs only")
        return self._client

    def remote(self, fetch: Any, place_of: Callable[[str], str], read: Any) -> RemoteKeys | None:
        """A cache of published keys."""
        return RemoteKeys(fetch, place_of, read, self._clock) if self._client is not None else None

    def has_client(self) -> bool:
        """Whether keys can be fetched."""
        return self._client is not None

    def _unpacked(self, secret: bytes, source: SourceConfig) -> bytes:
        try:
            return bytes.fromhex(secret.decode("ascii"))
        except ValueError:
            raise SettingsError(f"tenants.{source.tenant}.{source.source}: the key of Adyen is hexadecimal, copy it whole") from None


def _age(source: SourceConfig) -> int:
    return source.limits.signed_age_seconds_max or facts_of(source.platform).age_seconds_max


def _header_hmac(header: str, encoding: Any = "base64") -> Callable[[SchemeBuilder, SourceConfig], Judge]:
    def build(builder: SchemeBuilder, source: SourceConfig) -> Judge:
        keys = builder.keys_of(source)
        return lambda arrival: hmac_body.verify(arrival.headers.get(header), arrival.body, keys, encoding)

    return build


def _any_hmac(builder: SchemeBuilder, source: SourceConfig) -> Judge:
    keys, header, encoding, prefix = builder.keys_of(source), source.header or "", source.encoding, source.prefix
    return lambda arrival: hmac_body.verify(arrival.headers.get(header), arrival.body, keys, encoding, prefix)


def _stripe(builder: SchemeBuilder, source: SourceConfig) -> Judge:
    keys, age = builder.keys_of(source), _age(source)
    return lambda arrival: stripe.verify(arrival.headers.get("Stripe-Signature"), arrival.body, keys, arrival.now_seconds, age)


def _mercado_pago(builder: SchemeBuilder, source: SourceConfig) -> Judge:
    keys, age = builder.keys_of(source), _age(source)

    def judge(arrival: Arrival) -> Verdict:
        return mercado_pago.verify(
            arrival.headers.get("x-signature"),
            request_id=arrival.headers.get("x-request-id"),
            data_id=dict(arrival.query_pairs()).get("data.id"),
            body=arrival.body,
            keys=keys,
            now_seconds=arrival.now_seconds,
            age_seconds_max=age,
        )

    return judge


def _square(builder: SchemeBuilder, source: SourceConfig) -> Judge:
    keys, url = builder.keys_of(source), (source.url or "").encode()
    return lambda arrival: square.verify(arrival.headers.get("x-square-hmacsha256-signature"), url, arrival.body, keys)


def _adyen(builder: SchemeBuilder, source: SourceConfig) -> Judge:
    keys = builder.keys_of(source, hexadecimal=True)
    return lambda arrival: adyen.verify(arrival.headers.get("HmacSignature"), arrival.body, keys)


def _zoho(builder: SchemeBuilder, source: SourceConfig) -> Judge:
    keys = builder.keys_of(source)

    def judge(arrival: Arrival) -> Verdict:
        headers = arrival.headers
        given, content_type = headers.get("X-Zoho-Webhook-Signature"), headers.get("Content-Type", "")
        return zoho.verify(given, arrival.query_pairs(), content_type, arrival.body, keys)

    return judge


def _header(builder: SchemeBuilder, source: SourceConfig) -> Judge:
    secrets, header = builder.secrets_of(source), source.header or ""
    return lambda arrival: shared_secret.verify_header(arrival.headers.get(header), secrets)


def _basic(builder: SchemeBuilder, source: SourceConfig) -> Judge:
    secrets, user = builder.secrets_of(source), source.user or ""
    return lambda arrival: shared_secret.verify_basic(arrival.headers.get("Authorization"), user, secrets)


def _allow_list(_: SchemeBuilder, source: SourceConfig) -> Judge:
    networks = source.allow_from
    return lambda arrival: allow_list.verify(arrival.sender, networks)


def _mollie(_: SchemeBuilder, __: SourceConfig) -> Judge:
    return lambda arrival: mollie.verify(arrival.body)


def _ebay(builder: SchemeBuilder, source: SourceConfig) -> Scheme:
    token = builder.secret(source.verification_token, source).decode() if source.verification_token else ""
    secret = builder.secret(source.client_secret, source) if source.client_secret else b""
    key_url, endpoint = source.key_url or EBAY_KEY_URL, source.url or ""

    def read(arrival: Arrival) -> NamedKey | Refused:
        found = ebay.read_signature(arrival.headers.get("X-EBAY-SIGNATURE"))
        if isinstance(found, Refused):
            return found
        return NamedKey(found.key_id, lambda key: ebay.verify(found, arrival.body, key))

    keys = None
    if builder.has_client():
        fetch = EbayKeys(builder.client(), source.token_url or EBAY_TOKEN_URL, source.client_id or "", secret).fetch
        keys = builder.remote(
            fetch, lambda kid: key_url.replace("{kid}", quote(kid, safe="")), lambda answer, kid, _: {kid: ebay.load_key(answer)}
        )
    return Scheme(read=read, keys=keys, challenge=lambda code: ebay.challenge_response(code, token, endpoint))


def _saleor(builder: SchemeBuilder, source: SourceConfig) -> Scheme:
    url = source.jwks_url or ""

    def read(arrival: Arrival) -> NamedKey | Refused:
        found = saleor.read_signature(arrival.headers.get("Saleor-Signature"))
        if isinstance(found, Refused):
            return found
        return NamedKey(found.key_id, lambda key: saleor.verify(found, arrival.body, key))

    keys = None
    if builder.has_client():
        keys = builder.remote(builder.client().get, lambda _: url, lambda answer, _, __: saleor.load_keys(answer))
    return Scheme(read=read, keys=keys)


def _paypal(builder: SchemeBuilder, source: SourceConfig) -> Scheme:
    webhook_id, age, trusted = source.webhook_id or "", _age(source), _trusted(source)

    def read(arrival: Arrival) -> NamedKey | Refused:
        names = ("PAYPAL-TRANSMISSION-ID", "PAYPAL-TRANSMISSION-TIME", "PAYPAL-TRANSMISSION-SIG", "PAYPAL-CERT-URL", "PAYPAL-AUTH-ALGO")
        found = paypal.read_transmission(*(arrival.headers.get(name) for name in names))
        if isinstance(found, Refused):
            return found

        def judge(key: Any) -> Verdict:
            return paypal.verify(found, webhook_id, arrival.body, key, now_seconds=arrival.now_seconds, age_seconds_max=age)

        return NamedKey(found.certificate_url, judge)

    keys = None
    if builder.has_client():
        keys = builder.remote(
            builder.client().get, lambda url: url, lambda answer, url, now: {url: paypal.load_key(answer, url, trusted, now)}
        )
    return Scheme(read=read, keys=keys)


def _trusted(source: SourceConfig) -> list[x509.Certificate]:
    """The certificates that PayPal's chain has to end at: of the file, else those that the system trusts."""
    if source.ca_file is not None:
        try:
            return x509.load_pem_x509_certificates(source.ca_file.read_bytes())
        except (OSError, ValueError) as error:
            where = f"tenants.{source.tenant}.{source.source}.ca_file"
            raise SettingsError(f"{where}: {source.ca_file} is not a file of PEM certificates ({type(error).__name__})") from None
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some old roots have numbers that are not allowed any more: the system trusts them all the same
        for raw in ssl.create_default_context().get_ca_certs(binary_form=True):
            with contextlib.suppress(ValueError):
                found.append(x509.load_der_x509_certificate(raw))
    if not found:
        where = f"tenants.{source.tenant}.{source.source}"
        raise SettingsError(f"{where}: this system names no CA certificates to check PayPal's with: name them in ca_file")
    return found


_LOCAL: Final[Mapping[str, Callable[[SchemeBuilder, SourceConfig], Judge]]] = {
    "shopify": _header_hmac("X-Shopify-Hmac-SHA256"),
    "woocommerce": _header_hmac("X-WC-Webhook-Signature"),
    "hmac": _any_hmac,
    "stripe": _stripe,
    "mercado-pago": _mercado_pago,
    "square": _square,
    "adyen": _adyen,
    "zoho": _zoho,
    "header": _header,
    "basic": _basic,
    "allow-list": _allow_list,
    "mollie": _mollie,
}

_REMOTE: Final[Mapping[str, Callable[[SchemeBuilder, SourceConfig], Scheme]]] = {"ebay": _ebay, "saleor": _saleor, "paypal": _paypal}
