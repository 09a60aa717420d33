"""Which currency a payload is read in, and reading its amounts.

Shopify states amounts twice: a plain field and a `_set` with shop money and presentment money. An order lives in
the currency its customer owes and pays (presentment), because payments and refunds are stated in that one only.
"""

from dataclasses import dataclass
from decimal import Decimal

from sources.platforms.minor_units import exponent_of, to_minor_units
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node


@dataclass(frozen=True, slots=True)
class MoneyReader:
    """Reads amounts in one currency, as integer minor units."""

    currency: str
    exponent: int
    plain_is_foreign: bool = False
    """The plain fields are in the shop's currency, which is another one: only the sets count."""

    def fields(self) -> EventTwin:
        """Currency and exponent, on every event with a money field."""
        return {"currency": self.currency, "currency_exponent": self.exponent}

    def find(self, node: Node, name: str) -> int | None:
        """The amount of a field or of its `_set`; None where neither is there."""
        stated = self._stated(node, name)
        return None if stated is None else self.exact(stated)

    def amount(self, node: Node, name: str) -> int:
        """Like `find`; a missing amount is a partial payload."""
        return self.exact(self._stated(node, name) or node.need(name))

    def unit_price(self, node: Node) -> Decimal:
        """The price of one unit, which may have more decimals than the currency."""
        return (self._stated(node, "price") or node.need("price")).decimal()

    def exact(self, node: Node) -> int:
        """Minor units of one decimal value."""
        return to_minor_units(node.decimal(), self.exponent, node.pointer)

    def from_set(self, bag: Node) -> Node:
        """The amount in our currency out of a money set; a set in other currencies only is malformed."""
        for money in _sides(bag):
            if money.need("currency_code").value == self.currency:
                return money.need("amount")
        raise Unjudged("reject_malformed", f"{bag.pointer}: no amount in {self.currency}", bag.pointer)

    def _stated(self, node: Node, name: str) -> Node | None:
        """Where the amount in our currency stands: in the set if there is one, else in the plain field."""
        bag, plain = node.find(f"{name}_set"), node.find(name)
        if bag is not None:
            ours = self.from_set(bag)
            if plain is not None:
                self._refuse_two_figures(plain, bag)
            return ours
        if plain is not None and self.plain_is_foreign and plain.decimal() != 0:
            raise Unjudged("refetch", f"{plain.pointer}: the amount in {self.currency} is missing (no {name}_set)", plain.pointer)
        return plain

    def _refuse_two_figures(self, plain: Node, bag: Node) -> None:
        """The plain field must be one of the set's amounts. It may be a JSON number with binary noise behind the last decimal."""
        half_a_unit = Decimal(1).scaleb(-self.exponent) / 2
        stated = [money.need("amount").decimal() for money in _sides(bag)]
        if all(abs(plain.decimal() - amount) >= half_a_unit for amount in stated):
            raise Unjudged("hold_discrepancy", f"{plain.pointer} states {plain.decimal():f}, its set states another amount", plain.pointer)


def _sides(bag: Node) -> list[Node]:
    return [money for side in ("presentment_money", "shop_money") if (money := bag.find(side)) is not None]


def reader_for(code: Node | str | None, pointer: str, *, plain_is_foreign: bool = False) -> MoneyReader:
    """A reader for the currency that was found; none found names the key that supplies one."""
    if code is None:
        message = f"{pointer or 'the payload'}: no currency is stated; set default_currency in the connection file"
        raise Unjudged("reject_malformed", message, pointer)
    currency = code.value if isinstance(code, Node) else code
    where = code.pointer if isinstance(code, Node) else pointer
    if not isinstance(currency, str):
        raise Unjudged("reject_malformed", f"{where}: a currency code is expected", where)
    return MoneyReader(currency, exponent_of(currency, where), plain_is_foreign)


def presentment_code(node: Node, names: tuple[str, ...]) -> Node | None:
    """The currency code of the first money set among these fields."""
    for name in names:
        bag = node.find(f"{name}_set")
        sides = _sides(bag) if bag is not None else []
        if sides:
            return sides[0].need("currency_code")
    return None
