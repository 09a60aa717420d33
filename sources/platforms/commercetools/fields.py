"""Fields as commercetools writes them: money as cents with its own count of digits, references, times."""

from datetime import datetime

from sources.platforms.context import Context
from sources.platforms.facts import Fetch
from sources.platforms.minor_units import exponent_of
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.shop_facts import Money


def money_of(amount: Node) -> Money:
    """The currency of an amount."""
    code = amount.need("currencyCode")
    if not isinstance(code.value, str):
        raise code.malformed("a currency code")
    return Money(currency=code.value, exponent=exponent_of(code.value, code.pointer))


def cents(amount: Node, money: Money) -> int:
    """An amount in minor units of a currency. High precision amounts state them rounded beside the precise ones: these are charged."""
    code, digits, value = amount.need("currencyCode"), amount.find("fractionDigits"), amount.need("centAmount").integer()
    if code.value != money.currency:
        raise Unjudged("reject_malformed", f"{code.pointer}: another currency than the order's", code.pointer)
    precise = amount.find("type")
    stated = money.exponent if digits is None or (precise is not None and precise.value == "highPrecision") else digits.count()
    if stated == money.exponent:
        return value
    if stated > money.exponent + 12 or money.exponent > stated + 12:
        raise amount.malformed("an amount with the decimals of its currency")
    more: int = 10**money.exponent
    fewer: int = 10**stated
    scaled, rest = divmod(value * more, fewer)
    if rest:
        pointer = amount.pointer
        raise Unjudged("reject_malformed", f"{pointer}: the amount does not fit a currency of {money.exponent} decimals", pointer)
    return scaled


def find_cents(node: Node, name: str, money: Money) -> int | None:
    """The amount of a field; None where it is not stated."""
    found = node.find(name)
    return cents(found, money) if found is not None else None


def moment(node: Node, context: Context, *names: str) -> datetime:
    """The first of these times that is stated, else the arrival: drafts of imports often have none."""
    for name in names:
        if (found := node.find(name)) is not None:
            return found.time(context.zone)
    if context.received_at is None:
        pointer = f"{node.pointer}/{names[0]}"
        raise Unjudged(
            "refetch", f"{pointer}: no time is stated and none of arrival is known: fetch it again, or state when it came", pointer
        )
    return context.received_at


def fetch_of(kind: str, identity: str, reason: str) -> Fetch:
    """The fetch of an order or a payment."""
    return Fetch(f"{kind}s", f"{kind}/{identity}", reason)


def referenced(reference: Node | None, kind: str) -> str | None:
    """The id of a reference to an object of this kind; None where it is none."""
    if reference is None or not isinstance(reference.value, dict):
        return None
    named, identity = reference.find("typeId"), reference.find("id")
    return identity.reference() if identity is not None and (named is None or named.value == kind) else None
