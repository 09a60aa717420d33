"""The door of the PayPal adapter."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.context import Context
from sources.platforms.facts import Part, Reading
from sources.platforms.outcome import Nothing
from sources.platforms.payload import Node
from sources.platforms.paypal.dispute import read_dispute
from sources.platforms.paypal.objects import parts_of
from sources.platforms.paypal.payment import Payment
from sources.platforms.paypal.reporting import check_balance, read_row
from sources.platforms.paypal.resources import read_capture, read_recurring, read_refund


class PayPalAdapter(Adapter):
    """Reads PayPal's objects; each is kept under the capture or sale that it belongs to."""

    name = "paypal"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "PAYMENT.CAPTURE.COMPLETED": "capture",
        "PAYMENT.CAPTURE.REFUNDED": "refund",
        "PAYMENT.CAPTURE.REVERSED": "money withdrawn by PayPal",
        "PAYMENT.SALE.COMPLETED": "sale, as of subscriptions",
        "PAYMENT.SALE.REFUNDED": "refund of a sale",
        "PAYMENT.SALE.REVERSED": "money withdrawn by PayPal",
        "CHECKOUT.ORDER.COMPLETED": "order with its captures and refunds",
        "CUSTOMER.DISPUTE.CREATED": "dispute",
        "CUSTOMER.DISPUTE.UPDATED": "dispute",
        "CUSTOMER.DISPUTE.RESOLVED": "dispute with its outcome",
        "reporting/transactions": "polled: payments, refunds, reversals and fees",
        "reporting/balances": "polled: only checked",
    }

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """Objects out of webhooks, lists and each other."""
        return parts_of(payload, topic)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object."""
        if part.kind == "nothing":
            return Nothing(part.about["reason"])
        if part.kind == "balance":
            check_balance(part.node)
            return Nothing("a balance: kept for settlements")
        payment = Payment.recalled(part.resource, context)
        return payment.reading(_read(part, payment))


def _read(part: Part, payment: Payment) -> datetime | None:
    match part.kind:
        case "refund":
            return read_refund(part.node, payment, part.about)
        case "recurring":
            return read_recurring(part.node, payment, part.about)
        case "dispute":
            return read_dispute(part.node, payment, part.about)
        case "row":
            return read_row(part.node, payment, part.about)
        case _:
            return read_capture(part.node, payment, part.about)


ADAPTER: Final = PayPalAdapter()
