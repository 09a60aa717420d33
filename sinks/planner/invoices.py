"""Entries that are an invoice or a credit note: their postings, told line by line as the document says.

The postings say how much stands on which account and under which tax, the document's lines say what it is for. Lines take what
they come to from the postings; whatever they leave is a line of its own, so that every account and tax is exact whatever they say.
"""

from collections.abc import Sequence

from sinks.external.documents import DocumentKind, LedgerLine
from sinks.external.targets import Unmapped
from sinks.planner.document_lines import Cell, Row, filled, rows_of
from sinks.planner.document_taxes import taxed
from sinks.planner.legs import described
from sinks.planner.refusal import CannotTell
from sinks.planner.telling import Draft, Telling

DOCUMENT_KINDS = frozenset({"INVOICE", "CREDIT_NOTE"})


def document_drafts(telling: Telling) -> tuple[Draft, ...]:
    """The document of an entry that has one. Raises `Unmapped` and `CannotTell`.

    An entry that debits receivables is an invoice, one that credits them a credit note, whatever it was called: a document of less
    than nothing is the other kind. One of nothing, and one that this ledger does not hold as such, is a journal.
    """
    document, moved = telling.entry.document, telling.moved
    kind = DocumentKind.INVOICE if moved > 0 else DocumentKind.CREDIT_NOTE
    if document is None or not moved or not telling.knows(kind):
        return telling.journal_with_customer()
    sign = 1 if document.kind == kind.name else -1
    if abs(moved) != sign * document.totals.gross:
        raise CannotTell(
            f"document {document.document_ref} comes to {document.totals.gross}, its entry moves {moved} on accounts_receivable: "
            "both must be the same"
        )
    values = {
        "lines": _lines(telling, kind, rows_of(document, sign)),
        "contact": telling.contact,
        "receivable": telling.receivable,
        "due_date": document.due_date if kind is DocumentKind.INVOICE else None,
    }
    return (Draft(kind=kind, part="document", values=values),)


def _lines(telling: Telling, kind: DocumentKind, rows: Sequence[Row]) -> tuple[LedgerLine, ...]:
    side = -1 if kind is DocumentKind.INVOICE else 1
    cells = [Cell(leg=leg, amount=side * leg.amount) for leg in telling.legs if not leg.is_receivable]
    filled(rows, cells)
    taxed(rows, cells, telling.target_of_nothing)
    said = [line for row in rows for line in row.lines]
    found = (*said, *(_rest(cell) for cell in cells if cell.left))
    if telling.capabilities.lines_need_items:
        _require_items(telling, found)
    return found


def _require_items(telling: Telling, lines: Sequence[LedgerLine]) -> None:
    """Raises `Unmapped` for a line without an item."""
    for line in lines:
        if line.item is None:
            entry = telling.entry
            raise Unmapped(
                f"item/{line.role}/{entry.legal_entity}/{entry.currency}",
                f"{telling.capabilities.name} books lines of invoices through items: say `item` beside the account in the rule for"
                f" {line.role} of {entry.legal_entity} in {entry.currency}",
            )


def _rest(cell: Cell) -> LedgerLine:
    """What no line took of a posting."""
    return LedgerLine(
        account=cell.leg.target.account,
        role=cell.leg.posting.account,
        amount=cell.left,
        description=described(cell.leg.posting),
        dimensions=cell.leg.posting.dimensions,
        item=cell.leg.target.item,
    )
