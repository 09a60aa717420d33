"""How money came or went: Shopify's gateway names to tenders."""

import re

from asiento.accounting.order_events import TenderKind
from schemas.card_numbers import holds_card_number
from sources.platforms.gateway_names import tender_named
from sources.platforms.minor_units import to_minor_units
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.money import MoneyReader

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#-]{2,79}")


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
