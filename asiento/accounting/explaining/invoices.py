"""How the amounts of an invoice follow from the blocks that its event took from."""

from collections.abc import Iterator

from asiento.accounting.blocks import DISCOUNT, FIRST_TAX, NET, Block
from asiento.accounting.decision import Judged
from asiento.accounting.explaining.figures import Figure, Part, Place, Scale, summed
from asiento.accounting.explaining.ground import order_before, stating_event
from asiento.accounting.journal import DocumentLine
from asiento.accounting.order_events import ExchangeCreated, OrderEdited, ShipmentDispatched
from asiento.accounting.order_state import LineState


def components(line: DocumentLine) -> list[tuple[str, int]]:
    """(component, amount) of a document line: its net, its discount where it has one, its taxes."""
    discount = [("discount", line.discount)] if line.discount else []
    return [("net", line.net), *discount, *[(f"tax:{place}", tax.amount) for place, tax in enumerate(line.taxes)]]


def component_place(component: str) -> int:
    """Where a component stands in the vectors of its line."""
    if component == "net":
        return NET
    return DISCOUNT if component == "discount" else FIRST_TAX + int(component.removeprefix("tax:"))


class InvoiceLines:
    """Explains the lines of one invoice, one after the other: each takes from what the lines before it left."""

    def __init__(self, judged: Judged) -> None:
        self._event = stating_event(judged)
        self._before = order_before(judged)
        self._after = judged.after
        self._open: dict[str, Block] = {line_id: line.open for line_id, line in self._before.lines.items()}

    def explain(self, number: int, line: DocumentLine) -> Iterator[Figure]:
        """The figures of a line; none for an amount that nothing here gives."""
        before, after = self._before.lines.get(line.line_id or ""), self._after.lines.get(line.line_id or "")
        if line.description == "RETURN_FEE" and not line.quantity:
            for component, amount in components(line):
                yield Figure(Place("line", number, component), amount, "stated")
            return
        if after is None:
            return
        taken = self._taken(line, before, after)
        for component, amount in components(line):
            place = Place("line", number, component)
            found = None
            if taken is not None:
                found = self._part(place, amount, taken, component)
            if found is None:
                found = self._rest(place, amount, component, before, after)
            if found is not None:
                yield found

    def _taken(self, line: DocumentLine, before: LineState | None, after: LineState) -> tuple[Block, int, Scale] | None:
        """The block and how much of it the line took."""
        if before is None or isinstance(self._event, OrderEdited | ExchangeCreated):
            return None
        line_id = before.terms.line_id
        block = self._open[line_id]
        if isinstance(self._event, ShipmentDispatched) and before.has_units:
            self._open[line_id] = Block(block.units, block.taken + line.quantity, block.amounts)
            return block, line.quantity, "units"
        count = after.open.taken - block.taken if after.open.units == block.units else block.open_units
        return block, count, "value"

    @staticmethod
    def _part(place: Place, amount: int, taken: tuple[Block, int, Scale], component: str) -> Figure | None:
        block, count, scale = taken
        whole = block.amounts[component_place(component)]
        if block.units <= 0 or (block.taken == 0 and count == block.units):
            return summed(place, amount, "whole", [whole])
        name = "part" if scale == "units" else "charge_part"
        return summed(place, amount, name, [Part(whole, block.units, block.taken, count, scale)])

    def _rest(self, place: Place, amount: int, component: str, before: LineState | None, after: LineState) -> Figure | None:
        """What is agreed less what was invoiced and cancelled: of edits, and of charges that are settled at the end."""
        at = component_place(component)
        if at >= len(after.agreed):
            return None
        agreed, cancelled = after.agreed[at], after.cancelled[at]
        invoiced = after.invoiced[at] - amount
        name = "edit_rest" if isinstance(self._event, OrderEdited | ExchangeCreated) else "rest"
        if before is None and invoiced:
            return None
        return summed(place, amount, name, [agreed, -invoiced, -cancelled], agreed=agreed, invoiced=invoiced, cancelled=cancelled)
