"""Documents for tests of the connector of Tryton."""

from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine, LineTax, Settlement
from tests.tryton_chart import ACCOUNT_OF_ROLE, CONTACT

DAY = "2026-03-02"


def key_of(name: str) -> str:
    """The key of the document of this name."""
    return str(uuid5(NAMESPACE_URL, f"tryton/{name}"))


def line(role: str, amount: int, text: str = "", **more: Any) -> LedgerLine:
    """A line on the account of a role."""
    account = ACCOUNT_OF_ROLE.get(role, role)
    return LedgerLine(account=account, role=role, amount=amount, description=text or role, **more)


def journal(name: str, *lines: LedgerLine, **changes: Any) -> LedgerDocument:
    """A journal; without lines Dr psp_clearing / Cr revenue 10.50."""
    document = LedgerDocument(
        key=key_of(name),
        kind=DocumentKind.JOURNAL,
        entry_ids=(key_of(f"entry {name}"),),
        legal_entity="ACME",
        group=f"acme:shop:{name}",
        sequence=1,
        reference=f"J-{name}",
        date=DAY,
        currency="EUR",
        currency_exponent=2,
        memo=f"memo of {name}",
        lines=lines or (line("psp_clearing", 1050), line("revenue", -1050)),
    )
    return replace(document, **changes)


def invoice(name: str, *lines: LedgerLine, kind: DocumentKind = DocumentKind.INVOICE, **changes: Any) -> LedgerDocument:
    """An invoice or a credit note; without lines one of 20.00."""
    told: dict[str, Any] = {
        "kind": kind,
        "lines": lines or (line("revenue", 2000),),
        "reference": f"INV-{name}",
        "contact": CONTACT,
        "receivable": ACCOUNT_OF_ROLE["accounts_receivable"],
        **changes,
    }
    return replace(journal(name), **told)


def settling(name: str, kind: DocumentKind, about: LedgerDocument, amount: int, source: LedgerDocument | None = None) -> LedgerDocument:
    """A payment, refund or allocation of a document."""
    return replace(
        journal(name),
        kind=kind,
        lines=(),
        contact=CONTACT,
        receivable=ACCOUNT_OF_ROLE["accounts_receivable"],
        account=None if kind is DocumentKind.ALLOCATION else ACCOUNT_OF_ROLE["psp_clearing"],
        account_role=None if kind is DocumentKind.ALLOCATION else "psp_clearing:stripe",
        settles=Settlement(key=about.key, reference=about.reference, amount=amount),
        source=None if source is None else Settlement(key=source.key, reference=source.reference, amount=amount),
    )


def taxed(role: str, amount: int, tax: int, code: str = "VAT 21%", **more: Any) -> LedgerLine:
    """A line whose tax the ledger books itself."""
    return line(role, amount, tax=LineTax(code=code, rate="0.21", amount=tax, account=ACCOUNT_OF_ROLE["tax_payable"], role="tax"), **more)
