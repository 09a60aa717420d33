"""The lines of a document over the accounts of its entry: marginals exact, lines split where they must be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from asiento.accounting.journal import Document, DocumentLine
from sinks.external.documents import LedgerLine
from sinks.planner.legs import Leg, described

_TAX_ROLES: Final = ("tax_payable", "facilitator_tax_clearing")
_DISCOUNTS: Final = "sales_discounts"
_UNIT_ROLES: Final = frozenset({"revenue", "sales_returns", "gift_card_liability"})
"""What lines with units stand on; lines without stand on anything else."""


@dataclass(slots=True, kw_only=True)
class Cell:
    """One posting and what no line has taken of it yet, signed as the kind of document says."""

    leg: Leg
    amount: int
    left: int = 0

    def __post_init__(self) -> None:
        self.left = self.amount

    @property
    def role(self) -> str:
        """Its role without qualifier."""
        return self.leg.posting.account.partition(":")[0]

    @property
    def is_tax(self) -> bool:
        """Whether it is a tax."""
        return self.role in _TAX_ROLES

    @property
    def is_discount(self) -> bool:
        """Whether it is what discounts took."""
        return self.role == _DISCOUNTS

    def take(self, wanted: int) -> int:
        """Up to `wanted` of what is left, which must have its sign; answers what was taken."""
        taken = 0
        if wanted > 0 and self.left > 0:
            taken = min(wanted, self.left)
        elif wanted < 0 and self.left < 0:
            taken = max(wanted, self.left)
        self.left -= taken
        return taken


@dataclass(slots=True, kw_only=True)
class Row:
    """A line of the document and what it became; minor units signed as the kind of document says.

    wanted: what accounts still have to give for it; shows_discount: it stands at full price with its discount beside it.
    """

    line: DocumentLine
    sign: int
    wanted: int = 0
    shows_discount: bool = False
    parts: list[tuple[Cell, int]] = field(default_factory=list)
    lines: list[LedgerLine] = field(default_factory=list)

    @property
    def has_units(self) -> bool:
        """Whether it is about units, else about a charge or an allowance."""
        return self.line.quantity > 0

    @property
    def discount(self) -> int:
        """The discount, above 0 where it lowers the document."""
        return self.sign * self.line.discount

    def suits(self, cell: Cell) -> bool:
        """Whether lines like this one stand on an account like that."""
        return self.has_units == (cell.role in _UNIT_ROLES)

    def take(self, cells: Iterable[Cell]) -> None:
        """Take what is wanted from the cells, one after the other."""
        for cell in cells:
            if taken := cell.take(self.wanted):
                self.wanted -= taken
                self.parts.append((cell, taken))


def rows_of(document: Document, sign: int) -> list[Row]:
    """The lines of a document; sign -1 where it is told as the other kind."""
    return [Row(line=line, sign=sign, wanted=sign * line.net) for line in document.lines]


def filled(rows: Sequence[Row], cells: Sequence[Cell]) -> None:
    """Give each row its lines out of the cells: an account that has exactly what it wants, else those that suit in order, else any."""
    discounts = [cell for cell in cells if cell.is_discount]
    nets = [cell for cell in cells if not (cell.is_tax or cell.is_discount)]
    for row in _discounted(rows, -sum(cell.amount for cell in discounts)):
        row.shows_discount = True
        row.wanted += row.discount
    for row in rows:
        row.take([cell for cell in nets if cell.left == row.wanted and row.suits(cell)][:1])
    for row in rows:
        row.take([cell for cell in nets if row.suits(cell)])
    for row in rows:
        row.take(nets)
        row.lines += [_line(row, cell, amount, whole=len(row.parts) == 1) for cell, amount in row.parts]
        row.lines += _discount_lines(row, discounts)


def _discounted(rows: Sequence[Row], posted: int) -> Sequence[Row]:
    """Rows whose discount was posted beside them: all that have one, or those without units; none where neither comes to `posted`."""
    every = [row for row in rows if row.discount]
    charges = [row for row in every if not row.has_units]
    return next((some for some in (every, charges) if sum(row.discount for row in some) == posted), ())


def _discount_lines(row: Row, cells: Sequence[Cell]) -> list[LedgerLine]:
    if not row.shows_discount:
        return []
    wanted = Row(line=row.line, sign=row.sign, wanted=-row.discount)
    wanted.take(cells)
    return [_line(row, cell, amount, whole=False) for cell, amount in wanted.parts]


def _line(row: Row, cell: Cell, amount: int, *, whole: bool) -> LedgerLine:
    """A part of a row on one account; units and price are only said where the row is not split."""
    line, posting = row.line, cell.leg.posting
    said = [text for text in (line.description, line.sku) if text]
    return LedgerLine(
        account=cell.leg.target.account,
        role=posting.account,
        amount=amount,
        description=said[0] if said and not cell.is_discount else described(posting),
        dimensions=posting.dimensions,
        item=cell.leg.target.item,
        quantity=line.quantity if whole and row.has_units else None,
        unit_price=line.unit_price if whole and row.has_units else None,
    )
