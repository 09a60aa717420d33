"""Amounts that a provider states in minor units of its own, which are not those of ISO for every currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sources.platforms.figures import difference_text
from sources.platforms.minor_units import exponent_of, to_minor_units
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node


@dataclass(frozen=True, slots=True)
class Money:
    """A currency as a provider states it: `exponent` by the pinned table, `stated` by the provider's own (0 for major units)."""

    currency: str
    exponent: int
    stated: int

    def exact(self, node: Node) -> int:
        """Minor units of one whole number, of either sign; what does not fit the currency is malformed."""
        return to_minor_units(Decimal(node.integer()).scaleb(-self.stated), self.exponent, node.pointer)

    def amount(self, node: Node, name: str) -> int:
        """The amount of a field that must be there and not be negative."""
        field = node.need(name)
        amount = self.exact(field)
        if amount < 0:
            raise field.malformed("an amount of 0 or more")
        return amount

    def find(self, node: Node, name: str) -> int | None:
        """The amount of a field; None where it is missing."""
        return self.amount(node, name) if node.find(name) is not None else None

    def text(self, amount: int) -> str:
        """An amount for people, as in `19.12 USD`."""
        return f"{Decimal(amount).scaleb(-self.exponent):f} {self.currency}"

    @property
    def fields(self) -> EventTwin:
        """Currency and exponent, on every event with money."""
        return {"currency": self.currency, "currency_exponent": self.exponent}


def money_called(code: Node, stated: Mapping[str, int]) -> Money:
    """The currency of a code in letters of any size; `stated`: where the provider's minor units are not those of ISO."""
    if not isinstance(code.value, str):
        raise code.malformed("a currency")
    currency = code.value.upper()
    exponent = exponent_of(currency, code.pointer)
    return Money(currency, exponent, stated.get(currency, exponent))


def held(pointer: str, money: Money, stated: int, computed: int, why: str = "") -> Unjudged:
    """The complaint that figures do not add up."""
    message = why + difference_text(pointer, stated, computed, money)
    return Unjudged("hold_discrepancy", message, pointer)
