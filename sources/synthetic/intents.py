"""What was meant to happen: an order as it was sold, and the steps of its life. No event exists yet.

Amounts are minor units of the order's currency, quantities micro-units, times UTC microseconds since the epoch.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from sources.synthetic.arithmetic import rounded
from sources.synthetic.catalog import Shop, TaxRule

UNIT_KINDS = ("GOODS", "SERVICE", "GIFT_CARD")
DISCOUNTED_KINDS = ("GOODS", "SERVICE")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxAmount:
    """One tax of a sold line."""

    rule: TaxRule
    base: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldLine:
    """One line as agreed. `undeclared` lines are in the order's total but in no event (a total that is off)."""

    line_id: str
    kind: str
    quantity: int
    unit_price: int
    gross: int
    discount: int = 0
    order_share: int = 0
    taxes: tuple[TaxAmount, ...] = ()
    taxes_included: bool = False
    sku: str | None = None
    description: str | None = None
    category: str | None = None
    unit_cost: int | None = None
    undeclared: bool = False

    @property
    def tax(self) -> int:
        """All taxes of the line."""
        return sum(tax.amount for tax in self.taxes)

    @property
    def net(self) -> int:
        """After all discounts, without tax."""
        return self.gross - self.discount - self.order_share - (self.tax if self.taxes_included else 0)

    @property
    def total(self) -> int:
        """What the customer pays for the line."""
        return self.net + self.tax

    @property
    def discount_without_tax(self) -> int:
        """The discounts as they lower revenue."""
        given = self.discount + self.order_share
        if not self.taxes_included or not given:
            return given
        return rounded(Fraction(given * self.net, self.net + self.tax))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that came in; `fee` is what a payment provider kept, None where it does not say."""

    at: int
    payment_id: str
    tender: str
    gateway: str
    amount: int
    fee: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Units that left: (line_id, quantity) pairs."""

    at: int
    shipment_id: str
    units: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Units that will not leave; no pairs: everything still open."""

    at: int
    units: tuple[tuple[str, int], ...]
    drops_charges: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """Units of a line that a refund names. `stated` (net, one amount per tax) replaces the units' own price."""

    line_id: str
    quantity: int
    shipped: bool
    stated: tuple[int, tuple[int, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Money going back. `statuses` is its history, one message each; the last one is how the day ends."""

    tender_id: str
    tender: str
    gateway: str
    amount: int
    statuses: tuple[str, ...]
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Units, the whole shipping charge, goodwill (no tax) or nothing but money; less a fee kept (no tax)."""

    at: int
    refund_id: str
    given_back: tuple[GivenBack, ...] = ()
    shipping: bool = False
    goodwill: int = 0
    fee_kept: int = 0
    payouts: tuple[Payout, ...] = ()


Step: TypeAlias = Payment | Dispatch | Cancellation | Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """One order: what was sold and, in true order, what became of it."""

    shop: Shop
    order_id: str
    placed_at: int
    lines: tuple[SoldLine, ...]
    terms: str
    due_days: int | None = None
    order_discount: int = 0
    steps: tuple[Step, ...] = ()
    test_mode: bool = False

    @property
    def total(self) -> int:
        """What the customer agreed to pay."""
        return sum(line.total for line in self.lines)

    def then(self, step: Step) -> "OrderIntent":
        """The same order with one more step at the end."""
        return replace(self, steps=(*self.steps, step))
