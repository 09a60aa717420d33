"""The door of the Mollie adapter."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.context import Context
from sources.platforms.facts import Part, Reading
from sources.platforms.mollie.objects import parse_body, parts_of, pointer_to
from sources.platforms.mollie.order import read_order, read_shipment
from sources.platforms.mollie.payment import (
    Payment,
    read_balance_transaction,
    read_capture,
    read_chargeback,
    read_payment,
    read_refund,
)
from sources.platforms.outcome import Nothing
from sources.platforms.payload import Node


class MollieAdapter(Adapter):
    """Reads Mollie's objects: those of a payment are kept under the payment, shipments under their order."""

    name = "mollie"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "id=tr_...": "a webhook: the payment is fetched",
        "id=ord_...": "a webhook: the order is fetched",
        "payment": "payment, with what is embedded in it",
        "order": "order, with what is embedded in it",
        "balance_transactions": "polled: fees",
    }

    def parse(self, body: bytes) -> Node:
        """JSON, or the form of a webhook."""
        return parse_body(body)

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """Objects out of pages, events and each other; what they are, they say themselves."""
        del topic
        return parts_of(payload)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object."""
        if part.kind == "nothing":
            return Nothing(part.about["reason"])
        if part.kind == "pointer":
            raise pointer_to(part.resource, part.node.pointer)
        if part.kind == "order":
            return read_order(part.node, context)
        if part.kind == "shipment":
            return read_shipment(part.node, context)
        payment = Payment.recalled(part.resource, context)
        return payment.reading(_read(part, payment))


def _read(part: Part, payment: Payment) -> datetime:
    match part.kind:
        case "payment":
            return read_payment(part.node, payment, refunds_beside=part.about["refunds_beside"])
        case "capture":
            return read_capture(part.node, payment)
        case "refund":
            return read_refund(part.node, payment)
        case "chargeback":
            return read_chargeback(part.node, payment)
        case _:
            return read_balance_transaction(part.node, payment)


ADAPTER: Final = MollieAdapter()
