"""What payloads do not say and a merchant must: the connection file."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import tzinfo
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from asiento.accounting.order_events import Terms
from sources.platforms.source_files import SOURCE

DEFAULT_CHANNEL = "web"
CHANNELS_BY_NAME = frozenset({"web", "pos"})
FACTS = ("orders", "captures", "refunds", "fees", "disputes")
_PATH = re.compile(r"[A-Za-z0-9_\-]{1,64}(\.[A-Za-z0-9_\-]{1,64}){0,7}")
_NAME = re.compile(r"[^\s:|\x00-\x1f]{1,64}")


class InvalidConnection(ValueError):
    """The connection file cannot be used; the message names the key and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One location of the platform: its name in the books (till or warehouse) and the entity that sells there."""

    name: str | None = None
    legal_entity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Settings of one connected shop or provider; every key may be left out.

    legal_entity: default the tenant. channel: default `web` or `pos` as the order's source_name says, else `web`;
    `channels` maps source names to channels. terms: PREPAID, ON_DELIVERY or NET, where the order itself states
    none. default_currency: for payloads that state none. time_zone: for times without offset. country, region:
    where the shop is taxed when an order has no address. locations: the platform's location id -> name, legal_entity.
    test_mode: everything from here is a trial and never booked. facts: what is told of what this source knows (default: all it has; of
    a provider whose payments pay orders of another source, which tells captures and refunds itself, fees and disputes only).

    Payment providers: orders_of: the source whose orders the payments pay (default: the provider itself). order_reference: dotted paths
    in the payload at which the order's id stands, the first one found counts (default: where the platform keeps it). Shops:
    payments_at: gateway -> source of the provider at which its payments are found again by their reference. automatic_capture: every
    authorization is captured by itself, without a message of its own (Adyen).
    """

    legal_entity: str | None = None
    channel: str | None = None
    channels: Mapping[str, str]
    terms: Terms = "PREPAID"
    due_days: int | None = None
    default_currency: str | None = None
    time_zone: tzinfo | None = None
    country: str | None = None
    region: str | None = None
    locations: Mapping[str, Location]
    test_mode: bool = False
    facts: frozenset[str] | None = None
    orders_of: str | None = None
    order_reference: tuple[str, ...] = ()
    payments_at: Mapping[str, str] = field(default_factory=dict)
    automatic_capture: bool = False

    def tells(self, what: str) -> bool:
        """Whether `orders`, `captures`, `refunds`, `fees` or `disputes` of this source are told."""
        if self.facts is not None:
            return what in self.facts
        return self.orders_of is None or what in {"fees", "disputes"}

    def channel_of(self, source_name: str | None) -> str:
        """The channel of an order from its `source_name`."""
        if source_name is not None and source_name in self.channels:
            return self.channels[source_name]
        if self.channel is not None:
            return self.channel
        return source_name if source_name in CHANNELS_BY_NAME else DEFAULT_CHANNEL

    def legal_entity_of(self, location_id: str | None, tenant: str) -> str:
        """The entity that sells at a location; the tenant itself where nothing is said."""
        location = self.locations.get(location_id or "")
        return (location.legal_entity if location else None) or self.legal_entity or tenant

    def location_name(self, location_id: str | None) -> str | None:
        """The name of a location in the books; its Shopify id where nothing is said."""
        location = self.locations.get(location_id or "")
        return (location.name if location else None) or location_id


DEFAULT_CONNECTION = Connection(channels={}, locations={})
"""A connection without a file."""


def connection_from_mapping(content: Mapping[str, Any]) -> Connection:
    """Check the content of a connection file; raises `InvalidConnection`."""
    known = [key.name for key in fields(Connection)]
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.0)
            raise InvalidConnection(f"{key} is no key of a connection; the nearest is {near[0]}")
    terms = content.get("terms", "PREPAID")
    if terms not in get_args(Terms):
        raise InvalidConnection(f"terms: one of {', '.join(get_args(Terms))} is expected")
    due_days = content.get("due_days")
    if due_days is not None and (isinstance(due_days, bool) or not isinstance(due_days, int) or not 0 <= due_days <= 3650):
        raise InvalidConnection("due_days: a whole number of days, 0 to 3650, is expected")
    return Connection(
        legal_entity=_name(content, "legal_entity"),
        channel=_name(content, "channel"),
        channels={str(source): _name(_mapping(content, "channels"), source, "channels.") or "" for source in _mapping(content, "channels")},
        terms=terms,
        due_days=due_days,
        default_currency=_code(content, "default_currency", r"[A-Z]{3}", "a currency code like EUR"),
        time_zone=_zone(content.get("time_zone")),
        country=_code(content, "country", r"[A-Z]{2}", "a country code like ES"),
        region=_code(content, "region", r"[A-Z0-9]{1,3}", "a region code like CA"),
        test_mode=_flag(content, "test_mode"),
        facts=_facts(content.get("facts")),
        orders_of=_code(content, "orders_of", SOURCE.pattern, "a source like shopify:main"),
        order_reference=_paths(content.get("order_reference")),
        automatic_capture=_flag(content, "automatic_capture"),
        payments_at={
            str(gateway): _code(_mapping(content, "payments_at"), gateway, SOURCE.pattern, "a source like stripe:main") or ""
            for gateway in _mapping(content, "payments_at")
        },
        locations={str(location): _location(location, value) for location, value in _mapping(content, "locations").items()},
    )


def _mapping(content: Mapping[str, Any], key: str) -> Mapping[Any, Any]:
    value = content.get(key) or {}
    if not isinstance(value, Mapping):
        raise InvalidConnection(f"{key}: a mapping is expected")
    return value


def _name(content: Mapping[Any, Any], key: Any, prefix: str = "") -> str | None:
    value = content.get(key)
    if value is None and not prefix:
        return None
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidConnection(f"{prefix}{key}: a name of at most 64 characters without blanks, colons and bars is expected")
    return value


def _flag(content: Mapping[str, Any], key: str) -> bool:
    value = content.get(key, False)
    if not isinstance(value, bool):
        raise InvalidConnection(f"{key}: true or false is expected")
    return value


def _facts(value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not set(value) <= set(FACTS):
        raise InvalidConnection(f"facts: a list of {', '.join(FACTS)} is expected")
    return frozenset(value)


def _paths(value: Any) -> tuple[str, ...]:
    paths = [value] if isinstance(value, str) else value or []
    if not isinstance(paths, list) or not all(isinstance(path, str) and _PATH.fullmatch(path) for path in paths):
        raise InvalidConnection("order_reference: a dotted path like metadata.order_id, or a list of them, is expected")
    return tuple(paths)


def _code(content: Mapping[str, Any], key: str, pattern: str, expected: str) -> str | None:
    value = content.get(key)
    if value is not None and not (isinstance(value, str) and re.fullmatch(pattern, value)):
        raise InvalidConnection(f"{key}: {expected} is expected")
    return value


def _zone(name: Any) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidConnection(f"time_zone: {name} is not known here; a name like Europe/Madrid is expected") from None


def _location(location: Any, value: Any) -> Location:
    if not isinstance(value, Mapping) or not set(value) <= {"name", "legal_entity"}:
        raise InvalidConnection(f"locations.{location}: a mapping with name and legal_entity is expected")
    return Location(name=_name(value, "name"), legal_entity=_name(value, "legal_entity"))
