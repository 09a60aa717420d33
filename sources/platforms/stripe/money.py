"""Stripe's amounts and times: whole numbers of its own minor units, seconds since 1970."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from sources.platforms.minor_units import exponent_of, to_minor_units
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node

STATED_EXPONENTS: Final[Mapping[str, int]] = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Where Stripe counts in other units than ISO: krona and shilling in hundredths all the same, ariary in whole ones."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_MAX: Final = 7_258_118_400
"""The year 2200: where the contract's times end."""


@dataclass(frozen=True, slots=True)
class Money:
    """A currency as Stripe states it: `exponent` by the pinned table, `stated` by Stripe's own."""

    currency: str
    exponent: int
    stated: int

    def exact(self, node: Node) -> int:
        """Minor units of one amount, of either sign; what does not fit the currency is malformed."""
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


def money_of(node: Node) -> Money:
    """The currency of an object."""
    return money_called(node.need("currency"))


def money_called(code: Node) -> Money:
    """The currency of a code in small letters."""
    if not isinstance(code.value, str):
        raise code.malformed("a currency")
    currency = code.value.upper()
    exponent = exponent_of(currency, code.pointer)
    return Money(currency, exponent, STATED_EXPONENTS.get(currency, exponent))


def moment_of(node: Node) -> datetime:
    """Seconds since 1970 as UTC."""
    seconds = node.integer()
    if not 0 <= seconds < _SECONDS_MAX:
        raise node.malformed("seconds since 1970")
    return _EPOCH + timedelta(seconds=seconds)
