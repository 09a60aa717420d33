"""`asiento mapping check`, `accounts` and `example`."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner, Result

from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.main import app
from asiento.runtime.settings import SettingsError
from sinks.connectors import catalogue
from sinks.external.capabilities import AccountUse
from sinks.mapping.chart import chart_values, read_chart
from sinks.mapping.examples import example_file, example_mapping
from sinks.mapping.reading import read_rules
from sinks.mapping.roles import ROLE_FACTS, uses_of
from sinks.posting import oauth_tokens
from sinks.posting.store import PostingStore
from tests.unit.sinks_mapping.fake_vendor import CHART, fake_kind
from tests.unit.sinks_mapping.files import mapping_text

EXAMPLE = [
    *[{"role": role, "to": "200"} for role in sorted({rule.role for rule in example_mapping("xero").rules.rules} - {"*"})],
]
CUSTOMER = [{"to": "Web shop"}]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["mapping", *map(str, arguments)])


def written(folder: Path, rules: list[dict[str, Any]], **changes: Any) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(mapping_text(rules, changes.get("contacts", CUSTOMER), changes.get("ledger", "xero")), encoding="utf-8")
    return path


def report(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("check", *arguments, "--json").stdout)
    return found


def kinds_of(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["kind"], one["about"]) for one in found]


def changed(*rules: dict[str, Any], without: str = "") -> list[dict[str, Any]]:
    """The example with other rules for some roles, and without one role."""
    roles = {rule["role"] for rule in rules} | {without}
    return [*[rule for rule in EXAMPLE if rule["role"] not in roles], *rules]


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps(chart_values(CHART)), encoding="utf-8")
    return path


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_KINDS", {"xero": fake_kind})


@pytest.fixture
def connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Connections in journals and in documents; the key is the right one."""
    (tmp_path / "key.txt").write_text("right\n", encoding="utf-8")
    common = "kind: xero, entities: [ACME-ES], secrets: {api_key: key.txt}"
    path = tmp_path / "ledgers.yaml"
    path.write_text(f"connections:\n  books: {{{common}}}\n  papers: {{{common}, mode: documents}}\n", encoding="utf-8")
    monkeypatch.setenv("ASIENTO_LEDGER_CONNECTIONS", str(path))
    return path


def test_what_is_in_order_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, EXAMPLE)
    result = run("check", path)
    assert (result.exit_code, result.stdout) == (0, f"{path}: in order: 36 rules and 1 customers for xero, version 1\n")
    assert report(path) | {"digest": ""} == {
        "file": str(path),
        "ledger": "xero",
        "version": 1,
        "digest": "",
        "rules": 36,
        "contacts": 1,
        "faults": [],
        "notes": [],
    }


@pytest.mark.parametrize("kind", ["generic", "plaintext", "quickbooks", "tryton", "xero"])
def test_the_examples_are_in_order(kind: str) -> None:
    assert report(example_file(kind))["faults"] == []


def test_a_fault_of_the_file_has_its_kind_and_place(tmp_path: Path) -> None:
    path = written(tmp_path, [*EXAMPLE, {"role": "revenue", "from": "2026-01-01", "to": "1"}])
    result = run("check", path)
    assert isinstance(result.exception, CommandError)
    assert result.stdout.startswith(f"{path}:41:5: overlap: rules[36]: says where revenue goes from 2026-01-01 on")
    (fault,) = report(path)["faults"]
    assert (fault["kind"], fault["line"], fault["column"], fault["field"]) == ("overlap", 41, 5, "rules[36]")


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("rules: [\n", encoding="utf-8")
    assert isinstance(run("check", path).exception, CommandError)
    assert isinstance(run("check", tmp_path / "none.yaml").exception, SettingsError)


def test_a_role_without_a_rule_is_a_fault(tmp_path: Path) -> None:
    found = report(written(tmp_path, changed(without="cash")))
    assert kinds_of(found["faults"]) == [("no_rule", "cash")]


def test_a_role_whose_rules_end_is_a_fault(tmp_path: Path) -> None:
    found = report(written(tmp_path, changed({"role": "cash", "until": "2026-01-01", "to": "1"})))
    assert kinds_of(found["faults"]) == [("ends", "cash")]
    assert found["faults"][0]["line"] == 40


def test_a_role_with_rules_for_some_only_is_a_note(tmp_path: Path) -> None:
    found = report(written(tmp_path, changed({"role": "cash", "qualifier": "madrid", "to": "1"})))
    assert (found["faults"], kinds_of(found["notes"])) == ([], [("some_only", "cash")])


@pytest.mark.parametrize(
    ("rule", "about"),
    [
        ({"role": "psp_clearing", "category": "books"}, "category"),
        ({"role": "revenue", "tax_code": "IVA"}, "tax_code"),
        ({"role": "rent", "manual": True, "warehouse": "w1"}, "warehouse"),
    ],
)
def test_a_rule_that_nothing_reaches_is_a_fault(tmp_path: Path, rule: dict[str, Any], about: str) -> None:
    found = report(written(tmp_path, [*EXAMPLE, rule | {"to": "1"}]))
    assert kinds_of(found["faults"]) == [("unreachable", about)]


def test_a_qualifier_of_a_role_without_one_is_a_note(tmp_path: Path) -> None:
    found = report(written(tmp_path, [*EXAMPLE, {"role": "shipping_revenue", "qualifier": "dhl", "to": "1"}]))
    assert (found["faults"], kinds_of(found["notes"])) == ([], [("manual_only", "shipping_revenue:dhl")])


def test_missing_customers_are_a_note(tmp_path: Path) -> None:
    assert kinds_of(report(written(tmp_path, EXAMPLE, contacts=[]))["notes"]) == [("no_contact", "contacts")]


def test_accounts_are_looked_up_in_the_chart(tmp_path: Path, chart: Path) -> None:
    rules = changed(
        {"role": "cash", "to": "sales"}, {"role": "revenue", "to": "201"}, {"role": "bank_clearing", "currency": "USD", "to": "090"}
    )
    found = report(written(tmp_path, rules), "--accounts", chart)
    expected = [("unknown_account", "sales"), ("inactive_account", "201"), ("account_currency", "090")]
    assert kinds_of(found["faults"]) == expected
    assert "the account called so has the code 200" in found["faults"][0]["message"]
    assert kinds_of(found["notes"])[-1] == ("not_checked", "accounts")


@pytest.fixture(autouse=True)
def no_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_KINDS", {})


@pytest.mark.usefixtures("vendor")
def test_kinds_of_accounts_are_judged_by_the_vendor(tmp_path: Path, chart: Path) -> None:
    rules = changed({"role": "accounts_receivable", "to": "610"}, {"role": "bank_clearing", "to": "090"})
    found = report(written(tmp_path, rules), "--accounts", chart)
    assert kinds_of(found["faults"]) == [("account_kind", "610"), ("account_kind", "090")]
    assert found["notes"] == []


@pytest.mark.usefixtures("vendor", "connections")
def test_in_documents_the_receivable_is_the_one_of_invoices(tmp_path: Path) -> None:
    settling = ["bank_clearing", "cash", "psp_clearing", "marketplace_clearing", "carrier_clearing", "dispute_receivable", "suspense"]
    settling += ["contract_liability", "refunds_payable", "store_credit_liability", "gift_card_liability"]
    rules = changed({"role": "accounts_receivable", "to": "610"}, *[{"role": role, "to": "855"} for role in settling])
    assert report(written(tmp_path, rules), "--connection", "papers")["faults"] == []
    rules = changed({"role": "accounts_receivable", "to": "855"}, *[{"role": role, "to": "855"} for role in settling if role != "cash"])
    faults = report(written(tmp_path, rules), "--connection", "papers")["faults"]
    assert kinds_of(faults) == [("account_kind", "200"), ("account_kind", "855")]
    assert "cash goes to account 200 (Sales, REVENUE), as the other side of payments" in faults[0]["message"]


@pytest.mark.usefixtures("connections")
def test_payments_that_can_be_journals_are_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_KINDS", {"xero": lambda: fake_kind(journal_receivable=True)})
    rules = changed({"role": "accounts_receivable", "to": "610"})
    found = report(written(tmp_path, rules), "--connection", "papers")
    assert found["faults"] == []
    assert {one["kind"] for one in found["notes"]} == {"account_kind"}


@pytest.mark.usefixtures("vendor", "connections")
def test_a_connection_says_its_entities_and_its_kind(tmp_path: Path) -> None:
    rules = changed({"role": "accounts_receivable", "to": "200"}, {"role": "cash", "to": "200"})
    path = written(tmp_path, [*rules, {"role": "cash", "entity": "ACME-MX", "to": "200"}], ledger="tryton")
    assert kinds_of(report(path, "--connection", "books")["faults"]) == [("unreachable", "ACME-MX"), ("wrong_ledger", "tryton")]
    assert isinstance(run("check", path, "--connection", "bokks").exception, SettingsError)


@pytest.mark.usefixtures("connections")
def test_a_ledger_that_does_not_answer_or_refuses_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_KINDS", {"xero": fake_kind})
    (tmp_path / "key.txt").write_text("wrong", encoding="utf-8")
    result = run("accounts", "--connection", "books")
    assert isinstance(result.exception, CommandError)
    assert "refuses the key" in str(result.exception)
    assert "wrong" not in str(result.exception)
    (tmp_path / "ledgers.yaml").write_text("connections: {books: {kind: xero}}\n", encoding="utf-8")
    assert isinstance(run("accounts", "--connection", "books").exception, Unreachable)


@pytest.mark.usefixtures("vendor", "connections")
def test_a_chart_is_asked_and_kept(tmp_path: Path) -> None:
    asked = run("accounts", "--connection", "books", "--json")
    kept = tmp_path / "kept.json"
    kept.write_text(asked.stdout, encoding="utf-8")
    assert sorted(read_chart(kept), key=lambda one: one.code) == sorted(CHART, key=lambda one: one.code)
    assert "201              REVENUE                       not active Old Sales" in run("accounts", "--connection", "books").stdout


@pytest.mark.parametrize(
    "content", ["{", "{}", '[{"code": 200}]', '[{"code": "1", "name": "", "kind": "", "active": true, "currency": 3}]']
)
def test_what_is_no_chart_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "chart.json"
    path.write_text(content, encoding="utf-8")
    assert isinstance(run("check", example_file("xero"), "--accounts", path).exception, CommandError)


def test_an_example_is_printed() -> None:
    assert run("example", "tryton").stdout == example_file("tryton").read_text(encoding="utf-8")
    assert json.loads(run("example", "sap_s4hana", "--json").stdout)["ledger"] == "generic"


class _Vendor:
    """Gives tokens without a network."""

    def __init__(self, url: str, **_: object) -> None:
        assert url.startswith("https:")

    async def __call__(self, client_id: str, client_secret: str, refresh_token: str) -> dict[str, object]:
        return {"access_token": "right", "refresh_token": "next", "expires_in": 3_600}


@pytest.mark.usefixtures("connections")
def test_tokens_are_had_from_the_database_of_the_sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(catalogue, "_KINDS", {"xero": lambda: fake_kind(oauth=True)})
    monkeypatch.setattr(oauth_tokens, "HttpTokenRequest", _Vendor)
    (tmp_path / "token_key").write_bytes(Fernet.generate_key())
    secrets = ", ".join([*[f"{name}: key.txt" for name in ("client_id", "client_secret", "refresh_token")], "token_key: token_key"])
    (tmp_path / "ledgers.yaml").write_text(f"connections: {{books: {{kind: xero, secrets: {{{secrets}}}}}}}\n", encoding="utf-8")
    (tmp_path / "postings.sqlite").write_text("no database", encoding="utf-8")
    assert isinstance(run("accounts", "--connection", "books").exception, Unreachable)
    (tmp_path / "postings.sqlite").unlink()
    assert len(run("accounts", "--connection", "books").stdout.splitlines()) == len(CHART)
    sink = PostingStore.serve(f"sqlite:///{tmp_path / 'postings.sqlite'}", "books")
    try:
        assert len(run("accounts", "--connection", "books").stdout.splitlines()) == len(CHART)
    finally:
        sink.close()


def test_a_file_of_plain_text_is_for_its_kinds() -> None:
    rules = read_rules(example_file("hledger"))
    assert [rules.is_for(kind) for kind in ("beancount", "hledger", "xero")] == [True, True, False]
    assert all(read_rules(example_file("odoo")).is_for(kind) for kind in ("odoo", "xero"))


@pytest.mark.usefixtures("connections")
def test_lines_of_invoices_without_their_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_KINDS", {"xero": lambda: fake_kind(needs_items=True)})
    rules = changed({"role": "revenue", "to": {"account": "200", "item": "I"}})
    found = report(written(tmp_path, rules), "--connection", "papers")
    wanted = {role for role, facts in ROLE_FACTS.items() if facts.invoiced} - {"revenue"}
    assert len([one for one in found["faults"] if one["kind"] == "no_item"]) == len(wanted)
    assert "no_item" not in {one["kind"] for one in report(written(tmp_path, rules), "--connection", "books")["faults"]}


def test_what_accounts_are_used_for() -> None:
    line, journal, payment = AccountUse.DOCUMENT_LINE, AccountUse.JOURNAL_LINE, AccountUse.PAYMENT
    assert {uses_of(role, documents=False) for role in ("revenue", "accounts_receivable", "rent")} == {(journal,)}
    assert uses_of("accounts_receivable", documents=True) == (AccountUse.RECEIVABLE,)
    assert uses_of("gift_card_liability", documents=True) == (line, payment, journal)
    assert uses_of("psp_clearing", documents=True) == (payment, journal)
    assert uses_of("revenue", documents=True) == (line,)
    assert uses_of("rent", documents=True) == (journal,)
