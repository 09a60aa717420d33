"""Names of gateways, as shops write them: the qualifier of their clearing account, and how money comes by them."""

import re

from asiento.accounting.order_events import TenderKind
from sources.platforms.payload import Node

GATEWAY_CHARACTERS_MAX = 48
UNKNOWN_GATEWAY = "unknown"

_TENDERS: tuple[tuple[re.Pattern[str], TenderKind], ...] = (
    (re.compile(r"gift_?card"), "GIFT_CARD"),
    (re.compile(r"store_?credit"), "STORE_CREDIT"),
    (re.compile(r"cash_on_delivery|(^|_)cod($|_)|contra_?reembolso|contra_?entrega"), "CASH_ON_DELIVERY"),
    (re.compile(r"^cash$|^efectivo$"), "CASH"),
    (re.compile(r"^manual$|bank|transfer|wire|money_order|sepa|deposit|(^|_)(spei|oxxo|pix)($|_)"), "BANK_TRANSFER"),
    (re.compile(r"paypal|apple_pay|google_pay|amazon_pay|mercado_?pago|venmo|alipay|wechat|swish|bizum"), "WALLET"),
    (re.compile(r"shopify_payments|stripe|adyen|braintree|authorize|redsys|visa|master_?card|amex|card|bogus|shop_pay"), "CARD"),
)


def gateway_slug(gateway: Node | None) -> str:
    """The gateway's name as an account qualifier: lower case letters, digits and underscores."""
    name = gateway.text() if gateway is not None else ""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:GATEWAY_CHARACTERS_MAX] or UNKNOWN_GATEWAY


def tender_named(gateway: Node | None) -> TenderKind:
    """The tender of a gateway's name, else OTHER."""
    slug = gateway_slug(gateway)
    return next((tender for pattern, tender in _TENDERS if pattern.search(slug)), "OTHER")
