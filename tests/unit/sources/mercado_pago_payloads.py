"""Mercado Pago payloads written for tests."""

from typing import Any

from tests.unit.sources.deliveries import Delivery

Json = dict[str, Any]
PAYMENT = 13040012345
AT = "2026-03-01T09:00:00.000-03:00"
LATER = "2026-03-04T09:00:00.000-03:00"


def fee(amount: Any, kind: str = "mercadopago_fee", payer: str = "collector") -> Json:
    """A row of `fee_details`."""
    return {"type": kind, "amount": amount, "fee_payer": payer}


def charge(amount: Any, kind: str = "fee", name: str = "mercadopago_fee", refunded: Any = 0, source: str = "collector") -> Json:
    """A row of `charges_details`."""
    stated: Json = {"id": "13040012345-001", "type": kind, "name": name, "accounts": {"from": source, "to": "mp"}}
    return stated | {"amounts": {"original": amount, "refunded": refunded}, "refund_charges": [], "metadata": {"source": "rule"}}


def payment(amount: Any = 100, net: Any = 95.01, **fields: Any) -> Json:
    """A payment that was approved, with a fee of 4.99."""
    stated: Json = {"id": PAYMENT, "status": "approved", "status_detail": "accredited", "currency_id": "BRL", "live_mode": True}
    stated |= {"date_created": AT, "date_approved": "2026-03-01T09:00:05.000-03:00", "date_last_updated": AT, "money_release_date": ""}
    stated |= {"transaction_amount": amount, "transaction_amount_refunded": 0, "coupon_amount": 0, "shipping_amount": 0, "taxes_amount": 0}
    stated |= {"fee_details": [fee(4.99)], "charges_details": [], "refunds": [], "captured": True, "payment_type_id": "credit_card"}
    stated |= {"payer": {"email": "ana@example.com", "first_name": "Ana", "identification": {"type": "CPF", "number": "19119119100"}}}
    stated |= {"card": {"first_six_digits": "503143", "cardholder": {"name": "Ana Prueba"}}, "description": "for Ana", "order": {}}
    stated |= {"external_reference": "1001", "metadata": {}, "operation_type": "regular_payment", "processing_mode": "aggregator"}
    details = {"net_received_amount": net, "total_paid_amount": amount, "overpaid_amount": 0, "installment_amount": amount}
    return stated | {"transaction_details": details} | fields


def refund(amount: Any, identity: Any = 1245678203, **fields: Any) -> Json:
    """A refund of the payment: it states no currency."""
    stated: Json = {"id": identity, "payment_id": PAYMENT, "amount": amount, "status": "approved", "date_created": LATER, "metadata": {}}
    return stated | {"source": {"id": "82354", "name": "Ana Prueba", "type": "collector"}, "refund_mode": "standard"} | fields


def refunded(*refunds: Json, total: Any, **fields: Any) -> Json:
    """The payment with its refunds in it."""
    detail: Json = {"status_detail": "partially_refunded", "transaction_amount_refunded": total, "date_last_updated": LATER}
    return payment(**(detail | {"refunds": list(refunds)} | fields))


def chargeback(amount: Any = 80, **fields: Any) -> Json:
    """A chargeback of the payment."""
    stated: Json = {"id": "217000087654321000", "payments": [PAYMENT], "currency": "BRL", "amount": amount, "coverage_applied": None}
    stated |= {"coverage_elegible": True, "documentation_required": True, "documentation_status": "pending", "documentation": []}
    stated |= {"date_created": "2026-03-10T09:00:00.000-03:00", "date_last_updated": "2026-03-10T09:00:00.000-03:00", "live_mode": True}
    return stated | {"reason": "for Ana"} | fields


def merchant_order(*payments: Json, total: Any = 100, **fields: Any) -> Json:
    """A merchant order with one item."""
    stated: Json = {"id": 4018801790, "status": "closed", "external_reference": "1001", "preference_id": "798-1377", "site_id": "MLB"}
    stated |= {"payments": list(payments), "shipments": [], "total_amount": total, "shipping_cost": 0, "order_status": "paid"}
    stated |= {
        "items": [{"id": "1", "title": "Mug", "quantity": 2, "unit_price": 50, "currency_id": "BRL"}],
        "payer": {"email": "ana@x.com"},
    }
    stated |= {"paid_amount": sum(each["transaction_amount"] for each in payments), "refunded_amount": 0}
    return stated | {"date_created": AT, "last_updated": LATER} | fields


def listed(**fields: Any) -> Json:
    """The payment as a merchant order lists it."""
    stated: Json = {"id": PAYMENT, "transaction_amount": 100, "total_paid_amount": 100, "shipping_cost": 0, "currency_id": "BRL"}
    stated |= {"status": "approved", "status_detail": "accredited", "date_approved": AT, "date_created": AT, "amount_refunded": 0}
    return stated | fields


def transaction(amount: str = "60.00", identity: str = "PAY01JV3AW3NFSTSTB669F4JSAA6C", **fields: Any) -> Json:
    """A payment of an order of the Orders API."""
    stated: Json = {"id": identity, "amount": amount, "paid_amount": amount, "status": "processed", "status_detail": "accredited"}
    return stated | {"reference_id": "22dvqmsf4yc", "payment_method": {"id": "master", "type": "credit_card", "installments": 1}} | fields


def order_refund(amount: str, identity: str = "REF01JW7YS4YHV543DJ6JGYZBX6A0", **fields: Any) -> Json:
    """A refund of an order of the Orders API."""
    stated: Json = {"id": identity, "transaction_id": "PAY01JV3AW3NFSTSTB669F4JSAA6C", "amount": amount, "status": "processed"}
    return stated | {"reference_id": "22dvqmsrr1x"} | fields


def order(*payments: Json, refunds: tuple[Json, ...] = (), **fields: Any) -> Json:
    """An order of the Orders API."""
    stated: Json = {"id": "ORD01JV3AW3NFSTSTB669F41NACDX", "type": "online", "processing_mode": "automatic", "country_code": "BRA"}
    stated |= {"external_reference": "1003", "total_amount": "60.00", "status": "processed", "status_detail": "accredited"}
    stated |= {"created_date": "2026-03-01T12:00:00.123456789Z", "last_updated_date": "2026-03-01T12:00:02.5Z"}
    stated |= {"transactions": {"payments": list(payments)} | ({"refunds": list(refunds)} if refunds else {})}
    return stated | {"payer": {"email": "ana@example.com", "first_name": "Ana"}} | fields


def notification(kind: str, identity: Any, **fields: Any) -> Json:
    """A webhook of today."""
    stated: Json = {"id": 112233445566, "live_mode": True, "type": kind, "date_created": "2026-03-01T12:00:00Z", "user_id": 9876}
    return stated | {"action": f"{kind}.updated", "api_version": "v1", "data": {"id": identity}} | fields


def point_transaction(**fields: Any) -> Json:
    """A payment that the terminal took: its reference is its id in the API of payments."""
    return transaction("100.00", "PAY2", payment_method={"type": "account_money"}, **({"reference_id": "14040012345"} | fields))


LIFE = tuple(
    Delivery("", payload)
    for payload in (
        notification("payment", str(PAYMENT)),
        payment(status="pending", status_detail="pending_waiting_payment", transaction_details={"net_received_amount": 0}),
        payment(),
        merchant_order(listed()),
        refund(20, status="in_process"),
        refund(20),
        refunded(refund(20), total=20),
        merchant_order(listed(amount_refunded=20), refunded_amount=20),
        payment(status="in_mediation", status_detail="pending", transaction_amount_refunded=20, refunds=[refund(20)]),
        chargeback(),
        refunded(refund(20), total=20, status="charged_back"),
        chargeback(coverage_applied=True, documentation_status="valid"),
        refunded(refund(20), total=20, status="charged_back", date_last_updated="2026-04-01T00:00:00Z"),
    )
)
LINKED = {"id": 14040012345, "external_reference": "1002", "payment_type_id": "account_money"}
POINT_LIFE = tuple(
    Delivery("", payload)
    for payload in (
        order(point_transaction(status="created", reference_id=None), id="ORD2", external_reference="1002"),
        order(point_transaction(), id="ORD2", external_reference="1002"),
        payment(**LINKED),
        refunded(refund(40, 1300000001, payment_id=14040012345), total=40, **LINKED, charges_details=[charge(4.99, refunded=2)]),
        refund(40, 1300000001, payment_id=14040012345),
        order(
            point_transaction(refunded_amount="40.00"),
            refunds=(order_refund("40.00", "REF2", transaction_id="PAY2", reference_id="1300000001"),),
            id="ORD2",
            external_reference="1002",
        ),
    )
)
ORDER_LIFE = tuple(
    Delivery("", payload)
    for payload in (
        order(transaction(status="action_required")),
        notification("order", "ORD01JV3AW3NFSTSTB669F41NACDX"),
        order(transaction()),
        order(refunds=(order_refund("20.00", status="processing"),)),
        order(refunds=(order_refund("20.00"),)),
        order(transaction(refunded_amount="20.00"), refunds=(order_refund("20.00"),)),
    )
)
