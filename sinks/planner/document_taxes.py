"""Taxes of a document's lines that the ledger books itself, under its own codes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from asiento.accounting.journal import DocumentTax
from asiento.accounting.money import round_half_up
from sinks.external.documents import LedgerLine, LineTax
from sinks.external.targets import Target
from sinks.planner.document_lines import Cell, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coded:
    """A tax of a row that the ledger has a code for; cell None = nothing was posted, as it is 0."""

    tax: DocumentTax
    target: Target
    role: str
    cell: Cell | None = None


def taxed(rows: Sequence[Row], cells: Sequence[Cell], target_of_nothing: Callable[[str, DocumentTax], Target | None]) -> None:
    """Put taxes whose target has a code onto the lines they are of, where each line then has one tax at most; the cells are used up.

    All of a document or none: what a code cannot say (two taxes on a line, a tax without an amount under it, lines that
    do not add up to the posting) leaves every tax as a line on its account. A tax of 0 is said where its line has no other.
    target_of_nothing: (role, tax) -> where a tax of 0 would go.
    """
    coded = [cell for cell in cells if cell.is_tax and cell.leg.target.tax_code is not None]
    by_row = [_posted(row, coded) for row in rows]
    if any(len(taxes) > 1 or (taxes and not row.lines) for row, taxes in zip(rows, by_row, strict=True)):
        return
    if any(cell.amount != _told(cell, rows, by_row) for cell in coded):
        return
    for row, taxes in zip(rows, by_row, strict=True):
        for one in taxes or _of_nothing(row, target_of_nothing):
            row.lines = _with_tax(row.lines, one, row.sign * one.tax.amount)
    for cell in coded:
        cell.left = 0


def tax_role(tax: DocumentTax) -> str:
    """The role that the seller's taxes are posted to."""
    return f"tax_payable:{tax.jurisdiction}:{tax.type}"


def _posted(row: Row, cells: Sequence[Cell]) -> list[_Coded]:
    return [
        _Coded(tax=tax, target=cell.leg.target, role=cell.leg.posting.account, cell=cell)
        for tax in row.line.taxes
        if tax.amount
        for cell in cells
        if _is_of(cell, tax)
    ]


def _told(cell: Cell, rows: Sequence[Row], by_row: Sequence[Sequence[_Coded]]) -> int:
    """What the document's lines say that a posting comes to."""
    return sum(row.sign * one.tax.amount for row, taxes in zip(rows, by_row, strict=True) for one in taxes if one.cell is cell)


def _of_nothing(row: Row, target_of_nothing: Callable[[str, DocumentTax], Target | None]) -> list[_Coded]:
    """The one tax of a row, where it is 0."""
    if len(row.line.taxes) != 1 or row.line.taxes[0].amount or row.line.taxes[0].liable_party == "MARKETPLACE":
        return []
    tax = row.line.taxes[0]
    target = target_of_nothing(tax_role(tax), tax)
    return [] if target is None or target.tax_code is None else [_Coded(tax=tax, target=target, role=tax_role(tax))]


def _is_of(cell: Cell, tax: DocumentTax) -> bool:
    said = dict(cell.leg.posting.dimensions)
    posted = (cell.leg.posting.account, said.get("tax_code"), said.get("tax_rate"))
    return tax.liable_party != "MARKETPLACE" and posted == (tax_role(tax), tax.code, tax.rate)


def _with_tax(lines: Sequence[LedgerLine], coded: _Coded, amount: int) -> list[LedgerLine]:
    """The lines of a row with its tax, each with its share; the first takes what rounding leaves."""
    base = sum(line.amount for line in lines)
    side = -1 if base < 0 else 1
    shares = [round_half_up(side * amount * line.amount, side * base) if base else 0 for line in lines[1:]]
    target = coded.target
    return [
        replace(
            line,
            tax=LineTax(code=str(target.tax_code), rate=coded.tax.rate, amount=share, account=target.account, role=coded.role),
        )
        for line, share in zip(lines, [amount - sum(shares), *shares], strict=False)
    ]
