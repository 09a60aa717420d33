"""Where a platform's objects are read: paths below the base URL of a source, by kind of object. `{id}` is the object's id.

From the platforms' public API references. A source may add kinds and replace paths in its configuration.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

PATHS: Final[Mapping[str, Mapping[str, str]]] = {
    "shopify": {
        "orders": "/admin/api/2025-10/orders/{id}.json",
        "order_transactions": "/admin/api/2025-10/orders/{id}/transactions.json",
    },
    "woocommerce": {
        "orders": "/wp-json/wc/v3/orders/{id}",
        "order_refunds": "/wp-json/wc/v3/orders/{id}/refunds",
    },
    "stripe": {
        "charge": "/v1/charges/{id}",
        "payment_intent": "/v1/payment_intents/{id}",
        "refund": "/v1/refunds/{id}",
        "refunds": "/v1/refunds?charge={id}",
        "dispute": "/v1/disputes/{id}",
        "balance_transaction": "/v1/balance_transactions/{id}",
    },
    "square": {
        "orders": "/v2/orders/{id}",
        "payments": "/v2/payments/{id}",
        "refunds": "/v2/refunds/{id}",
    },
    "mercado-pago": {
        "payment": "/v1/payments/{id}",
        "refunds": "/v1/payments/{id}/refunds",
        "chargeback": "/v1/chargebacks/{id}",
        "merchant_order": "/merchant_orders/{id}",
        "order": "/v1/orders/{id}",
    },
    "mollie": {
        "payment": "/v2/payments/{id}?embed=refunds,captures,chargebacks",
        "order": "/v2/orders/{id}?embed=payments,refunds,shipments",
        "refunds": "/v2/payments/{id}/refunds",
        "chargebacks": "/v2/payments/{id}/chargebacks",
    },
    "paypal": {
        "capture": "/v2/payments/captures/{id}",
        "refund": "/v2/payments/refunds/{id}",
        "order": "/v2/checkout/orders/{id}",
        "dispute": "/v1/customer/disputes/{id}",
    },
    "commercetools": {
        "order": "/orders/{id}",
        "payment": "/payments/{id}",
    },
    "amazon-sp-api": {
        "orders": "/orders/2026-01-01/orders/{id}",
        "order_items": "/orders/v0/orders/{id}/orderItems",
        "transactions": "/finances/2024-06-19/transactions?relatedIdentifierName=ORDER_ID&relatedIdentifierValue={id}",
    },
}
"""Platform -> kind of object -> path."""


def path_of(resource: str, paths: Mapping[str, str]) -> str | None:
    """The path of `<kind>/<id>`; None where the kind has none. The id comes out of a payload: it stays one segment of the path."""
    kind, _, identity = resource.partition("/")
    template = paths.get(kind)
    if template is None or not identity or identity in {".", ".."}:
        return None
    return template.replace("{id}", quote(identity, safe=""))
