"""The message `JournalEntryBulkCreateRequest` of one journal, and what its confirmation says.

The key stands in the two reference fields of the document's header (20 characters each), where it can be searched for: SAP may put a
number of its own into `OriginalReferenceDocument` of documents of type BKPFF.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID
from xml.etree.ElementTree import Element

from asiento.accounting.money import major_units_text
from sinks.connectors.sap_s4hana.xml_text import added, read, shortened, written
from sinks.external.documents import LedgerDocument, LedgerLine
from sinks.external.results import Unknown

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SFIN: Final = "http://sap.com/xi/SAPSCORE/SFIN"
REFERENCE_CHARACTERS: Final = 20
_NO_NUMBER: Final = frozenset({"", "0000000000"})
_ERRORS: Final = frozenset({"3", "4"})
_SUMMARIES: Final = frozenset({"609(RW)"})
"""Messages that only say that there are others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Where and how journals are posted. cost_centers: account -> cost center; profit_center: of all lines."""

    code: str
    document_type: str
    user: str
    logical_system: str
    profit_center: str | None = None
    cost_centers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A posted document: its number, company code and fiscal year are its name."""

    number: str
    company: str
    year: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """A document that was not posted: the type of the first error, as 201(F5), and all that was said."""

    code: str
    message: str


def references(key: str) -> tuple[str, str]:
    """A key as the two references of a document's header."""
    digits = UUID(key).hex
    return digits[:REFERENCE_CHARACTERS], digits[REFERENCE_CHARACTERS:]


def message(document: LedgerDocument, company: Company) -> str:
    """The request; the same bytes for the same document, so that its time is the start of its day."""
    root = Element("soapenv:Envelope", {"xmlns:soapenv": SOAP, "xmlns:sfin": SFIN})
    added(root, "soapenv:Header")
    bulk = added(added(root, "soapenv:Body"), "sfin:JournalEntryBulkCreateRequest")
    _header(bulk, document)
    request = added(bulk, "JournalEntryCreateRequest")
    _header(request, document)
    entry = added(request, "JournalEntry")
    first, second = references(document.key)
    fields = {
        "OriginalReferenceDocumentType": "BKPFF",
        "OriginalReferenceDocument": first,
        "OriginalReferenceDocumentLogicalSystem": company.logical_system,
        "BusinessTransactionType": "RFBU",
        "AccountingDocumentType": company.document_type,
        "DocumentReferenceID": shortened(document.reference, 16),
        "DocumentHeaderText": shortened(document.reference, 25),
        "CreatedByUser": company.user,
        "CompanyCode": company.code,
        "DocumentDate": document.original_date or document.date,
        "PostingDate": document.date,
        "Reference1InDocumentHeader": first,
        "Reference2InDocumentHeader": second,
    }
    for name, text in fields.items():
        added(entry, name, text)
    for number, line in enumerate(document.lines, 1):
        _item(added(entry, "Item"), number, line, document, company)
    return written(root)


def confirmation(body: bytes) -> Confirmed | Denied | Unknown:
    """What the answer says about the one document of a request. Raises `Uncertain` where it is no XML."""
    root = read(body)
    confirmed = root.find(".//JournalEntryCreateConfirmation/JournalEntryCreateConfirmation")
    if confirmed is not None and (number := _text(confirmed, "AccountingDocument")) not in _NO_NUMBER:
        return Confirmed(number=number, company=_text(confirmed, "CompanyCode"), year=_text(confirmed, "FiscalYear"))
    items = root.findall(".//Log/Item")
    errors = [item for item in items if _text(item, "SeverityCode") in _ERRORS]
    if not errors:
        return Unknown(reason="SAP's answer has neither the number of a document nor an error")
    telling = [item for item in errors if _text(item, "TypeID") not in _SUMMARIES] or errors
    return Denied(code=_text(telling[0], "TypeID"), message="; ".join(_text(item, "Note") for item in telling))


def fault_in(body: bytes) -> tuple[str, str] | None:
    """Code and words of a SOAP fault of either version; None where there is none. Raises `Uncertain` where it is no XML."""
    root = read(body)
    fault = root.find(".//Fault")
    if fault is None:
        return None
    code = _text(fault, "faultcode") or _text(fault, "Code/Value")
    return code.rpartition(":")[2], _text(fault, "faultstring") or _text(fault, "Reason/Text")


def _header(parent: Element, document: LedgerDocument) -> None:
    header = added(parent, "MessageHeader")
    added(header, "ID", UUID(document.key).hex)
    added(header, "CreationDateTime", f"{document.date}T00:00:00Z")


def _item(item: Element, number: int, line: LedgerLine, document: LedgerDocument, company: Company) -> None:
    added(item, "ReferenceDocumentItem", str(number))
    added(item, "CompanyCode", company.code)
    added(item, "GLAccount", line.account)
    amount = major_units_text(line.amount, document.currency_exponent)
    added(item, "AmountInTransactionCurrency", amount, currencyCode=document.currency)
    added(item, "DebitCreditCode", "S" if line.amount > 0 else "H")
    added(item, "DocumentItemText", shortened(line.description, 50))
    cost_center = company.cost_centers.get(line.account)
    if cost_center is None and company.profit_center is None:
        return
    assignment = added(item, "AccountAssignment")
    if cost_center is not None:
        added(assignment, "CostCenter", cost_center)
    if company.profit_center is not None:
        added(assignment, "ProfitCenter", company.profit_center)


def _text(parent: Element, path: str) -> str:
    return " ".join((parent.findtext(path) or "").split())
