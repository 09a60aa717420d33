"""What is sent to a ledger outside: documents with that ledger's own accounts, one key each, amounts in minor units.

The planner makes them of journal entries, a connector renders them to its vendor's form, the posting state machine sends
each until it stands in the ledger once. Values only; nothing here knows a vendor.

    JOURNAL      lines, debit positive, sum 0
    INVOICE      lines add up to what the customer owes; an amount above 0 is income
    CREDIT_NOTE  lines add up to what the customer is credited; an amount above 0 takes income back
    PAYMENT      `settles` one INVOICE out of `account`: Dr account / Cr receivable
    REFUND       `settles` one CREDIT_NOTE into `account`: Dr receivable / Cr account
    ALLOCATION   `settles` one INVOICE with a CREDIT_NOTE (`source`); posts nothing by itself
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

import orjson


class DocumentKind(StrEnum):
    """The kinds of documents that are told to a ledger."""

    JOURNAL = "journal"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    ALLOCATION = "allocation"


DIRECT_KINDS = frozenset({DocumentKind.JOURNAL, DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE})
"""Kinds that have lines; the others settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTax:
    """Tax of a document's line that the ledger books itself: `code` is the ledger's, `account` where it books it."""

    code: str
    rate: str
    amount: int
    account: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One line: `account` as the ledger names it, `role` is ours (`psp_clearing:stripe`).

    amount: minor units without tax, signed as the kind of document says. quantity: micro-units; unit_price: major units of the
    event, for people only: the amount counts. contact: whom an account of receivables is about, where the ledger wants one per line.
    """

    account: str
    role: str
    amount: int
    description: str
    dimensions: tuple[tuple[str, str], ...] = ()
    item: str | None = None
    contact: str | None = None
    tax: LineTax | None = None
    quantity: int | None = None
    unit_price: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The document that a payment, refund or allocation is about: its key, its reference, minor units."""

    key: str
    reference: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDocument:
    """One document of one ledger.

    key: UUID, one for ever; group: what keeps its order (the order key, or a summary's name); sequence: place in the group;
    depends_on: keys that must stand in the ledger first. reference: what people read, unique in the ledger, at most 255 characters.
    date: the day it is booked on, ISO; original_date: the day it belongs to, where that was closed. receivable: the ledger's account
    of receivables that the kind books to by itself. account, account_role: the other side of a payment or refund.
    source: the credit note of an allocation. event_id: the event whose entries it belongs to; a summary has none.
    """

    key: str
    kind: DocumentKind
    entry_ids: tuple[str, ...]
    legal_entity: str
    group: str
    sequence: int
    reference: str
    date: str
    currency: str
    currency_exponent: int
    memo: str
    lines: tuple[LedgerLine, ...] = ()
    depends_on: tuple[str, ...] = ()
    original_date: str | None = None
    due_date: str | None = None
    contact: str | None = None
    receivable: str | None = None
    account: str | None = None
    account_role: str | None = None
    settles: Settlement | None = None
    source: Settlement | None = None
    event_id: str | None = None

    def __post_init__(self) -> None:
        direct = self.kind in DIRECT_KINDS
        if direct != bool(self.lines) or direct == (self.settles is not None):
            raise ValueError(f"document {self.reference}: a {self.kind} has {'lines' if direct else 'what it settles'} only")
        if self.kind is DocumentKind.JOURNAL and sum(line.amount for line in self.lines) != 0:
            raise ValueError(f"document {self.reference}: the lines of a journal add up to 0")

    @property
    def net(self) -> int:
        """Sum of the lines without tax; of a journal, its debits."""
        if self.kind is DocumentKind.JOURNAL:
            return sum(line.amount for line in self.lines if line.amount > 0)
        return sum(line.amount for line in self.lines)

    @property
    def total(self) -> int:
        """What it comes to, tax included; of a journal, its debits."""
        if self.settles is not None:
            return self.settles.amount
        return self.net + sum(line.tax.amount for line in self.lines if line.tax is not None)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the whole content: the same key with another digest is a conflict."""
        return hashlib.sha256(orjson.dumps(document_values(self), option=orjson.OPT_SORT_KEYS)).hexdigest()


def document_values(document: LedgerDocument) -> dict[str, Any]:
    """A document as plain values, without what is not said: what is stored, and what is hashed."""
    values: dict[str, Any] = _plain(document)
    return values


def document_from_values(values: Mapping[str, Any]) -> LedgerDocument:
    """The document that `document_values` gave; raises KeyError, TypeError or ValueError for anything else."""
    known = dict(values)
    known["kind"] = DocumentKind(known["kind"])
    known["entry_ids"] = tuple(known["entry_ids"])
    known["depends_on"] = tuple(known.get("depends_on", ()))
    known["lines"] = tuple(_line(line) for line in known.get("lines", ()))
    for name in ("settles", "source"):
        if name in known:
            known[name] = Settlement(**known[name])
    return LedgerDocument(**known)


def _line(values: Mapping[str, Any]) -> LedgerLine:
    known = dict(values)
    known["dimensions"] = tuple((name, value) for name, value in known.get("dimensions", ()))
    if "tax" in known:
        known["tax"] = LineTax(**known["tax"])
    return LedgerLine(**known)


def _plain(thing: Any) -> Any:
    if is_dataclass(thing) and not isinstance(thing, type):
        pairs = ((field.name, getattr(thing, field.name)) for field in fields(thing))
        return {name: _plain(value) for name, value in pairs if value is not None and value != ()}
    if isinstance(thing, tuple):
        return [_plain(item) for item in thing]
    return thing
