"""How the amounts of a credit note follow from what its refund says and from what was invoiced."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from asiento.accounting.blocks import FIRST_TAX, NET
from asiento.accounting.decision import Judged
from asiento.accounting.explaining.figures import Figure, Part, Place, summed, total
from asiento.accounting.explaining.invoices import component_place, components
from asiento.accounting.journal import DocumentLine
from asiento.accounting.order_events import Adjustment, RefundIssued, RefundLine
from asiento.accounting.order_state import NET_CAP, CapKey, OrderState
from asiento.accounting.refund_plan import plan_refund


@dataclass(slots=True)
class _Group:
    """Units of one refund line that were invoiced under one category: a line of the credit note."""

    stated: RefundLine
    parts: list[list[Part]] = field(default_factory=list)


class CreditNoteLines:
    """Explains the lines of a refund's credit note, one after the other."""

    def __init__(self, judged: Judged, event: RefundIssued) -> None:
        self._before: OrderState = judged.before
        self._event = event
        self._groups = _groups(event, judged.before)
        self._adjustments = [one for one in event.adjustments if one.kind != "RETURN_FEE"]
        self._uncredited = dict(judged.before.uncredited)

    def explain(self, number: int, line: DocumentLine) -> Iterator[Figure]:
        """The figures of a line, in the order of the note: units, ROUNDING, adjustments, the allowance."""
        known = self._before.lines.get(line.line_id or "")
        group = adjustment = None
        if line.quantity:
            group = self._groups.pop(0) if self._groups else None
        elif line.description != "ALLOWANCE" and not (known and known.terms.kind == "ROUNDING"):
            adjustment = self._next_adjustment(line)
        for component, amount in components(line):
            place = Place("line", number, component)
            key = self._key(line, component)
            if group is not None:
                found = self._of_units(place, amount, component, group, line)
            elif adjustment is not None:
                found = self._of_adjustment(place, amount, component, adjustment, key)
            elif line.description == "ALLOWANCE":
                found = self._of_allowance(place, amount, key, line)
            else:
                rest = known.invoiced[component_place(component)] - known.credited[component_place(component)] if known else None
                found = summed(place, amount, "rounding_rest", [rest]) if rest is not None else None
            if found is not None:
                yield found
        for component, amount in components(line):
            key = self._key(line, component)
            self._uncredited[key] = self._uncredited.get(key, 0) - amount

    @staticmethod
    def _key(line: DocumentLine, component: str) -> CapKey:
        if not component.startswith("tax:"):
            return NET_CAP
        tax = line.taxes[int(component.removeprefix("tax:"))]
        return tax.jurisdiction, tax.type, tax.code

    def _of_units(self, place: Place, amount: int, component: str, group: _Group, line: DocumentLine) -> Figure | None:
        if group.stated.net is not None:
            stated = _stated_of(group.stated, component)
            return self._within_cap(place, amount, "stated", stated, self._key(line, component)) if stated is not None else None
        at = component_place(component)
        if at >= len(group.parts):
            return None
        parts = group.parts[at]
        worth = total(parts)
        if worth == amount:
            return summed(place, amount, "credit_part", parts)
        return Figure(place, amount, "cut", tuple(parts), (("worth", worth),)) if amount < worth else None

    def _of_adjustment(self, place: Place, amount: int, component: str, one: Adjustment, key: CapKey) -> Figure | None:
        stated = one.amount if component == "net" else sum([tax.amount for tax in one.taxes if tax.key == key])
        if one.kind == "CHARGE" and amount < stated:
            return Figure(place, amount, "charge_invoiced", values=(("stated", stated),))
        return self._within_cap(place, amount, f"{one.kind.lower()}_stated", stated, key)

    def _within_cap(self, place: Place, amount: int, name: str, stated: int | None, key: CapKey) -> Figure | None:
        if stated is None:
            return None
        if stated == amount:
            return Figure(place, amount, name)
        left = self._uncredited.get(key, 0)
        return Figure(place, amount, "stated_cut", values=(("stated", stated), ("left", left))) if amount < stated else None

    def _of_allowance(self, place: Place, amount: int, key: CapKey, line: DocumentLine) -> Figure | None:
        whole = sum(self._uncredited.values())
        allowed = line.net + sum([tax.amount for tax in line.taxes])
        if key == NET_CAP:
            taxes = [tax.amount for tax in line.taxes]
            return summed(place, amount, "allowance_net", [allowed, *[-tax for tax in taxes]], allowed=allowed)
        part = Part(self._uncredited.get(key, 0), whole, 0, allowed, "value") if whole else None
        if part is None or part.amount < amount:
            return None
        return Figure(place, amount, "allowance_tax" if part.amount == amount else "allowance_tax_cut", (part,))

    def _next_adjustment(self, line: DocumentLine) -> Adjustment | None:
        """The adjustment that a line is of; a CHARGE may make several lines, of one shipping line each."""
        for one in self._adjustments:
            if one.kind == (line.description or "CHARGE") or (one.kind == "CHARGE" and line.description not in ("GOODWILL", "TAX")):
                if one.line_id is not None or one.kind != "CHARGE":
                    self._adjustments.remove(one)
                return one
        return None


def _stated_of(stated: RefundLine, component: str) -> int | None:
    if component == "net":
        return stated.net
    taxes = stated.taxes or ()
    at = int(component.removeprefix("tax:"))
    return taxes[at].amount if at < len(taxes) else None


def _groups(event: RefundIssued, before: OrderState) -> list[_Group]:
    """The lines of the note that are of units, as the note groups them."""
    if event.refund_id in before.refunds:
        return []
    blocks = {line_id: list(line.shipped) for line_id, line in before.lines.items()}
    groups: list[_Group] = []
    for plan in plan_refund(event, before)[0]:
        line_id = plan.stated.line_id
        by_category: dict[str, _Group] = {}
        for place, count in plan.credits:
            block = blocks[line_id][place]
            taken = block.credits
            width = len(taken.amounts)
            category = "" if plan.stated.net is not None else block.category
            group = by_category.setdefault(category, _Group(plan.stated, [[] for _ in range(width)]))
            for component in (NET, *range(FIRST_TAX, width)):
                group.parts[component].append(Part(taken.amounts[component], taken.units, taken.taken, count))
            blocks[line_id][place] = block.credit(count)[1]
        groups += by_category.values()
    return groups
