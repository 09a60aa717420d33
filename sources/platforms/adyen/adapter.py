"""The door of the Adyen adapter."""

from collections.abc import Mapping, Sequence
from typing import Final

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.adyen.items import parts_of
from sources.platforms.adyen.payment import Payment, read_item
from sources.platforms.context import Context
from sources.platforms.facts import Part, Reading
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node


class AdyenAdapter(Adapter):
    """Reads Adyen's notification items; each is kept under the PSP reference of its payment."""

    name = "adyen"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "AUTHORISATION": "money only with automatic_capture",
        "CAPTURE": "capture",
        "CAPTURE_FAILED": "a capture that did not come about",
        "REFUND": "refund",
        "REFUND_FAILED": "a refund whose money came back",
        "REFUNDED_REVERSED": "a refund whose money came back",
        "CANCEL_OR_REFUND": "refund, where it became one",
        "CHARGEBACK": "money withdrawn",
        "SECOND_CHARGEBACK": "money withdrawn again",
        "CHARGEBACK_REVERSED": "money given back",
    }

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """The items of a webhook; what they are, they say themselves."""
        del topic
        return parts_of(payload)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one item."""
        if part.kind == "nothing":
            return Nothing(part.about["reason"])
        if part.kind == "report":
            message = "a report can be downloaded: the amount beside it means nothing"
            raise Unjudged("refetch", message, f"{part.node.pointer}/reason")
        payment = Payment.recalled(part.resource, context)
        return payment.reading(read_item(part.node, payment, part.about))


ADAPTER: Final = AdyenAdapter()
