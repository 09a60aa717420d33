"""Fields as Sylius writes them: links in place of objects, integers for money, times that not every payload has."""

import re
from datetime import datetime

from sources.platforms.context import Context
from sources.platforms.gateway_names import gateway_slug, tender_named
from sources.platforms.minor_units import exponent_of
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.shop_facts import Money, PaidBy
from sources.platforms.stated_money import Money as StatedMoney

STATED_DECIMALS = 2
_LAST = re.compile(r"/([^/]+)/?$")
_ORDER = re.compile(r"/orders/([^/]+)(?:/|$)")


def linked(node: Node | None) -> Node | None:
    """The last part of a link, or the code or id of an object in its place."""
    if node is None:
        return None
    if isinstance(node.value, dict):
        return node.find("code") or node.find("id") or linked(node.find("@id"))
    found = _LAST.search(node.value) if isinstance(node.value, str) else None
    return Node(found.group(1), node.pointer) if found else node


def order_token(node: Node) -> str | None:
    """The token of the order that a payment or a shipment belongs to."""
    order = node.find("order")
    if order is not None and isinstance(order.value, dict):
        named = order.find("tokenValue") or linked(order.find("@id"))
        return named.reference() if named is not None else None
    for link in (order, node.find("@id")):
        found = _ORDER.search(link.value) if link is not None and isinstance(link.value, str) else None
        if found:
            return Node(found.group(1), node.pointer).reference()
    return None


def minor(node: Node, money: Money) -> int:
    """An amount in minor units. Sylius counts hundredths of every currency, of yen and dinars too; parts of a minor unit are malformed."""
    return StatedMoney(money.currency, money.exponent, STATED_DECIMALS).exact(node)


def whole(node: Node, name: str, money: Money) -> int:
    """The amount of a field; 0 where it is not stated."""
    found = node.find(name)
    return minor(found, money) if found is not None else 0


def money_of(node: Node, context: Context) -> Money:
    """The currency of an order or a payment, else the connection's."""
    found = node.find("currencyCode")
    code, pointer = found.value if found is not None else context.connection.default_currency, f"{node.pointer}/currencyCode"
    if not isinstance(code, str):
        raise Unjudged("reject_malformed", f"{pointer}: no currency is stated; set default_currency in the connection file", pointer)
    return Money(currency=code, exponent=exponent_of(code, pointer))


def moment(node: Node, context: Context, *names: str) -> datetime:
    """The first of these times that is stated and can be read, else the arrival; many payloads of the API have no time at all."""
    for name in names:
        found = node.find(name)
        try:
            if found is not None:
                return found.time(context.zone)
        except Unjudged:
            if context.received_at is None:
                raise
    if context.received_at is None:
        pointer = f"{node.pointer}/{names[0]}"
        raise Unjudged(
            "refetch", f"{pointer}: no time is stated and none of arrival is known: fetch it again, or state when it came", pointer
        )
    return context.received_at


def paid_by(method: Node | None) -> PaidBy:
    """Tender and gateway of a payment method by its code."""
    code = linked(method)
    named = code if code is not None and isinstance(code.value, str) else None
    return PaidBy(tender=tender_named(named), gateway=gateway_slug(named))
