"""An order whose credit note is paid out in part, by the entry that follows it."""

from dataclasses import replace

from asiento.accounting.journal import Document, DocumentTotals, JournalEntry, Posting
from tests.unit.sinks.journal import capture, invoice


def _posting(account: str, amount: int) -> Posting:
    return Posting(account=account, side="DEBIT" if amount > 0 else "CREDIT", amount=abs(amount))


def partly_paid_back() -> list[JournalEntry]:
    """116.00 owed; goods of 50.00 come back, of which 30.00 are to be paid out."""
    note = Document(
        kind="CREDIT_NOTE", document_ref="credit_note-1", refers_to=(), lines=(), totals=DocumentTotals(net=5_000, tax=0, gross=5_000)
    )
    credited = replace(capture(), postings=(_posting("sales_returns:sales", 5_000), _posting("accounts_receivable", -5_000)), document=note)
    applied = replace(capture(), entry_kind="apply", postings=(_posting("accounts_receivable", 3_000), _posting("refunds_payable", -3_000)))
    return [replace(entry, entry_id=f"{number}", entry_seq=number) for number, entry in enumerate((invoice(), credited, applied), 1)]
