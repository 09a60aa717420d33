"""Entries that move the customer's account without being an invoice or credit note: they settle what is open, the oldest first.

A credit pays invoices, a debit pays credit notes out; out of, or into, the accounts on the other side of the entry, in their order.
What finds nothing open goes against what journals moved before, else it is a credit note or invoice of its own on those accounts.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sinks.external.documents import DocumentKind, LedgerLine, Settlement
from sinks.planner.legs import Leg, described, journal_line
from sinks.planner.picture import OpenItem
from sinks.planner.telling import Draft, Telling

_SETTLES: Final = {DocumentKind.PAYMENT: DocumentKind.CREDIT_NOTE, DocumentKind.REFUND: DocumentKind.INVOICE}
"""What settles, and what says the same where nothing is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """So much of a leg on the other side, minor units above 0."""

    leg: Leg
    amount: int


def settlement_drafts(telling: Telling) -> tuple[Draft, ...]:
    """The documents of an entry that moves receivables. Raises `Unmapped` and `CannotTell`."""
    return _Settling(telling).drafts()


class _Settling:
    """Takes the entry apart: parts that settle, parts that stand for themselves, and the journal of the rest."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        pays = telling.moved < 0
        self._kind = DocumentKind.PAYMENT if pays else DocumentKind.REFUND
        items = telling.order.invoices if pays else telling.order.credit_notes
        self._open = [item for item in items if item.open]
        self._settled: list[Draft] = []
        self._alone: list[_Part] = []
        self._told: Counter[int] = Counter()
        self._by_journal = 0

    def drafts(self) -> tuple[Draft, ...]:
        """Settlements, then the document for what found nothing open, then the journal."""
        rests = [rest for part in self._parts() if (rest := self._settle(part)).amount]
        for rest in rests:
            self._place(rest)
        found = [*self._settled, *self._document_alone()]
        if journal := self._telling.journal(list(self._journal_lines())):
            found.append(journal)
        return tuple(found)

    def _parts(self) -> Iterator[_Part]:
        """The other side of what is moved: legs in the order of the entry until it is covered."""
        left = self._telling.moved
        for leg in self._telling.legs:
            if left and not leg.is_receivable and (leg.amount > 0) == (left < 0):
                amount = min(abs(left), abs(leg.amount))
                left += amount if left < 0 else -amount
                yield _Part(leg=leg, amount=amount)

    def _settle(self, part: _Part) -> _Part:
        """Settle open items with a part; answers what is left of it."""
        left = part.amount
        while left and self._open and self._may_pay(part.leg):
            item = self._open[0]
            amount = min(left, item.open)
            self._settled.append(self._settlement(part.leg, item, amount))
            self._told[part.leg.place] += amount
            left -= amount
            if amount == item.open:
                self._open.pop(0)
            else:
                self._open[0] = OpenItem(document=item.document, open=item.open - amount)
        return _Part(leg=part.leg, amount=left)

    def _may_pay(self, leg: Leg) -> bool:
        roles = self._telling.capabilities.payment_roles
        return self._telling.knows(self._kind) and (roles is None or leg.posting.account.partition(":")[0] in roles)

    def _settlement(self, leg: Leg, item: OpenItem, amount: int) -> Draft:
        settled = item.document
        values = {
            "depends_on": (settled.key,),
            "contact": settled.contact,
            "receivable": settled.receivable,
            "account": leg.target.account,
            "account_role": leg.posting.account,
            "settles": Settlement(key=settled.key, reference=settled.reference, amount=amount),
        }
        return Draft(kind=self._kind, part=f"{self._kind}|{leg.place}|{settled.key}", values=values)

    def _place(self, rest: _Part) -> None:
        """What settled nothing: by journal where journals moved the account the other way, or where no document can say it."""
        telling = self._telling
        may = telling.capabilities.journal_receivable
        before = telling.order.by_journals + self._by_journal
        left = rest.amount
        if may and before and (before < 0) == (telling.moved > 0):
            self._add_to_journal(amount := min(left, abs(before)))
            left -= amount
        alone = telling.knows(_SETTLES[self._kind]) and (rest.leg.target.item is not None or not telling.capabilities.lines_need_items)
        if left and may and (self._open or not alone):
            self._add_to_journal(left)
        elif left and alone:
            self._alone.append(_Part(leg=rest.leg, amount=left))
            self._told[rest.leg.place] += left
        elif left:
            telling.require_journal_receivable()

    def _add_to_journal(self, amount: int) -> None:
        self._by_journal += amount if self._telling.moved > 0 else -amount

    def _document_alone(self) -> Iterator[Draft]:
        """An invoice or credit note of what found nothing open, on the accounts of the other side."""
        if self._alone:
            telling = self._telling
            lines = tuple(_document_line(part) for part in self._alone)
            values = {"lines": lines, "contact": telling.contact, "receivable": telling.receivable}
            yield Draft(kind=_SETTLES[self._kind], part="alone", values=values)

    def _journal_lines(self) -> Iterator[LedgerLine]:
        """All that no document says."""
        telling = self._telling
        customer = next(leg for leg in telling.legs if leg.is_receivable)
        if self._by_journal:
            yield telling.customer_line(customer, self._by_journal)
        for leg in telling.legs:
            if not leg.is_receivable:
                told = self._told[leg.place]
                yield journal_line(leg, leg.amount - (told if leg.amount > 0 else -told))


def _document_line(part: _Part) -> LedgerLine:
    posting = part.leg.posting
    return LedgerLine(
        account=part.leg.target.account,
        role=posting.account,
        amount=part.amount,
        description=described(posting),
        dimensions=posting.dimensions,
        item=part.leg.target.item,
    )
