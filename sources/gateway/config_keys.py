"""The keys of the gateway's file: what may stand at each, and which a scheme needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from asiento.runtime.loopback import on_loopback
from asiento.runtime.settings import ENVIRONMENT_PREFIX
from schemas.policy_keys import Whole, Words, shown
from sources.gateway.configuration import BODY_BYTES_MAX
from sources.gateway.verifiers.hmac_keys import ALGORITHMS

NAME_PATTERN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Tenants, platforms and connections: part of addresses, keys and metrics."""
SECRETS_MAX: Final = 10
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_TEXT_LETTERS_MAX: Final = 500


class Rule(Protocol):
    """What may stand at a key."""

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value and what is allowed instead; None where it is right."""


class Text:
    """One line of text."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        usable = isinstance(value, str) and 0 < len(value) <= _TEXT_LETTERS_MAX and value.isprintable()
        return None if usable else f"{shown(value)} cannot stand here: one line of text is expected, numbers in quotes"


class HeaderName:
    """The name of a header."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        usable = isinstance(value, str) and _HEADER.fullmatch(value)
        return None if usable else f"{shown(value)} is no name of a header, like X-Webhook-Token"


class Address:
    """An https address; http on loopback."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        try:
            parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
            host, private = parts.hostname, parts.username or parts.password
        except ValueError:
            host, private, parts = None, None, urlsplit("")
        usable = host and not private and (parts.scheme == "https" or (parts.scheme == "http" and on_loopback(host)))
        return None if usable else f"{shown(value)} is no https address (without user and password in it)"


class Networks:
    """Networks or single addresses."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        if not isinstance(value, list) or not value:
            return f"{shown(value)} is no list: networks like 203.0.113.0/24 are expected, each after a `-`"
        for item in value:
            try:
                ip_network(item if isinstance(item, str) else "")
            except ValueError:
                return f"{shown(item)} is no network: one like 203.0.113.0/24 or 2001:db8::/32 is expected"
        return None


class OneSecret:
    """Where a secret is."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`; a value that may be the secret itself is not shown."""
        expected = "`file: <path>` or `environment: <variable>` is expected; a secret itself must not stand in this file"
        if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in ("file", "environment"):
            return expected
        kind, name = next(iter(value.items()))
        if not isinstance(name, str) or not name or not name.isprintable():
            return expected
        if kind == "file":
            return None
        if name.startswith(ENVIRONMENT_PREFIX):
            return f"variables that begin with {ENVIRONMENT_PREFIX} are settings: choose another name"
        return None if _VARIABLE.fullmatch(name) else "this is no name of an environment variable"


class Secrets:
    """Secrets that are valid side by side."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        if not isinstance(value, list) or not 0 < len(value) <= SECRETS_MAX:
            return f"a list of one to {SECRETS_MAX} secrets is expected, each as `- file: <path>` or `- environment: <variable>`"
        faults = [fault for fault in map(OneSecret().fault, value) if fault]
        return faults[0] if faults else None


COMMON_KEYS: Final[Mapping[str, Rule]] = {
    "scheme": Text(),
    "topic": Text(),
    "topic_header": HeaderName(),
    "topic_field": Text(),
    "allow_from": Networks(),
    "expected_interval_seconds": Whole(60, 31_622_400),
}

SCHEME_KEYS: Final[Mapping[str, Rule]] = {
    "secrets": Secrets(),
    "header": HeaderName(),
    "encoding": Words(("hex", "base64")),
    "algorithm": Words(ALGORITHMS),
    "prefix": Text(),
    "user": Text(),
    "url": Address(),
    "webhook_id": Text(),
    "ca_file": Text(),
    "jwks_url": Address(),
    "key_url": Address(),
    "token_url": Address(),
    "client_id": Text(),
    "client_secret": OneSecret(),
    "verification_token": OneSecret(),
}

LIMIT_KEYS: Final[Mapping[str, Rule]] = {
    "body_bytes_max": Whole(1_024, BODY_BYTES_MAX),
    "requests_per_second_max": Whole(1, 100_000),
    "burst_requests_max": Whole(1, 1_000_000),
    "concurrent_requests_max": Whole(1, 10_000),
    "signed_age_seconds_max": Whole(30, 31_622_400),
}


@dataclass(frozen=True, slots=True)
class SchemeNeeds:
    """Which keys a scheme cannot do without, and which it may have."""

    needed: tuple[str, ...]
    allowed: tuple[str, ...] = ()


SCHEMES: Final[Mapping[str, SchemeNeeds]] = {
    "shopify": SchemeNeeds(("secrets",)),
    "woocommerce": SchemeNeeds(("secrets",)),
    "hmac": SchemeNeeds(("secrets", "header"), ("encoding", "algorithm", "prefix")),
    "stripe": SchemeNeeds(("secrets",)),
    "mercado-pago": SchemeNeeds(("secrets",)),
    "square": SchemeNeeds(("secrets", "url")),
    "adyen": SchemeNeeds(("secrets",)),
    "zoho": SchemeNeeds(("secrets",)),
    "ebay": SchemeNeeds(("url", "verification_token", "client_id", "client_secret"), ("key_url", "token_url")),
    "saleor": SchemeNeeds(("jwks_url",)),
    "paypal": SchemeNeeds(("webhook_id",), ("ca_file",)),
    "header": SchemeNeeds(("secrets", "header")),
    "basic": SchemeNeeds(("secrets", "user")),
    "allow-list": SchemeNeeds(("allow_from",)),
    "mollie": SchemeNeeds(()),
}
"""Every way of proof; `hmac`, `header`, `basic` and `allow-list` are for platforms without one of their own."""
