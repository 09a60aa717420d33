"""Mollie's amounts: `{"currency": "EUR", "value": "10.00"}`."""

from sources.platforms.minor_units import to_minor_units
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money, money_called


def money_at(node: Node, name: str) -> tuple[Money, int]:
    """Currency and signed minor units of a field that must be there."""
    field = node.need(name)
    money = money_called(field.need("currency"), {})
    value = field.need("value")
    return money, to_minor_units(value.decimal(), money.exponent, value.pointer)


def amount_at(node: Node, name: str, money: Money) -> int:
    """Signed minor units of a field in this currency; another one is malformed."""
    theirs, amount = money_at(node, name)
    if theirs.currency != money.currency:
        pointer = f"{node.pointer}/{name}/currency"
        raise Unjudged("reject_malformed", f"{pointer}: another currency than that of the object", pointer)
    return amount


def found_amount(node: Node, name: str, money: Money) -> int | None:
    """Like `amount_at`; None where the field is missing."""
    return amount_at(node, name, money) if node.find(name) is not None else None


def positive(node: Node, name: str) -> tuple[Money, int]:
    """Like `money_at`; a negative amount is malformed."""
    money, amount = money_at(node, name)
    if amount < 0:
        raise node.need(name).need("value").malformed("an amount of 0 or more")
    return money, amount
