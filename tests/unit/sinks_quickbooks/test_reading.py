"""What QuickBooks holds, reduced to what is compared."""

from typing import Any

import pytest

from sinks.connectors.quickbooks.client import quoted
from sinks.connectors.quickbooks.ledger import KIND
from sinks.connectors.quickbooks.marks import key_in
from sinks.connectors.quickbooks.reading import Chart, account_in, chart_of, remote_document
from sinks.external.capabilities import AccountUse
from tests.unit.sinks_quickbooks.documents import KEY

CHART = Chart(item_accounts={"1": "79"}, receivables={"USD": "84"})
META = {"CreateTime": "2026-03-15T10:00:00-07:00", "LastUpdatedTime": "2026-03-15T10:00:00-07:00"}
LATER = {**META, "LastUpdatedTime": "2026-03-16T10:00:00-07:00"}


def invoice(**values: Any) -> dict[str, Any]:
    """An invoice as the API answers it."""
    line = {"Amount": "20.00", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    subtotal = {"Amount": "20.00", "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return {
        "Id": "130",
        "SyncToken": "0",
        "MetaData": META,
        "DocNumber": "A1",
        "TxnDate": "2026-03-15",
        "PrivateNote": f"invoice-1: Order [asiento {KEY}]",
        "Line": [line, subtotal],
        "TotalAmt": "20.0",
        "Balance": "20.0",
        **values,
    }


def test_an_invoice() -> None:
    found = remote_document("Invoice", invoice(), "USD", CHART)
    assert (found.key, found.kind, found.reference, found.total, found.edited) == (KEY, "invoice", "invoice-1", 2000, False)
    assert [(line.account, line.amount) for line in found.lines] == [("79", -2000), ("84", 2000)]


def test_postings_that_are_not_certain_are_not_shown() -> None:
    taxed = invoice(TxnTaxDetail={"TotalTax": "1.60"}, TotalAmt="21.60")
    assert remote_document("Invoice", taxed, "USD", CHART).lines == ()
    assert remote_document("Invoice", invoice(), "USD", Chart(item_accounts={"1": "79"})).lines == ()
    assert remote_document("Invoice", invoice(), "USD", Chart(receivables={"USD": "84"})).lines == ()


@pytest.mark.parametrize(
    ("values", "edited"),
    [
        ({"SyncToken": "1", "MetaData": LATER}, True),
        ({"SyncToken": "0", "MetaData": LATER}, False),
        ({"SyncToken": "1", "MetaData": LATER, "Balance": 0}, False),
        ({"SyncToken": "1", "MetaData": LATER, "LinkedTxn": [{"TxnId": "131", "TxnType": "Payment"}]}, False),
    ],
)
def test_what_was_only_paid_was_not_edited(values: dict[str, Any], edited: bool) -> None:
    assert remote_document("Invoice", invoice(**values), "USD", CHART).edited is edited


def test_what_others_made_has_no_key() -> None:
    found = remote_document("Invoice", invoice(PrivateNote="asiento by hand", DocNumber="1042"), "USD", CHART)
    assert (found.key, found.reference, found.number) == (None, "1042", "1042")


def test_a_payment_of_nothing_is_an_allocation() -> None:
    links = [{"Amount": "5.00", "LinkedTxn": [{"TxnId": one, "TxnType": kind}]} for one, kind in (("1", "Invoice"), ("2", "CreditMemo"))]
    found = remote_document("Payment", invoice(TotalAmt=0, Line=links, PaymentRefNum="A2"), "USD", CHART)
    assert (found.kind, found.total, found.number, found.lines) == ("allocation", 500, "A2", ())


def test_a_currency_with_two_accounts_of_receivables_has_none_that_is_certain() -> None:
    accounts = [account_in({"Id": one, "Name": one, "AccountType": "Accounts Receivable", "CurrencyRef": {"value": "EUR"}}) for one in "12"]
    accounts.append(account_in({"Id": "3", "Name": "AR", "AccountType": "Accounts Receivable"}))
    accounts.append(account_in({"Id": "4", "Name": "Old AR", "AccountType": "Accounts Receivable", "Active": False}))
    found = chart_of(accounts, [{"Id": 9, "IncomeAccountRef": {"value": "79"}}, {"Id": "10"}], "USD")
    assert found == Chart(item_accounts={"9": "79"}, receivables={"USD": "3"})


@pytest.mark.parametrize(
    ("kind", "subtype", "use", "words"),
    [
        ("Bank", "Checking", AccountUse.PAYMENT, None),
        ("Other Current Asset", "UndepositedFunds", AccountUse.PAYMENT, None),
        ("Other Current Liability", "OtherCurrentLiabilities", AccountUse.PAYMENT, "deposited to Bank or Other Current Asset only"),
        ("Income", "SalesOfProductIncome", AccountUse.DOCUMENT_LINE, None),
        ("Other Current Liability", "OtherCurrentLiabilities", AccountUse.DOCUMENT_LINE, None),
        ("Bank", "Checking", AccountUse.DOCUMENT_LINE, "no item"),
        ("Accounts Receivable", "AccountsReceivable", AccountUse.RECEIVABLE, None),
        ("Bank", "Checking", AccountUse.RECEIVABLE, "Accounts Receivable"),
        ("Accounts Receivable", "AccountsReceivable", AccountUse.JOURNAL_LINE, None),
        ("Accounts Payable", "AccountsPayable", AccountUse.JOURNAL_LINE, "vendor"),
        ("Other Current Liability", "GlobalTaxPayable", AccountUse.JOURNAL_LINE, "own tax calculation"),
    ],
)
def test_what_an_account_may_be_used_for(kind: str, subtype: str, use: AccountUse, words: str | None) -> None:
    account = account_in({"Id": "5", "Name": "Five", "AccountType": kind, "AccountSubType": subtype})
    found = KIND.make(KIND.sandbox(), None).account_problem(account, use)
    assert found is None if words is None else words in str(found)


def test_texts_in_queries_cannot_end_them() -> None:
    assert quoted("O'Brien \\") == "'O\\'Brien \\\\'"


def test_the_last_key_in_a_note_counts() -> None:
    other = KEY.replace("7", "8")
    assert key_in(f"copy of [asiento {other}] [asiento {KEY}]") == KEY
    assert key_in("[asiento 12]") is None
