"""Payloads without accounting effect, and why."""

from collections.abc import Mapping
from typing import Final

from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node

_REASONS: Final[Mapping[str, str]] = {
    "empty": "an empty list",
    "deleted order": "an order was deleted in the shop: what was booked of it stays",
    "tender transaction": "the same money as an order transaction: evidence, told there",
    "draft order": "a draft order is a quote; completed, it only points to its order",
    "gift card": "the sale and the use of a gift card are told by orders and their payments",
    "customer data request": "a privacy request without accounting effect: answer from the raw records of this customer",
    "customer erasure": "a privacy request: the raw records of this customer and of orders_to_redact must be erased; "
    "events and entries hold no personal data and stay",
    "shop erasure": "a privacy request: the raw records of this shop must be erased; events and entries hold no personal data and stay",
    "other": "nothing of an order's money or goods",
}


def read_quiet(kind: str, node: Node) -> Nothing:
    """Why there is nothing to book; an order edit is only a pointer to its order."""
    if kind == "order edit":
        raise Unjudged("refetch", "an order edit carries line deltas without amounts: fetch the order again", f"{node.pointer}/order_edit")
    return Nothing(_REASONS.get(kind, _REASONS["other"]))
