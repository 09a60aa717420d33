"""What a refund payload states of units, charges and discrepancies, as plain data that can wait for its order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from asiento.accounting.allocation import spread
from asiento.accounting.order_events import RefundScope
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import MoneyReader
from sources.platforms.shopify.tips import is_tip

ADJUSTMENT_KINDS: Final = frozenset({"shipping_refund", "refund_discrepancy"})
SCOPES: Final[Mapping[str, RefundScope]] = {"cancel": "UNSHIPPED", "return": "SHIPPED"}
"""restock_type -> scope; every other one leaves it to the accounting (AUTO)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLine:
    """One refunded line: `subtotal` holds the tax where prices include it; `rates_agree` if its rates allow that reading."""

    line_id: str
    quantity: int
    scope: RefundScope
    subtotal: int
    tax: int
    tip: bool
    rates_agree: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedCharge:
    """Money back for a charge line (None: shipping in general, or goodwill), net of tax."""

    line_id: str | None
    amount: int
    tax: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """All that a refund credits. Amounts in minor units of `currency`.

    kept: value of it that was kept back. owed: money of it that gives back what earlier refunds of the order kept.
    """

    currency: str
    exponent: int
    lines: tuple[StatedLine, ...]
    charges: tuple[StatedCharge, ...]
    goodwill: StatedCharge
    kept: int
    owed: int = 0

    @property
    def beside_lines(self) -> int:
        """What is given beside the lines, taxes included, less what was kept back."""
        return sum(charge.amount + charge.tax for charge in (*self.charges, self.goodwill)) + self.owed - self.kept

    def holds_tax(self, money_back: int) -> bool:
        """Whether subtotals hold the tax, without the order: only if the money says so and the rates agree."""
        value, tax = sum(line.subtotal for line in self.lines), sum(line.tax for line in self.lines)
        return tax > 0 and money_back - self.beside_lines == value and all(line.rates_agree for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """As plain data for a fact that waits for its order."""
        return asdict(self) | {"lines": [asdict(line) for line in self.lines], "charges": [asdict(charge) for charge in self.charges]}


def statement_from_json(content: Mapping[str, Any]) -> Statement:
    """The statement of `to_json`; other fields are left alone."""
    return Statement(
        currency=content["currency"],
        exponent=content["exponent"],
        lines=tuple(StatedLine(**line) for line in content["lines"]),
        charges=tuple(StatedCharge(**charge) for charge in content["charges"]),
        goodwill=StatedCharge(**content["goodwill"]),
        kept=content["kept"],
        owed=content["owed"],
    )


@dataclass(frozen=True, slots=True)
class StatementReader:
    """Reads the statement of one refund payload."""

    refund: Node
    money: MoneyReader

    def read(self) -> Statement:
        """Raises `Unjudged` for what is malformed or not known here."""
        goodwill, kept = self._discrepancies()
        return Statement(
            currency=self.money.currency,
            exponent=self.money.exponent,
            lines=tuple(self._line(item) for item in self.refund.each("refund_line_items")),
            charges=(*self._shipping(), *self._duties_and_fees()),
            goodwill=goodwill,
            kept=kept,
        )

    def _line(self, item: Node) -> StatedLine:
        restock, sold = item.find("restock_type"), item.find("line_item")
        subtotal, tax = self.money.amount(item, "subtotal"), self.money.find(item, "total_tax") or 0
        if subtotal < 0 or tax < 0:
            raise Unjudged("reject_malformed", f"{item.pointer}: a refunded amount is negative", item.pointer)
        quantity = item.need("quantity").count()
        rates = [rate.decimal() for each in (sold.each("tax_lines") if sold else []) if (rate := each.find("rate"))]
        rate_sum = sum(rates, Decimal(0))
        # Multiplied out instead of divided: |tax - subtotal * r / (1 + r)| <= tolerance.
        off = abs(tax * (1 + rate_sum) - subtotal * rate_sum)
        return StatedLine(
            line_id=identity_of(item.need("line_item_id")),
            quantity=quantity,
            scope=SCOPES.get(restock.text() if restock else "", "AUTO"),
            subtotal=subtotal,
            tax=tax,
            tip=sold is not None and is_tip(sold),
            rates_agree=off <= (1 + quantity) * (1 + rate_sum),
        )

    def _shipping(self) -> list[StatedCharge]:
        """Shipping is stated twice: the adjustment has the money, refund_shipping_lines have the lines. Counted once."""
        adjusted = [item for item in self.refund.each("order_adjustments") if _adjustment_kind(item) == "shipping_refund"]
        amount = -sum(self.money.amount(item, "amount") for item in adjusted)
        tax = -sum(self.money.find(item, "tax_amount") or 0 for item in adjusted)
        if amount < 0 or tax < 0:
            pointer = f"{self.refund.pointer}/order_adjustments"
            raise Unjudged("reject_malformed", "a shipping refund is not negative in order_adjustments", pointer)
        lines = [
            (f"shipping:{identity_of(line.need('shipping_line_id'))}", self.money.amount(line, "subtotal_amount"), line)
            for line in self.refund.each("refund_shipping_lines")
        ]
        if not adjusted:
            return [StatedCharge(line_id=name, amount=value, tax=self.money.find(line, "tax_amount") or 0) for name, value, line in lines]
        if not lines or sum(value for _, value, _ in lines) == 0:
            return [StatedCharge(line_id=None, amount=amount, tax=tax)]
        weights = [value for _, value, _ in lines]
        return _spread_over([name for name, _, _ in lines], weights, amount, tax)

    def _duties_and_fees(self) -> list[StatedCharge]:
        found = []
        for name, prefix, reference in (("duties", "duty", "duty_id"), ("additional_fees", "fee", "id")):
            total = 0
            for item in self.refund.each(name):
                identity = item.find(reference) or item.need("id")
                amount = self.money.amount(item, "amount") if item.find("amount_set") or item.find("amount") else 0
                total += amount
                found.append(StatedCharge(line_id=f"{prefix}:{identity_of(identity)}", amount=amount, tax=0))
            stated = self.money.find(self.refund, f"total_{name}") or 0
            if stated and not total:
                found.append(StatedCharge(line_id="duties" if name == "duties" else "fees", amount=stated, tax=0))
        return found

    def _discrepancies(self) -> tuple[StatedCharge, int]:
        """(money given beyond the lines' value, the lines' value that was kept back); Shopify states the first as negative.

        They are added up first: a refund on its way holds pairs that cancel out (`Pending refund discrepancy`).
        """
        stated = [item for item in self.refund.each("order_adjustments") if _adjustment_kind(item) == "refund_discrepancy"]
        amount = sum(self.money.amount(item, "amount") for item in stated)
        tax = sum(self.money.find(item, "tax_amount") or 0 for item in stated)
        if amount + tax > 0:
            return StatedCharge(line_id=None, amount=0, tax=0), amount + tax
        if amount > 0 or tax > 0:
            amount, tax = amount + tax, 0
        return StatedCharge(line_id=None, amount=-amount, tax=-tax), 0


def _spread_over(names: Sequence[str], weights: Sequence[int], amount: int, tax: int) -> list[StatedCharge]:
    amounts, taxes = spread(amount, weights), spread(tax, weights)
    return [StatedCharge(line_id=name, amount=amounts[index], tax=taxes[index]) for index, name in enumerate(names)]


def _adjustment_kind(item: Node) -> str:
    kind = item.need("kind").text()
    if kind not in ADJUSTMENT_KINDS:
        raise Unjudged("hold_discrepancy", f"{item.pointer}/kind is an adjustment that is not known here", f"{item.pointer}/kind")
    return kind
