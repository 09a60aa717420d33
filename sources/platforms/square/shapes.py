"""What a Square payload holds: webhook events, REST answers, lists, and bare objects known by their fields."""

from collections.abc import Iterator, Sequence
from typing import Final

from sources.platforms.facts import Fetch, Part
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

TOPICS: Final = {
    "order.created": "only a pointer: the order is fetched",
    "order.updated": "only a pointer: the order is fetched",
    "order.fulfillment.updated": "only a pointer: the order is fetched",
    "orders": "orders that were fetched: sale, tenders, fulfillments, returns",
    "payment.created": "a payment; money received once it is COMPLETED",
    "payment.updated": "a payment; its processing fees come later than the payment",
    "refund.created": "a refund; money given back once it is COMPLETED",
    "refund.updated": "a refund; money given back once it is COMPLETED",
    "dispute.created": "money withheld by a dispute; inquiries are not",
    "dispute.state.updated": "how a dispute ended",
    "gift_card.activity.created": "a copy of what the order or the payment says",
    "invoice.payment_made": "a copy of a payment",
    "payout.paid": "kept for settlements",
    "payout_entries": "kept for settlements; their sums are checked",
}
_PLURALS: Final = {
    "orders": "order",
    "payments": "payment",
    "refunds": "refund",
    "disputes": "dispute",
    "invoices": "invoice",
    "payouts": "payout",
    "gift_card_activities": "gift_card_activity",
}
KINDS: Final = frozenset(_PLURALS.values())
_TELLING: Final = frozenset({"order", "payment", "refund", "dispute"})
_THIN: Final = frozenset({"order_created", "order_updated", "order_fulfillment_updated"})
_KNOWN_BY: Final = (
    ("payout_entry", ("payout_id", "net_amount_money")),
    ("gift_card_activity", ("gift_card_balance_money",)),
    ("gift_card_activity", ("gift_card_id", "type")),
    ("dispute", ("disputed_payment",)),
    ("dispute", ("disputed_payments",)),
    ("invoice", ("payment_requests",)),
    ("invoice", ("invoice_number",)),
    ("payout", ("arrival_date",)),
    ("payout", ("destination", "amount_money")),
    ("refund", ("payment_id", "amount_money")),
    ("payment", ("source_type",)),
    ("payment", ("approved_money",)),
    ("payment", ("card_details", "amount_money")),
    ("order", ("line_items",)),
    ("order", ("net_amounts",)),
    ("order", ("returns",)),
    ("order", ("tenders",)),
    ("order", ("total_money", "location_id")),
)
"""Kind of a bare object -> fields that only it has, the first match counts."""


def parts_of(payload: Node, topic: str) -> Sequence[Part]:
    """The objects of a payload in their order; raises `Unjudged` for what is none of Square's."""
    return [part for kind, node in _objects(payload, topic) for part in _parts(kind, node)]


def _objects(payload: Node, topic: str) -> Iterator[tuple[str, Node]]:
    if isinstance(payload.value, list):
        found = [pair for item in payload.items() for pair in _objects(item, topic)]
        yield from found or [("nothing", payload)]
        return
    inner = payload.at("data.object")
    if inner is not None:
        yield _in_event(payload, inner, topic)
    elif payload.find("errors") is not None:
        raise Unjudged("refetch", "/errors: an answer with errors holds no object: fetch it again", "/errors")
    elif payload.find("events") is not None:
        for event in payload.each("events"):
            yield from _objects(event, topic)
    else:
        yield from _in_answer(payload, topic)


def _in_event(event: Node, inner: Node, topic: str) -> tuple[str, Node]:
    """`data.object` holds the object under its kind."""
    for kind in sorted(KINDS):
        if (found := inner.find(kind)) is not None:
            return kind, found
    for name in sorted(_THIN):
        if (found := inner.find(name)) is not None:
            order_id = found.need("order_id").reference()
            fetch = Fetch("orders", f"orders/{order_id}", "the event is only a pointer")
            raise Unjudged("refetch", f"{found.pointer}: only id, state and version of the order: fetch the order", found.pointer, fetch)
    stated = event.find("type")
    return (_kind_named(stated.text() if stated else topic) or "other"), inner


def _in_answer(payload: Node, topic: str) -> Iterator[tuple[str, Node]]:
    if (entries := payload.find("payout_entries")) is not None:
        yield "payout_entries", entries
        return
    if (thin := payload.find("order_entries")) is not None:
        raise Unjudged("refetch", f"{thin.pointer}: only ids and versions of orders: fetch the orders", thin.pointer)
    for plural, kind in _PLURALS.items():
        if (several := payload.find(plural)) is not None and _is_envelope(payload):
            yield from [(kind, item) for item in several.items()] or [("nothing", payload)]
            return
    for kind in sorted(KINDS):
        if (single := payload.find(kind)) is not None and _is_envelope(payload) and isinstance(single.value, dict):
            yield kind, single
            return
    yield kind_of(payload, topic), payload


def _is_envelope(payload: Node) -> bool:
    """An answer has no id of its own; an order has, and holds its refunds."""
    return payload.find("id") is None


def kind_of(node: Node, topic: str) -> str:
    """The kind of a bare object by its fields, else by the topic; an empty answer is nothing."""
    for kind, names in _KNOWN_BY:
        if all(node.find(name) is not None for name in names):
            return kind
    if not node.value or set(node.value) <= {"cursor"}:
        return "nothing"
    named = _kind_named(topic)
    if named is None:
        raise Unjudged("reject_malformed", "the payload is no object of Square that is known here", node.pointer)
    return named


def _kind_named(topic: str) -> str | None:
    """The kind that a topic like `payment.updated` or `orders` names."""
    for word in topic.replace("/", ".").replace(" ", ".").split("."):
        if word in KINDS:
            return word
        if word in _PLURALS:
            return _PLURALS[word]
    return "gift_card_activity" if topic.startswith("gift_card.activity") else None


def _parts(kind: str, node: Node) -> Iterator[Part]:
    """The object under the order that it belongs to; and for each payment in it, which order that pays."""
    identity = node.find("id") if isinstance(node.value, dict) else None
    if kind not in _TELLING:
        yield Part(kind, identity.reference() if identity is not None else kind, node)
    elif kind == "dispute":
        yield Part(kind, disputed_payment(node).reference(), node)
    elif kind == "order":
        order_id = node.need("id").reference()
        yield Part(kind, order_id, node)
        for tender in node.each("tenders"):
            payment_id = tender.find("payment_id") or tender.need("id")
            yield Part("link", payment_id.reference(), tender, {"order_id": order_id})
    else:
        order = node.find("order_id")
        resource = (order or node.need("id")).reference()
        yield Part(kind, resource, node)
        if kind == "payment" and order is not None:
            yield Part("link", node.need("id").reference(), node, {"order_id": resource})


def disputed_payment(dispute: Node) -> Node:
    """The id of the payment in dispute; older versions hold a list."""
    several = dispute.each("disputed_payments")
    return (several[0] if several else dispute.need("disputed_payment")).need("payment_id")
