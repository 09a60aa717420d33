"""Documents for tests of the Xero connector."""

from dataclasses import replace
from typing import Any

from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine, LineTax, Settlement

KEY = "0d9f7d0e-3c52-5b1f-8f2e-6a4a9b0c1d2e"
INVOICE_KEY = "11111111-2222-5333-8444-555555555555"
NOTE_KEY = "66666666-7777-5888-8999-aaaaaaaaaaaa"
TENANT = "7d05a53d-613d-4eb2-a2fc-dcb6adb80b80"


def line(account: str, amount: int, description: str = "", **more: Any) -> LedgerLine:
    """A line."""
    return LedgerLine(account=account, role=f"role-of-{account}", amount=amount, description=description, **more)


def taxed(account: str, amount: int, tax: int, code: str = "OUTPUT2") -> LedgerLine:
    """A line with a tax that Xero books."""
    return line(account, amount, "mug", tax=LineTax(code=code, rate="0.2", amount=tax, account="820", role="tax_payable:GB:VAT"))


def document(kind: DocumentKind = DocumentKind.JOURNAL, **changes: Any) -> LedgerDocument:
    """A document of 10.50 EUR."""
    values: dict[str, Any] = {"lines": (line("620", 1050, "paid"), line("200", -1050))} if kind is DocumentKind.JOURNAL else {}
    if kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
        values = {"lines": (line("200", 1050, "mug"),), "contact": "Web shop customers", "receivable": "610"}
    if kind in (DocumentKind.PAYMENT, DocumentKind.REFUND, DocumentKind.ALLOCATION):
        values = {"settles": Settlement(key=INVOICE_KEY, reference="INV-1", amount=1050), "account": "620"}
    if kind is DocumentKind.ALLOCATION:
        values |= {"account": None, "source": Settlement(key=NOTE_KEY, reference="CN-1", amount=1050)}
    made = LedgerDocument(
        key=KEY,
        kind=kind,
        entry_ids=("entry-1",),
        legal_entity="ACME",
        group="acme:shop:main:1",
        sequence=1,
        reference="ref-1",
        date="2025-06-15",
        currency="EUR",
        currency_exponent=2,
        memo="paid by card",
        **values,
    )
    return replace(made, **changes)
