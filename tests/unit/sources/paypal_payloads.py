"""PayPal payloads written for tests."""

from typing import Any

Json = dict[str, Any]
AT = "2026-03-01T12:00:00Z"
LIVE = "https://api.paypal.com"
SANDBOX = "https://api.sandbox.paypal.com"


def usd(value: str, currency: str = "USD") -> Json:
    """An amount of the second version."""
    return {"currency_code": currency, "value": value}


def old(value: str, currency: str = "USD") -> Json:
    """An amount of the first version."""
    return {"currency": currency, "total": value}


def link(path: str, relation: str = "self", host: str = LIVE) -> Json:
    """A link to an object."""
    return {"href": f"{host}/{path}", "rel": relation, "method": "GET"}


def broken_down(gross: str, fee: str, net: str, **fields: Any) -> Json:
    """What the merchant receives of a capture, or pays of a refund."""
    return {"gross_amount": usd(gross), "paypal_fee": usd(fee), "net_amount": usd(net)} | fields


def capture(value: str = "100.00", fee: str = "3.98", net: str = "96.02", identity: str = "CAP1", **fields: Any) -> Json:
    """A capture that is completed, of the order ORD1 at PayPal."""
    stated: Json = {"id": identity, "status": "COMPLETED", "amount": usd(value), "final_capture": True, "custom_id": "1001"}
    stated |= {"seller_receivable_breakdown": broken_down(value, fee, net), "create_time": AT, "update_time": AT}
    stated |= {"supplementary_data": {"related_ids": {"order_id": "ORD1"}}, "payee": {"email_address": "ana@example.com"}}
    return stated | {"links": [link(f"v2/payments/captures/{identity}"), link("v2/checkout/orders/ORD1", "up")]} | fields


def refund(value: str = "20.00", identity: str = "REF1", of: str = "CAP1", **fields: Any) -> Json:
    """A refund that is completed."""
    stated: Json = {"id": identity, "status": "COMPLETED", "amount": usd(value), "note_to_payer": "for Ana", "custom_id": "1001"}
    stated |= {"seller_payable_breakdown": broken_down(value, "0.00", value), "create_time": "2026-03-02T12:00:00-08:00"}
    return stated | {"links": [link(f"v2/payments/refunds/{identity}"), link(f"v2/payments/captures/{of}", "up")]} | fields


def order(*captures: Json, refunds: tuple[Json, ...] = (), status: str = "COMPLETED", **fields: Any) -> Json:
    """An order at PayPal with one purchase unit."""
    unit: Json = {
        "reference_id": "default",
        "custom_id": "1001",
        "amount": usd("100.00"),
        "shipping": {"name": {"full_name": "Ana Prueba"}},
    }
    unit["payments"] = {"captures": list(captures), "refunds": list(refunds)}
    stated: Json = {"id": "ORD1", "intent": "CAPTURE", "status": status, "payer": {"email_address": "ana@example.com"}}
    return stated | {"purchase_units": [unit], "create_time": AT, "links": [link("v2/checkout/orders/ORD1")]} | fields


def webhook(event: str, resource: Any, kind: str = "capture", host: str = LIVE, **fields: Any) -> Json:
    """A webhook around an object."""
    stated: Json = {"id": "WH-1", "event_version": "1.0", "create_time": "2026-03-09T12:00:00.000Z", "event_type": event}
    stated |= {"resource_type": kind, "summary": "Payment by Ana Prueba", "resource": resource}
    return stated | {"links": [link("v1/notifications/webhooks-events/WH-1", host=host)]} | fields


def sale(value: str = "50.00", fee: str = "1.75", **fields: Any) -> Json:
    """A sale of the first version that is completed."""
    stated: Json = {"id": "SALE1", "state": "completed", "amount": old(value) | {"details": {"subtotal": value}}, "custom": "1002"}
    stated |= {"transaction_fee": {"value": fee, "currency": "USD"}, "parent_payment": "PAY-1", "create_time": AT}
    return stated | {"links": [link("v1/payments/sale/SALE1")]} | fields


def sale_refund(value: str = "10.00", **fields: Any) -> Json:
    """A refund of the sale."""
    stated: Json = {"id": "SREF1", "state": "completed", "sale_id": "SALE1", "amount": old(value), "parent_payment": "PAY-1"}
    return stated | {"custom": "1002", "create_time": "2026-03-03T12:00:00Z", "links": [link("v1/payments/refund/SREF1")]} | fields


def moved(kind: str, value: str, reason: str = "DISPUTE_SETTLEMENT", party: str = "SELLER") -> Json:
    """A movement of money in a dispute."""
    return {"affected_party": party, "type": kind, "amount": usd(value), "reason": reason, "initiated_time": AT}


def dispute(value: str = "30.00", stage: str = "CHARGEBACK", status: str = "UNDER_REVIEW", **fields: Any) -> Json:
    """A dispute of the capture."""
    transaction: Json = {"seller_transaction_id": "CAP1", "custom": "1001", "gross_amount": usd("100.00"), "buyer": {"name": "Ana Prueba"}}
    stated: Json = {"dispute_id": "PP-D-1", "create_time": "2026-03-05T12:00:00.000Z", "update_time": "2026-03-06T12:00:00.000Z"}
    stated |= {"disputed_transactions": [transaction], "status": status, "dispute_amount": usd(value), "dispute_life_cycle_stage": stage}
    return stated | {"messages": [{"posted_by": "BUYER", "content": "Ana is sad"}]} | fields


def resolved(outcome: str, refunded: str | None = None, value: str = "30.00", **fields: Any) -> Json:
    """The dispute with its outcome."""
    found: Json = {"outcome_code": outcome} | ({"amount_refunded": usd(refunded)} if refunded is not None else {})
    return dispute(value, status="RESOLVED", update_time="2026-03-20T12:00:00.000Z", dispute_outcome=found, **fields)


def row(code: str, amount: str, fee: str | None = None, identity: str = "CAP1", **fields: Any) -> Json:
    """A row of the transaction report."""
    info: Json = {"transaction_id": identity, "transaction_event_code": code, "transaction_amount": usd(amount), "custom_field": "1001"}
    info |= {"transaction_initiation_date": "2026-03-01T12:00:00+0000", "transaction_status": "S", "transaction_note": "for Ana"}
    info |= {"fee_amount": usd(fee)} if fee is not None else {}
    return {"transaction_info": info | fields, "payer_info": {"email_address": "ana@example.com"}, "cart_info": {}}


def page(*rows: Json) -> Json:
    """A page of the transaction report."""
    return {"transaction_details": list(rows), "account_number": "ACC1", "page": 1, "total_items": len(rows), "total_pages": 1}


REVERSED = webhook("PAYMENT.CAPTURE.REVERSED", refund("30.00", "REV1"), "refund")
REVERSED_ROW = page(row("T1106", "-30.00", "0.00", "REV1", paypal_reference_id="CAP1", paypal_reference_id_type="TXN"))
CAPTURE_LIFE = (
    webhook("CHECKOUT.ORDER.APPROVED", order(status="APPROVED"), "checkout-order"),
    webhook("PAYMENT.CAPTURE.PENDING", capture(status="PENDING", seller_receivable_breakdown=None)),
    webhook("PAYMENT.CAPTURE.COMPLETED", capture()),
    order(capture()),
    webhook("PAYMENT.CAPTURE.REFUNDED", refund(status="PENDING"), "refund"),
    webhook("PAYMENT.CAPTURE.REFUNDED", refund(seller_payable_breakdown=broken_down("20.00", "0.50", "19.50")), "refund"),
    order(capture(status="PARTIALLY_REFUNDED"), refunds=(refund(seller_payable_breakdown=broken_down("20.00", "0.50", "19.50")),)),
    page(
        row("T0006", "100.00", "-3.98"),
        row("T1107", "-20.00", "0.50", "REF1", paypal_reference_id="CAP1", paypal_reference_id_type="TXN"),
    ),
    webhook("CUSTOMER.DISPUTE.CREATED", dispute(stage="INQUIRY"), "dispute"),
    webhook("CUSTOMER.DISPUTE.UPDATED", dispute(), "dispute"),
    REVERSED,
    REVERSED_ROW,
    webhook("CUSTOMER.DISPUTE.RESOLVED", resolved("RESOLVED_BUYER_FAVOUR", "30.00"), "dispute"),
)
SALE_LIFE = (
    webhook("PAYMENT.SALE.PENDING", sale(state="pending"), "sale"),
    webhook("PAYMENT.SALE.COMPLETED", sale(), "sale"),
    page(row("T0002", "50.00", "-1.75", "SALE1", custom_field="1002")),
    webhook("PAYMENT.SALE.REFUNDED", sale_refund(), "refund"),
    page(row("T1107", "-10.00", "0.00", "SREF1", custom_field="1002", paypal_reference_id="SALE1")),
    {
        "id": "PAY-1",
        "transactions": [{"custom": "1002", "related_resources": [{"sale": sale(state="partially_refunded")}, {"refund": sale_refund()}]}],
    },
)
LIFE = (*CAPTURE_LIFE, *SALE_LIFE)
"""All of it, for tests of every platform."""
