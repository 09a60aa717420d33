"""Mollie payloads written for tests."""

from typing import Any

Json = dict[str, Any]
AT = "2026-03-01T12:00:00+00:00"


def eur(value: str, currency: str = "EUR") -> Json:
    """An amount as Mollie states it."""
    return {"currency": currency, "value": value}


def payment(value: str = "100.00", **fields: Any) -> Json:
    """A payment that was paid."""
    stated: Json = {"resource": "payment", "id": "tr_1", "mode": "live", "amount": eur(value), "status": "paid", "method": "creditcard"}
    stated |= {"createdAt": AT, "paidAt": "2026-03-01T12:01:00+00:00", "metadata": {"order_id": "1001"}, "description": "Ana Prueba"}
    return stated | {"details": {"cardNumber": "4242", "cardHolder": "Ana Prueba"}} | fields


def refund(value: str, identity: str = "re_1", status: str = "refunded", **fields: Any) -> Json:
    """A refund of the payment."""
    stated: Json = {"resource": "refund", "id": identity, "amount": eur(value), "status": status, "paymentId": "tr_1"}
    return stated | {"createdAt": "2026-03-02T12:00:00+00:00", "description": "for Ana"} | fields


def capture(value: str, identity: str = "cpt_1", **fields: Any) -> Json:
    """A capture of the payment."""
    stated: Json = {"resource": "capture", "id": identity, "mode": "live", "amount": eur(value), "paymentId": "tr_1"}
    return stated | {"createdAt": "2026-03-01T13:00:00+00:00"} | fields


def chargeback(value: str, identity: str = "chb_1", **fields: Any) -> Json:
    """A chargeback of the payment."""
    stated: Json = {"resource": "chargeback", "id": identity, "amount": eur(value), "paymentId": "tr_1"}
    return stated | {"createdAt": "2026-03-05T12:00:00.0Z"} | fields


def row(kind: str, initial: str, deductions: str, result: str, identity: str = "baltr_1", **context: str) -> Json:
    """A balance transaction."""
    stated: Json = {"resource": "balance_transaction", "id": identity, "type": kind, "initialAmount": eur(initial)}
    stated |= {"deductions": eur(deductions), "resultAmount": eur(result), "createdAt": "2026-03-02T13:00:00+00:00"}
    return stated | {"context": {"paymentId": "tr_1"} | context}


def line(identity: str, total: str, vat: str, rate: str = "21.00", *, price: str | None = None, **fields: Any) -> Json:
    """An order line."""
    stated: Json = {"resource": "orderline", "id": identity, "type": "physical", "quantity": 1, "unitPrice": eur(price or total)}
    stated |= {"totalAmount": eur(total), "vatAmount": eur(vat), "vatRate": rate, "name": "Mug", "sku": "MUG-1"}
    return stated | {"quantityShipped": 0, "quantityCanceled": 0} | fields


def order(value: str, *lines: Json, status: str = "paid", **fields: Any) -> Json:
    """An order of the Orders API."""
    stated: Json = {"resource": "order", "id": "ord_1", "mode": "live", "amount": eur(value), "status": status, "createdAt": AT}
    stated |= {"lines": list(lines), "shippingAddress": {"country": "NL", "givenName": "Ana", "postalCode": "1234AB", "city": "Delft"}}
    return stated | {"orderNumber": "1337"} | fields


def shipment(*lines: Json, identity: str = "shp_1", order_id: str = "ord_1") -> Json:
    """A shipment of the order."""
    stated: Json = {"resource": "shipment", "id": identity, "orderId": order_id, "createdAt": "2026-03-03T12:00:00+00:00"}
    return stated | {"lines": [{"orderId": order_id} | each for each in lines], "tracking": {"code": "3S-ANA"}}
