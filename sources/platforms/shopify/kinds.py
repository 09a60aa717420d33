"""What a payload is: its own fields say it, else the envelope around it, else the topic it came under."""

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

Kind: TypeAlias = Literal[
    "order",
    "order edit",
    "deleted order",
    "transaction",
    "fulfillment",
    "refund",
    "return",
    "reverse delivery",
    "dispute",
    "payout",
    "balance transaction",
    "tender transaction",
    "draft order",
    "gift card",
    "gift card adjustment",
    "customer data request",
    "customer erasure",
    "shop erasure",
    "other",
]

ENVELOPES: Final[Mapping[str, Kind | None]] = {
    "order": "order",
    "orders": "order",
    "transaction": None,
    "transactions": None,
    "fulfillment": "fulfillment",
    "fulfillments": "fulfillment",
    "refund": "refund",
    "refunds": "refund",
    "return": "return",
    "returns": "return",
    "dispute": "dispute",
    "disputes": "dispute",
    "payout": "payout",
    "payouts": "payout",
    "tender_transactions": "tender transaction",
    "draft_order": "draft order",
    "draft_orders": "draft order",
    "gift_card": "gift card",
    "gift_cards": "gift card",
    "adjustment": "gift card adjustment",
    "adjustments": "gift card adjustment",
}
"""Field that a REST answer holds its object or its list in -> what it is, where that field alone says it."""

_BY_GID: Final[Mapping[str, Kind]] = {
    "Order": "order",
    "OrderTransaction": "transaction",
    "Fulfillment": "fulfillment",
    "Refund": "refund",
    "Return": "return",
    "ReverseDelivery": "reverse delivery",
    "ReverseFulfillmentOrder": "reverse delivery",
    "ShopifyPaymentsDispute": "dispute",
    "ShopifyPaymentsPayout": "payout",
    "ShopifyPaymentsBalanceTransaction": "balance transaction",
    "TenderTransaction": "tender transaction",
    "DraftOrder": "draft order",
    "GiftCard": "gift card",
}
_GID: Final = re.compile(r"gid://shopify/(?P<type>[A-Za-z]{1,64})/[0-9]{1,20}(\?.{0,200})?")

_BY_FIELDS: Final[tuple[tuple[Kind, frozenset[str]], ...]] = (
    ("order edit", frozenset({"order_edit"})),
    ("draft order", frozenset({"invoice_url", "line_items"})),
    ("order", frozenset({"line_items", "total_price", "financial_status"})),
    ("refund", frozenset({"refund_line_items"})),
    ("balance transaction", frozenset({"amount", "fee", "net", "source_type"})),
    ("payout", frozenset({"amount", "summary", "date"})),
    ("dispute", frozenset({"amount", "evidence_due_by"})),
    ("dispute", frozenset({"amount", "network_reason_code"})),
    ("tender transaction", frozenset({"amount", "payment_method", "remote_reference"})),
    ("gift card adjustment", frozenset({"amount", "gift_card_id"})),
    ("return", frozenset({"return_line_items"})),
    ("reverse delivery", frozenset({"reverse_fulfillment_order_line_items"})),
    ("transaction", frozenset({"kind", "status", "amount", "gateway"})),
    ("fulfillment", frozenset({"line_items", "order_id", "status"})),
    ("gift card", frozenset({"initial_value", "last_characters"})),
    ("customer erasure", frozenset({"shop_domain", "orders_to_redact"})),
    ("customer data request", frozenset({"shop_domain", "orders_requested"})),
)

_TELLING: Final[Mapping[str, Kind]] = {
    "orders": "order",
    "orders/edited": "order edit",
    "orders/delete": "deleted order",
    "order_transactions": "transaction",
    "fulfillments": "fulfillment",
    "refunds": "refund",
    "returns": "return",
    "reverse_deliveries": "reverse delivery",
    "reverse_fulfillment_orders": "reverse delivery",
    "disputes": "dispute",
    "payouts": "payout",
    "shopify_payments/payouts": "payout",
    "balance_transactions": "balance transaction",
    "shopify_payments/balance/transactions": "balance transaction",
    "tender_transactions": "tender transaction",
    "draft_orders": "draft order",
    "gift_cards": "gift card",
    "gift_card_adjustments": "gift card adjustment",
    "customers/data_request": "customer data request",
    "customers/redact": "customer erasure",
    "shop/redact": "shop erasure",
}
_QUIET: Final = (
    *("app", "app_subscriptions", "app_purchases_one_time", "bulk_operations", "carts", "channels", "checkouts", "collections"),
    *("collection_listings", "collection_publications", "companies", "company_contacts", "company_locations", "customers"),
    *("customer_groups", "customer_payment_methods", "customer_tags", "discounts", "domains", "fulfillment_events"),
    *("fulfillment_holds", "fulfillment_orders", "inventory_items", "inventory_levels", "inventory_shipments", "locales"),
    *("inventory_transfers", "locations", "markets", "metafields", "metaobjects", "payment_schedules", "payment_terms", "products"),
    *("product_listings", "product_feeds", "product_publications", "profiles", "scheduled_product_listings", "segments"),
    *("selling_plan_groups", "shop", "subscription_billing_attempts", "subscription_billing_cycles", "subscription_contracts"),
    *("tax_partners", "tax_services", "tax_summaries", "themes", "variants"),
)

TOPICS: Final[Mapping[str, Kind]] = {**_TELLING, **dict.fromkeys(_QUIET, "other")}
"""Topic, or its part before the slash -> what comes under it."""

_BY_TOPIC: Final = sorted(((re.sub(r"[^a-z]+", "_", topic), kind) for topic, kind in TOPICS.items()), key=lambda each: -len(each[0]))


def kind_of(node: Node, hint: Kind | None, topic: str) -> Kind:
    """What an object is; raises `Unjudged` where neither its fields nor envelope nor topic say it."""
    if not isinstance(node.value, dict):
        raise node.malformed("an object")
    gid = node.value.get("admin_graphql_api_id")
    named = _GID.fullmatch(gid) if isinstance(gid, str) else None
    found = _BY_GID.get(named["type"]) if named else None
    found = found or next((kind for kind, names in _BY_FIELDS if names <= node.value.keys()), None) or hint or kind_of_topic(topic)
    if found is None:
        message = f"{node.pointer or 'the payload'} is no object that is known here, and its topic names none"
        raise Unjudged("reject_malformed", message, node.pointer)
    return found


def kind_of_topic(topic: str) -> Kind | None:
    """What comes under a topic, written as in a webhook's header or as in its subscription (ORDERS_CREATE)."""
    plain = re.sub(r"[^a-z]+", "_", topic.lower()).strip("_")
    return next((kind for prefix, kind in _BY_TOPIC if plain == prefix or plain.startswith(f"{prefix}_")), None)
