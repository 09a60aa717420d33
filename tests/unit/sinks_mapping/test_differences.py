"""`asiento mapping diff`: what past entries would become."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from asiento.accounting.journal import Posting
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.main import app
from schemas.entries import entry_to_json
from sinks.mapping.differences import Comparison
from sinks.mapping.examples import example_mapping
from sinks.sqlite_ledger import SqliteLedger
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch, capture, invoice
from tests.unit.sinks_mapping.files import mapping_of, mapping_text

OLD = [
    {"role": "accounts_receivable", "to": "610"},
    {"role": "revenue", "to": "200"},
    {"role": "tax_payable", "to": "820"},
    {"role": "contract_liability", "to": "835"},
]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["mapping", "diff", *map(str, arguments)])


def written(folder: Path, name: str, rules: list[dict[str, Any]], contacts: tuple[dict[str, Any], ...] = ({"to": "C"},)) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(mapping_text(rules, contacts), encoding="utf-8")
    return path


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    path = tmp_path / "entries.jsonl"
    path.write_text("".join(json.dumps(entry_to_json(entry)) + "\n" for entry in (invoice(), capture())), encoding="utf-8")
    return path


def test_moved_postings_and_sums(tmp_path: Path, entries: Path) -> None:
    old = written(tmp_path, "old", OLD)
    new = written(
        tmp_path,
        "new",
        [*OLD[:1], {"role": "revenue", "to": {"account": "201", "item": "M"}}, *OLD[2:3], {"role": "psp_clearing", "to": "855"}],
    )
    result = run(old, new, "--entries", entries, "--json")
    assert isinstance(result.exception, CommandError)
    first, second, last = map(json.loads, result.stdout.splitlines())
    (posting,) = first["entry"]["postings"]
    assert posting == {
        "posting": 1,
        "account": "revenue:sales",
        "side": "CREDIT",
        "amount": 10_000,
        "old": {"account": "200"},
        "new": {"account": "201", "item": "M"},
    }
    assert [(one["old"], one["new"]) for one in second["entry"]["postings"]] == [(None, {"account": "855"}), ({"account": "835"}, None)]
    assert last["summary"]["accounts"] == [
        {"account": "200", "currency": "MXN", "old": -10_000, "new": 0, "change": 10_000},
        {"account": "201", "currency": "MXN", "old": 0, "new": -10_000, "change": -10_000},
        {"account": "835", "currency": "MXN", "old": -11_600, "new": 0, "change": 11_600},
        {"account": "855", "currency": "MXN", "old": 0, "new": 11_600, "change": 11_600},
    ]
    assert last["summary"]["unmapped"] == {"contract_liability/MX01/MXN": 1}
    assert last["summary"]["mapped"] == {"psp_clearing:stripe/MX01/MXN": 1}
    assert (last["summary"]["entries"], last["summary"]["entries_moved"], last["summary"]["postings_moved"]) == (2, 2, 3)


def test_for_people(tmp_path: Path, entries: Path) -> None:
    old, new = written(tmp_path, "old", OLD), written(tmp_path, "new", [*OLD[:1], {"role": "revenue", "to": "201"}, *OLD[2:]])
    shown = run(old, new, "--entries", entries).stdout
    assert "    revenue:sales                            200 -> 201\n" in shown
    assert "200                      MXN            -100.00 ->               0.00   change             100.00\n" in shown
    assert shown.endswith("2 entries, 1 would be booked otherwise, 1 postings\n")


def test_the_customer_counts_too(tmp_path: Path, entries: Path) -> None:
    old, new = written(tmp_path, "old", OLD), written(tmp_path, "new", OLD, ({"to": "C"}, {"channel": "web", "to": "W"}))
    result = run(old, new, "--entries", entries, "--json")
    moved = [json.loads(line)["entry"] for line in result.stdout.splitlines() if "entry" in json.loads(line)]
    assert [(one["postings"], one["contact"]) for one in moved] == [([], {"old": "C", "new": "W"})]


def test_the_same_rules_move_nothing(tmp_path: Path, entries: Path) -> None:
    old, new = written(tmp_path, "old", OLD), written(tmp_path, "new", OLD[::-1])
    result = run(old, new, "--entries", entries)
    assert (result.exit_code, result.stdout) == (0, "2 entries, 0 would be booked otherwise, 0 postings\n")


async def test_entries_come_from_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    writer = SqliteLedger(path, clock=lambda: BOOKED_AT)
    await writer.open(STREAM, (0,))
    await writer.book(batch([invoice(), capture()]))
    await writer.close()
    monkeypatch.setenv("ASIENTO_LEDGER_URL", f"sqlite:///{path}")
    old, new = written(tmp_path, "old", OLD), written(tmp_path, "new", [*OLD[:1], {"role": "revenue", "to": "201"}, *OLD[2:]])
    assert json.loads(run(old, new, "--json").stdout.splitlines()[-1])["summary"]["entries_moved"] == 1


def test_what_cannot_be_read_is_told(tmp_path: Path, entries: Path) -> None:
    good, bad = written(tmp_path, "good", OLD), tmp_path / "bad.yaml"
    bad.write_text("rules: 1\n", encoding="utf-8")
    assert "the mapping cannot be used" in str(run(good, bad, "--entries", entries).exception)
    entries.write_text('{"entry": {"entry_id": "1"}}\n', encoding="utf-8")
    assert isinstance(run(good, good, "--entries", entries).exception, CommandError)
    assert isinstance(run(good, good, "--entries", tmp_path / "none").exception, UsageError)


@given(amounts=st.lists(st.integers(1, 10**12), min_size=1, max_size=6), split=st.integers(0, 6))
@settings(max_examples=50, deadline=None)
def test_sums_of_all_accounts_stay_zero(tmp_path_factory: pytest.TempPathFactory, amounts: list[int], split: int) -> None:
    """What is mapped wholly on both sides adds up to 0 on both sides."""
    postings = (
        *[Posting(account=f"revenue:{place % 3}", side="CREDIT", amount=amount) for place, amount in enumerate(amounts)],
        Posting(account="accounts_receivable", side="DEBIT", amount=sum(amounts)),
    )
    entry = replace(invoice(), postings=postings, document=None)
    rules: list[dict[str, Any]] = [
        {"role": "*", "manual": True, "to": "9"},
        *OLD,
        {"role": "revenue", "qualifier": str(split), "to": "201"},
    ]
    comparison = Comparison(example_mapping("xero"), mapping_of(tmp_path_factory.getbasetemp(), rules))
    moved = list(comparison.moved([entry, entry]))
    assert [sum(side) for side in zip(*comparison.sums.values(), strict=True)] == [0, 0]
    hits = sum(amount for place, amount in enumerate(amounts) if place % 3 == split)
    assert comparison.sums.get(("201", "MXN"), [0, 0])[1] == -2 * hits
    assert bool(moved) == bool(hits)
