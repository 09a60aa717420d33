"""Amounts as Amazon states them: decimal texts in orders, JSON numbers in finances, four spellings of the same two fields."""

from collections.abc import Iterable
from dataclasses import dataclass

from asiento.accounting.money import major_units_text
from sources.platforms.figures import difference_text
from sources.platforms.minor_units import exponent_of, to_minor_units
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

_AMOUNTS = ("amount", "Amount", "currencyAmount", "CurrencyAmount")
_CURRENCIES = ("currencyCode", "CurrencyCode")


@dataclass(frozen=True, slots=True)
class Till:
    """Reads amounts of one currency as integer minor units, and writes them for people."""

    currency: str
    exponent: int

    def exact(self, amount: Node) -> int:
        """Minor units of one plain decimal value, of either sign."""
        return to_minor_units(amount.decimal(), self.exponent, amount.pointer)

    def money(self, money: Node) -> int:
        """Minor units of an object with amount and currency; another currency than this one is held."""
        code = _one_of(money, _CURRENCIES)
        if code is not None and code.value != self.currency:
            raise Unjudged("hold_discrepancy", f"{money.pointer}: amounts in more than one currency", code.pointer)
        amount = _one_of(money, _AMOUNTS)
        return self.exact(amount if amount is not None else money.need("amount"))

    def find(self, node: Node, name: str) -> int | None:
        """The amount in a field; None where it is missing."""
        found = node.find(name)
        return None if found is None else self.money(found)

    def text(self, amount: int) -> str:
        """12.30 for 1230 where the currency has two decimals."""
        return major_units_text(amount, self.exponent)

    def difference(self, name: str, stated: int, computed: int) -> str:
        """Three figures in major units: stated, computed, stated less computed."""
        return difference_text(name, stated, computed, self)

    def fields(self) -> dict[str, object]:
        """Currency and exponent, on every event with a money field."""
        return {"currency": self.currency, "currency_exponent": self.exponent}


def till_for(monies: Iterable[Node], fallback: str | None, pointer: str) -> Till:
    """The till for the one currency of these amounts; several currencies are held, none names the key that supplies one."""
    codes: dict[str, str] = {}
    for money in monies:
        code = _one_of(money, _CURRENCIES)
        if code is not None:
            if not isinstance(code.value, str):
                raise code.malformed("a currency code")
            exponent_of(code.value, code.pointer)
            codes.setdefault(code.value, code.pointer)
    if len(codes) > 1:
        message = f"amounts in {len(codes)} currencies in one order: {', '.join(codes)}"
        raise Unjudged("hold_discrepancy", message, list(codes.values())[1])
    for currency in codes or ((fallback,) if fallback else ()):
        return Till(currency, exponent_of(currency, codes.get(currency, pointer)))
    message = f"{pointer or 'the payload'}: no currency is stated; set default_currency in the connection file"
    raise Unjudged("reject_malformed", message, pointer)


def _one_of(node: Node, names: tuple[str, ...]) -> Node | None:
    return next((found for name in names if (found := node.find(name)) is not None), None)
