"""Saleor payloads for tests, small and complete; change what a test is about with keyword arguments."""

from typing import Any

Payload = dict[str, Any]


def price(gross: Any, net: Any = None) -> Payload:
    """A taxed price; without a net amount there is no tax in it."""
    return {"currency": "EUR", "gross": {"amount": gross, "currency": "EUR"}, "net": {"amount": gross if net is None else net}}


def line(identity: str = "T3JkZXJMaW5lOjE=", gross: Any = 24.2, net: Any = 20.0, quantity: int = 1, **fields: Any) -> Payload:
    """An order line with 21 % in it."""
    base: Payload = {"id": identity, "productName": "Mug", "productSku": "MUG", "quantity": quantity, "taxRate": 0.21}
    return base | {"totalPrice": price(gross, net)} | fields


def order(*lines: Payload, gross: Any, net: Any, **fields: Any) -> Payload:
    """An unpaid order in EUR to Spain, prices without tax."""
    base: Payload = {"id": "T3JkZXI6MQ==", "number": "7", "created": "2026-03-01T09:00:00Z", "status": "UNFULFILLED"}
    base |= {"channel": {"id": "Q2g6MQ==", "slug": "web", "taxConfiguration": {"pricesEnteredWithTax": False}}}
    address = {"firstName": "Ana", "city": "Madrid", "country": {"code": "ES"}, "countryArea": "M", "postalCode": "28013"}
    base |= {"user": {"id": "VXNlcjo4", "email": "ana@example.com"}, "shippingAddress": address}
    return base | {"total": price(gross, net), "shippingPrice": price(0), "lines": list(lines)} | fields


def event(payload: Payload, name: str = "OrderUpdated") -> Payload:
    """What a subscription delivers."""
    return {"__typename": name, "order": payload | {"__typename": "Order"}}


def payment(captured: Any, total: Any = 24.2, status: str = "FULLY_CHARGED") -> Payload:
    """A payment of the older kind."""
    amounts = {"capturedAmount": {"amount": captured, "currency": "EUR"}, "total": {"amount": total, "currency": "EUR"}}
    return {"id": "UGF5bWVudDox", "gateway": "mirumee.payments.stripe", "isActive": True, "chargeStatus": status} | amounts


def fulfillment(*units: tuple[str, int], identity: str = "RnVsOjE=", status: str = "FULFILLED") -> Payload:
    """A fulfillment of (order line, quantity)."""
    lines = [{"id": f"{identity}{number}", "quantity": count, "orderLine": {"id": owner}} for number, (owner, count) in enumerate(units)]
    return {"id": identity, "status": status, "created": "2026-03-02T09:00:00Z", "lines": lines}


ONE, TWO = "T3JkZXJMaW5lOjE=", "T3JkZXJMaW5lOjI="
_LINES = (line(ONE, 48.4, 40.0, 2, undiscountedTotalPrice=price(60.5, 50.0)), line(TWO, 12.1, 10.0))
_ORDER = order(*_LINES, gross=66.55, net=55.0, shippingPrice=price(6.05, 5.0), updatedAt="2026-03-01T09:00:00Z")
_PAID = _ORDER | {"payments": [payment(66.55, 66.55)], "updatedAt": "2026-03-01T10:00:00Z"}
_SENT = _PAID | {"status": "PARTIALLY_FULFILLED", "fulfillments": [fulfillment((ONE, 2))], "updatedAt": "2026-03-02T09:00:00Z"}
_BACK = _SENT | {
    "status": "PARTIALLY_RETURNED",
    "payments": [payment(42.35, 66.55, "PARTIALLY_REFUNDED")],
    "fulfillments": [
        fulfillment((ONE, 1)),
        fulfillment((TWO, 1), identity="RnVsOjI="),
        fulfillment((ONE, 1), identity="RnVsOjM=", status="REFUNDED_AND_RETURNED"),
    ],
    "updatedAt": "2026-03-05T09:00:00Z",
}
SALEOR = (event(_ORDER), event(_PAID), event(_SENT), event(_BACK))
"""One life with everything in it."""
