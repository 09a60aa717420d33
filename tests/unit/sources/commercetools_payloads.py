"""commercetools payloads for tests, small and complete; change what a test is about with keyword arguments."""

from typing import Any

Payload = dict[str, Any]


def money(amount: int, currency: str = "EUR", digits: int = 2) -> Payload:
    """A cent precision amount."""
    return {"type": "centPrecision", "currencyCode": currency, "centAmount": amount, "fractionDigits": digits}


def taxed(net: int, gross: int, rate: float = 0.21) -> Payload:
    """What something costs without and with tax."""
    portions = [{"rate": rate, "name": "IVA", "amount": money(gross - net)}] if gross != net else []
    return {"totalNet": money(net), "totalGross": money(gross), "taxPortions": portions, "totalTax": money(gross - net)}


def rate(included: bool) -> Payload:
    """21 % VAT in Spain."""
    return {"name": "IVA", "amount": 0.21, "includedInPrice": included, "country": "ES", "subRates": []}


def line(identity: str = "line-a", price: int = 2000, quantity: int = 1, *, included: bool = False, **fields: Any) -> Payload:
    """A line item with 21 % VAT added to its price, or in it; `total` is what is charged after discounts."""
    total = fields.pop("total", price * quantity)
    net, gross = (total - fields.pop("tax"), total) if included else (total, total + fields.pop("tax", total * 21 // 100))
    base: Payload = {"id": identity, "productId": "p1", "name": {"de": "Becher", "en": "Mug"}, "variant": {"id": 1, "sku": "MUG"}}
    base |= {"price": {"value": money(price)}, "quantity": quantity, "taxRate": rate(included), "totalPrice": money(total)}
    return base | {"taxedPrice": taxed(net, gross), "lineItemMode": "Standard"} | fields


def order(*lines: Payload, total: int, **fields: Any) -> Payload:
    """An open order in EUR to Spain."""
    base: Payload = {"type": "Order", "id": "order-1", "version": 1, "createdAt": "2026-03-01T09:00:00.000Z", "customerId": "customer-8"}
    address = {"firstName": "Ana", "country": "ES", "state": "M", "postalCode": "28013", "email": "ana@example.com"}
    base |= {"lastModifiedAt": "2026-03-01T09:00:00.000Z", "orderState": "Open", "shippingAddress": address, "returnInfo": []}
    return base | {"totalPrice": money(total), "lineItems": list(lines), "customLineItems": []} | fields


def shipping(price: int, tax: int, **fields: Any) -> Payload:
    """Shipping with VAT added to its price."""
    base = {"shippingMethodName": "DHL", "price": money(price), "taxRate": rate(False), "taxedPrice": taxed(price, price + tax)}
    return base | {"deliveries": []} | fields


def delivery(*units: tuple[str, int], identity: str = "delivery-1") -> Payload:
    """A delivery of (line, quantity)."""
    return {"id": identity, "createdAt": "2026-03-02T09:00:00.000Z", "items": [{"id": line, "quantity": count} for line, count in units]}


def transaction(kind: str = "Charge", amount: int = 2420, state: str = "Success", identity: str = "charge-1") -> Payload:
    """A transaction of a payment."""
    return {"id": identity, "timestamp": "2026-03-01T09:00:10.000Z", "type": kind, "amount": money(amount), "state": state}


def payment(*transactions: Payload, **fields: Any) -> Payload:
    """A payment by card at Stripe."""
    info = {"paymentInterface": "STRIPE", "method": "CREDIT_CARD", "name": {"en": "Credit Card"}}
    base: Payload = {"id": "payment-1", "version": 1, "interfaceId": "pi_3NfX", "amountPlanned": money(2420), "paymentMethodInfo": info}
    return base | {"transactions": list(transactions), "createdAt": "2026-03-01T09:00:05.000Z"} | fields


def message(kind: str, number: int, resource: str = "order", **fields: Any) -> Payload:
    """A message about the order, or about its payment."""
    base: Payload = {"notificationType": "Message", "id": f"m{number}", "version": 1, "sequenceNumber": number, "type": kind}
    base |= {"resource": {"typeId": resource, "id": f"{resource}-1"}, "resourceVersion": number, "createdAt": "2026-03-02T10:00:00.000Z"}
    return base | fields


PAYS = {"payments": [{"typeId": "payment", "id": "payment-1"}]}
_LINES = (line("line-a", 2000, 2, total=3600, tax=756), line("line-b", 1000))
_PLACED = order(*_LINES, total=5100, shippingInfo=shipping(500, 105), paymentInfo=PAYS)
_SENT = _PLACED | {"version": 4, "shippingInfo": shipping(500, 105, deliveries=[delivery(("line-a", 2), ("line-b", 1))])}
_ITEM = {"id": "return-1", "type": "LineItemReturnItem", "quantity": 1, "lineItemId": "line-a", "shipmentState": "Returned"}
_BACK = _SENT | {"version": 6, "returnInfo": [{"items": [_ITEM], "returnDate": "2026-03-05T09:00:00.000Z"}]}
COMMERCETOOLS = (
    _PLACED,
    payment(transaction(amount=6171)),
    message("DeliveryAdded", 2, delivery=delivery(("line-a", 2), ("line-b", 1))),
    _SENT,
    payment(transaction(amount=6171), transaction("Refund", 2178, "Pending", "refund-1"), version=2),
    payment(transaction(amount=6171), transaction("Refund", 2178, "Success", "refund-1"), version=3),
    _BACK,
)
"""One life with everything in it."""
