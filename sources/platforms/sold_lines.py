"""Lines of an order in the making, for shops that state what a line costs before and after discounts, and its taxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from asiento.accounting.money import major_units_text
from asiento.accounting.order_events import LineKind
from sources.platforms.minor_units import decimal_text
from sources.platforms.outcome import EventTwin

UNIT_KINDS: Final = frozenset({"GOODS", "SERVICE", "GIFT_CARD"})
_PRICE_STEP: Final = Decimal("0.000001")
_RATE_STEPS: Final = (Decimal("0.0001"), Decimal("0.00000001"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldTax:
    """One tax of a line. `amount` and `base` in minor units, `rate` a fraction as text."""

    jurisdiction: str
    type: str
    code: str
    rate: str
    base: int
    amount: int
    marketplace_pays: bool = False

    def twin(self, included: bool) -> EventTwin:
        """The JSON twin."""
        return {
            "jurisdiction": self.jurisdiction,
            "type": self.type,
            "code": self.code,
            "rate": self.rate,
            "base": self.base,
            "amount": self.amount,
            "included": included,
            "liable_party": "MARKETPLACE" if self.marketplace_pays else "SELLER",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldLine:
    """One line; `gross`, `discount` and `order_discount` in minor units, with the tax in them where the prices include it."""

    line_id: str
    kind: LineKind
    quantity: Decimal = Decimal(1)
    gross: int
    discount: int = 0
    order_discount: int | None = None
    taxes: tuple[SoldTax, ...] = ()
    sku: str | None = None
    description: str | None = None

    @property
    def value(self) -> int:
        """What is charged for the line before taxes that are added."""
        return self.gross - self.discount - (self.order_discount or 0)

    @property
    def tax(self) -> int:
        """All taxes of the line."""
        return sum(tax.amount for tax in self.taxes)

    def twin(self, included: bool, exponent: int) -> EventTwin:
        """The JSON twin; the price of a unit is the gross amount by the quantity, to six decimals."""
        line: EventTwin = {
            "line_id": self.line_id,
            "kind": self.kind,
            "sku": self.sku,
            "description": self.description,
            "quantity": decimal_text(self.quantity),
            "unit_price": unit_price(self.gross, self.quantity, exponent),
            "gross": self.gross,
            "discount": self.discount,
            "order_discount": self.order_discount,
            "taxes": [tax.twin(included) for tax in self.taxes],
        }
        return {name: value for name, value in line.items() if value is not None}


def charged(lines: Sequence[SoldLine], included: bool) -> int:
    """What the customer owes for the lines."""
    return sum(line.value + (0 if included else line.tax) for line in lines)


def unit_price(gross: int, quantity: Decimal, exponent: int) -> str:
    """Major units per unit, as text."""
    price = Decimal(major_units_text(gross, exponent))
    return decimal_text((price / quantity).quantize(_PRICE_STEP))


def rate_from(amount: int, base: int) -> str:
    """The rate of a tax that states none, as a fraction: what the tax is of its base, with as few decimals as give it again."""
    if base <= 0 or amount <= 0:
        return "0"
    exact = Decimal(amount) / Decimal(base)
    for step in _RATE_STEPS:
        rate = exact.quantize(step)
        if abs(rate * base - amount) <= Decimal("0.5"):
            break
    return decimal_text(rate)
