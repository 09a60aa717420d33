"""What an order of Mollie states in sums only, where its payments, shipments and refunds do not stand in it and nothing else may come."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sources.platforms.context import Context
from sources.platforms.facts import Fact
from sources.platforms.mollie.money import found_amount
from sources.platforms.mollie.objects import embedded
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money

_GOODS: Final = ("physical", "digital")


def told_by_sums(order: Node, context: Context, money: Money, notices: list[str], *, test: bool) -> Iterator[Fact]:
    """Captured, shipped and refunded in all, each as one; nothing with a memory, where the objects themselves are fetched."""
    if context.remembers:
        return
    order_id = order.need("id").reference()
    captured, refunded = (found_amount(order, name, money) or 0 for name in ("amountCaptured", "amountRefunded"))
    tender: EventTwin = {"tender": "OTHER", "gateway": "mollie", "gateway_reference": order_id}
    if captured > 0 and embedded(order, "payments") is None:
        notices.append("only the sum of what was captured is stated: told as one payment")
        body = tender | money.fields | {"payment_id": order_id, "amount": captured}
        yield _fact("PaymentCaptured", f"capture:{order_id}", body, _time(order, context, "paidAt"), test=test)
    lines = [(line.need("id").reference(), _count(line)) for line in order.each("lines") if _is_goods(line)]
    if any(count for _, count in lines) and embedded(order, "shipments") is None:
        notices.append("only the numbers of shipped units are stated: told as one shipment")
        units = [{"line_id": line_id, "quantity": str(count)} for line_id, count in lines if count]
        shipment: EventTwin = {"shipment_id": order_id, "lines": units}
        yield _fact("ShipmentDispatched", f"shipment:{order_id}", shipment, _time(order, context, "completedAt", "paidAt"), test=test)
    if refunded > 0 and embedded(order, "refunds") is None:
        notices.append("only the sum of the refunds is stated: told as one refund")
        refund_id = f"{order_id}:{refunded}"
        paid: EventTwin = {"payment_id": order_id} if embedded(order, "payments") is None else {}
        tenders = [tender | paid | {"tender_id": refund_id, "amount": refunded, "status": "SUCCEEDED"}]
        refund: EventTwin = money.fields | {"refund_id": refund_id, "lines": [], "adjustments": [], "tenders": tenders}
        refund["allow_over_refund"] = False
        yield _fact("RefundIssued", f"refund:{refund_id}", refund, _time(order, context, "completedAt", "paidAt"), test=test)


def _fact(kind: str, key: str, body: EventTwin, at: datetime, *, test: bool) -> Fact:
    return Fact(type=kind, business_key=key, body=body, occurred_at=at, test_mode=test)


def _is_goods(line: Node) -> bool:
    kind = line.find("type")
    return kind is None or kind.value in _GOODS


def _count(line: Node) -> int:
    shipped = line.find("quantityShipped")
    return shipped.count() if shipped is not None else 0


def _time(order: Node, context: Context, *names: str) -> datetime:
    """The first of these times that is stated, else that of the order."""
    stated = next((found for name in names if (found := order.find(name)) is not None), None)
    return (stated or order.need("createdAt")).time(context.zone)
