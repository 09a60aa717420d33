"""WooCommerce payloads for tests, small and complete; change what a test is about with keyword arguments."""

from decimal import Decimal
from typing import Any

Payload = dict[str, Any]


def item(identity: int = 11, total: str = "20.00", tax: str = "0.00", quantity: Any = 1, **fields: Any) -> Payload:
    """A product line; without coupons its subtotal is its total."""
    taxes = [{"id": 3, "total": tax, "subtotal": tax}] if Decimal(tax) else []
    base: Payload = {"id": identity, "name": "Mug &amp; saucer", "product_id": 90 + identity, "variation_id": 0, "quantity": quantity}
    base |= {"subtotal": total, "subtotal_tax": tax, "total": total, "total_tax": tax, "taxes": taxes, "sku": f"MUG-{identity}"}
    return base | {"tax_class": "", "meta_data": []} | fields


def shipping(total: str = "5.00", tax: str = "0.00", identity: int = 21, **fields: Any) -> Payload:
    """A shipping line."""
    taxes = [{"id": 3, "total": tax, "subtotal": ""}] if Decimal(tax) else []
    base: Payload = {"id": identity, "method_title": "Flat rate", "method_id": "flat_rate", "total": total}
    return base | {"total_tax": tax, "taxes": taxes, "meta_data": []} | fields


def fee(total: str, tax: str = "0.00", identity: int = 31, **fields: Any) -> Payload:
    """A fee line; a negative one takes off the order."""
    taxes = [{"id": 3, "total": tax, "subtotal": ""}] if Decimal(tax) else []
    return {"id": identity, "name": "Packing", "total": total, "total_tax": tax, "taxes": taxes, "meta_data": []} | fields


def tax_line(total: str, shipping_total: str = "0.00", rate: int = 3, **fields: Any) -> Payload:
    """A tax line of 21 % VAT in Spain."""
    base: Payload = {"id": 40 + rate, "rate_code": "ES-IVA-1", "rate_id": rate, "label": "IVA", "compound": False, "rate_percent": 21}
    return base | {"tax_total": total, "shipping_tax_total": shipping_total, "meta_data": []} | fields


def order(*items: Payload, total: str, **fields: Any) -> Payload:
    """A paid order in EUR to Spain, not completed yet."""
    address = {"first_name": "Ana", "country": "ES", "state": "M", "postcode": "28013", "address_1": "Calle Mayor 1"}
    base: Payload = {
        "id": 700,
        "parent_id": 0,
        "number": "700",
        "order_key": "wc_order_x",
        "created_via": "checkout",
        "status": "processing",
    }
    base |= {"currency": "EUR", "date_created": "2026-03-01T10:00:00", "date_created_gmt": "2026-03-01T09:00:00"}
    base |= {"date_modified_gmt": "2026-03-01T09:05:00", "date_paid_gmt": "2026-03-01T09:01:00", "date_completed_gmt": None}
    base |= {"total": total, "prices_include_tax": False, "customer_id": 8, "billing": address | {"email": "ana@example.com"}}
    base |= {"shipping": address, "payment_method": "stripe", "transaction_id": "ch_3NfX", "meta_data": [], "line_items": list(items)}
    return base | {"tax_lines": [], "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "refunds": []} | fields


def completed(payload: Payload, modified: str = "2026-03-03T12:00:00", **fields: Any) -> Payload:
    """The same order, completed on 2 March."""
    return payload | {"status": "completed", "date_completed_gmt": "2026-03-02T08:00:00", "date_modified_gmt": modified} | fields


def stub(identity: int = 800, total: str = "-20.00") -> Payload:
    """A refund as an order lists it."""
    return {"id": identity, "reason": "broken", "total": total}


def refund(*items: Payload, amount: str, **fields: Any) -> Payload:
    """A refund object on 3 March, paid back by the gateway."""
    base: Payload = {"id": 800, "date_created_gmt": "2026-03-03T11:00:00", "amount": amount, "reason": "broken", "refunded_by": 1}
    base |= {"refunded_payment": True, "meta_data": [], "line_items": list(items)}
    return base | {"_links": {"up": [{"href": "https://shop.example/wp-json/wc/v3/orders/700"}]}} | fields


def refunded(payload: Payload, quantity: int = -1, **fields: Any) -> Payload:
    """A line of a refund: new id, negative amounts, the old id in its meta data."""
    taxes = [tax | {"total": f"-{tax['total']}"} for tax in payload["taxes"]]
    meta = [{"id": 5, "key": "_refunded_item_id", "value": str(payload["id"])}]
    negative = {name: f"-{payload[name]}" for name in ("total", "total_tax", "subtotal", "subtotal_tax") if name in payload}
    return payload | negative | {"id": payload["id"] + 1000, "quantity": quantity, "taxes": taxes, "meta_data": meta} | fields


_GOODS = (item(11, "40.00", "8.40", quantity=2), item(12, "10.00", "2.10") | {"subtotal": "12.00", "subtotal_tax": "2.52"})
_CHARGES = {"shipping_lines": [shipping("5.00", "1.05")], "fee_lines": [fee("2.00", "0.42"), fee("-5.00", "-1.05", 32)]}
_PAID = order(*_GOODS, total="62.92", tax_lines=[tax_line("9.87", "1.05")], **_CHARGES)
WOOCOMMERCE = (
    _PAID,
    completed(_PAID, refunds=[stub(800, "-24.20")]),
    refund(refunded(_GOODS[0], total="-20.00", total_tax="-4.20"), amount="24.20", shipping_lines=[]),
)
"""One life with everything in it."""
