"""What the gateway knows of each platform: how it proves itself, where it says what a request is about, what it wants to hear."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DAY_SECONDS: Final = 86_400
UNNAMED_TOPIC: Final = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place in a request: a header, or a way through the JSON body."""

    header: str | None = None
    field: tuple[str, ...] = ()


NOWHERE: Final = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformFacts:
    """scheme: the one of its own, None where the configuration has to name one. topic, transport_id: where they stand.

    age_seconds_max: how old a signed time may be; platforms that repeat a request without signing it anew need their longest retry.
    """

    scheme: str | None = None
    topic: Where = NOWHERE
    transport_id: Where = NOWHERE
    answer: bytes = b""
    age_seconds_max: int = 300


PLATFORMS: Final[Mapping[str, PlatformFacts]] = {
    "shopify": PlatformFacts(scheme="shopify", topic=Where(header="X-Shopify-Topic"), transport_id=Where(header="X-Shopify-Webhook-Id")),
    "woocommerce": PlatformFacts(
        scheme="woocommerce", topic=Where(header="X-WC-Webhook-Topic"), transport_id=Where(header="X-WC-Webhook-Delivery-ID")
    ),
    "stripe": PlatformFacts(scheme="stripe", topic=Where(field=("type",)), transport_id=Where(field=("id",))),
    "square": PlatformFacts(scheme="square", topic=Where(field=("type",)), transport_id=Where(field=("event_id",))),
    "adyen": PlatformFacts(scheme="adyen", topic=Where(field=("type",)), answer=b"[accepted]"),
    "paypal": PlatformFacts(
        scheme="paypal", topic=Where(field=("event_type",)), transport_id=Where(field=("id",)), age_seconds_max=4 * DAY_SECONDS
    ),
    "mercado-pago": PlatformFacts(
        scheme="mercado-pago", topic=Where(field=("type",)), transport_id=Where(header="X-Request-Id"), age_seconds_max=4 * DAY_SECONDS
    ),
    "mollie": PlatformFacts(scheme="mollie"),
    "saleor": PlatformFacts(scheme="saleor", topic=Where(header="Saleor-Event")),
    "ebay": PlatformFacts(
        scheme="ebay", topic=Where(field=("metadata", "topic")), transport_id=Where(field=("notification", "notificationId"))
    ),
    "zoho": PlatformFacts(scheme="zoho", topic=Where(header="X-ZOHO-Event")),
    "zoho-inventory": PlatformFacts(scheme="zoho", topic=Where(header="X-ZOHO-Event")),
    "bigcommerce": PlatformFacts(scheme="header", topic=Where(field=("scope",)), transport_id=Where(field=("hash",))),
    "vtex": PlatformFacts(scheme="header"),
    "shipstation": PlatformFacts(scheme="header", topic=Where(field=("resource_type",))),
    "mercado-libre": PlatformFacts(scheme="allow-list", topic=Where(field=("topic",)), transport_id=Where(field=("_id",))),
    "sylius": PlatformFacts(),
}
"""By name, words joined by hyphens."""

NOT_OVER_HTTP: Final[Mapping[str, str]] = {
    "amazon": "Amazon delivers to a queue (SQS), proven by its access rights: poll it",
    "amazon-sp-api": "Amazon delivers to a queue (SQS), proven by its access rights: poll it",
    "commercetools": "commercetools delivers to a queue or a broker, proven by its access rights: subscribe there, for instance to Kafka",
}
"""Platforms that send no webhooks, and what to do instead."""


def facts_of(platform: str) -> PlatformFacts:
    """The facts of a platform; of one that is not known, that it has no scheme of its own."""
    return PLATFORMS.get(platform, PlatformFacts())
