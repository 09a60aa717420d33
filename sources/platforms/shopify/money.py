"""Which currency a payload is read in, and reading its amounts.

Shopify states amounts twice: a plain field and a `_set` with shop money and presentment money. An order lives in
the currency its customer owes and pays (presentment), because payments and refunds are stated in that one only.
"""

from dataclasses import dataclass
from decimal import Decimal

from sources.platforms.minor_units import exponent_of, to_minor_units
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node


@dataclass(frozen=True, slots=True)
class MoneyReader:
    """Reads amounts in one currency, as integer minor units."""

    currency: str
    exponent: int
    plain_is_foreign: bool = False
    """The plain fields are in the shop's currency, which is another one: only the sets count."""

    def find(self, node: Node, name: str) -> int | None:
        """The amount of a field or of its `_set`; None where neither is there."""
        bag = self.from_set(node.find(f"{name}_set"))
        plain = node.find(name)
        if bag is None:
            if plain is None:
                return None
            if self.plain_is_foreign and plain.decimal() == 0:
                return 0
            if self.plain_is_foreign:
                raise Unjudged("refetch", f"{plain.pointer}: the amount in {self.currency} is missing (no {name}_set)", plain.pointer)
            return self.exact(plain)
        if plain is not None and not self.plain_is_foreign:
            self._refuse_two_figures(plain, bag)
        return self.exact(bag)

    def amount(self, node: Node, name: str) -> int:
        """Like `find`; a missing amount is a partial payload."""
        found = self.find(node, name)
        if found is None:
            node.need(name)
        return found or 0

    def exact(self, node: Node) -> int:
        """Minor units of one decimal value."""
        return to_minor_units(node.decimal(), self.exponent, node.pointer)

    def unit_price(self, node: Node) -> Decimal:
        """The price of one unit as a decimal in the order's currency."""
        bag = self.from_set(node.find("price_set"))
        if bag is not None:
            self.find(node, "price")
            return bag.decimal()
        if self.plain_is_foreign:
            self.find(node, "price")
        return node.need("price").decimal()

    def from_set(self, bag: Node | None) -> Node | None:
        """The amount in our currency out of a money set, else None; a set in other currencies only is unusable."""
        if bag is None:
            return None
        for side in ("presentment_money", "shop_money"):
            money = bag.find(side)
            if money is not None and money.need("currency_code").value == self.currency:
                return money.need("amount")
        raise Unjudged("reject_malformed", f"{bag.pointer}: no amount in {self.currency}", bag.pointer)

    def _refuse_two_figures(self, plain: Node, bag: Node) -> None:
        """The plain field may be a JSON number with binary noise behind the last decimal; more than that is two figures."""
        half_a_unit = Decimal(1).scaleb(-self.exponent) / 2
        if abs(plain.decimal() - bag.decimal()) >= half_a_unit:
            raise Unjudged(
                "hold_discrepancy", f"{plain.pointer} states {plain.decimal():f}, its set states {bag.decimal():f}", plain.pointer
            )


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
        money = bag.find("presentment_money") or bag.find("shop_money") if bag else None
        if money is not None:
            return money.need("currency_code")
    return None
