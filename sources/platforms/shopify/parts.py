"""Envelopes and lists taken apart: REST answers, pages, and what an event bus wraps around a webhook's body."""

from collections.abc import Mapping
from typing import Any, Final

from sources.platforms.facts import Part
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_at
from sources.platforms.shopify.kinds import ENVELOPES, Kind, kind_of, kind_of_fields, kind_of_topic

OF_AN_ORDER: Final[dict[Kind, tuple[str, ...]]] = {
    "order": ("id",),
    "order edit": ("order_edit.order_id",),
    "deleted order": ("id",),
    "transaction": ("order_id",),
    "fulfillment": ("order_id",),
    "refund": ("order_id",),
    "return": ("order.id", "order_id"),
    "reverse delivery": ("order.id", "order_id"),
    "dispute": ("order_id",),
    "balance transaction": ("source_order_id",),
}
"""Kinds that belong to an order -> where its id may stand."""
UNKNOWN: Final = "unknown"


def parts_of(payload: Node, topic: str) -> tuple[Part, ...]:
    """The objects of a payload in their order, never none; raises `Unjudged` for what is not known."""
    payload, topic = _delivered(payload, topic)
    items, hint = _items(payload, topic)
    return tuple(_part(item, hint, topic) for item in items) or (Part("empty", UNKNOWN, payload),)


def _delivered(payload: Node, topic: str) -> tuple[Node, str]:
    """An event bus delivers {detail: {payload, metadata}}, with the topic among the metadata."""
    body = payload.at("detail.payload")
    if body is None or "detail-type" not in payload.value:
        return payload, topic
    stated = payload.at("detail.metadata.X-Shopify-Topic")
    return body, stated.value if stated is not None and isinstance(stated.value, str) else topic


def _items(payload: Node, topic: str) -> tuple[list[Node], Kind | None]:
    if isinstance(payload.value, list):
        return payload.items(), None
    name = _envelope(payload.value)
    if name is None or (name == "transactions" and kind_of_topic(topic) == "refund"):
        return [payload], None
    node = Node(payload.value[name], f"/{name}")
    return (node.items() if isinstance(node.value, list) else [node]), ENVELOPES[name]


def _envelope(fields: Mapping[str, Any]) -> str | None:
    """The field that holds the object: the only one, or the only object beside remarks (the answer to a cancellation)."""
    names = [name for name, inner in fields.items() if name in ENVELOPES and isinstance(inner, dict | list)]
    if len(names) != 1 or (len(fields) > 1 and ("id" in fields or kind_of_fields(fields) is not None)):
        return None
    beside = (inner for name, inner in fields.items() if name != names[0])
    return None if any(isinstance(inner, dict | list) for inner in beside) else names[0]


def _part(node: Node, hint: Kind | None, topic: str) -> Part:
    kind = kind_of(node, hint, topic)
    order_id = next((found for path in OF_AN_ORDER.get(kind, ()) if (found := identity_at(node, path)) is not None), None)
    if order_id is not None:
        return Part(kind, order_id, node)
    return Part(kind, f"{kind.replace(' ', '_')}:{identity_at(node, 'id') or UNKNOWN}", node)
