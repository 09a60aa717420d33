"""The adapter of Shopify: what is inside a payload, what it states, and what its order adds to that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Part, Reading
from sources.platforms.outcome import EventTwin, Nothing
from sources.platforms.payload import Node
from sources.platforms.shopify.balance import read_balance_transaction, read_payout
from sources.platforms.shopify.dispute import read_dispute
from sources.platforms.shopify.fulfillment import read_fulfillment
from sources.platforms.shopify.kinds import TOPICS
from sources.platforms.shopify.parts import parts_of
from sources.platforms.shopify.quiet import read_quiet
from sources.platforms.shopify.refund import complete_refund, read_refund
from sources.platforms.shopify.returns import read_return
from sources.platforms.shopify.snapshot import read_order
from sources.platforms.shopify.transaction import read_transaction

_READERS: Final[Mapping[str, Callable[[Node, Context], Reading | Nothing]]] = {
    "order": read_order,
    "transaction": read_transaction,
    "fulfillment": read_fulfillment,
    "refund": read_refund,
    "return": read_return,
    "dispute": read_dispute,
    "payout": read_payout,
    "balance transaction": read_balance_transaction,
}
_TOLD_AS: Final = {
    "PaymentCaptured": "captures",
    "RefundIssued": "refunds",
    "FeeCharged": "fees",
    "ChargebackOpened": "disputes",
    "ChargebackClosed": "disputes",
}
"""Event -> the word in a connection's `facts` that it is told under; every other one is told with `orders`."""


class ShopifyAdapter(Adapter):
    """Shopify. All that belongs to an order is kept under the order's id."""

    name = "shopify"
    grade: Grade = "A"
    topics: Mapping[str, str] = TOPICS

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """The objects of a payload, a page or an event bus's envelope."""
        return parts_of(payload, topic)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object."""
        reader = _READERS.get(part.kind)
        found = reader(part.node, context) if reader is not None else read_quiet(part.kind, part.node)
        if isinstance(found, Nothing):
            return found
        return replace(found, facts=tuple(fact for fact in found.facts if context.connection.tells(_TOLD_AS.get(fact.type, "orders"))))

    def complete(self, fact: Fact, order: EventTwin) -> Fact:
        """A refund finds its order's taxes; what waits for its test mode only is complete as it is."""
        return complete_refund(fact, order) if fact.type == "RefundIssued" else fact


ADAPTER: Final = ShopifyAdapter()
