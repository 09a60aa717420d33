"""Documents in the form of Xero's accounting API 2.0. Pure; what has no form there raises ValueError with a message for people.

JOURNAL      PUT /ManualJournals                 the key at the end of Narration, base currency only
INVOICE      PUT /Invoices                       ACCREC, AUTHORISED; InvoiceNumber = reference, Reference = key
CREDIT_NOTE  PUT /CreditNotes                    ACCRECCREDIT, likewise
PAYMENT      PUT /Payments                       of an Invoice; Reference = key
REFUND       PUT /Payments                       of a CreditNote; Reference = key
ALLOCATION   PUT /CreditNotes/{id}/Allocations   no key can be left there: credit note, invoice, day and amount say which it is
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from asiento.accounting.money import major_units_text, parse_decimal
from sinks.external.amounts import json_number
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.port import RemoteIds, Request

DOCUMENTS_MAX: Final = 50
"""Documents of one call, as Xero recommends."""
CALL_BYTES_MAX: Final = 3_000_000
"""Longest body of one call; Xero takes 3.5 MB."""
NARRATION_MEMO_MAX: Final = 500
DESCRIPTION_MAX: Final = 4000
TEXT_MAX: Final = 255
DECIMALS: Final = 2
"""What Xero keeps of any amount, in whatever currency."""
NO_TAX: Final = "NONE"
CURRENCIES_UNKNOWN: Final = frozenset(["BOV", "CHE", "CHW", "COU", "SSP", "USN", "UYI", "UYW", "VED", "XAD", "XCG", "ZWG"])
"""Currencies of ISO 4217 that Xero's list does not have."""

UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_KEY_IN_NARRATION: Final = re.compile(rf"\[({UUID.pattern})\]\s*$")
_REFERENCE_IN_NARRATION: Final = re.compile(rf"\(([^()]+?)(?:, of \d{{4}}-\d\d-\d\d)?\) \[{UUID.pattern}\]\s*$")
_QUANTITY_UNIT: Final = 10**6
_QUANTITY_STEP: Final = 100
"""Micro-units in the smallest quantity that Xero keeps (4 decimals)."""
_UNIT_PRICE: Final = re.compile(r"\d{1,12}(?:\.\d{1,2})?")

COLLECTIONS: Final[Mapping[DocumentKind, str]] = {
    DocumentKind.JOURNAL: "ManualJournals",
    DocumentKind.INVOICE: "Invoices",
    DocumentKind.CREDIT_NOTE: "CreditNotes",
    DocumentKind.PAYMENT: "Payments",
    DocumentKind.REFUND: "Payments",
    DocumentKind.ALLOCATION: "Allocations",
}
"""The array that a call carries, and its answer."""
NUMBERED: Final = frozenset({DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call and the documents it carries, in their order."""

    request: Request
    documents: tuple[LedgerDocument, ...]


def element(document: LedgerDocument, remote_ids: RemoteIds, base_currency: str | None) -> dict[str, Any]:
    """One document as an element of its call's array; ids that are not known are shown as our keys.

    base_currency: of the organization, where it is known. Raises ValueError where Xero has no form for the document.
    """
    match document.kind:
        case DocumentKind.JOURNAL:
            return _journal(document, base_currency)
        case DocumentKind.INVOICE:
            return _document(document, "ACCREC", "InvoiceNumber") | {"DueDate": document.due_date or document.date}
        case DocumentKind.CREDIT_NOTE:
            return _document(document, "ACCRECCREDIT", "CreditNoteNumber")
        case DocumentKind.PAYMENT:
            return {"Invoice": {"InvoiceID": _settled_id(document, remote_ids)}} | _money(document)
        case DocumentKind.REFUND:
            return {"CreditNote": {"CreditNoteID": _settled_id(document, remote_ids)}} | _money(document)
        case DocumentKind.ALLOCATION:
            return {"Invoice": {"InvoiceID": _settled_id(document, remote_ids)}, "Amount": _settled(document), "Date": document.date}


def calls(
    pairs: Sequence[tuple[LedgerDocument, Mapping[str, Any]]], remote_ids: RemoteIds, tenant_id: str, *, bytes_max: int = CALL_BYTES_MAX
) -> Iterator[Call]:
    """The calls that carry documents with their elements: neighbors of one kind together, as many as a call takes."""
    batch: list[tuple[LedgerDocument, Mapping[str, Any]]] = []
    size = 0
    for document, values in pairs:
        length = len(orjson.dumps(values)) + 1
        if batch and (not _together(batch[0][0], document) or len(batch) == DOCUMENTS_MAX or size + length > bytes_max):
            yield _call(batch, remote_ids, tenant_id)
            batch, size = [], 0
        batch.append((document, values))
        size += length
    if batch:
        yield _call(batch, remote_ids, tenant_id)


def narration(document: LedgerDocument) -> str:
    """What people read about a journal, and its key at the end, so that it can be found."""
    memo = _cut(document.memo or document.kind, NARRATION_MEMO_MAX)
    day = f", of {document.original_date}" if document.original_date else ""
    return f"{memo} ({document.reference}{day}) [{document.key}]"


def key_in_narration(text: str) -> str | None:
    """The key that a journal of ours ends with; None in one that somebody else made."""
    found = _KEY_IN_NARRATION.search(text)
    return found[1].lower() if found else None


def reference_in_narration(text: str) -> str:
    """The reference of a journal of ours; of others, the whole text."""
    found = _REFERENCE_IN_NARRATION.search(text)
    return found[1] if found else text


def by_code_or_id(account: str) -> dict[str, str]:
    """An account as its code says, or by its id: bank accounts of Xero may have no code."""
    return {"AccountID": account} if UUID.fullmatch(account) else {"AccountCode": account}


def rounding(document: LedgerDocument) -> str | None:
    """Why Xero would not keep a document's amounts as they are; None = it does. Rendered they are exact."""
    step = 10 ** max(document.currency_exponent - DECIMALS, 0)
    taxes = [line.tax.amount for line in document.lines if line.tax is not None]
    amounts = [document.total, *(line.amount for line in document.lines), *taxes]
    beyond = next((amount for amount in amounts if amount % step), None)
    if beyond is None:
        return None
    return (
        f"document {document.reference}: Xero keeps {DECIMALS} decimals of every currency and would round "
        f"{major_units_text(beyond, document.currency_exponent)} {document.currency}; keep this currency in another ledger"
    )


def _together(first: LedgerDocument, other: LedgerDocument) -> bool:
    return first.kind is other.kind and first.kind is not DocumentKind.ALLOCATION and _precise(first) == _precise(other)


def _precise(document: LedgerDocument) -> bool:
    """Whether unit amounts need the four decimals that Xero reads when it is asked to."""
    return document.kind in NUMBERED and document.currency_exponent > DECIMALS


def _call(batch: Sequence[tuple[LedgerDocument, Mapping[str, Any]]], remote_ids: RemoteIds, tenant_id: str) -> Call:
    documents = tuple(document for document, _ in batch)
    collection = COLLECTIONS[documents[0].kind]
    path = f"/{collection}"
    if documents[0].kind is DocumentKind.ALLOCATION:
        path = f"/CreditNotes/{_source_id(documents[0], remote_ids)}/Allocations"
    body = {collection: [values for _, values in batch]}
    query = "summarizeErrors=false&unitdp=4" if _precise(documents[0]) else "summarizeErrors=false"
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Idempotency-Key": _repeat_key(documents, orjson.dumps(body)),
        "xero-tenant-id": tenant_id,
    }
    return Call(request=Request(method="PUT", path=f"{path}?{query}", body=body, headers=headers), documents=documents)


def _repeat_key(documents: Sequence[LedgerDocument], body: bytes) -> str:
    """One key for one call: of its documents' keys, and of its content, so that mended documents are not answered with their refusal."""
    return hashlib.sha256("\n".join(document.key for document in documents).encode() + b"\n" + body).hexdigest()


def _journal(document: LedgerDocument, base_currency: str | None) -> dict[str, Any]:
    if base_currency not in (None, document.currency):
        raise ValueError(
            f"document {document.reference}: Xero books journals in the organization's currency {base_currency} only, this one is in "
            f"{document.currency}; use mode documents, or a connection for entries in {document.currency}"
        )
    return {
        "Narration": narration(document),
        "Date": document.date,
        "LineAmountTypes": "NoTax",
        "Status": "POSTED",
        "JournalLines": [_journal_line(document, line) for line in document.lines],
    }


def _journal_line(document: LedgerDocument, line: LedgerLine) -> dict[str, Any]:
    if line.tax is not None:
        raise ValueError(f"document {document.reference}: a journal's line carries tax {line.tax.code}, which Xero would not book")
    return {
        "LineAmount": json_number(line.amount, document.currency_exponent),
        **by_code_or_id(line.account),
        "Description": _described(line),
        "TaxType": NO_TAX,
    }


def _document(document: LedgerDocument, kind: str, number: str) -> dict[str, Any]:
    if document.total < 0:
        raise ValueError(f"document {document.reference}: Xero takes no {document.kind} below 0")
    if not document.contact:
        raise ValueError(f"document {document.reference}: Xero wants a contact on every {document.kind}")
    if document.currency in CURRENCIES_UNKNOWN:
        raise ValueError(f"document {document.reference}: Xero does not know the currency {document.currency}")
    contact = {"ContactID": document.contact} if UUID.fullmatch(document.contact) else {"Name": _cut(document.contact, TEXT_MAX)}
    return {
        "Type": kind,
        "Contact": contact,
        number: document.reference,
        "Reference": document.key,
        "Date": document.date,
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": document.currency,
        "Status": "AUTHORISED",
        "LineItems": [_line_item(document, line, place) for place, line in enumerate(document.lines)],
    }


def _line_item(document: LedgerDocument, line: LedgerLine, place: int) -> dict[str, Any]:
    amount = json_number(line.amount, document.currency_exponent)
    quantity, unit_amount = _quantity_and_price(document, line) or (json_number(1, 0), amount)
    moved = f" (of {document.original_date})" if document.original_date and place == 0 else ""
    item: dict[str, Any] = {
        "Description": _described(line) + moved,
        "Quantity": quantity,
        "UnitAmount": unit_amount,
        **by_code_or_id(line.account),
        "TaxType": NO_TAX if line.tax is None else line.tax.code,
        "LineAmount": amount,
    }
    if line.tax is not None:
        item["TaxAmount"] = json_number(line.tax.amount, document.currency_exponent)
    if line.item is not None:
        item["ItemCode"] = line.item
    return item


def _quantity_and_price(document: LedgerDocument, line: LedgerLine) -> tuple[Any, Any] | None:
    """Quantity and unit price where they come to the amount exactly in the decimals that Xero keeps; else only the amount is told."""
    if not line.quantity or line.quantity < 0 or line.quantity % _QUANTITY_STEP or not _UNIT_PRICE.fullmatch(line.unit_price or ""):
        return None
    price = parse_decimal(line.unit_price or "")
    told = price.numerator * line.quantity * 10**document.currency_exponent
    if told != line.amount * price.denominator * _QUANTITY_UNIT:
        return None
    whole, rest = divmod(line.quantity, _QUANTITY_UNIT)
    quantity = json_number(line.quantity // _QUANTITY_STEP, 4) if rest else json_number(whole, 0)
    return quantity, json_number(price.numerator * 100 // price.denominator, 2)


def _money(document: LedgerDocument) -> dict[str, Any]:
    account = document.account or ""
    return {
        "Account": {"AccountID": account} if UUID.fullmatch(account) else {"Code": account},
        "Date": document.date,
        "Amount": _settled(document),
        "Reference": document.key,
    }


def _settled(document: LedgerDocument) -> Any:
    return json_number(document.total, document.currency_exponent)


def _settled_id(document: LedgerDocument, remote_ids: RemoteIds) -> str:
    key = document.settles.key if document.settles is not None else ""
    return remote_ids.get(key, key)


def _source_id(document: LedgerDocument, remote_ids: RemoteIds) -> str:
    key = document.source.key if document.source is not None else ""
    return remote_ids.get(key, key)


def _described(line: LedgerLine) -> str:
    return _cut(line.description or line.role, DESCRIPTION_MAX)


def _cut(text: str, characters_max: int) -> str:
    return text if len(text) <= characters_max else text[: characters_max - 1] + "…"
