"""Envelopes and lists taken apart: what an object is, its own fields say; the topic decides nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sources.platforms.amazon_sp_api.finances_v0 import event_parts, is_financial_events
from sources.platforms.amazon_sp_api.notifications import order_of_notification
from sources.platforms.amazon_sp_api.settlement import settlement_parts
from sources.platforms.amazon_sp_api.settlement_file import Report
from sources.platforms.amazon_sp_api.transactions import order_of
from sources.platforms.facts import Part
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node, parse_payload

_ENVELOPES_MAX: Final = 8
_INNER: Final = ("payload", "order", "FinancialEvents", "detail", "transaction")
_LISTS: Final = (
    "orders",
    "Orders",
    "transactions",
    "payouts",
    "returns",
    "FinancialEventGroupList",
    "Records",
    "Messages",
)
_TEXTS: Final = ("body", "Body", "Message")
"""Fields of queues that hold the notification as text."""


def parts_of(payload: Node, envelopes: int = 0) -> Sequence[Part]:
    """The objects of a payload; raises `Unjudged` for what none of the shapes fits."""
    if isinstance(payload.value, list):
        return _all(payload.items(), envelopes) or _empty(payload)
    if not isinstance(payload.value, dict):
        raise payload.malformed("an object")
    if isinstance(payload.value, Report):
        return settlement_parts(payload)
    if "NotificationType" in payload.value or "notificationType" in payload.value:
        return [Part(kind="notification", resource=order_of_notification(payload) or "notification", node=payload)]
    for marks, part in _SHAPES:
        if marks(payload.value):
            return [part(payload)]
    if is_financial_events(payload.value):
        return event_parts(payload)
    return _unwrapped(payload, envelopes)


def _unwrapped(payload: Node, envelopes: int) -> Sequence[Part]:
    if envelopes >= _ENVELOPES_MAX:
        raise payload.malformed(f"at most {_ENVELOPES_MAX} envelopes")
    for name in _LISTS:
        if isinstance(payload.value.get(name), list):
            return _all(payload.each(name), envelopes) or _empty(payload)
    for name in _INNER:
        if isinstance(payload.value.get(name), dict | list):
            return parts_of(payload.need(name), envelopes + 1)
    for name in _TEXTS:
        text = payload.value.get(name)
        if isinstance(text, str):
            inner = parse_payload(text.encode("utf-8", "replace"))
            return parts_of(Node(inner.value, f"{payload.pointer}/{name}"), envelopes + 1)
    if isinstance(payload.value.get("errors"), list):
        raise Unjudged("refetch", "the answer is an error of the interface: fetch again", f"{payload.pointer}/errors")
    if "FinancialEvents" in payload.value or payload.pointer.endswith("/FinancialEvents"):
        return _empty(payload)
    raise Unjudged("reject_malformed", "neither its fields nor its envelope say what this is", payload.pointer)


def _all(nodes: Sequence[Node], envelopes: int) -> list[Part]:
    return [part for node in nodes for part in parts_of(node, envelopes + 1)]


def _empty(payload: Node) -> list[Part]:
    return [Part(kind="kept", resource="empty", node=payload, about={"kept": {}})]


def _order(node: Node) -> Part:
    return Part(kind="order", resource=node.need("orderId").reference(), node=node)


def _order_v0(node: Node) -> Part:
    return Part(kind="order_v0", resource=node.need("AmazonOrderId").reference(), node=node)


def _transaction(node: Node) -> Part:
    return Part(kind="transaction", resource=order_of(node) or "transaction", node=node)


def _payout(node: Node) -> Part:
    return Part(kind="payout", resource=f"payout {node.need('id').reference()}", node=node)


def _group(node: Node) -> Part:
    return Part(kind="event_group", resource=f"group {node.need('FinancialEventGroupId').reference()}", node=node)


def _return(node: Node) -> Part:
    order_id = node.at("marketplaceChannelDetails.customerOrderId")
    return Part(kind="return", resource=order_id.reference() if order_id is not None else "return", node=node)


def _has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda value: all(name in value for name in names)


_SHAPES: Final[tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Node], Part]], ...]] = (
    (_has("orderId", "orderItems"), _order),
    (_has("orderId", "createdTime"), _order),
    (_has("orderId", "salesChannel"), _order),
    (_has("AmazonOrderId", "OrderItems"), _order_v0),
    (_has("AmazonOrderId", "OrderStatus"), _order_v0),
    (_has("AmazonOrderId", "PurchaseDate"), _order_v0),
    (_has("transactionType", "totalAmount"), _transaction),
    (_has("currentStatus", "amount"), _payout),
    (_has("FinancialEventGroupId"), _group),
    (_has("numberOfUnits", "status"), _return),
)
"""By which fields an object is known, the first that fits -> its part."""
