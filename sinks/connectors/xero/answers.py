"""What Xero answers, read: documents as it holds them, and which element of an answer is about which of ours."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from sinks.connectors.xero.rendering import UUID, key_in_narration, reference_in_narration
from sinks.external.amounts import minor_units
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.port import RemoteDocument, RemoteLine
from sinks.external.results import NotSent, Posted

_MICROSOFT_DATE: Final = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"

COUNTS: Final = frozenset({"POSTED", "AUTHORISED", "PAID", "ARCHIVED"})
"""Statuses of documents that are in the books; drafts are not yet, voided and deleted ones not any more."""

IDS: Final[Mapping[DocumentKind, str]] = {
    DocumentKind.JOURNAL: "ManualJournalID",
    DocumentKind.INVOICE: "InvoiceID",
    DocumentKind.CREDIT_NOTE: "CreditNoteID",
    DocumentKind.PAYMENT: "PaymentID",
    DocumentKind.REFUND: "PaymentID",
    DocumentKind.ALLOCATION: "AllocationID",
}
NUMBERS: Final[Mapping[DocumentKind, str]] = {DocumentKind.INVOICE: "InvoiceNumber", DocumentKind.CREDIT_NOTE: "CreditNoteNumber"}
_KINDS_OF_TYPES: Final[Mapping[str, DocumentKind]] = {
    "ACCREC": DocumentKind.INVOICE,
    "ACCRECCREDIT": DocumentKind.CREDIT_NOTE,
    "ACCRECPAYMENT": DocumentKind.PAYMENT,
    "ARCREDITPAYMENT": DocumentKind.REFUND,
}


def day(value: Any) -> str:
    """The ISO day of a date as Xero writes it, `/Date(1552521600000+0000)/` or ISO; raises `NotSent` for anything else."""
    return moment(value)[:10]


def moment(value: Any) -> str:
    """The ISO instant (UTC) of a date as Xero writes it."""
    text = str(value or "")
    found = _MICROSOFT_DATE.fullmatch(text)
    if found is not None:
        return (_EPOCH + timedelta(milliseconds=int(found[1]))).isoformat()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat()
    except ValueError:
        raise NotSent(f"Xero answers with a date that cannot be read: {text[:40]!r}") from None


def amount(value: Any, currency: str) -> int:
    """The minor units of an amount of Xero's; raises `NotSent` for what is none."""
    try:
        return minor_units(value if value not in (None, "") else 0, CURRENCY_EXPONENTS.get(currency, 2))
    except ValueError as problem:
        raise NotSent(f"Xero answers with an amount that cannot be read: {problem}") from None


def key_of(element: Mapping[str, Any]) -> str | None:
    """Our key, as far as an element shows one."""
    if "Narration" in element:
        return key_in_narration(str(element["Narration"]))
    reference = str(element.get("Reference") or "")
    return reference.lower() if UUID.fullmatch(reference) else None


def by_document(documents: Sequence[LedgerDocument], elements: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    """Key -> the element of the answer that is about it: by the key that it shows, else by its place, where all are there."""
    known = [element for element in elements if isinstance(element, dict)]
    found: dict[str, Mapping[str, Any]] = {key: element for element in known if (key := key_of(element)) is not None}
    if len(known) == len(documents):
        for document, element in zip(documents, known, strict=True):
            if key_of(element) is None:
                found.setdefault(document.key, element)
    return found


def posted(document: LedgerDocument, element: Mapping[str, Any], *, earlier: bool = False) -> Posted | None:
    """That a document stands there, as its element says; None where the element has no id."""
    remote_id = str(element.get(IDS[document.kind]) or "")
    if document.kind is DocumentKind.ALLOCATION and not remote_id:
        remote_id = _allocation_id(document, element)
    if not remote_id or remote_id == _NO_ID:
        return None
    number = element.get(NUMBERS.get(document.kind, ""))
    return Posted(remote_id=remote_id, number=str(number) if number else None, earlier=earlier)


def _allocation_id(document: LedgerDocument, element: Mapping[str, Any]) -> str:
    invoice = element.get("Invoice")
    settled = str(invoice.get("InvoiceID") or "") if isinstance(invoice, dict) else ""
    return f"{document.key}/{settled}" if settled else ""


class Reading:
    """Reads documents of one organization.

    base_currency: of its journals; codes: account id -> code; receivable, tax: codes of the accounts that invoices book to by
    themselves, None where there is none.
    """

    def __init__(self, base_currency: str, codes: Mapping[str, str], receivable: str | None, tax: str | None) -> None:
        self._base_currency = base_currency
        self._codes = codes
        self._receivable = receivable
        self._tax = tax

    def journal(self, element: Mapping[str, Any]) -> RemoteDocument:
        """A manual journal."""
        currency = self._base_currency
        lines = [(self._code(line), amount(line.get("LineAmount"), currency)) for line in element.get("JournalLines") or ()]
        taxes = sum(amount(line.get("TaxAmount"), currency) for line in element.get("JournalLines") or ())
        total = sum(value for _, value in lines if value > 0)
        reference = reference_in_narration(str(element.get("Narration") or ""))
        return self._remote(
            element, DocumentKind.JOURNAL, currency, total, _summed([*lines, *self._booked_tax(taxes)]), reference=reference
        )

    def document(self, element: Mapping[str, Any], kind: DocumentKind) -> RemoteDocument:
        """An invoice or a credit note; of suppliers too, whose kind is the word of Xero for it, in small letters."""
        currency = str(element.get("CurrencyCode") or self._base_currency)
        total, tax = amount(element.get("Total"), currency), amount(element.get("TotalTax"), currency)
        own = _KINDS_OF_TYPES.get(str(element.get("Type")))
        included = element.get("LineAmountTypes") == "Inclusive"
        lines: list[tuple[str, int]] = []
        for item in element.get("LineItems") or ():
            net = amount(item.get("LineAmount"), currency) - (amount(item.get("TaxAmount"), currency) if included else 0)
            lines.append((self._code(item), -net))
        booked = [*lines, *self._booked_tax(-tax), (self._receivable or "", total)]
        if own is DocumentKind.CREDIT_NOTE:
            booked = [(code, -value) for code, value in booked]
        known = own is kind and self._receivable is not None
        name = str(element.get("Type") or kind).lower() if own is None else own
        number = str(element.get(NUMBERS[kind]) or "")
        return self._remote(element, name, currency, total, _summed(booked) if known else (), reference=number, number=number)

    def payment(self, element: Mapping[str, Any]) -> RemoteDocument:
        """A payment of an invoice or of a credit note."""
        kind = _KINDS_OF_TYPES.get(str(element.get("PaymentType")))
        settled = element.get("Invoice") or element.get("CreditNote") or {}
        currency = str(settled.get("CurrencyCode") or self._base_currency)
        total, account = amount(element.get("Amount"), currency), self._code(element.get("Account") or {})
        lines: tuple[RemoteLine, ...] = ()
        if kind is not None and self._receivable is not None and account:
            sign = 1 if kind is DocumentKind.PAYMENT else -1
            lines = _summed([(account, sign * total), (self._receivable, -sign * total)])
        name = str(element.get("PaymentType") or "payment").lower() if kind is None else kind
        return self._remote(element, name, currency, total, lines, reference=str(element.get("Reference") or ""))

    def _remote(
        self,
        element: Mapping[str, Any],
        kind: str,
        currency: str,
        total: int,
        lines: tuple[RemoteLine, ...],
        *,
        reference: str,
        number: str = "",
    ) -> RemoteDocument:
        return RemoteDocument(
            remote_id=next((str(element[name]) for name in dict.fromkeys(IDS.values()) if element.get(name)), ""),
            key=key_of(element),
            kind=kind,
            reference=reference,
            date=day(element.get("Date")),
            currency=currency,
            total=total,
            lines=lines if all(line.account for line in lines) else (),
            number=number or None,
            voided=str(element.get("Status")) not in COUNTS,
            changed_at=moment(element["UpdatedDateUTC"]) if element.get("UpdatedDateUTC") else None,
        )

    def _booked_tax(self, value: int) -> list[tuple[str, int]]:
        return [(self._tax or "", value)] if value else []

    def _code(self, line: Mapping[str, Any]) -> str:
        code = line.get("AccountCode") or line.get("Code")
        identity = str(line.get("AccountID") or "")
        return str(code) if code else self._codes.get(identity, identity)


def _summed(pairs: Sequence[tuple[str, int]]) -> tuple[RemoteLine, ...]:
    sums: dict[str, int] = {}
    for code, value in pairs:
        sums[code] = sums.get(code, 0) + value
    return tuple(RemoteLine(account=code, amount=value) for code, value in sorted(sums.items()) if value)
