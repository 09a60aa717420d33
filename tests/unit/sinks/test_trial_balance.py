"""The trial balance: per currency, both columns equal, amounts to the last minor unit."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asiento.accounting.money import grouped_units_text
from asiento.cli.main import app
from sinks.sqlite_ledger import SqliteLedger
from sinks.trial_balance import read_trial_balance
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch, capture, invoice


@pytest.fixture
async def ledger_url(tmp_path: Path) -> str:
    """A ledger in pesos and yen."""
    ledger = SqliteLedger(tmp_path / "ledger.sqlite", lambda: BOOKED_AT)
    await ledger.open(STREAM, (0,))
    await ledger.book(batch([capture(), invoice(), invoice(2, amount=116, currency="JPY", exponent=0)]))
    await ledger.close()
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


async def test_accounts_per_currency(ledger_url: str) -> None:
    assert read_trial_balance(ledger_url) == {
        "JPY": {"accounts_receivable": 116, "revenue:sales": -100, "tax_payable:MX:VAT": -16},
        "MXN": {
            "accounts_receivable": 11_600,
            "contract_liability": -11_600,
            "psp_clearing:stripe": 11_600,
            "revenue:sales": -10_000,
            "tax_payable:MX:VAT": -1_600,
        },
    }


async def test_as_of_a_day_before_is_empty(ledger_url: str) -> None:
    assert read_trial_balance(ledger_url, "2025-06-14") == {}


async def test_the_command_prints_columns_and_totals(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_LEDGER_URL", ledger_url)
    page = CliRunner().invoke(app, ["trial-balance"]).stdout
    rows = [line.split() for line in page.splitlines()]
    assert ["accounts_receivable", "116.00"] in rows
    assert ["accounts_receivable", "116"] in rows
    assert ["total", "232.00", "232.00"] in rows
    assert ["total", "116", "116"] in rows


async def test_the_command_prints_json(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_LEDGER_URL", ledger_url)
    assert json.loads(CliRunner().invoke(app, ["trial-balance", "--json"]).stdout) == read_trial_balance(ledger_url)


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "20260101"])
def test_a_date_that_is_none_is_refused(day: str) -> None:
    assert CliRunner().invoke(app, ["trial-balance", "--as-of", day]).exception.__class__.__name__ == "UsageError"


@pytest.mark.parametrize(
    ("amount", "exponent", "text"),
    [
        (0, 2, "0.00"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (123_456_789, 2, "1,234,567.89"),
        (1_234, 0, "1,234"),
        (1_234, 3, "1.234"),
        (-99, 4, "-0.0099"),
    ],
)
def test_amounts_are_exact(amount: int, exponent: int, text: str) -> None:
    assert grouped_units_text(amount, exponent) == text
