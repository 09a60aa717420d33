"""How money came or went: Shopify's gateway names to tenders."""

import re

from asiento.accounting.order_events import TenderKind
from schemas.card_numbers import holds_card_number
from sources.platforms.minor_units import to_minor_units
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.money import MoneyReader

GATEWAY_CHARACTERS_MAX = 48
UNKNOWN_GATEWAY = "unknown"
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#-]{2,79}")

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


def tender_of(transaction: Node) -> TenderKind:
    """The tender of a transaction by its gateway's name, else by its card details, else OTHER."""
    named = tender_named(transaction.find("gateway"))
    if named != "OTHER":
        return named
    details = transaction.find("payment_details")
    return "CARD" if details is not None and details.find("credit_card_company") is not None else "OTHER"


def gateway_reference(transaction: Node) -> str | None:
    """The gateway's own id of the transaction; only what looks like an id passes, never a card number."""
    found = transaction.find("authorization")
    if found is None or not isinstance(found.value, str) or not _REFERENCE.fullmatch(found.value):
        return None
    return None if holds_card_number(found.value) else found.value


def cash_rounding(transaction: Node, money: MoneyReader) -> int:
    """Signed minor units that cash was rounded by; the transaction's `amount` is stated without it."""
    found = transaction.find("amount_rounding")
    if found is None:
        return 0
    if isinstance(found.value, dict):
        side = found.find("presentment_money") or found.find("shop_money") or found
        if (code := side.find("currency_code") or side.find("currency")) is not None and code.value != money.currency:
            raise Unjudged("reject_malformed", f"{code.pointer}: another currency than the transaction's", code.pointer)
        found = side.need("amount")
    return to_minor_units(found.decimal(), money.exponent, found.pointer)
