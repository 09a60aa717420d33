"""docs/postgresql-ledger.md is run as it stands; and every command that reads a ledger reads one in PostgreSQL."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import psycopg
import pytest
from typer.testing import CliRunner, Result

from asiento.cli.exits import Unreachable
from asiento.cli.main import app
from sinks.ledger_access import writer_at
from tests.postgresql import PostgresqlServer
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch, capture, invoice

PAGE = (Path(__file__).resolve().parents[2] / "docs/postgresql-ledger.md").read_text(encoding="utf-8")
SQL = re.findall(r"^```sql\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
AWAY = "postgresql://ana:canary-9@127.0.0.1:9/books"

Run: TypeAlias = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A command of `asiento` with a ledger's URL."""
    monkeypatch.chdir(tmp_path)

    def command(url: str, *words: str) -> Result:
        monkeypatch.setenv("ASIENTO_LEDGER_URL", url)
        return CliRunner().invoke(app, list(words))

    return command


async def book(url: str) -> None:
    """A capture and an invoice."""
    ledger = writer_at(url, lambda: BOOKED_AT)
    await ledger.open(STREAM, (0,))
    await ledger.book(batch([capture(), invoice()]))
    await ledger.close()


async def test_the_page_is_done_as_it_stands(postgresql_server: PostgresqlServer, run: Run) -> None:
    setup, *questions = SQL
    assert len(questions) >= 4
    with closing(psycopg.connect(postgresql_server.url("postgres"), autocommit=True)) as admin:
        for statement in setup.split(";"):
            if statement.strip():
                admin.execute(statement.encode())
    owner, writer, reader = (
        postgresql_server.url("books").replace("//postgres@", f"//asiento_{role}@") for role in ("owner", "writer", "reader")
    )
    assert len(COMMANDS) == 2
    for command in COMMANDS:
        result = run(owner, *command.split()[1:])
        assert result.exit_code == 0, result.output
    await book(writer)
    with closing(psycopg.connect(reader)) as connection:
        connection.execute("SET search_path = asiento_ledger")
        for question in questions:
            connection.execute(question.encode())
    assert run(reader, "trial-balance").exit_code == 0


async def test_every_reading_command_reads_it(postgresql: str, run: Run, tmp_path: Path) -> None:
    file = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    for url in (postgresql, file):
        await book(url)
    exports = [("entries", "export", "--format", name) for name in ("jsonl", "csv", "beancount", "hledger")]
    for words in (("trial-balance", "--json"), ("trial-balance", "--as-of", "2025-06-14"), ("ledger", "heads", "--json"), *exports):
        there, here = run(postgresql, *words), run(file, *words)
        assert there.exit_code == 0, there.output
        assert (there.stdout, there.exit_code) == (here.stdout, here.exit_code)


READING = (("trial-balance",), ("ledger", "heads"), ("ledger", "migrate"), ("entries", "export", "--format", "csv"))


@pytest.mark.parametrize("words", READING)
def test_a_server_that_is_away_is_exit_3_without_its_password(run: Run, words: tuple[str, ...]) -> None:
    result = run(AWAY, *words)
    assert isinstance(result.exception, Unreachable)
    assert "127.0.0.1:9/books" in str(result.exception)
    assert "canary-9" not in f"{result.exception}{result.output}"


async def test_doctor_looks_at_it(postgresql: str, run: Run) -> None:
    def ledger(url: str) -> dict[str, str]:
        found: list[dict[str, str]] = json.loads(run(url, "doctor", "--json").stdout)
        return next(item for item in found if item["check"] == "ledger")

    assert (ledger(AWAY)["state"], "canary-9" in str(ledger(AWAY))) == ("unreachable", False)
    assert ledger(postgresql)["state"] == "ok"
    await book(postgresql)
    assert "fsync is off" in ledger(postgresql)["detail"]  # the tests' server does not wait for its disk
    with closing(psycopg.connect(postgresql, autocommit=True)) as connection:
        connection.execute("DROP INDEX asiento_ledger.entry_of_order")
    assert "index entry_of_order is gone" in ledger(postgresql)["detail"]
