"""Where a platform's objects are read: paths below the base URL of a source, by kind of object. `{id}` is the object's id.

From the platforms' public API references. A source may add kinds and replace paths in its configuration.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

PATHS: Final[Mapping[str, Mapping[str, str]]] = {
    "shopify": {
        "order": "/admin/api/2025-10/orders/{id}.json",
        "transactions": "/admin/api/2025-10/orders/{id}/transactions.json",
        "refunds": "/admin/api/2025-10/orders/{id}/refunds.json",
    },
    "woocommerce": {
        "order": "/wp-json/wc/v3/orders/{id}",
        "refunds": "/wp-json/wc/v3/orders/{id}/refunds",
    },
    "stripe": {
        "charge": "/v1/charges/{id}?expand%5B%5D=balance_transaction",
        "payment_intent": "/v1/payment_intents/{id}",
        "refund": "/v1/refunds/{id}?expand%5B%5D=balance_transaction",
        "refunds": "/v1/refunds?charge={id}&limit=100",
        "dispute": "/v1/disputes/{id}",
        "balance_transaction": "/v1/balance_transactions/{id}",
    },
    "square": {
        "order": "/v2/orders/{id}",
        "payment": "/v2/payments/{id}",
        "refund": "/v2/refunds/{id}",
        "dispute": "/v2/disputes/{id}",
    },
    "paypal": {
        "order": "/v2/checkout/orders/{id}",
        "capture": "/v2/payments/captures/{id}",
        "refund": "/v2/payments/refunds/{id}",
        "dispute": "/v1/customer/disputes/{id}",
    },
    "mercado-pago": {
        "payment": "/v1/payments/{id}",
        "merchant_order": "/merchant_orders/{id}",
        "order": "/v1/orders/{id}",
        "refunds": "/v1/payments/{id}/refunds",
        "chargeback": "/v1/chargebacks/{id}",
    },
    "mollie": {
        "payment": "/v2/payments/{id}?embed=refunds,captures,chargebacks",
        "order": "/v2/orders/{id}?embed=payments,refunds,shipments",
        "refunds": "/v2/payments/{id}/refunds",
        "chargebacks": "/v2/payments/{id}/chargebacks",
    },
    "commercetools": {
        "order": "/orders/{id}",
        "payment": "/payments/{id}",
        "message": "/messages/{id}",
    },
    "amazon-sp-api": {
        "order": "/orders/2026-01-01/orders/{id}",
        "order_items": "/orders/v0/orders/{id}/orderItems",
        "financial_events": "/finances/v0/orders/{id}/financialEvents",
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
