"""Documents as records of Tryton. Pure: names are given as numbers of records, or, where nothing was looked up yet, as they are.

A journal is one accounting move; a payment, a refund and an allocation are moves too, whose lines on the account of receivables name
the invoice that they pay. Our key stands at the end of the description, in brackets, with the kind of document before it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from sinks.connectors.tryton.values import NOTHING, amount_value, date_value
from sinks.external.documents import DocumentKind, LedgerDocument

Name: TypeAlias = int | str
"""The number of a record, or what people call it."""

MOVE: Final = "account.move"
INVOICE: Final = "account.invoice"
_SIGNED: Final = re.compile(r"\[([a-z_]+) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]$")
TEXT_CHARACTERS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a document's move goes: numbers of the company, the journal and the open period of its date."""

    company: Name
    journal: Name
    period: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveLine:
    """One line of a move, debit positive. party: only on accounts that need one; pays: the invoice that it settles."""

    account: Name
    amount: int
    description: str
    party: Name | None = None
    pays: Name | None = None


def text_with_key(document: LedgerDocument) -> str:
    """The description of a document: what people read, then its kind and key in brackets."""
    said = " · ".join(part for part in (_line_of(document.reference), _line_of(document.memo)) if part)
    return f"{said[:TEXT_CHARACTERS_MAX]} [{document.kind} {document.key}]"


def key_in(text: str | None) -> tuple[str | None, str | None, str]:
    """Kind, key and words of a description; None, None and the description itself where it holds no key of ours."""
    found = _SIGNED.search(text or "")
    if found is None:
        return None, None, text or ""
    return found[1], found[2], (text or "")[: found.start()].rstrip()


def key_pattern(key: str) -> str:
    """What the description of the document with this key is like."""
    return f"% {key}]"


def move_record(document: LedgerDocument, place: Place, lines: Sequence[MoveLine]) -> dict[str, Any]:
    """The accounting move of a document, as it is made; it is a draft until it is posted."""
    return {
        "company": place.company,
        "journal": place.journal,
        "period": place.period,
        "date": date_value(document.date),
        "description": text_with_key(document),
        "lines": [["create", [_line_record(line, document.currency_exponent) for line in lines]]],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What a payment, refund or allocation names. pays: the invoice or credit note; source: the credit note of an allocation.

    account: the other side, None for an allocation; party: of the receivable's lines, where that account needs one.
    """

    account: Name | None
    receivable: Name
    party: Name | None
    pays: Name
    source: Name | None = None


def settling_lines(document: LedgerDocument, names: Settling) -> Sequence[MoveLine]:
    """The two lines of a payment, refund or allocation. Raises ValueError where a name is missing."""
    text = _line_of(f"{document.account_role or ''} {document.settles.reference if document.settles else ''}")
    debit = credit = MoveLine(account=names.receivable, amount=0, description=text, party=names.party, pays=names.pays)
    if document.kind is DocumentKind.ALLOCATION and names.source is not None:
        debit = replace(debit, pays=names.source)
    elif document.kind is DocumentKind.PAYMENT and names.account is not None:
        debit = MoveLine(account=names.account, amount=0, description=text)
    elif document.kind is DocumentKind.REFUND and names.account is not None:
        credit = MoveLine(account=names.account, amount=0, description=text)
    else:
        raise ValueError(f"document {document.reference}: a {document.kind} names an account or its credit note")
    return [replace(debit, amount=document.total), replace(credit, amount=-document.total)]


def line_text(description: str, dimensions: Sequence[tuple[str, str]]) -> str:
    """What a line says: its description, then the dimensions that the description does not show."""
    more = [f"{name}={value}" for name, value in dimensions if value not in description]
    return _line_of(" · ".join([description, *more]))


def _line_record(line: MoveLine, exponent: int) -> dict[str, Any]:
    amount = amount_value(abs(line.amount), exponent)
    record: dict[str, Any] = {
        "account": line.account,
        "debit": amount if line.amount > 0 else NOTHING,
        "credit": amount if line.amount < 0 else NOTHING,
        "description": line.description,
    }
    if line.party is not None:
        record["party"] = line.party
    if line.pays is not None:
        record["invoice_payment"] = line.pays
    return record


def _line_of(text: str) -> str:
    return " ".join(text.split())[:TEXT_CHARACTERS_MAX]


AccountTotals: TypeAlias = Mapping[str, int]
"""Account code -> minor units, debit positive, of one document."""


def totals_of(lines: Sequence[tuple[str, int]]) -> AccountTotals:
    """Lines added up by account, without what comes to 0."""
    added: dict[str, int] = {}
    for account, amount in lines:
        added[account] = added.get(account, 0) + amount
    return {account: amount for account, amount in added.items() if amount}
