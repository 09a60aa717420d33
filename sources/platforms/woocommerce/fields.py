"""Fields as WooCommerce writes them: empty texts for nothing, times in the site's zone beside `_gmt` ones, amounts of any precision."""

from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from sources.platforms.payload import Node

ZERO = Decimal(0)


def stated(node: Node, *names: str) -> Node | None:
    """The first of these fields that says something: an empty text says nothing."""
    for name in names:
        found = node.find(name)
        if found is not None and found.value != "":
            return found
    return None


def amount(node: Node, *names: str) -> Decimal:
    """The first of these amounts in major units; 0 where none is stated."""
    found = stated(node, *names)
    return ZERO if found is None else found.decimal()


def moment(node: Node, zone: tzinfo | None, *names: str) -> datetime | None:
    """The first of these times that is stated: its `_gmt` field where there is one, else as it stands, in the site's zone."""
    for name in names:
        if (exact := stated(node, f"{name}_gmt")) is not None:
            return exact.time(UTC)
        if (local := stated(node, name)) is not None:
            return local.time(zone)
    return None


def metadata(node: Node) -> dict[str, Node]:
    """Meta data by key, the first of a key; entries of any other shape are left out."""
    found: dict[str, Node] = {}
    entries = node.find("meta_data")
    for entry in entries.items() if entries is not None and isinstance(entries.value, list) else ():
        key = entry.value.get("key") if isinstance(entry.value, dict) else None
        if isinstance(key, str) and (value := stated(entry, "value")) is not None:
            found.setdefault(key, value)
    return found
