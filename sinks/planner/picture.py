"""What is known of an order at one ledger: the documents that are open there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.planner.legs import RECEIVABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """An invoice or credit note, and what of it is not settled in minor units; 0 = settled."""

    document: LedgerDocument
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPicture:
    """One order at one ledger, made of its documents alone: the same after a restart.

    invoices, credit_notes: all of the order, the oldest first. by_journals: what journals moved on the receivable (debit positive).
    contact: the customer of its first document that names one, which all others keep. event_id: the event of the last document;
    next_sequence: the place after it.
    """

    invoices: tuple[OpenItem, ...] = ()
    credit_notes: tuple[OpenItem, ...] = ()
    by_journals: int = 0
    next_sequence: int = 0
    contact: str | None = None
    event_id: str | None = None

    @classmethod
    def of(cls, documents: Iterable[LedgerDocument]) -> Self:
        """The picture after these documents of one group, in any order."""
        picture = cls()
        for document in sorted(documents, key=lambda one: one.sequence):
            picture = picture.after(document)
        return picture

    @property
    def receivable(self) -> int:
        """What the documents come to on the customer's account, minor units (debit positive)."""
        return sum(item.open for item in self.invoices) - sum(item.open for item in self.credit_notes) + self.by_journals

    def settling(self) -> Iterator[tuple[OpenItem, OpenItem, int]]:
        """Credit notes with the invoices that they settle, the oldest first, and how much of it: as far as both are open."""
        invoices = [item for item in self.invoices if item.open]
        left = invoices[0].open if invoices else 0
        for credit_note in self.credit_notes:
            rest = credit_note.open
            while rest and invoices:
                amount = min(rest, left)
                yield credit_note, invoices[0], amount
                rest, left = rest - amount, left - amount
                if not left:
                    invoices.pop(0)
                    left = invoices[0].open if invoices else 0

    def after(self, document: LedgerDocument) -> Self:
        """The picture when one more document stands. Raises ValueError where it settles more than is open."""
        invoices, credit_notes, by_journals = self.invoices, self.credit_notes, self.by_journals
        match document.kind:
            case DocumentKind.INVOICE:
                invoices = (*invoices, _item(document))
            case DocumentKind.CREDIT_NOTE:
                credit_notes = (*credit_notes, _item(document))
            case DocumentKind.PAYMENT:
                invoices = _settled(invoices, document)
            case DocumentKind.REFUND:
                credit_notes = _settled(credit_notes, document)
            case DocumentKind.ALLOCATION:
                invoices = _settled(invoices, document)
                credit_notes = _spent(credit_notes, document)
            case DocumentKind.JOURNAL:
                by_journals += sum(line.amount for line in document.lines if line.role == RECEIVABLE)
        return type(self)(
            invoices=invoices,
            credit_notes=credit_notes,
            by_journals=by_journals,
            next_sequence=max(self.next_sequence, document.sequence + 1),
            contact=self.contact or _customer(document),
            event_id=document.event_id,
        )


def _item(document: LedgerDocument) -> OpenItem:
    return OpenItem(document=document, open=document.total)


def _customer(document: LedgerDocument) -> str | None:
    return document.contact or next((line.contact for line in document.lines if line.role == RECEIVABLE and line.contact), None)


def _settled(items: tuple[OpenItem, ...], document: LedgerDocument) -> tuple[OpenItem, ...]:
    settles = document.settles
    return items if settles is None else _less(items, settles.key, settles.amount)


def _spent(items: tuple[OpenItem, ...], document: LedgerDocument) -> tuple[OpenItem, ...]:
    source = document.source
    return items if source is None else _less(items, source.key, source.amount)


def _less(items: tuple[OpenItem, ...], key: str, amount: int) -> tuple[OpenItem, ...]:
    found = next((item for item in items if item.document.key == key), None)
    if found is None or not 0 < amount <= found.open:
        raise ValueError(f"{amount} are to be settled of document {key}, which has {found.open if found else 'nothing'} open")
    left = OpenItem(document=found.document, open=found.open - amount)
    return tuple(left if item is found else item for item in items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The documents of an entry in the order in which they are posted, maybe none, and the picture with them."""

    documents: tuple[LedgerDocument, ...]
    order: OrderPicture
