"""How an order is paid: WooCommerce names the payment method, the books want a tender and a gateway."""

import re
from collections.abc import Mapping
from typing import Final

from asiento.accounting.order_events import TenderKind
from schemas.card_numbers import holds_card_number
from sources.platforms.gateway_names import UNKNOWN_GATEWAY, gateway_slug, tender_named
from sources.platforms.payload import Node
from sources.platforms.woocommerce.fields import stated

_OWN: Final[Mapping[str, TenderKind]] = {"cod": "CASH_ON_DELIVERY", "bacs": "BANK_TRANSFER", "cheque": "BANK_TRANSFER"}
"""Methods that come with WooCommerce itself."""
_WALLETS = re.compile(r"^ppcp|^ppec|klarna|ideal|bancontact|giropay|sofort|blik|bizum|alipay|wechat|afterpay|clearpay|affirm")
_CARDS = re.compile(r"woocommerce_payments|square|redsys|razorpay|payu|checkout_com|worldpay|nmi|eway|cardpointe|elavon")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#-]{2,79}")


def gateway_of(order: Node) -> str:
    """The payment method as an account qualifier: lower case letters, digits and underscores."""
    return gateway_slug(_method(order))


def tender_of(order: Node) -> TenderKind:
    """The tender of the payment method by its id; OTHER for one that is not known."""
    slug = gateway_of(order)
    if slug in _OWN:
        return _OWN[slug]
    if _WALLETS.search(slug):
        return "WALLET"
    if _CARDS.search(slug):
        return "CARD"
    return "OTHER" if slug == UNKNOWN_GATEWAY else tender_named(_method(order))


def gateway_reference(order: Node) -> str | None:
    """The gateway's own id of the payment; only what looks like an id passes, never a card number."""
    found = stated(order, "transaction_id") or _detail(order, "transaction_id")
    if found is None or not isinstance(found.value, str) or not _REFERENCE.fullmatch(found.value):
        return None
    return None if holds_card_number(found.value) else found.value


def _method(order: Node) -> Node | None:
    return stated(order, "payment_method") or _detail(order, "method_id")


def _detail(order: Node, name: str) -> Node | None:
    details = order.find("payment_details")
    return stated(details, name) if details is not None else None
