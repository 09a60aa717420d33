"""Taxes of a document's lines that the ledger books itself, under its own codes."""

from collections.abc import Sequence
from dataclasses import replace

from asiento.accounting.journal import DocumentTax
from asiento.accounting.money import round_half_up
from sinks.external.documents import LedgerLine, LineTax
from sinks.planner.document_lines import Cell, Row


def taxed(rows: Sequence[Row], cells: Sequence[Cell]) -> None:
    """Put taxes whose target has a code onto the lines they are of, where each line then has one tax at most; the cells are used up.

    All of a document or none: what a code cannot say (two taxes on a line, a tax without an amount under it, lines that
    do not add up to the posting) leaves every tax as a line on its account.
    """
    coded = [cell for cell in cells if cell.is_tax and cell.leg.target.tax_code is not None]
    by_row = [[(cell, tax) for tax in row.line.taxes if tax.amount for cell in coded if _is_of(cell, tax)] for row in rows]
    told = {id(cell): 0 for cell in coded}
    for row, taxes in zip(rows, by_row, strict=True):
        if len(taxes) > 1 or (taxes and not row.lines):
            return
        for cell, tax in taxes:
            told[id(cell)] += row.sign * tax.amount
    if any(told[id(cell)] != cell.amount for cell in coded):
        return
    for row, taxes in zip(rows, by_row, strict=True):
        for cell, tax in taxes:
            row.lines = _with_tax(row.lines, cell, tax, row.sign * tax.amount)
    for cell in coded:
        cell.left = 0


def _is_of(cell: Cell, tax: DocumentTax) -> bool:
    said = dict(cell.leg.posting.dimensions)
    account = f"tax_payable:{tax.jurisdiction}:{tax.type}"
    return (cell.leg.posting.account, said.get("tax_code"), said.get("tax_rate")) == (account, tax.code, tax.rate) and (
        tax.liable_party != "MARKETPLACE"
    )


def _with_tax(lines: list[LedgerLine], cell: Cell, tax: DocumentTax, amount: int) -> list[LedgerLine]:
    """The lines of a row with its tax, each with its share; the first takes what rounding leaves."""
    base = sum(line.amount for line in lines)
    side = -1 if base < 0 else 1
    shares = [round_half_up(side * amount * line.amount, side * base) if base else 0 for line in lines[1:]]
    return [
        replace(
            line,
            tax=LineTax(
                code=str(cell.leg.target.tax_code),
                rate=tax.rate,
                amount=share,
                account=cell.leg.target.account,
                role=cell.leg.posting.account,
            ),
        )
        for line, share in zip(lines, [amount - sum(shares), *shares], strict=True)
    ]
