"""The events that tell an order's life, as JSON twin objects in true order. Ids come from names, never from chance."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from sources.synthetic.arithmetic import decimal_text, quantity_text
from sources.synthetic.intents import Cancellation, Dispatch, OrderIntent, Payment, Payout, Refund, SoldLine

Event: TypeAlias = dict[str, Any]

NAMESPACE = UUID("6a3f3c55-3a0e-4c0e-9d43-6f1c1a0b8f51")
"""Of all ids of synthetic events."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def events_of(order: OrderIntent, tenant: str) -> list[Event]:
    """All events of the order, `received_at` equal to `occurred_at` until they are sent on their way."""
    teller = _Teller(order, tenant)
    teller.tell("OrderPlaced", "order", order.placed_at, _placed(order))
    for step in order.steps:
        if isinstance(step, Payment):
            teller.tell("PaymentCaptured", f"capture:{step.payment_id}", step.at, _paid(order, step))
        elif isinstance(step, Dispatch):
            teller.tell("ShipmentDispatched", f"shipment:{step.shipment_id}", step.at, _dispatched(order, step))
        elif isinstance(step, Cancellation):
            teller.tell("OrderCancelled", f"cancel:{teller.told}", step.at, _cancelled(step))
        else:
            for message in range(max([1, *(len(payout.statuses) for payout in step.payouts)])):
                key = f"refund:{step.refund_id}:{message + 1}"
                teller.tell("RefundIssued", key, step.at + message * 20_000_000, _refunded(order, step, message))
    return teller.events


def time_text(micros: int, offset_hours: int) -> str:
    """UTC microseconds as RFC 3339 text in the shop's own time."""
    moment = EPOCH + timedelta(microseconds=micros)
    return moment.astimezone(timezone(timedelta(hours=offset_hours))).isoformat(timespec="microseconds")


class _Teller:
    """Puts the envelope around every message of one order."""

    def __init__(self, order: OrderIntent, tenant: str) -> None:
        self.order, self.tenant = order, tenant
        self.events: list[Event] = []

    @property
    def told(self) -> int:
        return len(self.events)

    def tell(self, kind: str, business_key: str, at: int, content: Event) -> None:
        shop = self.order.shop
        event: Event = {
            "type": kind,
            "event_id": str(uuid5(NAMESPACE, f"{self.tenant}|{shop.source}|{self.order.order_id}|{kind}|{business_key}")),
            "tenant": self.tenant,
            "source": shop.source,
            "order_id": self.order.order_id,
            "business_key": business_key,
            "occurred_at": time_text(at, shop.utc_offset_hours),
            "received_at": time_text(at, 0),
            "test_mode": self.order.test_mode,
            "currency": shop.currency,
            "currency_exponent": shop.exponent,
        }
        if shop.numbers_events:
            event["source_sequence"] = self.told + 1
        self.events.append(event | content)


def _placed(order: OrderIntent) -> Event:
    shop = order.shop
    discounts = [{"code": "PROMO", "amount": order.order_discount, "funded_by": "SELLER"}] if order.order_discount else []
    content: Event = {
        "legal_entity": shop.legal_entity,
        "channel": shop.channel,
        "customer_ref": f"c-{order.order_id}",
        "terms": order.terms,
        "prices_include_tax": shop.taxes_included,
        "ship_to": {"country": shop.country},
        "lines": [_line(order, line) for line in order.lines if not line.undeclared],
        "order_discounts": discounts,
        "total": order.total,
        "document_fields": dict(shop.document_fields),
    }
    if shop.store:
        content["store"] = shop.store
    if order.due_days is not None:
        content["due_days"] = order.due_days
    return content


def _line(order: OrderIntent, line: SoldLine) -> Event:
    shop = order.shop
    content: Event = {
        "line_id": line.line_id,
        "kind": line.kind,
        "quantity": quantity_text(line.quantity),
        "unit_price": decimal_text(line.unit_price, shop.exponent),
        "gross": line.gross,
        "discount": line.discount,
        "taxes": [
            {
                "jurisdiction": tax.rule.jurisdiction,
                "type": tax.rule.type,
                "code": tax.rule.code,
                "rate": tax.rule.rate,
                "base": tax.base,
                "amount": tax.amount,
                "included": shop.taxes_included,
                "liable_party": tax.rule.liable_party,
            }
            for tax in line.taxes
        ],
    }
    if shop.states_shares and order.order_discount:
        content["order_discount"] = line.order_share
    for name, value in (("sku", line.sku), ("description", line.description), ("revenue_category", line.category)):
        if value is not None:
            content[name] = value
    if line.unit_cost is not None:
        content["unit_cost"] = decimal_text(line.unit_cost, shop.exponent)
    return content


def _paid(order: OrderIntent, payment: Payment) -> Event:
    content: Event = {
        "payment_id": payment.payment_id,
        "tender": payment.tender,
        "gateway": payment.gateway,
        "gateway_reference": f"{payment.gateway}-{order.order_id}-{payment.payment_id}",
        "amount": payment.amount,
    }
    if payment.fee is not None:
        content["fee"] = payment.fee
    if order.shop.store:
        content["store"] = order.shop.store
    return content


def _dispatched(order: OrderIntent, dispatch: Dispatch) -> Event:
    lines = [{"line_id": line_id, "quantity": quantity_text(units)} for line_id, units in dispatch.units]
    content: Event = {"shipment_id": dispatch.shipment_id, "lines": lines}
    if order.shop.warehouse:
        content["warehouse"] = order.shop.warehouse
    return content


def _cancelled(cancellation: Cancellation) -> Event:
    lines = [{"line_id": line_id, "quantity": quantity_text(units)} for line_id, units in cancellation.units]
    return {"lines": lines, "cancel_charges": cancellation.drops_charges, "reason": "customer"}


def _refunded(order: OrderIntent, refund: Refund, message: int) -> Event:
    lines = {line.line_id: line for line in order.lines}
    content: Event = {
        "refund_id": refund.refund_id,
        "lines": [],
        "adjustments": _adjustments(order, refund),
        "tenders": [_tender(payout, message) for payout in refund.payouts],
        "allow_over_refund": False,
    }
    for given in refund.given_back:
        named: Event = {"line_id": given.line_id, "quantity": quantity_text(given.quantity)}
        named["scope"] = "SHIPPED" if given.shipped else "UNSHIPPED"
        if given.stated is not None:
            net, taxes = given.stated
            named |= {"net": net, "taxes": _stated_taxes(lines[given.line_id], taxes)}
        content["lines"].append(named)
    return content


def _adjustments(order: OrderIntent, refund: Refund) -> list[Event]:
    adjustments: list[Event] = []
    for line in order.lines if refund.shipping else ():
        if line.kind == "SHIPPING":
            taxes = _stated_taxes(line, tuple(tax.amount for tax in line.taxes))
            adjustments.append({"kind": "CHARGE", "line_id": line.line_id, "amount": line.net, "taxes": taxes})
    if refund.goodwill:
        adjustments.append({"kind": "GOODWILL", "amount": refund.goodwill, "taxes": []})
    if refund.fee_kept:
        adjustments.append({"kind": "RETURN_FEE", "amount": refund.fee_kept, "taxes": []})
    return adjustments


def _stated_taxes(line: SoldLine, amounts: tuple[int, ...]) -> list[Event]:
    return [
        {
            "jurisdiction": tax.rule.jurisdiction,
            "type": tax.rule.type,
            "code": tax.rule.code,
            "amount": amount,
            "liable_party": tax.rule.liable_party,
        }
        for tax, amount in zip(line.taxes, amounts, strict=True)
    ]


def _tender(payout: Payout, message: int) -> Event:
    return {
        "tender_id": payout.tender_id,
        "payment_id": payout.payment_id,
        "tender": payout.tender,
        "gateway": payout.gateway,
        "amount": payout.amount,
        "status": payout.statuses[min(message, len(payout.statuses) - 1)],
    }
