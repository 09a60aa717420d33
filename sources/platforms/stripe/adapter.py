"""The door of the Stripe adapter."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.context import Context
from sources.platforms.facts import Part, Reading
from sources.platforms.outcome import Nothing
from sources.platforms.payload import Node
from sources.platforms.stripe.balance import read_balance_transaction, tell_fees
from sources.platforms.stripe.charge import read_charge, read_intent
from sources.platforms.stripe.dispute import read_dispute
from sources.platforms.stripe.money import moment_of, money_of
from sources.platforms.stripe.objects import expanded, parts_of
from sources.platforms.stripe.payment import Payment
from sources.platforms.stripe.refund import prove_refunds, refund_of, tell_refund


class StripeAdapter(Adapter):
    """Reads Stripe's objects; each is kept under the charge that it belongs to."""

    name = "stripe"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "charge.succeeded": "charge",
        "charge.captured": "charge",
        "charge.refunded": "charge, with or without its refunds",
        "charge.dispute.funds_withdrawn": "dispute",
        "charge.dispute.funds_reinstated": "dispute",
        "charge.dispute.closed": "dispute",
        "payment_intent.succeeded": "payment intent",
        "refund.created": "refund",
        "refund.updated": "refund",
        "refund.failed": "refund",
        "balance_transaction": "balance transaction, polled or fetched: fees",
    }

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """Objects out of envelopes, lists and each other."""
        return parts_of(payload, topic)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object."""
        if part.kind == "nothing":
            return Nothing(part.about["reason"])
        payment = Payment.recalled(part.resource, context)
        match part.kind:
            case "charge":
                read_charge(part.node, payment, part.about)
            case "payment_intent":
                read_intent(part.node, payment, part.about)
            case "refund":
                _read_refund(part.node, payment, part.about)
            case "dispute":
                read_dispute(part.node, payment, part.about)
            case _:
                read_balance_transaction(part.node, payment, part.about)
        return payment.reading(_seen_at(part))


def _read_refund(node: Node, payment: Payment, about: Mapping[str, object]) -> None:
    """A refund by itself; what was withheld for it stands in its balance transaction."""
    around = (expanded(node.find("charge")), expanded(node.find("payment_intent")))
    payment.learn(node, *(each for each in around if each is not None), about=about)
    money = money_of(node)
    tell_refund(payment, refund_of(node, money), money)
    prove_refunds(payment, money)
    row = expanded(node.find("balance_transaction"))
    if row is not None:
        tell_fees(row, payment, payment.named_in_fees, money_of(row))


def _seen_at(part: Part) -> datetime | None:
    """The latest time that the payload knows of: the envelope's, else the object's own."""
    if "created" in part.about:
        return moment_of(Node(part.about["created"], ""))
    created = part.node.find("created")
    return moment_of(created) if created is not None else None


ADAPTER: Final = StripeAdapter()
