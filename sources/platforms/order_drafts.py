"""Orders in the making: lines with discounts and taxes that must tie to a stated total before anything is told of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

from asiento.accounting.money import major_units_text
from asiento.accounting.order_events import LiableParty, LineKind
from sources.platforms.minor_units import decimal_text
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node

QUANTITY_DECIMALS_MAX: Final = 6
UNIT_KINDS: Final = frozenset({"GOODS", "SERVICE", "GIFT_CARD"})
"""Kinds whose units are shipped, cancelled and returned."""


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency code and the decimals of its minor units."""

    currency: str
    exponent: int

    @property
    def fields(self) -> EventTwin:
        """What every event with money says of its currency."""
        return {"currency": self.currency, "currency_exponent": self.exponent}

    def text(self, amount: int) -> str:
        """Minor units as major units for people: 1234 -> "12.34 EUR"."""
        return f"{major_units_text(amount, self.exponent)} {self.currency}"

    def price(self, amount: int) -> Decimal:
        """Minor units as a decimal in major units."""
        return Decimal(amount).scaleb(-self.exponent)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxDraft:
    """One tax of a line; `amount` in minor units, `rate` a fraction, `included` in the line's gross or added to it."""

    jurisdiction: str
    type: str
    code: str
    rate: Decimal
    amount: int
    included: bool = False
    liable_party: LiableParty = "SELLER"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One line; amounts in minor units, `gross` before discounts and with its included taxes."""

    line_id: str
    kind: LineKind
    gross: int
    unit_price: Decimal
    quantity: Decimal = Decimal(1)
    discount: int = 0
    order_discount: int | None = None
    taxes: tuple[TaxDraft, ...] = ()
    sku: str | None = None
    description: str | None = None

    @property
    def charged(self) -> int:
        """What the customer owes for the line, taxes included."""
        return self.gross - self.discount - (self.order_discount or 0) + sum(tax.amount for tax in self.taxes if not tax.included)

    @property
    def tax(self) -> int:
        """All taxes of the line."""
        return sum(tax.amount for tax in self.taxes)

    def twin(self) -> EventTwin:
        """The JSON twin; every tax is on the line's net."""
        net = self.charged - self.tax
        line: EventTwin = {
            "line_id": self.line_id,
            "kind": self.kind,
            "sku": self.sku,
            "description": self.description,
            "quantity": decimal_text(self.quantity),
            "unit_price": format(self.unit_price, "f"),
            "gross": self.gross,
            "discount": self.discount,
            "order_discount": self.order_discount,
            "taxes": [_tax_twin(tax, net) for tax in self.taxes],
        }
        return {name: value for name, value in line.items() if value is not None}


def _tax_twin(tax: TaxDraft, net: int) -> EventTwin:
    return {
        "jurisdiction": tax.jurisdiction,
        "type": tax.type,
        "code": tax.code,
        "rate": decimal_text(tax.rate),
        "base": max(net, 0),
        "amount": tax.amount,
        "included": tax.included,
        "liable_party": tax.liable_party,
    }


def charge(line_id: str, kind: LineKind, amount: int, currency: Currency, **parts: object) -> LineDraft:
    """A line of one piece: shipping, a fee, a tip, rounding."""
    line = LineDraft(line_id=line_id, kind=kind, gross=amount, unit_price=currency.price(amount))
    return replace(line, **parts) if parts else line  # type: ignore[arg-type]


def with_one_basis(lines: Sequence[LineDraft]) -> tuple[bool, tuple[LineDraft, ...]]:
    """(whether prices include taxes, the lines on that basis).

    An order has one basis in the books. Where some taxes are included and others are added, the included ones are taken out of the
    gross of their lines: net, taxes and what is owed stay as they are.
    """
    kinds = {tax.included for line in lines for tax in line.taxes}
    if kinds != {True, False}:
        return kinds == {True}, tuple(lines)
    return False, tuple(_without_included(line) for line in lines)


def _without_included(line: LineDraft) -> LineDraft:
    inside = sum(tax.amount for tax in line.taxes if tax.included)
    return replace(line, gross=line.gross - inside, taxes=tuple(replace(tax, included=False) for tax in line.taxes)) if inside else line


def refuse_impossible(lines: Sequence[LineDraft], pointer: str) -> None:
    """Raises `Unjudged` for lines that no order has: named twice, below zero, or worth less than nothing (rounding may be)."""
    if len({line.line_id for line in lines}) != len(lines):
        raise Unjudged("reject_malformed", f"{pointer or 'the order'}: a line is named twice", pointer)
    for line in lines:
        amounts = (line.gross, line.discount, line.order_discount or 0, line.charged - line.tax, *(tax.amount for tax in line.taxes))
        if line.kind != "ROUNDING" and min(amounts) < 0:
            raise Unjudged(
                "hold_discrepancy", f"{pointer or 'the order'}: a line has an amount below zero, or is worth less than nothing", pointer
            )


def quantity_of(node: Node) -> Decimal:
    """A number of units, 0 or more, of at most six decimals."""
    quantity = node.decimal()
    if quantity < 0 or len(decimal_text(quantity).partition(".")[2]) > QUANTITY_DECIMALS_MAX:
        raise node.malformed(f"a quantity of at most {QUANTITY_DECIMALS_MAX} decimals")
    return quantity


def times(amount: Decimal | int, quantity: Decimal) -> Decimal:
    """The exact product."""
    with localcontext() as context:
        context.prec = 100
        return amount * quantity


def half_even(amount: Decimal) -> int:
    """The nearest whole number; of two the even one."""
    with localcontext() as context:
        context.prec = 100
        return int(amount.quantize(Decimal(1), ROUND_HALF_EVEN))
