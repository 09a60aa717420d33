"""Which order a payment pays: Stripe keeps a merchant's own ids in `metadata`."""

from collections.abc import Iterable
from typing import Final

from schemas.card_numbers import holds_card_number
from sources.platforms.context import Context
from sources.platforms.facts import Owner
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

PLACES: Final = ("metadata.order_id", "metadata.orderId", "metadata.order_reference")
"""Where the order's id is looked for, unless the connection says where."""


def owner_named(nodes: Iterable[Node], context: Context, notices: list[str]) -> Owner | None:
    """The order that one of the objects names; what stands there and is no id is left out, with a notice."""
    places = context.connection.order_reference or PLACES
    for node in nodes:
        for place in places:
            found = node.at(place)
            if found is None or found.value == "":
                continue
            try:
                order_id = found.reference()
            except Unjudged:
                order_id = ""
            if order_id and not holds_card_number(order_id):
                return Owner(context.connection.orders_of or context.source, order_id)
            notices.append(f"{found.pointer}: no id of an order")
    return None
