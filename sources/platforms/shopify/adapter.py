"""The door of the Shopify adapter: payload bytes -> events, nothing, or a problem."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from schemas.events import encode_event_json
from schemas.refusal import InvalidEvent
from sources.platforms.connection import Connection
from sources.platforms.outcome import Events, Normalized, Nothing, OrderMemory, Problem, Unjudged
from sources.platforms.payload import Node, parse_object
from sources.platforms.shopify.context import Context
from sources.platforms.shopify.fulfillment import shipment_dispatched
from sources.platforms.shopify.order import order_placed
from sources.platforms.shopify.refund import refund_issued
from sources.platforms.shopify.transaction import payment_captured

Recall: TypeAlias = Callable[[str], OrderMemory]
"""Order id -> what is remembered of the order."""

TOPICS = {
    "orders/create": "order",
    "order_transactions/create": "transaction",
    "fulfillments/create": "fulfillment",
    "refunds/create": "refund",
}
"""Topics that are facts -> the envelope that REST answers put around the same object."""


def normalize(
    payload: bytes,
    *,
    topic: str,
    tenant: str,
    source: str,
    connection: Connection,
    received_at: datetime | None,
    recall: Recall | None = None,
) -> Normalized:
    """Judge one payload of one of `TOPICS`.

    The same arguments always give the same answer. Without `recall` every payload is read by itself; with it,
    `Events.memory` is what to remember of the order afterwards.
    """
    context = Context(tenant=tenant, source=source, connection=connection, received_at=received_at)
    try:
        node = _unwrapped(parse_object(payload), TOPICS[topic])
        return _kept_to_the_contract(_judge(node, topic, context, recall))
    except Unjudged as unjudged:
        return unjudged.problem


def _judge(node: Node, topic: str, context: Context, recall: Recall | None) -> Events | Nothing:
    if topic == "order_transactions/create":
        return payment_captured(node, context)
    owner = node.find("id" if topic == "orders/create" else "order_id")
    memory = recall(owner.identity()) if recall is not None and owner is not None else None
    if topic == "orders/create":
        return order_placed(node, context, memory)
    if topic == "fulfillments/create":
        return shipment_dispatched(node, context, memory)
    return refund_issued(node, context, memory)


def _kept_to_the_contract(found: Events | Nothing) -> Events | Nothing | Problem:
    """What the contract would refuse later (too large, too many lines, amounts beyond its bounds) is a problem of the payload now."""
    try:
        for event in found.events if isinstance(found, Events) else ():
            encode_event_json(event)
    except InvalidEvent as broken:
        return Problem("reject_malformed", f"the event would break the contract: {broken.detail}", "")
    return found


def _unwrapped(node: Node, envelope: str) -> Node:
    """A REST answer holds the object under its name; an order edit is only a pointer to the order."""
    if "order_edit" in node.value:
        raise Unjudged("refetch", "an order edit carries line deltas without amounts: fetch the order again", "/order_edit")
    inner = node.value.get(envelope)
    return Node(inner, f"/{envelope}") if len(node.value) == 1 and isinstance(inner, dict) else node
