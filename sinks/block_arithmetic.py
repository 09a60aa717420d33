"""How the amounts of an order's documents follow from its lines: Rule 2 of the accounting rules, spelled out.

A line agreed for Q units at an amount A gives the next n units, after t of them, R(A(t+n)/Q) - R(At/Q). Charges are
spread over the net of the unit lines instead of units; credits take from what one invoice holds. A figure is explained
only where this arithmetic gives exactly that figure, so that no explanation is ever made up; edits and stated amounts
stay without one.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from asiento.accounting.blocks import FIRST_TAX, NET
from asiento.accounting.journal import Document, DocumentLine, JournalEntry
from asiento.accounting.money import round_half_up
from asiento.accounting.order_state import OrderState


@dataclass(frozen=True, slots=True)
class Part:
    """`amount` = R(`whole` * (`taken` + `count`) / `units`) - R(`whole` * `taken` / `units`), all integers."""

    amount: int
    whole: int
    units: int
    taken: int
    count: int

    def holds(self) -> bool:
        """Whether the arithmetic gives the amount."""
        if not self.units > 0 or not 0 <= self.taken <= self.taken + self.count <= self.units:
            return False
        upto, before = (round_half_up(self.whole * units, self.units) for units in (self.taken + self.count, self.taken))
        return self.amount == upto - before


Place: TypeAlias = tuple[str, int, int]
"""(entry_id, place of the document line, 0 for its net or 1, 2, ... for its taxes)."""


def explain_documents(entries: Iterable[JournalEntry], state: OrderState | None) -> dict[Place, Part]:
    """How the amounts of document lines came about, where that can be shown; `entries` in their order."""
    explained: dict[Place, Part] = {}
    history = _History(state)
    for entry in entries:
        document = entry.document
        if document is None:
            continue
        for place, line in enumerate(document.lines):
            for component, part in enumerate(history.parts(document, line)):
                if part.holds():
                    explained[entry.entry_id, place, component] = part
        history.take(document)
    return explained


class _History:
    """What earlier documents took of each line."""

    def __init__(self, state: OrderState | None) -> None:
        self._lines = state.lines if state is not None else {}
        self._units: Counter[str] = Counter()
        self._net_of_units = 0
        self._invoiced: dict[tuple[str, str], DocumentLine] = {}
        self._credited: Counter[tuple[str, str]] = Counter()

    def parts(self, document: Document, line: DocumentLine) -> list[Part]:
        """The candidates for net and taxes of a line of the next document; none where nothing is known of the line."""
        known = self._lines.get(line.line_id or "")
        if known is None:
            return []
        amounts = (line.net, *(tax.amount for tax in line.taxes))
        agreed = (known.agreed[NET], *known.agreed[FIRST_TAX:])
        if document.kind == "CREDIT_NOTE":
            return self._credited_parts(document, line, amounts)
        if known.has_units:
            units, taken, count = known.open.units, self._units[known.terms.line_id], line.quantity
        else:
            units = sum(other.agreed[NET] for other in self._lines.values() if other.has_units)
            taken, count = self._net_of_units, self._net_invoiced(document)
        return [Part(amount, whole, units, taken, count) for amount, whole in zip(amounts, agreed, strict=False)]

    def _credited_parts(self, document: Document, line: DocumentLine, amounts: tuple[int, ...]) -> list[Part]:
        for reference in document.refers_to:
            invoiced = self._invoiced.get((reference, line.line_id or ""))
            if invoiced is not None and invoiced.quantity:
                wholes = (invoiced.net, *(tax.amount for tax in invoiced.taxes))
                taken = self._credited[reference, line.line_id or ""]
                return [
                    Part(amount, whole, invoiced.quantity, taken, line.quantity) for amount, whole in zip(amounts, wholes, strict=False)
                ]
        return []

    def take(self, document: Document) -> None:
        """Remember a document; a credit counts on the first invoice it refers to that has the line."""
        for line in document.lines:
            line_id = line.line_id or ""
            if document.kind == "CREDIT_NOTE":
                holder = next((ref for ref in document.refers_to if (ref, line_id) in self._invoiced), None)
                if holder is not None:
                    self._credited[holder, line_id] += line.quantity
            else:
                self._units[line_id] += line.quantity
                self._invoiced[document.document_ref, line_id] = line
        if document.kind == "INVOICE":
            self._net_of_units += self._net_invoiced(document)

    def _net_invoiced(self, document: Document) -> int:
        """Net of the unit lines of a document."""
        return sum(line.net for line in document.lines if line.line_id in self._lines and self._lines[line.line_id].has_units)
