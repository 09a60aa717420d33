"""What a payload is: its own fields say it, else the envelope around it, else the topic it came under."""

import re
from collections.abc import Collection, Mapping
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
    "balance",
    "tender transaction",
    "draft order",
    "gift card",
    "gift card adjustment",
    "customer data request",
    "customer erasure",
    "shop erasure",
    "other",
]

_QUIET_ENVELOPES: Final = (
    *("checkout", "checkouts", "collection", "customer", "customers", "discount_code", "dispute_evidence", "fulfillment_event"),
    *("fulfillment_events", "fulfillment_order", "fulfillment_orders", "inventory_item", "inventory_level", "location", "locations"),
    *("metafield", "metafields", "payment", "payments", "payment_terms", "price_rule", "product", "products", "risk", "risks", "shop"),
    *("scheduled_product_listing", "collection_listing", "product_listing", "cancellation_request", "fulfillment_request", "variant"),
)
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
    "balance": "balance",
    "tender_transactions": "tender transaction",
    "draft_order": "draft order",
    "draft_orders": "draft order",
    "gift_card": "gift card",
    "gift_cards": "gift card",
    "adjustment": "gift card adjustment",
    "adjustments": "gift card adjustment",
    **dict.fromkeys(_QUIET_ENVELOPES, "other"),
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
    ("other", frozenset({"abandoned_checkout_url", "line_items"})),
    ("other", frozenset({"assigned_location_id", "line_items"})),
    ("other", frozenset({"request_status", "line_items"})),
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
    "orders/link_requested": "other",
    "orders/risk_assessment_changed": "other",
    "orders/shopify_protect_eligibility_changed": "other",
    "order_transactions": "transaction",
    "fulfillments": "fulfillment",
    "refunds": "refund",
    "returns": "return",
    "reverse_deliveries": "reverse delivery",
    "reverse_fulfillment_orders": "reverse delivery",
    "disputes": "dispute",
    "shopify_payments/disputes": "dispute",
    "payouts": "payout",
    "shopify_payments/payouts": "payout",
    "balance": "balance",
    "shopify_payments/balance": "balance",
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
    *("app", "app_subscriptions", "app_purchases_one_time", "attributed_sessions", "audit_events", "bulk_operations", "carts", "channels"),
    *("checkout_and_accounts_configurations", "checkouts", "collections", "collection_listings", "collection_publications", "companies"),
    *("company_contacts", "company_contact_roles", "company_locations", "company_location_roles", "customers", "customer"),
    *("customer_account_settings", "customer_groups", "customer_payment_methods", "customers_email_marketing_consent"),
    *("customers_marketing_consent", "delivery_promise_settings", "discounts", "domains", "finance_app_staff_member"),
    *("finance_kyc_information", "fulfillment_events", "fulfillment_holds", "fulfillment_orders", "inventory_items", "inventory_levels"),
    *("inventory_shipments", "inventory_transfers", "locales", "locations", "markets", "markets_backup_region", "metafield_definitions"),
    *("metafields", "metaobjects", "payment_schedules", "payment_terms", "products", "product_listings", "product_feeds"),
    *("product_publications", "profiles", "publications", "scheduled_product_listings", "segments", "selling_plan_groups"),
    *("shipping_addresses", "shop", "subscription_billing_attempts", "subscription_billing_cycles", "subscription_billing_cycle_edits"),
    *("subscription_contracts", "tax_partners", "tax_services", "tax_summaries", "themes", "variants"),
)

TOPICS: Final[Mapping[str, Kind]] = {**_TELLING, **dict.fromkeys(_QUIET, "other")}
"""Topic, or its part before the slash -> what comes under it."""

_BY_TOPIC: Final = sorted(((re.sub(r"[^a-z]+", "_", topic), kind) for topic, kind in TOPICS.items()), key=lambda each: -len(each[0]))


_POLLED: Final = re.compile(r"(none_)?(poll|answer|get)_(of_)?")
"""none (poll of shopify_payments/payouts), GET orders."""
_GRAPHQL: Final = frozenset({"data", "displayFinancialStatus", "lineItems", "orderTransactions", "refundLineItems", "totalPriceSet"})
"""Fields of answers of the GraphQL API, which names everything in its own way."""


def kind_of(node: Node, hint: Kind | None, topic: str) -> Kind:
    """What an object is; raises `Unjudged` where neither its fields nor envelope nor topic say it."""
    if not isinstance(node.value, dict):
        raise node.malformed("an object")
    gid = node.value.get("admin_graphql_api_id")
    named = _GID.fullmatch(gid) if isinstance(gid, str) else None
    known = (_BY_GID.get(named["type"]) if named else None) or kind_of_fields(node.value)
    if known is not None:
        return known
    found = hint or kind_of_topic(topic) or ("other" if named else None)
    if found != "other" and not _GRAPHQL.isdisjoint(node.value):
        raise Unjudged("refetch", "an answer of the GraphQL API is not read here: fetch the object with the REST API", node.pointer)
    if found is None:
        message = f"{node.pointer or 'the payload'} is no object that is known here, and its topic names none"
        raise Unjudged("reject_malformed", message, node.pointer)
    return found


def kind_of_fields(fields: Collection[str]) -> Kind | None:
    """What an object is by the names of its fields."""
    return next((kind for kind, names in _BY_FIELDS if names <= set(fields)), None)


def kind_of_topic(topic: str) -> Kind | None:
    """What comes under a topic, written as in a webhook's header, as in its subscription (ORDERS_CREATE), or as what was polled."""
    plain = _POLLED.sub("", re.sub(r"[^a-z]+", "_", topic.lower()).strip("_"))
    return next((kind for prefix, kind in _BY_TOPIC if plain == prefix or plain.startswith(f"{prefix}_")), None)
