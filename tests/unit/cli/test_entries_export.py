"""`asiento entries export`: from a real embedded ledger to files."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.main import app
from schemas.entries import HashedEntry
from sinks.plaintext.beancount import render_beancount
from sinks.sqlite_ledger import SqliteLedger
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch
from tests.unit.sinks_plaintext.journals import small_journal


@pytest.fixture
async def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger that has booked the small journal; the settings point at it."""
    path = tmp_path / "ledger.sqlite"
    writer = SqliteLedger(path, clock=lambda: BOOKED_AT)
    await writer.open(STREAM, (0,))
    await writer.book(batch([hashed.entry for hashed in small_journal()]))
    await writer.close()
    monkeypatch.setenv("ASIENTO_LEDGER_URL", f"sqlite:///{path}")
    return path


def export(*arguments: object) -> Result:
    """Call the command in this process."""
    return CliRunner().invoke(app, ["entries", "export", *map(str, arguments)])


def rendered(entries: tuple[HashedEntry, ...]) -> str:
    return "".join(render_beancount(entries))


async def test_all_booked_entries_in_order(ledger: Path) -> None:
    result = export("--format", "beancount")
    assert (result.exit_code, result.stdout) == (0, rendered(small_journal()))
    assert "4 entries exported" in result.stderr


@pytest.mark.parametrize("name", ["jsonl", "csv", "hledger"])
async def test_every_format_names_every_entry(ledger: Path, name: str) -> None:
    out = export("--format", name).stdout
    assert all(hashed.entry.entry_id in out for hashed in small_journal())


async def test_dates_are_posting_dates_and_both_count(ledger: Path) -> None:
    def ids(*options: str) -> int:
        return len(export("--format", "jsonl", *options).stdout.splitlines())

    assert ids("--from", "2025-06-15", "--to", "2025-06-15") == 3
    assert ids("--from", "2025-06-16") == 1
    assert ids("--to", "2025-06-14") == 0


async def test_a_file_is_written_whole(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "journal.jsonl"
    assert export("--format", "jsonl", "--out", out, "--dry-run").exit_code == 0
    assert not out.exists()
    result = export("--format", "jsonl", "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert [json.loads(line)["entry_id"] for line in out.read_text(encoding="utf-8").splitlines()] == [
        hashed.entry.entry_id for hashed in small_journal()
    ]


async def test_a_damaged_row_is_refused_and_leaves_no_file(ledger: Path, tmp_path: Path) -> None:
    with sqlite3.connect(ledger) as connection:
        triggers = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")]
        for trigger in triggers:
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE posting SET amount = amount + 1 WHERE side = 'DEBIT'")
    out = tmp_path / "journal.csv"
    result = export("--format", "csv", "--out", out)
    assert isinstance(result.exception, CommandError)
    assert "asiento verify" in str(result.exception)
    assert sorted(path.suffix for path in tmp_path.iterdir() if "csv" in path.name) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--format", "parquet"), "not available in this version"),
        (("--format", "xml"), "not known"),
        (("--format", "csv", "--from", "01/02/2025"), "--from"),
        (("--format", "csv", "--to", "2025-02-30"), "--to"),
        (("--format", "csv", "--out", "/nowhere/journal.csv"), "/nowhere/journal.csv"),
    ],
)
async def test_wrong_words_are_usage_errors(ledger: Path, options: tuple[str, ...], message: str) -> None:
    result = export(*options)
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)


def test_a_ledger_that_is_not_there_is_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_LEDGER_URL", f"sqlite:///{tmp_path}/none.sqlite")
    assert isinstance(export("--format", "csv").exception, Unreachable)
