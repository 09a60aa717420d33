"""Documents for tests of QuickBooks: small ones of each kind."""

from typing import Any
from uuid import UUID

from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine, Settlement

KEY = str(UUID(int=7))


def line(amount: int, account: str = "79", **values: Any) -> LedgerLine:
    """A line of sales."""
    return LedgerLine(**{"account": account, "role": "revenue:sales", "amount": amount, "description": "2 mugs", "item": "1", **values})


def document(kind: DocumentKind = DocumentKind.JOURNAL, **values: Any) -> LedgerDocument:
    """A document of this kind over 10.50."""
    of_kind: dict[str, Any] = {}
    match kind:
        case DocumentKind.JOURNAL:
            of_kind["lines"] = (line(1050, "35"), line(-1050))
        case DocumentKind.INVOICE | DocumentKind.CREDIT_NOTE:
            of_kind["lines"] = (line(1050),)
        case _:
            of_kind |= {"settles": Settlement(key="key of the invoice", reference="invoice-1", amount=1050), "account": "35"}
    if kind is DocumentKind.ALLOCATION:
        of_kind |= {"source": Settlement(key="key of the note", reference="credit_note-1", amount=1050), "account": None}
    plain: dict[str, Any] = {
        "key": KEY,
        "kind": kind,
        "entry_ids": ("entry-1",),
        "legal_entity": "ACME",
        "group": "acme:shop:main:1",
        "sequence": 1,
        "reference": "invoice-1",
        "date": "2026-03-15",
        "currency": "USD",
        "currency_exponent": 2,
        "memo": "Order 1",
        "contact": "58",
    }
    return LedgerDocument(**{**plain, **of_kind, **values})
