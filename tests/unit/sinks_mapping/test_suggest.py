"""`asiento mapping suggest`: what is proposed, why, and what is written."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.main import app
from schemas.entries import entry_to_json
from sinks.connectors import catalogue
from sinks.external.port import RemoteAccount
from sinks.mapping.chart import chart_values
from sinks.mapping.reading import read_rules
from sinks.mapping.scopes import ROLES
from sinks.mapping.words import WORDS
from tests.unit.sinks_mapping.fake_vendor import CHART, fake_kind
from tests.unit.sinks_mapping.files import account_for, asked, mapping_of, mapping_text

SPANISH = {
    "43000000": ("Clientes", "Activo", "accounts_receivable"),
    "57000000": ("Caja", "Activo", "cash"),
    "70000000": ("Ventas de mercaderías", "Ingreso", "revenue"),
    "70600000": ("Descuentos sobre ventas", "Ingreso", "sales_discounts"),
    "70800000": ("Devoluciones de ventas", "Ingreso", "sales_returns"),
    "47700000": ("H.P. IVA repercutido", "Pasivo", "tax_payable"),
    "47200000": ("H.P. IVA soportado", "Activo", "tax_receivable"),
    "43800000": ("Anticipos de clientes", "Pasivo", "contract_liability"),
    "62600000": ("Servicios bancarios y similares", "Gasto", "psp_fees"),
    "65000000": ("Pérdidas de créditos incobrables", "Gasto", "bad_debt"),
    "30000000": ("Mercaderías A", "Activo", "inventory"),
    "55500000": ("Partidas pendientes de aplicación", "Pasivo", "suspense"),
}
ENGLISH = {
    "10": ("Accounts Receivable", "Accounts Receivable", "accounts_receivable"),
    "20": ("Cost of Goods Sold", "Cost of Goods Sold", "cogs"),
    "30": ("Sales", "Income", "revenue"),
    "40": ("Shipping Income", "Income", "shipping_revenue"),
    "50": ("Discounts Given", "Income", "sales_discounts"),
    "60": ("Unearned Revenue", "Other Current Liability", "contract_liability"),
    "70": ("Sales Tax Payable", "Other Current Liability", "tax_payable"),
    "80": ("Stripe Clearing", "Other Current Asset", "psp_clearing"),
    "90": ("Gift Cards", "Other Current Liability", "gift_card_liability"),
    "95": ("Accounts Payable", "Accounts Payable", None),
    "96": ("Furniture", "Fixed Asset", None),
}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["mapping", "suggest", *map(str, arguments)])


def kept(folder: Path, accounts: list[RemoteAccount]) -> Path:
    path = folder / "accounts.json"
    path.write_text(json.dumps(chart_values(accounts)), encoding="utf-8")
    return path


def proposals(*arguments: object) -> dict[tuple[str, str | None], Any]:
    return {(one["role"], one["qualifier"]): one for one in json.loads(run(*arguments, "--json").stdout)}


def entries_file(folder: Path, *accounts: str, day: str = "2026-03-01") -> Path:
    path = folder / "entries.jsonl"
    entries = [asked(account, day=day)[0] for account in accounts]
    lines = [json.dumps({"entry": entry_to_json(entry)}) for entry in entries]
    path.write_text("\n".join([*lines, '{"summary": {}}']) + "\n", encoding="utf-8")
    return path


def test_every_role_has_words() -> None:
    assert set(WORDS) == ROLES


@pytest.mark.parametrize("chart", [SPANISH, ENGLISH], ids=["spanish", "english"])
def test_accounts_are_found_by_name_and_kind(tmp_path: Path, chart: dict[str, tuple[str, str, str | None]]) -> None:
    accounts = [RemoteAccount(code=code, name=name, kind=kind, active=True) for code, (name, kind, _) in chart.items()]
    found = proposals("--kind", "some", "--accounts", kept(tmp_path, accounts))
    for code, (_, _, role) in chart.items():
        if role is None:
            assert code not in {one["account"] for one in found.values()}
        else:
            assert found[role, None]["account"] == code
    assert len(found) == len(ROLES)
    assert found["tips_payable", None]["account"] is None


def test_a_proposal_says_why(tmp_path: Path) -> None:
    chart = kept(tmp_path, [RemoteAccount(code="60", name="Unearned Revenue", kind="Other Current Liability", active=True)])
    shown = run("--kind", "some", "--accounts", chart).stdout
    why = '"unearned", "revenue" in its name, its kind (Other Current Liability) is of liabilities'
    assert f'- {{role: contract_liability, to: "60"}}  # Unearned Revenue: {why}\n' in shown
    assert "# tips_payable: no account of the chart speaks for it; make one, or name one by hand\n" in shown


def test_accounts_that_are_not_active_are_not_proposed(tmp_path: Path) -> None:
    chart = kept(tmp_path, [RemoteAccount(code="30", name="Sales", kind="Income", active=False)])
    assert proposals("--kind", "some", "--accounts", chart)["revenue", None]["account"] is None


def test_what_the_vendor_takes_in_no_way_is_not_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = RemoteAccount(code="091", name="Petty Cash", kind="BANK", active=True)
    chart = kept(tmp_path, [*CHART, bank])
    monkeypatch.setattr(catalogue, "_KINDS", {})
    assert proposals("--kind", "xero", "--accounts", chart)["cash", None]["account"] == "091"
    monkeypatch.setattr(catalogue, "_KINDS", {"xero": fake_kind})
    found = proposals("--kind", "xero", "--accounts", chart)
    assert found["cash", None]["account"] is None
    assert found["accounts_receivable", None]["account"] == "610"


def test_an_account_named_after_a_gateway_is_its_own(tmp_path: Path) -> None:
    entries = entries_file(tmp_path, "psp_clearing:adyen", "psp_clearing:stripe", "rent:office")
    found = proposals("--kind", "some", "--accounts", kept(tmp_path, list(CHART)), "--entries", entries)
    assert (found["psp_clearing", "adyen"]["account"], found["psp_clearing", None]["account"]) == ("856", "855")
    assert ("psp_clearing", "stripe") not in found
    assert found["rent", "office"]["account"] is None


def test_a_qualifier_that_speaks_for_the_role_names_no_account(tmp_path: Path) -> None:
    entries = entries_file(tmp_path, "revenue:sales")
    found = proposals("--kind", "some", "--accounts", kept(tmp_path, list(CHART)), "--entries", entries)
    assert found["revenue", None]["account"] == "200"
    assert ("revenue", "sales") not in found


def test_only_what_entries_lack_is_proposed_besides_missing_roles(tmp_path: Path) -> None:
    rules = [{"role": role, "to": "1"} for role in sorted(ROLES - {"psp_clearing"})]
    dated = {"role": "psp_clearing", "qualifier": "adyen", "until": "2026-01-01", "to": "9"}
    path = tmp_path / "m.yaml"
    path.write_text(mapping_text([*rules, dated]), encoding="utf-8")
    entries = entries_file(tmp_path, "psp_clearing:adyen", "psp_clearing:other")
    found = proposals(path, "--accounts", kept(tmp_path, list(CHART)), "--entries", entries)
    assert list(found) == [("psp_clearing", "adyen"), ("psp_clearing", "other")]
    assert (found["psp_clearing", "adyen"]["account"], found["psp_clearing", "adyen"]["from"]) == ("856", "2026-01-01")


def test_nothing_is_written_unless_out_names_a_new_file(tmp_path: Path) -> None:
    chart, out = kept(tmp_path, list(CHART)), tmp_path / "new.yaml"
    run("--kind", "xero", "--accounts", chart)
    run("--kind", "xero", "--accounts", chart, "--out", out, "--dry-run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.json"]
    assert run("--kind", "xero", "--accounts", chart, "--out", out).exit_code == 0
    rules = read_rules(out)
    assert (rules.ledger, {rule.role: rule.target.account for rule in rules.rules}["revenue"]) == ("xero", "200")
    assert isinstance(run("--kind", "xero", "--accounts", chart, "--out", out).exception, UsageError)


def test_a_file_is_extended_and_keeps_its_words(tmp_path: Path) -> None:
    path, out = tmp_path / "m.yaml", tmp_path / "new.yaml"
    text = (
        "# ours\nformat: 1\nledger: xero\nversion: 7\nrules:\n  # money\n  - role: cash\n    to: '1'\n\n# people\ncontacts:\n  - {to: C}\n"
    )
    path.write_text(text, encoding="utf-8")
    entries = entries_file(tmp_path, 'weird: "café" #1:x', "psp_clearing:adyen")
    run(path, "--accounts", kept(tmp_path, list(CHART)), "--entries", entries, "--out", out)
    new = out.read_text(encoding="utf-8")
    assert [line for line in new.splitlines() if line in text.splitlines()] == text.splitlines()
    rules = read_rules(out)
    assert rules.rules[0].role == "cash"
    assert {("revenue", "200"), ("psp_clearing", "856"), ("tax_payable", "820")} <= {
        (rule.role, rule.target.account) for rule in rules.rules
    }
    assert len(rules.contacts) == 1


def test_rules_in_brackets_are_not_extended(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("{format: 1, ledger: xero, version: 1, rules: [{role: cash, to: '1'}]}\n", encoding="utf-8")
    result = run(path, "--accounts", kept(tmp_path, list(CHART)), "--out", tmp_path / "new.yaml")
    assert isinstance(result.exception, CommandError)
    assert "write one `- ` line for each" in str(result.exception)


def test_manual_roles_are_proposed_with_intent(tmp_path: Path) -> None:
    chart = kept(tmp_path, [RemoteAccount(code="7", name="Office Rent", kind="Expense", active=True)])
    entries = entries_file(tmp_path, "rent:Office 2")
    out = tmp_path / "new.yaml"
    shown = run("--kind", "xero", "--accounts", chart, "--entries", entries, "--out", out).stdout
    assert '- {role: rent, qualifier: "Office 2", manual: true, to: "7"}' in shown
    assert account_for(mapping_of(tmp_path, [{"role": "rent", "qualifier": "Office 2", "manual": True, "to": "7"}]), "rent:Office 2") == "7"


def test_words_that_are_off_are_usage_errors(tmp_path: Path) -> None:
    assert isinstance(run("--kind", "xero").exception, UsageError)
    assert isinstance(run("--accounts", kept(tmp_path, list(CHART))).exception, UsageError)
    assert isinstance(run(tmp_path / "m.yaml", "--kind", "xero").exception, UsageError)
