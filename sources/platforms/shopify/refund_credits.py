"""What a refund credits, as lines and adjustments of the event: with the taxes of its order where that is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from asiento.accounting.allocation import spread
from asiento.accounting.money import major_units_text
from sources.platforms.outcome import EventTwin
from sources.platforms.shopify.refund_statement import StatedCharge, StatedLine, Statement

_WITHOUT_JURISDICTION: Final = "a refunded tax has no jurisdiction without its order: the accounting takes it as an allowance (use --state)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Lines and adjustments of the event; `calculated` is the money that they call for, taxes included, in minor units.

    value: the same without what was given beyond it or kept back.
    notices_of_amounts: those that stay true when the order becomes known.
    """

    lines: list[EventTwin]
    adjustments: list[EventTwin]
    calculated: int
    value: int
    notices_of_amounts: tuple[str, ...]
    without_jurisdiction: bool

    @property
    def notices(self) -> tuple[str, ...]:
        """All sentences for people."""
        return (*self.notices_of_amounts, *((_WITHOUT_JURISDICTION,) if self.without_jurisdiction else ()))


def credits_of(statement: Statement, included: bool, order: EventTwin | None) -> Credits:
    """The credits of a refund; `included`: its subtotals hold the tax. `order` is the OrderPlaced twin where it is known."""
    known = _KnownOrder(order["lines"] if order else [])
    lines = [replace(line, tip=line.tip or known.kind_of(line.line_id) == "TIP") for line in statement.lines]
    value_of_lines = sum(line.subtotal + (0 if included else line.tax) for line in lines)
    charges = [charge if charge.line_id else replace(charge, line_id=known.only_shipping_line()) for charge in statement.charges]
    charges += [_charge_of_tip(line, included) for line in lines if line.tip]
    stated = [("CHARGE", charge) for charge in charges] + [("GOODWILL", statement.goodwill)]
    adjustments = [(kind, charge, known.split_tax(charge, kind)) for kind, charge in stated if charge.amount or charge.tax]
    kept = f"{major_units_text(statement.kept, statement.exponent)} {statement.currency}" if statement.kept else None
    return Credits(
        lines=[known.line_twin(line, included, order is not None) for line in lines if line.quantity and not line.tip],
        adjustments=[_adjustment(kind, charge, taxes) for kind, charge, taxes in adjustments],
        calculated=value_of_lines + statement.beside_lines,
        value=value_of_lines + sum(charge.amount + charge.tax for charge in statement.charges),
        notices_of_amounts=(f"{kept} of the refund's value is kept back (refund_discrepancy): it stays on the customer's account",)
        if kept
        else (),
        without_jurisdiction=any(taxes is None for _, _, taxes in adjustments),
    )


def _charge_of_tip(line: StatedLine, included: bool) -> StatedCharge:
    return StatedCharge(line_id=line.line_id, amount=line.subtotal - (line.tax if included else 0), tax=line.tax)


def _adjustment(kind: str, charge: StatedCharge, taxes: list[EventTwin] | None) -> EventTwin:
    twin: EventTwin = {"kind": kind, "amount": charge.amount, "taxes": taxes or []}
    return twin if charge.line_id is None else twin | {"line_id": charge.line_id}


@dataclass(frozen=True, slots=True)
class _KnownOrder:
    """The lines of the order, none where it is not known."""

    lines: Sequence[EventTwin]

    def line_twin(self, line: StatedLine, included: bool, order_known: bool) -> EventTwin:
        twin: EventTwin = {"line_id": line.line_id, "quantity": str(line.quantity), "scope": line.scope}
        taxes = _split(line.tax, self._taxes_of(line.line_id, "line"))
        if line.scope != "SHIPPED" or not order_known or taxes is None:
            return twin
        return twin | {"net": line.subtotal - (line.tax if included else 0), "taxes": taxes}

    def split_tax(self, charge: StatedCharge, kind: str) -> list[EventTwin] | None:
        """The tax of a charge over the order's taxes; None if there is nothing to put it on."""
        return _split(charge.tax, self._taxes_of(charge.line_id, kind))

    def kind_of(self, line_id: str) -> str | None:
        return next((str(line["kind"]) for line in self.lines if line["line_id"] == line_id), None)

    def only_shipping_line(self) -> str | None:
        shipping = [str(line["line_id"]) for line in self.lines if line["kind"] == "SHIPPING"]
        return shipping[0] if len(shipping) == 1 else None

    def _taxes_of(self, line_id: str | None, kind: str) -> list[EventTwin]:
        """The taxes of an order line; of all shipping lines, or for goodwill of all lines, where none is named."""
        lines = self.lines
        if line_id is not None:
            lines = [line for line in lines if line["line_id"] == line_id]
        elif kind == "CHARGE":
            lines = [line for line in lines if line["kind"] == "SHIPPING"]
        merged: dict[tuple[str, ...], EventTwin] = {}
        for tax in (tax for line in lines for tax in line["taxes"]):
            key = (tax["jurisdiction"], tax["type"], tax["code"], tax["liable_party"])
            merged[key] = tax | {"amount": tax["amount"] + merged.get(key, {"amount": 0})["amount"]}
        return list(merged.values())


def _split(amount: int, taxes: Sequence[EventTwin]) -> list[EventTwin] | None:
    """The stated tax spread over the order's taxes by their amounts; None if there is nothing to put it on."""
    if amount == 0:
        return []
    weights = [tax["amount"] for tax in taxes]
    if sum(weights) <= 0:
        return None
    names = ("jurisdiction", "type", "code", "liable_party")
    shares = spread(amount, weights)
    return [{name: tax[name] for name in names} | {"amount": share} for tax, share in zip(taxes, shares, strict=True) if share]
