"""The explanation of one posted event: its notes, and of each entry the figures and the balances around it."""

from collections.abc import Iterator
from dataclasses import dataclass

from asiento.accounting.balances import Balances
from asiento.accounting.decision import Judged
from asiento.accounting.explaining.credit_notes import CreditNoteLines
from asiento.accounting.explaining.figures import Figure, Place
from asiento.accounting.explaining.invoices import InvoiceLines, components
from asiento.accounting.explaining.notes import explain_lines
from asiento.accounting.explaining.postings import balances_after, explain_postings
from asiento.accounting.journal import Document, JournalEntry
from asiento.accounting.order_events import RefundIssued


@dataclass(frozen=True, slots=True)
class ExplainedEntry:
    """An entry, the figures of its document and postings, and the customer's balances before and after it."""

    entry: JournalEntry
    figures: tuple[Figure, ...]
    before: Balances
    after: Balances

    def figure(self, place: Place) -> Figure | None:
        """The figure at a place, where it is explained."""
        return next((figure for figure in self.figures if figure.place == place), None)


@dataclass(frozen=True, slots=True)
class ExplainedEvent:
    """What a posted event did to lines, and its entries in their order; the totals are in `judged`."""

    judged: Judged
    notes: tuple[Figure, ...]
    entries: tuple[ExplainedEntry, ...]


def explain(judged: Judged) -> ExplainedEvent:
    """Explain a judgement that posted its event."""
    balances = judged.before.posted
    entries = []
    for entry in judged.entries:
        figures = (*_document_figures(entry, judged), *explain_postings(entry, judged, balances))
        after = balances_after(balances, entry)
        entries.append(ExplainedEntry(entry, figures, balances, after))
        balances = after
    return ExplainedEvent(judged, explain_lines(judged), tuple(entries))


def _document_figures(entry: JournalEntry, judged: Judged) -> Iterator[Figure]:
    document = entry.document
    if document is None:
        return
    if entry.reverses is not None:
        yield from _reversed(document, entry.reverses)
    elif document.kind == "INVOICE":
        invoice = InvoiceLines(judged)
        for number, line in enumerate(document.lines):
            yield from invoice.explain(number, line)
    elif document.kind == "CREDIT_NOTE" and isinstance(judged.event, RefundIssued):
        note = CreditNoteLines(judged, judged.event)
        for number, line in enumerate(document.lines):
            yield from note.explain(number, line)


def _reversed(document: Document, reverses: str) -> Iterator[Figure]:
    for number, line in enumerate(document.lines):
        for component, amount in components(line):
            yield Figure(Place("line", number, component), amount, "reversed", values=(("reverses", reverses),))
