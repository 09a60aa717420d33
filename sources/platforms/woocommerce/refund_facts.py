"""RefundIssued out of a refund and what is known of its order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from asiento.accounting.allocation import spread
from sources.platforms.facts import Fact
from sources.platforms.figures import rounded
from sources.platforms.gateway_names import UNKNOWN_GATEWAY
from sources.platforms.minor_units import decimal_text, to_minor_units
from sources.platforms.outcome import EventTwin
from sources.platforms.woocommerce.refund import MICRO
from sources.platforms.woocommerce.view import OrderView, Refund, RefundedItem

_TAX_NAMES = ("jurisdiction", "type", "code")


@dataclass(slots=True, kw_only=True)
class _Credited:
    """One item in minor units; `taxes` None where nobody says which taxes these are."""

    item: RefundedItem
    line_id: str | None
    net: int
    tax: int
    taxes: list[EventTwin] | None


@dataclass(slots=True, kw_only=True)
class RefundReader:
    """Tells one refund. `view` is None where its order is not known: then the money is told, and of the lines what they say themselves."""

    refund: Refund
    view: OrderView | None
    currency: str
    exponent: int
    lines: list[EventTwin] = field(default_factory=list)
    adjustments: list[EventTwin] = field(default_factory=list)

    def fact(self, order_id: str) -> Fact:
        """The refund under `refund:<id>`."""
        refund, view = self.refund, self.view
        amount = to_minor_units(Decimal(refund.amount), self.exponent, f"{refund.pointer}/amount")
        for credited in self._credited():
            self._add(credited)
        tender: EventTwin = {
            "tender_id": refund.refund_id,
            "payment_id": order_id if refund.by_gateway else None,
            "tender": view.tender if view else "OTHER",
            "gateway": view.gateway if view else UNKNOWN_GATEWAY,
            "amount": amount,
            "status": "SUCCEEDED",
        }
        body: EventTwin = {
            "currency": self.currency,
            "currency_exponent": self.exponent,
            "refund_id": refund.refund_id,
            "lines": self.lines,
            "adjustments": self.adjustments,
            "tenders": [{name: value for name, value in tender.items() if value is not None}] if amount else [],
            "allow_over_refund": not refund.by_gateway,
        }
        return Fact(type="RefundIssued", business_key=refund_key(refund.refund_id), body=body, occurred_at=refund.at, test_mode=None)

    def _scope(self) -> str:
        if self.view is None:
            return "AUTO"
        return "SHIPPED" if is_after_shipping(self.refund, self.view) else "UNSHIPPED"

    def _add(self, credited: _Credited) -> None:
        item, scope = credited.item, self._scope()
        if item.kind != "GOODS" and credited.line_id is not None:
            self.adjustments.append(self._adjustment("CHARGE", credited))
        elif item.kind == "GOODS" and item.units and credited.line_id is not None:
            line: EventTwin = {"line_id": credited.line_id, "quantity": decimal_text(Decimal(item.units) / MICRO), "scope": scope}
            if scope != "UNSHIPPED" and credited.taxes is not None:
                line |= {"net": credited.net, "taxes": credited.taxes}
            self.lines.append(line)
        elif scope != "UNSHIPPED" and (credited.net or credited.taxes):
            self.adjustments.append(self._adjustment("GOODWILL", credited))

    def _adjustment(self, kind: str, credited: _Credited) -> EventTwin:
        twin: EventTwin = {"kind": kind, "amount": credited.net, "taxes": credited.taxes or []}
        return twin if credited.line_id is None else twin | {"line_id": credited.line_id}

    def _credited(self) -> list[_Credited]:
        """Items that give back, less those that take from it (the discount of a negative line that goes back too)."""
        giving: list[_Credited] = []
        taking: list[_Credited] = []
        for item in self.refund.items:
            (taking if Decimal(item.net) < 0 else giving).append(self._in_minor_units(item))
        for less in taking:
            goods = [credited for credited in giving if credited.item.kind == "GOODS" and credited.net > 0]
            if not goods:
                continue
            for credited, share in zip(goods, spread(-less.net, [each.net for each in goods]), strict=True):
                credited.net = max(0, credited.net - share)
                credited.taxes = credited.taxes if not less.tax else None
        return giving

    def _in_minor_units(self, item: RefundedItem) -> _Credited:
        net, tax = rounded(Decimal(item.net), self.exponent), rounded(Decimal(item.tax), self.exponent)
        line_id = original_of(item, self.view)
        return _Credited(item=item, line_id=line_id, net=net, tax=tax, taxes=self._taxes(item, line_id, tax))

    def _taxes(self, item: RefundedItem, line_id: str | None, tax: int) -> list[EventTwin] | None:
        """The refunded tax under its rates: those that the line names, else those of the order's line."""
        if tax <= 0:
            return [] if tax == 0 else None
        rates = {**self.refund.rates, **(self.view.rates if self.view else {})}
        if item.taxes and item.taxes.keys() <= rates.keys():
            weights = {rate_id: max(1, int(Decimal(value) * 10**8)) for rate_id, value in item.taxes.items()}
        else:
            line = self.view.lines.get(line_id or "") if self.view else None
            weights = {rate_id: value for rate_id, value in line.taxes.items() if value > 0} if line else {}
        if not weights:
            return None
        shares = spread(tax, list(weights.values()))
        return [
            dict(zip(_TAX_NAMES, rates[rate_id], strict=True)) | {"amount": share, "liable_party": "SELLER"}
            for rate_id, share in zip(weights, shares, strict=True)
            if share
        ]


def refund_key(refund_id: str) -> str:
    """Business key of a refund."""
    return f"refund:{refund_id}"


def is_after_shipping(refund: Refund, view: OrderView) -> bool:
    """Whether the units of a refund had left the house by then."""
    return view.shipped_at is not None and refund.at >= view.shipped_at


def original_of(item: RefundedItem, view: OrderView | None) -> str | None:
    """The order's line of an item: the one it names; else the only one of its product, or the only charge of its kind."""
    if item.of is not None:
        return item.of if view is None or item.of in view.lines else None
    if view is None:
        return None
    same = [line_id for line_id, line in view.lines.items() if line.kind == item.kind and _alike(item, line.product)]
    return same[0] if len(same) == 1 else None


def _alike(item: RefundedItem, product: Sequence[str]) -> bool:
    return item.kind != "GOODS" or (item.product[0] != "0" and item.product == tuple(product))
