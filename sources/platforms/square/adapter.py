"""The adapter of Square."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.context import Context
from sources.platforms.facts import Part, Reading
from sources.platforms.outcome import Nothing
from sources.platforms.payload import Node
from sources.platforms.square.dispute import read_dispute
from sources.platforms.square.order import read_order
from sources.platforms.square.payment import read_link, read_payment
from sources.platforms.square.payout import read_entries, read_payout
from sources.platforms.square.refund import read_refund
from sources.platforms.square.shapes import TOPICS, parts_of

_READERS: Final[Mapping[str, Callable[[Part, Context], Reading | Nothing]]] = {
    "order": read_order,
    "payment": read_payment,
    "link": read_link,
    "refund": read_refund,
    "dispute": read_dispute,
    "payout": lambda part, _: read_payout(part),
    "payout_entries": lambda part, _: read_entries(part),
    "payout_entry": lambda part, _: read_entries(part),
}
_NOTHING: Final = {
    "nothing": "an answer without objects",
    "invoice": "the payment of an invoice arrives as a payment of its own",
    "gift_card_activity": "gift card activity: its sale stands in the order, its use in the payment; kept for settlements",
}


class SquareAdapter(Adapter):
    """Webhook events, REST answers and lists of Square's API."""

    name = "square"
    grade: Grade = "A"
    topics: Mapping[str, str] = TOPICS

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """Objects out of events, answers and lists."""
        return parts_of(payload, topic)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object."""
        reader = _READERS.get(part.kind)
        return reader(part, context) if reader is not None else Nothing(_NOTHING.get(part.kind, "an event that moves no money"))


ADAPTER: Final = SquareAdapter()
