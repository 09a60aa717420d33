"""What a refund credits: lines by units, shipping and other charges, discrepancies that Shopify states itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from asiento.accounting.allocation import spread
from asiento.accounting.money import major_units_text
from asiento.accounting.order_events import RefundScope
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.fulfillment import is_tip
from sources.platforms.shopify.money import MoneyReader

ADJUSTMENT_KINDS = frozenset({"shipping_refund", "refund_discrepancy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Lines and adjustments of the event; `calculated` is what they come to, taxes included, in minor units."""

    lines: list[EventTwin]
    adjustments: list[EventTwin]
    calculated: int
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StatedLine:
    """One refunded line as the payload states it: `subtotal` holds the tax where prices include it."""

    line_id: str
    quantity: int
    restock_type: str
    subtotal: int
    tax: int
    is_tip: bool
    tax_if_included: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class _StatedCharge:
    """Money back for a charge line (None: shipping in general), net of tax."""

    line_id: str | None
    amount: int
    tax: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditReader:
    """Reads the credits of one refund payload; `placed` is the OrderPlaced twin where the order is known."""

    refund: Node
    money: MoneyReader
    placed: EventTwin | None

    def read(self, money_back: int, scopes: Mapping[str, RefundScope]) -> Credits:
        """`money_back` decides between the readings with and without tax in the subtotals where the order is unknown."""
        lines = [self._stated_line(item) for item in self.refund.each("refund_line_items")]
        charges = [*self._shipping(), *self._duties_and_fees()]
        goodwill, kept = self._discrepancies()
        rest = sum(charge.amount + charge.tax for charge in charges) + goodwill.amount + goodwill.tax - kept
        included = self._tax_included(lines, money_back - rest)
        calculated = rest + sum(line.subtotal + (0 if included else line.tax) for line in lines)
        notices: list[str] = []
        if kept:
            amount = f"{major_units_text(kept, self.money.exponent)} {self.money.currency}"
            notices.append(f"{amount} of the refund's value is kept back (refund_discrepancy): it stays on the customer's account")
        charges += [self._tip(line, included) for line in lines if line.is_tip]
        adjustments = [self._adjustment("CHARGE", charge, notices) for charge in charges if charge.amount or charge.tax]
        if goodwill.amount or goodwill.tax:
            adjustments.append(self._adjustment("GOODWILL", goodwill, notices))
        twins = [self._line_twin(line, included, scopes) for line in lines if line.quantity and not line.is_tip]
        return Credits(lines=twins, adjustments=adjustments, calculated=calculated, notices=tuple(dict.fromkeys(notices)))

    def _stated_line(self, item: Node) -> _StatedLine:
        restock, sold = item.find("restock_type"), item.find("line_item")
        line_id = item.need("line_item_id").identity()
        subtotal, tax = self.money.amount(item, "subtotal"), self.money.find(item, "total_tax") or 0
        if subtotal < 0 or tax < 0:
            raise Unjudged("reject_malformed", f"{item.pointer}: a refunded amount is negative", item.pointer)
        rates = [rate.decimal() for line in ([sold] if sold else []) for each in line.each("tax_lines") if (rate := each.find("rate"))]
        rate_sum = sum(rates, Decimal(0))
        return _StatedLine(
            line_id=line_id,
            quantity=item.need("quantity").count(),
            restock_type=restock.text() if restock else "",
            subtotal=subtotal,
            tax=tax,
            is_tip=(sold is not None and is_tip(sold)) or self._kind_of(line_id) == "TIP",
            tax_if_included=subtotal * rate_sum / (1 + rate_sum),
        )

    def _tax_included(self, lines: Sequence[_StatedLine], money_for_lines: int) -> bool:
        """Whether subtotals hold the tax. The order says so; without it, only if the money says so and the rates agree."""
        if self.placed is not None:
            return bool(self.placed["prices_include_tax"])
        value, tax = sum(line.subtotal for line in lines), sum(line.tax for line in lines)
        rates_agree = all(abs(line.tax - line.tax_if_included) <= 1 + line.quantity for line in lines)
        return tax > 0 and money_for_lines == value and rates_agree

    def _shipping(self) -> list[_StatedCharge]:
        """Shipping is stated twice: the adjustment has the money, refund_shipping_lines have the lines. Counted once."""
        adjusted = [item for item in self.refund.each("order_adjustments") if _adjustment_kind(item) == "shipping_refund"]
        amount = -sum(self.money.amount(item, "amount") for item in adjusted)
        tax = -sum(self.money.find(item, "tax_amount") or 0 for item in adjusted)
        if amount < 0 or tax < 0:
            raise Unjudged("reject_malformed", "a shipping refund is not negative in order_adjustments", "/order_adjustments")
        lines = [
            (f"shipping:{line.need('shipping_line_id').identity()}", self.money.amount(line, "subtotal_amount"), line)
            for line in self.refund.each("refund_shipping_lines")
        ]
        if not adjusted:
            return [_StatedCharge(line_id=name, amount=value, tax=self.money.find(line, "tax_amount") or 0) for name, value, line in lines]
        if not lines or sum(value for _, value, _ in lines) == 0:
            return [_StatedCharge(line_id=self._only_shipping_line(), amount=amount, tax=tax)]
        weights = [value for _, value, _ in lines]
        amounts, taxes = spread(amount, weights), spread(tax, weights)
        return [_StatedCharge(line_id=lines[index][0], amount=amounts[index], tax=taxes[index]) for index in range(len(lines))]

    def _duties_and_fees(self) -> list[_StatedCharge]:
        found = []
        for name, prefix, reference in (("duties", "duty", "duty_id"), ("additional_fees", "fee", "id")):
            total = 0
            for item in self.refund.each(name):
                identity = item.find(reference) or item.need("id")
                amount = self.money.amount(item, "amount") if item.find("amount_set") or item.find("amount") else 0
                total += amount
                found.append(_StatedCharge(line_id=f"{prefix}:{identity.identity()}", amount=amount, tax=0))
            stated = self.money.find(self.refund, f"total_{name}") or 0
            if stated and not total:
                found.append(_StatedCharge(line_id="duties" if name == "duties" else "fees", amount=stated, tax=0))
        return found

    def _discrepancies(self) -> tuple[_StatedCharge, int]:
        """(money given beyond the lines' value, the lines' value that was kept back); Shopify states the first as negative."""
        amount = tax = kept = 0
        for item in self.refund.each("order_adjustments"):
            if _adjustment_kind(item) == "refund_discrepancy":
                stated, stated_tax = self.money.amount(item, "amount"), self.money.find(item, "tax_amount") or 0
                if stated + stated_tax > 0:
                    kept += stated + stated_tax
                else:
                    amount, tax = amount - stated, tax - stated_tax
        if amount < 0 or tax < 0:
            amount, tax = amount + tax, 0
        return _StatedCharge(line_id=None, amount=amount, tax=tax), kept

    def _tip(self, line: _StatedLine, included: bool) -> _StatedCharge:
        return _StatedCharge(line_id=line.line_id, amount=line.subtotal - (line.tax if included else 0), tax=line.tax)

    def _adjustment(self, kind: str, charge: _StatedCharge, notices: list[str]) -> EventTwin:
        taxes = self._split_tax(charge.tax, self._taxes_of(charge.line_id, kind))
        if taxes is None:
            notices.append("a refunded tax has no jurisdiction without its order: the accounting takes it as an allowance (use --state)")
        twin: EventTwin = {"kind": kind, "amount": charge.amount, "taxes": taxes or []}
        return twin if charge.line_id is None else twin | {"line_id": charge.line_id}

    def _line_twin(self, line: _StatedLine, included: bool, scopes: Mapping[str, RefundScope]) -> EventTwin:
        scope = scopes.get(line.restock_type, "AUTO")
        twin: EventTwin = {"line_id": line.line_id, "quantity": str(line.quantity), "scope": scope}
        taxes = self._split_tax(line.tax, self._taxes_of(line.line_id, "line"))
        if scope != "SHIPPED" or self.placed is None or taxes is None:
            return twin
        return twin | {"net": line.subtotal - (line.tax if included else 0), "taxes": taxes}

    def _split_tax(self, amount: int, taxes: Sequence[EventTwin]) -> list[EventTwin] | None:
        """The stated tax spread over the order's taxes by their amounts; None if there is nothing to put it on."""
        if amount == 0:
            return []
        weights = [tax["amount"] for tax in taxes]
        if sum(weights) <= 0:
            return None
        names = ("jurisdiction", "type", "code", "liable_party")
        shares = spread(amount, weights)
        return [{name: tax[name] for name in names} | {"amount": share} for tax, share in zip(taxes, shares, strict=True) if share]

    def _taxes_of(self, line_id: str | None, kind: str) -> list[EventTwin]:
        """The taxes of an order line; of all shipping lines, or for goodwill of all lines, where none is named."""
        lines: list[EventTwin] = self.placed["lines"] if self.placed else []
        if line_id is not None:
            lines = [line for line in lines if line["line_id"] == line_id]
        elif kind == "CHARGE":
            lines = [line for line in lines if line["kind"] == "SHIPPING"]
        merged: dict[tuple[str, ...], EventTwin] = {}
        for tax in (tax for line in lines for tax in line["taxes"]):
            key = (tax["jurisdiction"], tax["type"], tax["code"], tax["liable_party"])
            merged[key] = tax | {"amount": tax["amount"] + merged.get(key, {"amount": 0})["amount"]}
        return list(merged.values())

    def _kind_of(self, line_id: str) -> str | None:
        return next((line["kind"] for line in (self.placed["lines"] if self.placed else []) if line["line_id"] == line_id), None)

    def _only_shipping_line(self) -> str | None:
        shipping = [line["line_id"] for line in (self.placed["lines"] if self.placed else []) if line["kind"] == "SHIPPING"]
        return shipping[0] if len(shipping) == 1 else None


def _adjustment_kind(item: Node) -> str:
    kind = item.need("kind").text()
    if kind not in ADJUSTMENT_KINDS:
        raise Unjudged("hold_discrepancy", f"{item.pointer}/kind is an adjustment that is not known here", f"{item.pointer}/kind")
    return kind
