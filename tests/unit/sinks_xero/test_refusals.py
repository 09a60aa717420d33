"""Xero's words told apart, and its answers read."""

from dataclasses import replace

import pytest

from asiento.runtime.settings import SettingsError
from sinks.connectors.xero.answers import by_document, day, moment
from sinks.connectors.xero.chart import Chart, account_problem, trial_balance
from sinks.connectors.xero.ledger import KIND, make
from sinks.connectors.xero.refusals import NumberTaken, PlanLimit, messages, refused
from sinks.external.capabilities import AccountUse
from sinks.external.documents import DocumentKind
from sinks.external.port import RemoteAccount
from sinks.external.results import NotSent, Refusal, Refused, Unknown
from tests.unit.sinks_xero.documents import KEY, NOTE_KEY, TENANT, document


@pytest.mark.parametrize(
    ("words", "refusal", "about"),
    [
        ("The document date cannot be before the end of year lock date, currently set at 31-Jul-2013", Refusal.PERIOD_CLOSED, None),
        ("The document date cannot be before the period lock date, currently set at 31-Jul-2013", Refusal.PERIOD_CLOSED, None),
        ("Account code '999' is not a valid code for this document.", Refusal.MAPPING, "999"),
        ("Account code ‘476’ has been archived or deleted. Each line item must reference a valid account.", Refusal.MAPPING, "476"),
        ("The TaxType code 'OUTPUT9' does not exist or cannot be used for this type of transaction.", Refusal.MAPPING, "OUTPUT9"),
        ("The TaxType code 'OUTPUT2' cannot be used with account code '400'", Refusal.MAPPING, "OUTPUT2"),
        ("Account could not be found", Refusal.MAPPING, None),
        ("Organisation is not subscribed to currency USD", Refusal.MAPPING, None),
        ("The contact with the specified contact details has been archived.", Refusal.MAPPING, None),
        ("Payment amount exceeds the amount outstanding on this document", Refusal.DEPENDENCY, None),
        ("Payments can only be made against Authorised documents", Refusal.DEPENDENCY, None),
        ("An existing invoice with the specified ID could not be found", Refusal.DEPENDENCY, None),
        ("The total debits (100.00) must equal total credits (-10.00)", Refusal.INVALID, None),
    ],
)
def test_validation_errors(words: str, refusal: Refusal, about: str | None) -> None:
    found = refused([words], "200")
    assert isinstance(found, Refused)
    assert (found.refusal, found.message) == (refusal, words)
    if refusal is not Refusal.INVALID:
        assert found.about == about or words


@pytest.mark.parametrize(
    "words", ["Invoice # must be unique.", "This invoice number must be unique.", "Document not of valid status for modification"]
)
def test_a_number_that_is_taken_needs_another_look(words: str) -> None:
    with pytest.raises(NumberTaken):
        refused([words], "200")


def test_a_plan_that_takes_no_more_is_no_refusal_of_the_document() -> None:
    with pytest.raises(PlanLimit):
        refused(["You have reached the limit of invoices you can approve."], "200")


def test_an_error_that_asks_to_come_again_says_nothing() -> None:
    assert isinstance(refused(["The organisation is temporarily offline, please try again later"], "200"), Unknown)


def test_a_closed_period_comes_before_what_else_is_said() -> None:
    found = refused(["Account code '1' is not valid", "The date cannot be before the period lock date"], "200")
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.PERIOD_CLOSED


def test_errors_inside_an_element_are_heard() -> None:
    inner = {"ValidationErrors": [{"Message": "inner"}, {"Message": "outer"}]}
    held = {"ValidationErrors": [{"Message": "outer"}], "LineItems": [inner], "Contact": {"Addresses": [{"ValidationErrors": []}]}}
    assert messages(held) == ["outer", "inner"]


def test_elements_are_matched_by_key_before_place() -> None:
    one, other = document(DocumentKind.INVOICE), document(DocumentKind.INVOICE, key=NOTE_KEY)
    shuffled = [{"Reference": NOTE_KEY, "InvoiceID": "b"}, {"Reference": KEY, "InvoiceID": "a"}]
    assert {key: element["InvoiceID"] for key, element in by_document([one, other], shuffled).items()} == {KEY: "a", NOTE_KEY: "b"}
    assert set(by_document([one, other], shuffled[:1])) == {NOTE_KEY}
    assert by_document([one, other], [{"InvoiceID": "x"}, {"InvoiceID": "y"}])[NOTE_KEY]["InvoiceID"] == "y"
    assert by_document([one, other], [{"InvoiceID": "x"}]) == {}


def test_dates_of_xero() -> None:
    assert day("/Date(1552521600000+0000)/") == "2019-03-14"
    assert day("2019-03-14T00:00:00") == "2019-03-14"
    assert moment("/Date(1552595972920+0000)/") == "2019-03-14T20:39:32.920000+00:00"
    with pytest.raises(NotSent):
        day("14/03/2019")


@pytest.mark.parametrize(
    ("kind", "use", "good"),
    [
        ("BANK", AccountUse.PAYMENT, True),
        ("BANK", AccountUse.JOURNAL_LINE, False),
        ("BANK", AccountUse.DOCUMENT_LINE, False),
        ("CURRENT", AccountUse.JOURNAL_LINE, True),
        ("CURRENT", AccountUse.PAYMENT, False),
        ("CURRENT payments", AccountUse.PAYMENT, True),
        ("CURRENT system:DEBTORS", AccountUse.RECEIVABLE, True),
        ("CURRENT system:DEBTORS", AccountUse.JOURNAL_LINE, False),
        ("CURRENT system:DEBTORS payments", AccountUse.PAYMENT, False),
        ("CURRLIAB system:CREDITORS", AccountUse.DOCUMENT_LINE, False),
        ("CURRENT", AccountUse.RECEIVABLE, False),
        ("CURRLIAB system:GST", AccountUse.JOURNAL_LINE, True),
    ],
)
def test_accounts_and_their_use(kind: str, use: AccountUse, good: bool) -> None:
    found = account_problem(RemoteAccount(code="1", name="one", kind=kind, active=True), use)
    assert (found is None) == good


def test_accounts_without_a_code_are_named_by_their_id() -> None:
    chart = Chart(({"AccountID": "id-1", "Name": "Bank", "Type": "BANK", "Status": "ACTIVE", "CurrencyCode": "NZD"},))
    (account,) = chart.accounts()
    assert (account.code, account.kind, account.currency) == ("id-1", "BANK", "NZD")


def test_a_trial_balance_is_read_by_the_ids_of_its_accounts() -> None:
    def row(name: str, identity: str, debit: str, credit: str) -> object:
        values = [
            {"Value": name, "Attributes": [{"Value": identity, "Id": "account"}]},
            *({"Value": v} for v in ("1.00", "", debit, credit)),
        ]
        return {"RowType": "Row", "Cells": values}

    header = {"RowType": "Header", "Cells": [{"Value": name} for name in ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")]}
    section = {"RowType": "Section", "Rows": [row("Sales (200)", "id-1", "", "10.50"), row("Cash (7)", "id-9", "10.5", "")]}
    report = {"Reports": [{"Rows": [header, section]}]}
    assert trial_balance(report, {"id-1": "200"}, "EUR") == {"200": -1050, "7": 1050}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "tenant_id"),
        ({"tenant_id": "acme"}, "tenant_id"),
        ({"tenant_id": TENANT, "tennant": "x"}, "tennant is no option of Xero"),
        ({"tenant_id": TENANT, "base_currency": "euro"}, "base_currency"),
    ],
)
def test_options_are_checked(options: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        make(replace(KIND.sandbox(), options=options), None)
