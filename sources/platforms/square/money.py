"""Square's money: integer minor units with a code under `currency`, or `currency_code` in payouts."""

from dataclasses import dataclass

from sources.platforms.minor_units import exponent_of
from sources.platforms.order_drafts import Currency
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node


def currency_of(money: Node) -> Currency:
    """The currency of one money object."""
    code = money.find("currency") or money.find("currency_code") or money.need("currency")
    if not isinstance(code.value, str):
        raise code.malformed("a currency code")
    return Currency(code.value, exponent_of(code.value, code.pointer))


@dataclass(frozen=True, slots=True)
class MoneyReader:
    """Reads amounts of one currency; another currency in the same object is malformed."""

    currency: Currency

    def exact(self, money: Node) -> int:
        """Signed minor units of one money object."""
        if currency_of(money) != self.currency:
            raise Unjudged("reject_malformed", f"{money.pointer}: another currency than the rest of the object", money.pointer)
        return money.need("amount").integer()

    def find(self, node: Node, name: str) -> int | None:
        """The amount of a field; None where it is missing."""
        money = node.find(name)
        return self.exact(money) if money is not None else None

    def of(self, node: Node, name: str) -> int:
        """The amount of a field, 0 where it is missing."""
        return self.find(node, name) or 0

    def need(self, node: Node, name: str) -> int:
        """The amount of a field; a missing one is a partial payload."""
        return self.exact(node.need(name))

    def positive(self, node: Node, name: str) -> int:
        """The amount of a field that must be above zero or zero."""
        amount = self.need(node, name)
        if amount < 0:
            raise Unjudged("reject_malformed", f"{node.pointer}/{name} is negative", f"{node.pointer}/{name}")
        return amount


def reader_for(node: Node, name: str) -> MoneyReader:
    """A reader for the currency of a money field that must be there."""
    return MoneyReader(currency_of(node.need(name)))
