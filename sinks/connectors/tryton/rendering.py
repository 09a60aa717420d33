"""Documents as records of Tryton. Pure: names are numbers of records or, where nothing was looked up, what people call them.

A journal is one accounting move. An invoice or a credit note is a customer invoice whose amounts are ours to the last digit: lines
on revenue accounts, and what is booked to other accounts (taxes, discounts that are liabilities, ...) as manual taxes. A payment, a
refund and an allocation are moves whose lines on the account of receivables name the invoice that they pay. Our key stands at the
end of the description, in brackets, with the kind of document before it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from asiento.accounting.money import major_units_text
from sinks.connectors.tryton.values import NOTHING, amount_value, date_value, decimal_value
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine

Name: TypeAlias = int | str
"""The number of a record, or what people call it."""

MOVE: Final = "account.move"
INVOICE: Final = "account.invoice"
INVOICE_KINDS: Final = frozenset({DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE})
TEXT_CHARACTERS_MAX: Final = 1_000
_SIGNED: Final = re.compile(r"\[([a-z_]+) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]$")
_PRICE_DECIMALS: Final = 4
"""Decimals of a unit price in Tryton, unless it is told otherwise."""
_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountName:
    """An account. needs_party: each line on it names a customer; is_revenue: lines of invoices may name it."""

    record: Name
    needs_party: bool
    is_revenue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyName:
    """A customer, and the address that invoices name."""

    record: Name
    address: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All that a document names, by what our documents call it: accounts by code, parties by contact, taxes by code.

    party: the contact of lines that need one and have none; pays, source: the invoices that a settling document is about.
    """

    company: Name
    currency: Name
    journal: Name
    period: Name
    accounts: Mapping[str, AccountName]
    parties: Mapping[str, PartyName]
    taxes: Mapping[str, Name] = field(default_factory=dict)
    party: str | None = None
    pays: Name | None = None
    source: Name | None = None


def text_with_key(document: LedgerDocument) -> str:
    """The description of a document: what people read, then its kind and key in brackets."""
    said = " · ".join(part for part in (_one_line(document.reference), _one_line(document.memo)) if part)
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


def model_of(kind: DocumentKind) -> str:
    """The model that a kind of document is a record of."""
    return INVOICE if kind in INVOICE_KINDS else MOVE


def record_for(document: LedgerDocument, names: Names) -> dict[str, Any]:
    """A document as it is made; it is a draft until it is posted. Raises KeyError for a name that `names` does not have."""
    if document.kind in INVOICE_KINDS:
        return _invoice(document, names)
    lines = _own_lines(document, names) if document.kind is DocumentKind.JOURNAL else _settling_lines(document, names)
    return {
        "company": names.company,
        "journal": names.journal,
        "period": names.period,
        "date": date_value(document.date),
        "description": text_with_key(document),
        "lines": [["create", lines]],
    }


def _own_lines(document: LedgerDocument, names: Names) -> list[dict[str, Any]]:
    return [
        _line(names, line.account, line.amount, _said(line), document.currency_exponent, contact=line.contact) for line in document.lines
    ]


def _settling_lines(document: LedgerDocument, names: Names) -> list[dict[str, Any]]:
    """Debit, then credit: the receivable's line names the invoice; in an allocation both do, each its own."""
    receivable, account = document.receivable or "", document.account or ""
    debit, credit = {
        DocumentKind.PAYMENT: ((account, None), (receivable, names.pays)),
        DocumentKind.REFUND: ((receivable, names.pays), (account, None)),
        DocumentKind.ALLOCATION: ((receivable, names.source), (receivable, names.pays)),
    }[document.kind]
    text = _one_line(f"{document.account_role or ''} {document.settles.reference if document.settles else ''}")
    made = []
    for (code, pays), amount in ((debit, document.total), (credit, -document.total)):
        line = _line(names, code, amount, text, document.currency_exponent, contact=document.contact)
        made.append(line if pays is None else {**line, "invoice_payment": pays})
    return made


def _line(names: Names, code: str, amount: int, text: str, exponent: int, *, contact: str | None) -> dict[str, Any]:
    value, account = amount_value(abs(amount), exponent), names.accounts[code]
    record: dict[str, Any] = {
        "account": account.record,
        "debit": value if amount > 0 else NOTHING,
        "credit": value if amount < 0 else NOTHING,
        "description": text,
    }
    if account.needs_party:
        record["party"] = names.parties[contact or names.party or ""].record
    return record


def _invoice(document: LedgerDocument, names: Names) -> dict[str, Any]:
    """Its date is the day it is posted, as its numbers must follow the days; its accounting date is ours."""
    party = names.parties[document.contact or names.party or ""]
    sign = 1 if document.kind is DocumentKind.INVOICE else -1
    lines = [_invoice_line(document, line, sign, names) for line in document.lines if names.accounts[line.account].is_revenue]
    return {
        "company": names.company,
        "type": "out",
        "party": party.record,
        "invoice_address": party.address,
        "currency": names.currency,
        "account": names.accounts[document.receivable or ""].record,
        "journal": names.journal,
        "accounting_date": date_value(document.date),
        "reference": _one_line(document.reference),
        "description": text_with_key(document),
        "lines": [["create", lines]],
        "taxes": [["create", _taxes(document, sign, names)]],
    }


def _invoice_line(document: LedgerDocument, line: LedgerLine, sign: int, names: Names) -> dict[str, Any]:
    units, price = _exact_price(line, document.currency_exponent)
    return {
        "company": names.company,
        "currency": names.currency,
        "type": "line",
        "invoice_type": "out",
        "account": names.accounts[line.account].record,
        "description": _said(line),
        "quantity": sign * units,
        "unit_price": decimal_value(price),
    }


def _exact_price(line: LedgerLine, exponent: int) -> tuple[int, str]:
    """Units and price of one whose product is the amount exactly: those of the line where that can be, else one at the whole amount."""
    units, rest = divmod(line.quantity or 0, _MICRO)
    if units > 1 and not rest and exponent <= _PRICE_DECIMALS:
        price, over = divmod(line.amount * 10 ** (_PRICE_DECIMALS - exponent), units)
        if not over:
            return units, major_units_text(price, _PRICE_DECIMALS)
    return 1, major_units_text(line.amount, exponent)


def _taxes(document: LedgerDocument, sign: int, names: Names) -> list[dict[str, Any]]:
    exponent = document.currency_exponent
    others = [line for line in document.lines if not names.accounts[line.account].is_revenue]
    taxes = [_tax(names.accounts[line.account].record, _said(line), 0, sign * line.amount, exponent) for line in others]
    known: dict[tuple[str, str], tuple[int, int]] = {}
    for line in document.lines:
        if line.tax is not None:
            base, amount = known.get((line.tax.code, line.tax.account), (0, 0))
            known[line.tax.code, line.tax.account] = base + line.amount, amount + line.tax.amount
    for (code, account), (base, amount) in known.items():
        taxes.append({**_tax(names.accounts[account].record, code, sign * base, sign * amount, exponent), "tax": names.taxes[code]})
    return taxes


def _tax(account: Name, text: str, base: int, amount: int, exponent: int) -> dict[str, Any]:
    base_value, value = amount_value(base, exponent), amount_value(amount, exponent)
    return {"manual": True, "account": account, "description": text, "base": base_value, "amount": value}


def _said(line: LedgerLine) -> str:
    """What a line says: its description, then the dimensions that the description does not show."""
    more = [f"{name}={value}" for name, value in line.dimensions if value not in line.description]
    return _one_line(" · ".join([line.description, *more])) or line.role


def _one_line(text: str) -> str:
    return " ".join(text.split())[:TEXT_CHARACTERS_MAX]
