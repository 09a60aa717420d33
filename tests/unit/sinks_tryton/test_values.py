"""Values as Tryton writes them, and what its refusals mean."""

import base64
import json
from typing import Any

import pytest

from sinks.connectors.tryton.chart import ForeignCurrency, NoOpenPeriod, NotInBooks, NotSettled
from sinks.connectors.tryton.client import Forbidden, TrytonRefused
from sinks.connectors.tryton.ledger import KIND
from sinks.connectors.tryton.refusals import not_in_books, refused
from sinks.connectors.tryton.values import amount_read, amount_value, date_read, date_value, packed
from sinks.external.capabilities import AccountUse
from sinks.external.connections import Connection
from sinks.external.port import RemoteAccount
from sinks.external.results import AuthRefused, Refusal


@pytest.mark.parametrize(("amount", "exponent"), [(0, 2), (5, 2), (123_456_789_012_345, 3), (7, 0)])
def test_amounts_come_back_as_they_went(amount: int, exponent: int) -> None:
    assert amount_read(amount_value(amount, exponent), exponent) == amount


@pytest.mark.parametrize("value", ["10.50", 10, None, {"decimal": "1"}, {"__class__": "Decimal", "decimal": "1.005"}])
def test_what_is_no_amount_of_the_currency_is_not_read(value: Any) -> None:
    with pytest.raises(ValueError, match=r"is no|decimals"):
        amount_read(value, 2)


def test_dates_and_domains() -> None:
    assert date_read(date_value("2026-02-09")) == "2026-02-09"
    assert date_read(None) is None
    assert json.loads(base64.urlsafe_b64decode(packed([["code", "=", "ñ?>"]]))) == [["code", "=", "ñ?>"]]


@pytest.mark.parametrize(
    ("problem", "refusal"),
    [
        (NoOpenPeriod("2026-01-01", "closed"), Refusal.PERIOD_CLOSED),
        (NotInBooks("4711", "no account"), Refusal.MAPPING),
        (ForeignCurrency("currency USD", "EUR only"), Refusal.MAPPING),
        (NotSettled("key", "not there"), Refusal.DEPENDENCY),
    ],
)
def test_what_is_not_in_the_books_is_refused_by_name(problem: NotInBooks, refusal: Refusal) -> None:
    answer = not_in_books(problem)
    assert (answer.refusal, answer.about, answer.message) == (refusal, problem.about, problem.message)


@pytest.mark.parametrize(
    ("words", "settles", "refusal"),
    [
        ('To post move "(5)", you must balance all its lines debits and credits.', False, Refusal.INVALID),
        ('You cannot add/modify/delete lines on closed journal-period "MISC 2026-01".', False, Refusal.PERIOD_CLOSED),
        ('To continue, you must reopen the period "2026-01" of company "A" for the date "x".', False, Refusal.PERIOD_CLOSED),
        ('Payment lines amount on invoice "1" can not be greater than the invoice amount.', True, Refusal.DEPENDENCY),
        ('Payment lines amount on invoice "1" can not be greater than the invoice amount.', False, Refusal.INVALID),
        ("Whatever a module of yours says.", False, Refusal.INVALID),
    ],
)
def test_tryton_s_words(words: str, settles: bool, refusal: Refusal) -> None:
    answer = refused(TrytonRefused(words), settles=settles)
    assert (answer.refusal, answer.message) == (refusal, words)


@pytest.mark.parametrize("problem", [TrytonRefused('You are not allowed to create records of "Account Move".'), Forbidden("not allowed")])
def test_missing_rights_stop_the_connection(problem: TrytonRefused) -> None:
    with pytest.raises(AuthRefused, match="Accounting"):
        refused(problem)


@pytest.mark.parametrize(
    ("kind", "active", "currency", "use", "fits"),
    [
        ("balance", True, None, AccountUse.JOURNAL_LINE, True),
        ("heading", False, None, AccountUse.JOURNAL_LINE, False),
        ("balance", True, "USD", AccountUse.JOURNAL_LINE, False),
        ("receivable, customer", True, None, AccountUse.RECEIVABLE, True),
        ("revenue", True, None, AccountUse.RECEIVABLE, False),
        ("receivable, customer", True, None, AccountUse.JOURNAL_LINE, True),
        ("payable, customer", True, None, AccountUse.JOURNAL_LINE, False),
        ("payable, customer", True, None, AccountUse.DOCUMENT_LINE, True),
        ("balance", True, None, AccountUse.PAYMENT, True),
    ],
)
def test_which_accounts_fit_which_use(kind: str, active: bool, currency: str | None, use: AccountUse, fits: bool) -> None:
    account = RemoteAccount(code="1", name="x", kind=kind, active=active, currency=currency)
    assert (KIND.make(KIND.sandbox(), None).account_problem(account, use) is None) is fits


def test_an_option_names_the_customer_of_lines_that_need_one() -> None:
    account = RemoteAccount(code="1", name="x", kind="payable, customer", active=True)
    connection = Connection(name="erp", kind="tryton", base_url="https://erp.example/books", options={"party": "C-1"})
    assert KIND.make(connection, None).account_problem(account, AccountUse.JOURNAL_LINE) is None
