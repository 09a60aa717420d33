"""What is sent to Odoo: exact decimals, the key as the whole reference, codes where nothing was looked up."""

from dataclasses import replace
from json import loads
from typing import Any

import pytest

from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import kind_of
from sinks.connectors.odoo.ledger import KIND, make
from sinks.external.capabilities import AccountUse
from sinks.external.documents import LedgerDocument, LedgerLine
from sinks.external.http_calls import encoded
from sinks.external.port import RemoteAccount
from tests.unit.sinks_xero.documents import document


def _rendered(*documents: LedgerDocument) -> list[tuple[str, Any]]:
    requests = make(KIND.sandbox(), None).render(documents, {})
    return [(request.path, loads(encoded(request.body), parse_float=str)) for request in requests]


def test_a_journal_is_made_and_then_posted() -> None:
    shown = document()
    (made, draft), (posted, pressed) = _rendered(shown)
    assert (made, posted) == ("/json/2/account.move/create", "/json/2/account.move/action_post")
    (move,) = draft["vals_list"]
    assert (move["ref"], move["journal_id"], move["date"], move["move_type"]) == (shown.key, "MISC", shown.date, "entry")
    assert pressed["ids"] == [f"({shown.key})"]
    assert pressed["context"]["allowed_company_ids"] == [1]


@pytest.mark.parametrize(("exponent", "debit", "credit"), [(0, 12345, 12345), (2, "123.45", "123.45"), (3, "12.345", "12.345")])
def test_amounts_are_exact_in_every_currency(exponent: int, debit: object, credit: object) -> None:
    lines = tuple(LedgerLine(account=code, role="r", amount=amount, description="d") for code, amount in (("1", 12345), ("2", -12345)))
    (_, draft), _ = _rendered(replace(document(), currency_exponent=exponent, lines=lines))
    first, second = (line for _, _, line in draft["vals_list"][0]["line_ids"])
    assert (first["debit"], second["credit"]) == (debit, credit)
    assert str(first["credit"]).strip("0.") == str(second["debit"]).strip("0.") == ""


@pytest.mark.parametrize("options", [{}, {"company": "ACME"}, {"company": "1", "companie": "2"}])
def test_options_that_are_wrong_are_named(options: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="company, database, journal"):
        make(replace(KIND.sandbox(), options=options), None)


def test_an_address_is_needed() -> None:
    with pytest.raises(SettingsError, match="base_url is missing"):
        make(replace(KIND.sandbox(), base_url=None), None)


def test_accounts_that_odoo_would_refuse_are_named() -> None:
    ledger = make(KIND.sandbox(), None)
    account = RemoteAccount(code="1", name="Bank", kind="asset_cash", active=True)
    assert ledger.account_problem(account, AccountUse.JOURNAL_LINE) is None
    assert ledger.account_problem(replace(account, kind="off_balance"), AccountUse.JOURNAL_LINE)
    assert ledger.account_problem(replace(account, currency="USD"), AccountUse.JOURNAL_LINE)
    assert ledger.account_problem(account, AccountUse.RECEIVABLE)


def test_it_is_in_the_catalogue_as_a_preview() -> None:
    kind = kind_of("odoo")
    assert kind is KIND
    assert kind.capabilities.grade.value.startswith("preview")
