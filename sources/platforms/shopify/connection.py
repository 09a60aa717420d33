"""What a Shopify payload does not say and a merchant must: the connection file."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import tzinfo
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from asiento.accounting.order_events import Terms

DEFAULT_CHANNEL = "web"
CHANNELS_THAT_SHOPIFY_NAMES = frozenset({"web", "pos"})
_NAME = re.compile(r"[^\s:|\x00-\x1f]{1,64}")


class InvalidConnection(ValueError):
    """The connection file cannot be used; the message names the key and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One Shopify location: its name in the books (till or warehouse) and the entity that sells there."""

    name: str | None = None
    legal_entity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Settings of one connected shop; every key may be left out.

    legal_entity: default the tenant. channel: default `web` or `pos` as the order's source_name says, else `web`;
    `channels` maps source names to channels. terms: PREPAID, ON_DELIVERY or NET, where the order itself states
    none. default_currency: for payloads that state none. time_zone: for times without offset. country, region:
    where the shop is taxed when an order has no address. locations: Shopify location id -> name, legal_entity.
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

    def channel_of(self, source_name: str | None) -> str:
        """The channel of an order from its `source_name`."""
        if source_name is not None and source_name in self.channels:
            return self.channels[source_name]
        if self.channel is not None:
            return self.channel
        return source_name if source_name in CHANNELS_THAT_SHOPIFY_NAMES else DEFAULT_CHANNEL

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
    known = [field.name for field in fields(Connection)]
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
