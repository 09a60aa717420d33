"""What goes out, field by field as the vendors' documentations name them."""

from dataclasses import replace

import pytest

from asiento.runtime.settings import SettingsError
from sinks.external.documents import LedgerLine
from tests.unit.sinks_previews.previews import KEY, body, connection, journal, kind, rendered
from tests.unit.sinks_xero.documents import line

HEX = KEY.replace("-", "")


def test_netsuite() -> None:
    request = rendered("netsuite", journal())
    assert (request.method, request.path) == ("PUT", f"/services/rest/record/v1/journalentry/eid:{KEY}")
    assert body(request) == {
        "subsidiary": {"id": "1"},
        "tranDate": "2026-03-02",
        "memo": "ref-1 Order 7",
        "line": {
            "items": [
                {"account": {"id": "a1"}, "debit": "10.50", "memo": "paid"},
                {"account": {"id": "a2"}, "credit": "10.00", "memo": "mug"},
                {"account": {"id": "a3"}, "credit": "0.50", "memo": "tax"},
            ]
        },
    }


def test_netsuite_names_other_currencies_and_entities() -> None:
    one = journal(currency="USD", lines=(line("a1", 7, "x", contact="42"), line("a2", -7, "y")))
    values = body(rendered("netsuite", one, currency_id_usd="3"))
    assert values["currency"] == {"id": "3"}
    assert [item.get("entity") for item in values["line"]["items"]] == [{"id": "42"}, None]


def test_sage() -> None:
    request = rendered("sage", journal())
    assert (request.method, request.path) == ("POST", "/journals")
    assert request.headers == {"X-Business": "0d40342d0287cd6b13555c54afca6c90"}
    assert body(request) == {
        "journal": {
            "idempotency_id": HEX,
            "date": "2026-03-02",
            "reference": HEX,
            "description": "ref-1 Order 7",
            "journal_lines": [
                {"ledger_account_id": "a1", "debit": "10.50", "credit": "0.00", "details": "paid", "include_on_tax_return": False},
                {"ledger_account_id": "a2", "debit": "0.00", "credit": "10.00", "details": "mug", "include_on_tax_return": False},
                {"ledger_account_id": "a3", "debit": "0.00", "credit": "0.50", "details": "tax", "include_on_tax_return": False},
            ],
        }
    }


def test_freshbooks() -> None:
    request = rendered("freshbooks", journal())
    assert (request.method, request.path) == ("POST", "/accounting/businesses/8f0c1a4e-0d4f-4c0b-9d0e-6f2b7f0a1c2d/journal_entries")
    assert request.headers == {"x-api-version": "2023-09-25"}
    assert body(request) == {
        "manualJournalEntry": {
            "name": "ref-1",
            "description": f"[{KEY}] Order 7",
            "userEnteredDate": {"year": "2026", "month": "3", "day": "2"},
            "details": [
                {"accountId": "a1", "amount": {"amount": "10.50", "code": "EUR"}, "type": "TYPE_DEBIT"},
                {"accountId": "a2", "amount": {"amount": "10.00", "code": "EUR"}, "type": "TYPE_CREDIT"},
                {"accountId": "a3", "amount": {"amount": "0.50", "code": "EUR"}, "type": "TYPE_CREDIT"},
            ],
        }
    }


def test_wave() -> None:
    request = rendered("wave", journal())
    assert (request.method, request.path) == ("POST", "")
    assert body(request)["query"].startswith("mutation ($input: MoneyTransactionCreateInput!) { moneyTransactionCreate(input: $input) ")
    assert body(request)["variables"] == {
        "input": {
            "businessId": "QnVzaW5lc3M6ZTMzMzVjMDQtMDg1Mi00OTIx",
            "externalId": KEY,
            "date": "2026-03-02",
            "description": "ref-1",
            "notes": "Order 7",
            "anchor": {"accountId": "a1", "amount": "10.50", "direction": "DEPOSIT"},
            "lineItems": [
                {"accountId": "a2", "amount": "10.00", "balance": "CREDIT", "description": "mug"},
                {"accountId": "a3", "amount": "0.50", "balance": "CREDIT", "description": "tax"},
            ],
        }
    }


def test_wave_takes_the_anchor_that_the_connection_names_with_all_that_goes_into_it() -> None:
    lines = (line("fees", 30, "fee"), line("bank", 1000, "payout"), line("clearing", -1050, "order"), line("bank", 20, "rest"))
    values = body(rendered("wave", journal(lines=lines), anchor_accounts="till, bank"))["variables"]["input"]
    assert values["anchor"] == {"accountId": "bank", "amount": "10.20", "direction": "DEPOSIT"}
    assert [(one["accountId"], one["amount"], one["balance"]) for one in values["lineItems"]] == [
        ("fees", "0.30", "DEBIT"),
        ("clearing", "10.50", "CREDIT"),
    ]
    out = replace(journal(lines=(line("bank", -500, "out"), line("fees", 500, "fee"))))
    assert body(rendered("wave", out, anchor_accounts="bank"))["variables"]["input"]["anchor"]["direction"] == "WITHDRAWAL"


@pytest.mark.parametrize(("name", "currency"), [("netsuite", "JPY"), ("sage", "USD"), ("wave", "USD")])
def test_currencies_without_a_form_say_which_option(name: str, currency: str) -> None:
    with pytest.raises(ValueError, match=f"{currency}.*(currency_id_{currency.lower()}|base_currency)"):
        rendered(name, journal(currency=currency))


@pytest.mark.parametrize("name", ["netsuite", "sage", "freshbooks", "wave"])
def test_a_third_decimal_would_be_rounded_and_is_not_sent(name: str) -> None:
    options = {"base_currency": "KWD"} if name != "freshbooks" else {}
    whole = journal(currency="KWD", currency_exponent=3, lines=(line("a1", 10_510, "x"), line("a2", -10_510, "y")))
    assert "10.510" in str(body(rendered(name, whole, **options)))
    with pytest.raises(ValueError, match="two decimals"):
        rendered(name, replace(whole, lines=(line("a1", 10_511, "x"), line("a2", -10_511, "y"))), **options)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((line("bank", 5, "x"), line("till", -5, "y")), "name 2 of anchor_accounts"),
        ((line("sales", 5, "x"), line("tax", -5, "y")), "move no account of anchor_accounts"),
        ((line("bank", 5, "x"), line("bank", -5, "y")), "move no account of anchor_accounts"),
    ],
)
def test_wave_books_money_only(lines: tuple[LedgerLine, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rendered("wave", journal(lines=lines), anchor_accounts="bank,till")


def test_long_texts_are_cut_and_the_key_stays() -> None:
    long = journal(memo="m" * 5000, reference="r" * 255)
    assert body(rendered("freshbooks", long))["manualJournalEntry"]["description"].startswith(f"[{KEY}] m")
    assert len(body(rendered("netsuite", long))["memo"]) == 999
    assert len(body(rendered("sage", long))["journal"]["description"]) == 200
    assert len(body(rendered("wave", long))["variables"]["input"]["description"]) == 200


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("netsuite", {}, "base_url is missing"),
        ("netsuite", {"account": "1"}, "account is unknown"),
        ("sage", {"business": "1"}, "business is unknown"),
        ("freshbooks", {}, "business_uuid is missing"),
        ("wave", {"base_currency": "USD"}, "business_id is missing"),
    ],
)
def test_options_are_checked(name: str, options: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        kind(name).make(connection(name, **options), None)
