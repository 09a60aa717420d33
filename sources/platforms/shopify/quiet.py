"""Payloads without accounting effect, and why."""

from collections.abc import Mapping
from typing import Final

from sources.platforms.outcome import Nothing, PrivacyKind, PrivacyRequest, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_at, readable_identity
from sources.platforms.shopify.needs import order_to_fetch
from sources.platforms.shopify.returns import refuse_disposition

_REASONS: Final[Mapping[str, str]] = {
    "empty": "an empty list",
    "deleted order": "an order was deleted in the shop: what was booked of it stays",
    "balance": "the balance at the provider: kept for settlements",
    "tender transaction": "the same money as an order transaction: evidence, told there",
    "draft order": "a draft order is a quote; completed, it only points to its order",
    "gift card adjustment": "the balance of a gift card changed beside its orders: there is no event for that yet, kept for settlements",
    "gift card": "the sale and the use of a gift card are told by orders and their payments; "
    "for one that was given away there is no event yet",
    "customer data request": "a privacy request without accounting effect: answer from the raw records of this customer",
    "customer erasure": "a privacy request: the raw records of this customer and of orders_to_redact must be erased; "
    "events and entries hold no personal data and stay (docs/privacy.md)",
    "shop erasure": "a privacy request: the raw records of this shop must be erased; events and entries hold no "
    "personal data and stay (docs/privacy.md)",
    "other": "nothing of an order's money or goods",
}

_PRIVACY: Final[Mapping[str, PrivacyKind]] = {
    "customer data request": "access",
    "customer erasure": "erase_customer",
    "shop erasure": "erase_shop",
}


def read_quiet(kind: str, node: Node) -> Nothing:
    """Why there is nothing to book; an order edit is only a pointer to its order."""
    if kind == "order edit":
        order_id = identity_at(node, "order_edit.order_id")
        fetch = order_to_fetch(order_id, "it was edited") if order_id is not None else None
        message = "an order edit carries line deltas without amounts: fetch the order again"
        raise Unjudged("refetch", message, f"{node.pointer}/order_edit", fetch)
    if kind == "reverse delivery":
        return refuse_disposition(node)
    request = _PRIVACY.get(kind)
    return Nothing(_REASONS.get(kind, _REASONS["other"]), _asked(request, node) if request is not None else None)


def _asked(kind: PrivacyKind, node: Node) -> PrivacyRequest:
    """Ids only; the rest of these payloads is personal."""
    named = (readable_identity(order) for order in node.each("orders_requested" if kind == "access" else "orders_to_redact"))
    return PrivacyRequest(kind, identity_at(node, "customer.id"), tuple(order for order in named if order is not None))
