"""Order events for tests, made the way a producer makes them: JSON twin objects through the contract's door."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.order_events import OrderEvent
from schemas.events import event_from_json

Json = dict[str, Any]

TIME = "2026-01-05T10:00:00Z"


def event(kind: str, label: str, /, **fields: Any) -> OrderEvent:
    """An event of the contract; see `event_json`."""
    return event_from_json(event_json(kind, label, **fields))


def event_json(kind: str, label: str, /, *, currency: str = "EUR", order_id: str = "1", **fields: Any) -> Json:
    """The JSON twin of an event; `label` makes its event_id and, unless given, its business_key."""
    body: Json = {
        "type": kind,
        "event_id": str(uuid5(NAMESPACE_URL, f"{order_id}/{label}")),
        "tenant": "acme",
        "source": "shop:es",
        "order_id": order_id,
        "business_key": label,
        "occurred_at": TIME,
        "received_at": TIME,
        "test_mode": False,
        "currency": currency,
        "currency_exponent": CURRENCY_EXPONENTS.get(currency, 2),
    }
    return body | fields


def tax(amount: int, *, rate: str = "0.21", base: int = 0, included: bool = False, by: str = "SELLER", code: str = "IVA") -> Json:
    """A Spanish tax; base 0 = derived from the amount, so that D05 stays silent."""
    stated = base or round(amount / float(rate)) if float(rate) else base
    return {
        "jurisdiction": "ES",
        "type": "VAT",
        "code": code,
        "rate": rate,
        "base": stated,
        "amount": amount,
        "included": included,
        "liable_party": by,
    }


def line(line_id: str, gross: int, quantity: str = "1", kind: str = "GOODS", **fields: Any) -> Json:
    """An order line without discount and taxes unless given; gross in minor units."""
    return {
        "line_id": line_id,
        "kind": kind,
        "quantity": quantity,
        "unit_price": "1",
        "gross": gross,
        "discount": 0,
        "taxes": [],
    } | fields


def total_of(lines: list[Json], order_discount: int = 0) -> int:
    """What the lines add up to."""
    exclusive = sum(one["amount"] for part in lines for one in part["taxes"] if not one["included"])
    return sum(int(part["gross"]) - int(part["discount"]) for part in lines) + int(exclusive) - order_discount


def placed(*lines: Json, discount: int = 0, **fields: Any) -> OrderEvent:
    """OrderPlaced whose total is what its lines add up to, unless given."""
    discounts = [{"code": "PROMO", "amount": discount, "funded_by": "SELLER"}] if discount else []
    defaults: Json = {
        "legal_entity": "ACME-ES",
        "channel": "web",
        "terms": "PREPAID",
        "prices_include_tax": False,
        "lines": list(lines),
        "order_discounts": discounts,
        "total": total_of(list(lines), discount),
    }
    return event("OrderPlaced", fields.pop("label", "order"), **(defaults | fields))


def captured(payment_id: str, amount: int, **fields: Any) -> OrderEvent:
    """PaymentCaptured by card through stripe, unless told otherwise."""
    defaults: Json = {"payment_id": payment_id, "tender": "CARD", "gateway": "stripe", "amount": amount}
    return event("PaymentCaptured", fields.pop("label", f"capture:{payment_id}"), **(defaults | fields))


def shipped(shipment_id: str, units: dict[str, str], **fields: Any) -> OrderEvent:
    """ShipmentDispatched of line_id -> quantity."""
    lines = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in units.items()]
    return event(
        "ShipmentDispatched", fields.pop("label", f"ship:{shipment_id}"), **({"shipment_id": shipment_id, "lines": lines} | fields)
    )


def cancelled(units: dict[str, str], **fields: Any) -> OrderEvent:
    """OrderCancelled of line_id -> quantity; nothing named = everything open."""
    lines = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in units.items()]
    defaults: Json = {"lines": lines, "cancel_charges": False}
    return event("OrderCancelled", fields.pop("label", "cancel:1"), **(defaults | fields))


def refunded(refund_id: str, lines: list[Json], tenders: list[Json], **fields: Any) -> OrderEvent:
    """RefundIssued; lines from `back`, tenders from `tender`."""
    defaults: Json = {"refund_id": refund_id, "lines": lines, "adjustments": [], "tenders": tenders, "allow_over_refund": False}
    return event("RefundIssued", fields.pop("label", f"refund:{refund_id}:1"), **(defaults | fields))


def back(line_id: str, quantity: str, scope: str = "SHIPPED", **fields: Any) -> Json:
    """A refund line."""
    return {"line_id": line_id, "quantity": quantity, "scope": scope} | fields


def tender(tender_id: str, amount: int, status: str = "SUCCEEDED", **fields: Any) -> Json:
    """A refund tender to the card payment P1."""
    return {
        "tender_id": tender_id,
        "tender": "CARD",
        "gateway": "stripe",
        "amount": amount,
        "status": status,
        "payment_id": "P1",
    } | fields
