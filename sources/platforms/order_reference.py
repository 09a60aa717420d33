"""Which order a payment at a provider pays: the merchant's own id of it, as it stands in the provider's payload."""

from collections.abc import Iterable, Sequence

from schemas.card_numbers import holds_card_number
from sources.platforms.context import Context
from sources.platforms.facts import Owner
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node


def owner_named(nodes: Iterable[Node], places: Sequence[str], context: Context, notices: list[str]) -> Owner | None:
    """The order that one of the objects names, at the connection's `order_reference` or else at `places` (dotted paths).

    What stands there and is no id of an order (blanks, a card number, a mail address) is left out, with a notice.
    """
    places = context.connection.order_reference or places
    for node in nodes:
        for place in places:
            found = node.at(place)
            if found is None or found.value == "":
                continue
            try:
                order_id = found.reference()
            except Unjudged:
                order_id = ""
            if order_id and "@" not in order_id and not holds_card_number(order_id):
                return Owner(context.connection.orders_of or context.source, order_id)
            notices.append(f"{found.pointer}: no id of an order")
    return None
