"""Square payloads written for tests, in the API's shapes."""

from typing import Any

from tests.unit.sources.provider_lives import Delivery

PERSON = "Lucía Pruebas"


def money(amount: int, currency: str = "USD") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def item(uid: str, price: int, quantity: str = "1", currency: str = "USD", **more: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "name": f"Product {uid}",
        "catalog_object_id": f"CAT{uid}",
        "quantity": quantity,
        "base_price_money": money(price, currency),
        **more,
    }


def tender(payment_id: str, amount: int, kind: str = "CARD", currency: str = "USD", **more: Any) -> dict[str, Any]:
    details = {"card_details": {"status": "CAPTURED"}} if kind == "CARD" else {}
    return {
        "id": payment_id,
        "payment_id": payment_id,
        "location_id": "LOC1",
        "type": kind,
        "amount_money": money(amount, currency),
        "created_at": "2026-03-02T10:00:05Z",
        **details,
        **more,
    }


def order(*items: dict[str, Any], total: int, currency: str = "USD", **more: Any) -> dict[str, Any]:
    return {
        "id": "ORD1",
        "location_id": "LOC1",
        "state": "COMPLETED",
        "version": 4,
        "created_at": "2026-03-02T10:00:00Z",
        "updated_at": "2026-03-02T10:00:09Z",
        "closed_at": "2026-03-02T10:00:09Z",
        "line_items": list(items),
        "total_money": money(total, currency),
        **more,
    }


def payment(total: int, payment_id: str = "PAY1", **more: Any) -> dict[str, Any]:
    return {
        "id": payment_id,
        "order_id": "ORD1",
        "location_id": "LOC1",
        "status": "COMPLETED",
        "source_type": "CARD",
        "amount_money": money(total),
        "total_money": money(total),
        "buyer_email_address": "lucia@example.com",
        "note": PERSON,
        "created_at": "2026-03-02T10:00:05Z",
        "updated_at": "2026-03-02T10:00:20Z",
        **more,
    }


def refund(amount: int, status: str = "COMPLETED", refund_id: str = "PAY1_R1", order_id: str = "RET1", **more: Any) -> dict[str, Any]:
    return {
        "id": refund_id,
        "payment_id": "PAY1",
        "order_id": order_id,
        "location_id": "LOC1",
        "status": status,
        "amount_money": money(amount),
        "reason": PERSON,
        "created_at": "2026-03-05T09:00:00Z",
        "updated_at": "2026-03-05T09:00:01Z" if status == "PENDING" else "2026-03-06T09:00:00Z",
        **more,
    }


def event(topic: str, kind: str, body: dict[str, Any]) -> Delivery:
    """A webhook event around an object."""
    return Delivery(
        topic, {"type": topic, "event_id": "e1", "merchant_id": "M1", "data": {"type": kind, "id": "x", "object": {kind: body}}}
    )


SALE = order(
    item("A", 1000, "2", applied_taxes=[{"uid": "t1", "tax_uid": "TAX", "applied_money": money(180)}]),
    item("B", 333, applied_taxes=[{"uid": "t2", "tax_uid": "TAX", "applied_money": money(30)}]),
    total=2743,
    taxes=[{"uid": "TAX", "name": "Sales Tax", "percentage": "9", "type": "ADDITIVE", "scope": "ORDER"}],
    total_tip_money=money(200),
    total_tax_money=money(210),
    tenders=[tender("PAY1", 2743, tip_money=money(200))],
)
UNPAID = {**SALE, "state": "OPEN", "version": 1, "tenders": [], "total_money": money(2543), "total_tip_money": money(0)}
RETURN = {
    "id": "RET1",
    "location_id": "LOC1",
    "state": "COMPLETED",
    "version": 2,
    "created_at": "2026-03-05T09:00:00Z",
    "updated_at": "2026-03-05T09:00:02Z",
    "returns": [
        {
            "uid": "ret",
            "source_order_id": "ORD1",
            "return_line_items": [{"uid": "r1", "source_line_item_uid": "A", "quantity": "1", "total_money": money(1090)}],
        }
    ],
    "return_amounts": {"total_money": money(1090), "tax_money": money(90)},
    "net_amounts": {"total_money": money(-1090)},
    "refunds": [{"id": "PAY1_R1", "tender_id": "PAY1", "amount_money": money(1090), "status": "APPROVED"}],
}
FEE = [{"type": "INITIAL", "effective_at": "2026-03-02T12:00:00Z", "amount_money": money(110)}]
DISPUTE = {
    "id": "DIS1",
    "amount_money": money(2743),
    "state": "EVIDENCE_REQUIRED",
    "disputed_payment": {"payment_id": "PAY1"},
    "created_at": "2026-03-20T08:00:00Z",
    "updated_at": "2026-03-20T08:00:00Z",
}
WON = {**DISPUTE, "state": "WON", "updated_at": "2026-04-20T08:00:00Z"}
LIFE = (
    Delivery("orders", {"order": UNPAID}),
    event("payment.created", "payment", payment(2743, status="APPROVED", amount_money=money(2543), tip_money=money(200))),
    event("payment.updated", "payment", payment(2743, amount_money=money(2543), tip_money=money(200))),
    Delivery("orders", {"orders": [SALE]}),
    event("payment.updated", "payment", payment(2743, amount_money=money(2543), tip_money=money(200), processing_fee=FEE)),
    event("refund.created", "refund", refund(1090, "PENDING")),
    Delivery("orders", RETURN),
    event(
        "refund.updated",
        "refund",
        refund(1090, processing_fee=[{"type": "INITIAL", "amount_money": money(-32), "effective_at": "2026-03-06T09:00:00Z"}]),
    ),
    event("dispute.created", "dispute", DISPUTE),
    event("dispute.state.updated", "dispute", WON),
)
