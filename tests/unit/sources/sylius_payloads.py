"""Sylius payloads for tests, small and complete; change what a test is about with keyword arguments."""

from typing import Any

Payload = dict[str, Any]
API = "/api/v2/admin"


def item(identity: int = 11, price: int = 2000, quantity: int = 1, **fields: Any) -> Payload:
    """An item without promotions and taxes; its units are numbered after it."""
    total = price * quantity
    base: Payload = {"@id": f"{API}/order-items/{identity}", "@type": "OrderItem", "id": identity, "productName": "Mug"}
    base |= {"variant": f"{API}/product-variants/MUG_{identity}", "quantity": quantity, "unitPrice": price, "originalUnitPrice": price}
    units = [f"{API}/order-item-units/{identity}{number}" for number in range(quantity)]
    return base | {"total": total, "subtotal": total, "fullDiscountedUnitPrice": price, "units": units} | fields


def order(*items: Payload, shipping: int = 0, **fields: Any) -> Payload:
    """A new, unpaid order in EUR to Spain."""
    items_total = sum(each["total"] for each in items)
    address = {"@type": "Address", "firstName": "Ana", "countryCode": "ES", "provinceCode": "ES-M", "postcode": "28013"}
    base: Payload = {"@id": f"{API}/orders/tok1", "@type": "Order", "tokenValue": "tok1", "id": 5, "number": "000000007"}
    base |= {"channel": f"{API}/channels/WEB", "customer": f"{API}/customers/8", "shippingAddress": address, "billingAddress": address}
    base |= {"payments": [{"@id": f"{API}/payments/70", "@type": "Payment", "id": 70, "method": f"{API}/payment-methods/stripe_checkout"}]}
    base |= {"shipments": [{"@id": f"{API}/shipments/60", "@type": "Shipment", "id": 60, "method": f"{API}/shipping-methods/UPS"}]}
    base |= {"currencyCode": "EUR", "checkoutState": "completed", "paymentState": "awaiting_payment", "shippingState": "ready"}
    base |= {"state": "new", "checkoutCompletedAt": "2026-03-01T10:00:00+01:00", "items": list(items), "itemsTotal": items_total}
    base |= {"total": items_total + shipping, "shippingTotal": shipping, "taxTotal": 0, "taxExcludedTotal": 0, "taxIncludedTotal": 0}
    return base | {"shippingTaxTotal": 0, "orderPromotionTotal": 0, "shippingPromotionTotal": 0} | fields


def payment(amount: int, state: str = "completed", **fields: Any) -> Payload:
    """A payment of the order by itself."""
    base: Payload = {"@id": f"{API}/payments/70", "@type": "Payment", "id": 70, "order": f"{API}/orders/tok1", "currencyCode": "EUR"}
    base |= {"method": {"@id": f"{API}/payment-methods/stripe_checkout", "@type": "PaymentMethod"}, "amount": amount, "state": state}
    return base | {"details": [], "createdAt": "2026-03-01T10:00:05+01:00", "updatedAt": "2026-03-01T10:00:09+01:00"} | fields


def shipment(*units: str, identity: int = 60, **fields: Any) -> Payload:
    """A shipment of these units that left."""
    base: Payload = {"@id": f"{API}/shipments/{identity}", "@type": "Shipment", "id": identity, "order": f"{API}/orders/tok1"}
    base |= {"state": "shipped", "shippedAt": "2026-03-02T10:00:00+01:00", "units": [f"{API}/order-item-units/{unit}" for unit in units]}
    return base | fields


SYLIUS = (
    order(item(11, 2000, 2, subtotal=3600, total=3240), item(12, 1000, total=900), shipping=605, orderPromotionTotal=-460)
    | {"taxExcludedTotal": 105, "taxTotal": 105, "paymentState": "awaiting_payment"},
    payment(4745),
    shipment("110", "120"),
    shipment("111", identity=61),
    payment(4745, "refunded"),
)
"""One life with everything in it."""
