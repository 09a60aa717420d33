"""PayPal's amounts: `{"currency_code": "EUR", "value": "10.00"}`, in the first version `{"currency": "EUR", "total": "10.00"}`."""

from sources.platforms.minor_units import to_minor_units
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money, money_called


def read_amount(field: Node) -> tuple[Money, int]:
    """Currency and signed minor units of an amount."""
    money = money_called(field.find("currency_code") or field.find("currency") or field.need("currency_code"), {})
    value = field.find("value") or field.find("total") or field.need("value")
    return money, to_minor_units(value.decimal(), money.exponent, value.pointer)


def find_amount(node: Node, name: str) -> tuple[Money, int] | None:
    """The amount of a field; None where it is missing."""
    field = node.find(name)
    return read_amount(field) if field is not None else None


def in_currency(node: Node, name: str, money: Money) -> int | None:
    """Signed minor units of a field; None where it is missing or in another currency."""
    found = find_amount(node, name)
    return found[1] if found is not None and found[0].currency == money.currency else None
