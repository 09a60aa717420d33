"""`asiento sinks render`: what would be sent, line by line; what cannot be is said, exit 1."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from asiento.accounting.journal import JournalEntry
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.main import app
from schemas.entries import entry_to_json
from sinks.mapping.examples import example_file
from tests.unit.sinks.journal import capture, invoice

KIND = "zoho_books"
CAPTURE = capture(1, amount=1_050)


def _run(name: str, *options: str, entries: bytes = b"") -> Result:
    return CliRunner().invoke(app, ["sinks", "render", name, "-", *options], input=entries)


def _text(*entries: JournalEntry) -> bytes:
    return b"".join(json.dumps(entry_to_json(entry)).encode() + b"\n" for entry in entries)


def _rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(text, parse_float=str) for text in result.stdout.splitlines()]


def _eur(entry: JournalEntry) -> dict[str, Any]:
    return {**entry_to_json(entry), "currency": "EUR"}


def test_entries_of_an_export_and_of_a_simulation_are_rendered() -> None:
    lines = [_eur(CAPTURE), {"entry": _eur(invoice())}, {"outcome": {"record": 1}}, {"summary": {}}, 5, []]
    result = _run(KIND, entries=b"\n".join(json.dumps(line).encode() for line in lines))
    assert result.exit_code == 0, result.output
    first, second = _rows(result)
    assert list(first) == ["entry_ids", "method", "url", "headers", "body"]
    assert (first["entry_ids"], second["entry_ids"]) == ([CAPTURE.entry_id], [invoice().entry_id])
    assert first["url"].startswith("https://www.zohoapis.com/books/v3/journals?")
    assert '"amount":10.50,' in result.stdout


def test_the_same_entries_give_the_same_bytes() -> None:
    text = json.dumps(_eur(invoice())).encode()
    assert _run(KIND, entries=text).stdout_bytes == _run(KIND, entries=text).stdout_bytes


def test_lines_that_cannot_be_read_are_told_by_number_and_the_rest_is_rendered() -> None:
    good = json.dumps(_eur(CAPTURE)).encode()
    result = _run(KIND, entries=b"{\n" + good + b'\n{"entry": {"entry_id": 1}}\n')
    assert len(_rows(result)) == 1
    assert isinstance(result.exception, CommandError)
    assert str(result.exception) == "0 entries are left out, 2 lines refused"
    assert "-:1: " in result.stderr
    assert "-:3: " in result.stderr


def test_of_many_refused_lines_the_first_are_told() -> None:
    result = _run(KIND, entries=b"{\n" * 25)
    assert len(result.stderr.splitlines()) == 21
    assert "5 more lines are refused" in result.stderr


def test_a_mapping_of_ones_own(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        f'format: 1\nledger: {KIND}\nversion: 1\nrules:\n  - {{role: psp_clearing, to: "77"}}\ncontacts:\n  - {{to: "C"}}\n',
        encoding="utf-8",
    )
    result = _run(KIND, "--mapping", str(mapping), entries=json.dumps(_eur(CAPTURE)).encode())
    assert isinstance(result.exception, CommandError)
    assert result.stdout == ""
    assert "1 entries left out" in result.stderr
    assert "contract_liability" in result.stderr


def test_a_connection_of_the_file_is_rendered_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = tmp_path / "ledgers.yaml"
    connections.write_text(
        f"connections:\n  books:\n    kind: {KIND}\n    base_url: https://books.example/v3\n    entities: [ES01]\n    posting: summary\n"
        "    options: {organization_id: '5', base_currency: MXN}\n    secrets: {client_secret: nowhere.txt}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("ASIENTO_LEDGER_CONNECTIONS", str(connections))
    words = str(_run("books").exception)
    assert "connection books has no account mapping" in words
    monkeypatch.setenv("ASIENTO_MAPPING", str(example_file(KIND)))
    entries = _text(*(replace(entry, legal_entity="ES01") for entry in (CAPTURE, capture(2))), invoice(3))
    result = _run("books", entries=entries)
    assert result.exit_code == 0, result.output
    (row,) = _rows(result)
    assert row["url"] == "https://books.example/v3/journals?organization_id=5"
    assert row["entry_ids"] == [CAPTURE.entry_id, capture(2).entry_id]
    assert "1 entries are of legal entities or currencies that books does not take" in result.stderr
    assert len(_rows(_run("books", "--posting", "entry", entries=entries))) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "no connection and no kind of ledger is called nowhere"),
        ((KIND, "--mode", "letters"), "--mode: letters is not known; there are journals, documents"),
        ((KIND, "--posting", "weekly"), "--posting: weekly is not known; there are entry, summary"),
    ],
)
def test_words_that_are_off(arguments: tuple[str, ...], words: str) -> None:
    result = _run(*arguments)
    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception)
