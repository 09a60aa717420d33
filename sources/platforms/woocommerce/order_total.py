"""Do lines and total of an order tie? Exactly, or in one of the ways in which WooCommerce rounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from asiento.accounting.allocation import spread
from sources.platforms.figures import difference_text
from sources.platforms.minor_units import to_minor_units
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.sold_lines import SoldLine, SoldTax, rate_from
from sources.platforms.woocommerce.order_lines import ShopLine, is_reduction
from sources.platforms.woocommerce.taxes import TaxRate, deal_out, unnamed_rate

HALF_A_UNIT = Decimal("0.5")
ROUNDING = "rounding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The money side of an order: lines with shares of discounts that tie to the total; sentences about how."""

    lines: tuple[SoldLine, ...]
    order_discounts: list[EventTwin]
    total: int
    notices: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class OrderTotal:
    """Ties the lines of one order. Amounts in minor units of `currency`, which has `exponent` decimals."""

    order: Node
    currency: str
    exponent: int
    included: bool
    lines: list[ShopLine]
    rates: dict[str, TaxRate]
    place: dict[str, str]

    def agreed(self) -> Agreed:
        """Lines and discounts of the event; raises `Unjudged` hold_discrepancy where nothing ties."""
        self._name_taxes()
        notices = []
        total, computed = to_minor_units(self.order.need("total").decimal(), self.exponent, f"{self.order.pointer}/total"), self._sum()
        rounding = 0
        if computed != total:
            rounding = self._rounded_at_subtotal(total)
            notices.append(f"{self._difference('order total', total, computed)}: rounded for the whole order, not by line")
        discounts = [self._taken_off(line) for line in self.lines if is_reduction(line)]
        rates = self._rates()
        shared = bool(discounts)
        sold = tuple(self._sold(line, rates, shared) for line in self.lines if not is_reduction(line))
        if rounding:
            sold = (*sold, SoldLine(line_id=ROUNDING, kind="ROUNDING", gross=rounding))
        return Agreed(lines=sold, order_discounts=discounts, total=total, notices=tuple(notices))

    def _difference(self, name: str, stated: int, computed: int) -> str:
        return difference_text(name, stated, computed, self)

    def _sum(self) -> int:
        return sum(line.sign * (line.net + sum(line.taxes.values())) for line in self.lines)

    def _name_taxes(self) -> None:
        """Every tax of every line under a rate: as the line says, else dealt out over the tax lines in order."""
        taken: dict[str, int] = {}
        for line in self.lines:
            for rate_id, value in line.taxes.items():
                taken[rate_id] = taken.get(rate_id, 0) + value
        unnamed = [line for line in self.lines if not line.taxes and line.tax]
        for line, taxes in zip(unnamed, deal_out([line.tax for line in unnamed], self.rates, taken), strict=True):
            line.taxes = taxes
        for rate_id in {rate_id for line in self.lines for rate_id in line.taxes}:
            self.rates.setdefault(rate_id, unnamed_rate(rate_id, self.place))

    def _rounded_at_subtotal(self, total: int) -> int:
        """Taxes rounded per tax line; then net amounts rounded in their sum only -> what is left over for a rounding line."""
        before, changes = self._sum(), self._changes_to_tax_lines()
        for line, rate_id, change in changes:
            line.taxes[rate_id] += change
            line.tax += change
            line.before_tax += change
        left_over = total - self._sum()
        exact = (
            sum((line.sign * line.exact for line in self.lines), Decimal(0))
            + self._sum()
            - sum(line.sign * line.net for line in self.lines)
        )
        if left_over and (abs(total - exact) > HALF_A_UNIT or abs(left_over) > len(self.lines)):
            raise Unjudged("hold_discrepancy", self._difference("order total", total, before), f"{self.order.pointer}/total")
        return left_over

    def _changes_to_tax_lines(self) -> list[tuple[ShopLine, str, int]]:
        """What makes the taxes of the lines add up to their tax line, at most one unit per line; nothing where that is not enough."""
        changes = []
        for rate_id, rate in self.rates.items():
            carrying = [line for line in self.lines if rate_id in line.taxes and line.sign > 0]
            missing = (rate.total or 0) - sum(line.sign * line.taxes.get(rate_id, 0) for line in self.lines)
            if rate.total is None or not missing:
                continue
            carrying.sort(key=lambda line: line.taxes[rate_id], reverse=True)
            step = 1 if missing > 0 else -1
            if abs(missing) > len(carrying) or any(line.taxes[rate_id] + step < 0 for line in carrying[: abs(missing)]):
                return []
            changes += [(line, rate_id, step) for line in carrying[: abs(missing)]]
        return changes

    def _taken_off(self, line: ShopLine) -> EventTwin:
        """A negative line becomes a discount on the whole order; its taxes come off the same taxes of the other lines."""
        units = [other for other in self.lines if not is_reduction(other) and other.kind == "GOODS"]
        weights = [other.net for other in units]
        if line.net and sum(weights) < line.net:
            raise Unjudged("hold_discrepancy", f"{line.pointer}: more is taken off than the goods cost", line.pointer)
        before = sum(other.order_discount for other in units)
        for other, share in zip(units, spread(line.net, weights) if line.net else (), strict=False):
            other.net -= share
            other.order_discount += share
        for rate_id, tax in line.taxes.items():
            taxed = [other for other in self.lines if not is_reduction(other) and other.taxes.get(rate_id)]
            if sum(other.taxes[rate_id] for other in taxed) < tax:
                raise Unjudged("hold_discrepancy", f"{line.pointer}: more tax is taken off than the order has", line.pointer)
            for other, share in zip(taxed, spread(tax, [other.taxes[rate_id] for other in taxed]), strict=True):
                other.taxes[rate_id] -= share
                other.tax -= share
                other.order_discount += share if self.included and other.kind == "GOODS" else 0
        amount = sum(other.order_discount for other in units) - before
        return {"code": f"line:{line.line_id}", "amount": amount, "funded_by": "SELLER"}

    def _rates(self) -> Mapping[str, str]:
        """Rate id -> fraction: stated, else what the tax is of all that it was counted on."""
        found = {}
        for rate_id, rate in self.rates.items():
            taxed = [line for line in self.lines if line.taxes.get(rate_id) and not is_reduction(line)]
            amount = sum(line.taxes[rate_id] for line in taxed)
            found[rate_id] = rate.rate or rate_from(amount, sum(self._base(line, rate) for line in taxed))
        return found

    def _base(self, line: ShopLine, rate: TaxRate) -> int:
        simple = sum(value for rate_id, value in line.taxes.items() if not self.rates[rate_id].compound)
        return line.net + (simple if rate.compound else 0)

    def _sold(self, line: ShopLine, rates: Mapping[str, str], shared: bool) -> SoldLine:
        taxes = tuple(self._tax(line, rate_id, value, rates[rate_id]) for rate_id, value in sorted(line.taxes.items()) if value)
        tax = sum(each.amount for each in taxes)
        value = line.net + (tax if self.included else 0)
        before_coupons = line.before + (line.before_tax if self.included else 0)
        after_coupons = value + line.order_discount
        discount = max(0, before_coupons - after_coupons) if line.kind == "GOODS" else 0
        return SoldLine(
            line_id=line.line_id,
            kind=line.kind,
            quantity=line.quantity,
            gross=after_coupons + discount,
            discount=discount,
            order_discount=line.order_discount if shared and line.kind == "GOODS" else None,
            taxes=taxes,
            sku=line.sku,
            description=line.description,
        )

    def _tax(self, line: ShopLine, rate_id: str, amount: int, fraction: str) -> SoldTax:
        rate = self.rates[rate_id]
        base = self._base(line, rate)
        fits = abs(Decimal(fraction) * base - amount) <= 1
        return SoldTax(
            jurisdiction=rate.jurisdiction,
            type=rate.type,
            code=rate.code,
            rate=fraction if fits or rate.rate is not None else rate_from(amount, base),
            base=base,
            amount=amount,
        )
