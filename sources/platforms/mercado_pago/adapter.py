"""The door of the Mercado Pago adapter."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.context import Context
from sources.platforms.facts import Part, Reading
from sources.platforms.mercado_pago.chargeback import read_chargeback
from sources.platforms.mercado_pago.objects import parse_body, parts_of, pointer_to
from sources.platforms.mercado_pago.orders import read_merchant_order, read_order_refund, read_transaction
from sources.platforms.mercado_pago.payment import Payment, read_listed_payment, read_payment, read_refund
from sources.platforms.outcome import Nothing
from sources.platforms.payload import Node


class MercadoPagoAdapter(Adapter):
    """Reads Mercado Pago's objects; each is kept under the payment that it belongs to."""

    name = "mercado-pago"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "payment": "notification: the payment is fetched",
        "merchant_order": "notification: the merchant order is fetched",
        "order": "notification: the order is fetched",
        "chargebacks": "notification: the chargeback is fetched",
        "payments": "payment, polled or fetched, with its refunds",
        "refunds": "refunds of a payment, polled or fetched",
    }

    def parse(self, body: bytes) -> Node:
        """JSON, or the form of an old notification."""
        return parse_body(body)

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """Objects out of pages, notifications and orders."""
        return parts_of(payload, topic)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object."""
        if part.kind == "nothing":
            return Nothing(part.about["reason"])
        if part.kind == "pointer":
            raise pointer_to(part.about["kind"], part.resource, part.about["pointer"])
        if part.kind == "merchant_order":
            return read_merchant_order(part.node, context)
        payment = Payment.recalled(part.resource, context)
        return payment.reading(_read(part, payment))


def _read(part: Part, payment: Payment) -> datetime:
    around = Node(part.about.get("around", {}), "")
    match part.kind:
        case "payment":
            return read_payment(part.node, payment)
        case "refund":
            return read_refund(part.node, payment)
        case "chargeback":
            return read_chargeback(part.node, payment)
        case "transaction":
            return read_transaction(part.node, payment, around, refunds_beside=part.about["refunds_beside"])
        case "order_refund":
            return read_order_refund(part.node, payment, around)
        case _:
            return read_listed_payment(part.node, payment, around)


ADAPTER: Final = MercadoPagoAdapter()
