"""Envelopes and lists taken apart: REST answers, pages, and what an event bus wraps around a webhook's body."""

from typing import Final

from sources.platforms.facts import Part
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_at
from sources.platforms.shopify.kinds import ENVELOPES, Kind, kind_of, kind_of_topic

OF_AN_ORDER: Final[dict[Kind, str]] = {
    "order": "id",
    "order edit": "order_edit.order_id",
    "deleted order": "id",
    "transaction": "order_id",
    "fulfillment": "order_id",
    "refund": "order_id",
    "return": "order.id",
    "reverse delivery": "order.id",
    "dispute": "order_id",
    "balance transaction": "source_order_id",
}
"""Kinds that belong to an order -> where its id stands."""
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
    if isinstance(payload.value, dict) and len(payload.value) == 1:
        name, inner = next(iter(payload.value.items()))
        partial = name == "transactions" and kind_of_topic(topic) == "refund"
        if name in ENVELOPES and isinstance(inner, dict | list) and not partial:
            node = Node(inner, f"/{name}")
            return (node.items() if isinstance(inner, list) else [node]), ENVELOPES[name]
    return [payload], None


def _part(node: Node, hint: Kind | None, topic: str) -> Part:
    kind = kind_of(node, hint, topic)
    order_id = identity_at(node, OF_AN_ORDER[kind]) if kind in OF_AN_ORDER else None
    if order_id is not None:
        return Part(kind, order_id, node)
    return Part(kind, f"{kind.replace(' ', '_')}:{identity_at(node, 'id') or UNKNOWN}", node)
