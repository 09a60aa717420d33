"""The roles of a ledger in PostgreSQL: what each of them can do, and cannot; made through `asiento ledger migrate`."""

import json
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from asiento.cli.main import app
from asiento.runtime.database_urls import place_of
from asiento.runtime.settings import load_settings
from sinks.ledger import LedgerInUse, LedgerNotPrepared, LedgerUnreachable
from sinks.ledger_access import audit_at, reader_at
from sinks.postgresql_ledger import PostgresqlLedger, schema
from tests.postgresql import PostgresqlServer
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch, capture, invoice

TABLES = ("entry", "posting", "document", "entry_conflict", "source_offset", "ack_cursor", "ledger_version")


@dataclass(frozen=True)
class Roles:
    """URLs of one database for each role."""

    admin: str
    owner: str
    writer: str
    reader: str

    def name(self, url: str) -> str:
        """The role of a URL."""
        return url.removeprefix("postgresql://").partition("@")[0]


@pytest.fixture
def roles(postgresql: str) -> Roles:
    """Three roles that own nothing else; the owner may create in this test's database only."""
    end = uuid.uuid4().hex[:8]
    names = [f"{kind}_{end}" for kind in ("owner", "writer", "reader")]
    database = postgresql.rpartition("/")[2]
    with closing(psycopg.connect(postgresql, autocommit=True)) as admin:
        for name in names:
            admin.execute(f'CREATE ROLE "{name}" LOGIN'.encode())
        admin.execute(f'GRANT CREATE ON DATABASE "{database}" TO "{names[0]}"'.encode())
        admin.execute(f'ALTER DATABASE "{database}" OWNER TO "{names[0]}"'.encode())
        admin.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC'.encode())
    return Roles(postgresql, *(postgresql.replace("//postgres@", f"//{name}@") for name in names))


def migrate(monkeypatch: pytest.MonkeyPatch, url: str, *words: str) -> Result:
    """`asiento ledger migrate` with this URL."""
    monkeypatch.setenv("ASIENTO_LEDGER_URL", url)
    return CliRunner().invoke(app, ["ledger", "migrate", *words])


@pytest.fixture
def prepared(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> Roles:
    """The ledger is made, the roles are granted."""
    result = migrate(monkeypatch, roles.owner, "--writer", roles.name(roles.writer), "--reader", roles.name(roles.reader))
    assert result.exit_code == 0, result.output
    return roles


async def book(url: str) -> None:
    """Book a capture and an invoice and mark their acks, as a sink does."""
    ledger = PostgresqlLedger(url, lambda: BOOKED_AT, lock_wait_seconds_max=0)
    await ledger.open(STREAM, (0,))
    await ledger.book(batch([capture(), invoice(), invoice(amount=5_800)]))
    await ledger.mark_published(await ledger.pending_acks(10))
    await ledger.close()


async def test_the_writer_books_and_the_reader_reads(prepared: Roles) -> None:
    await book(prepared.writer)
    for url in (prepared.reader, prepared.writer, prepared.owner):
        with reader_at(url) as reader:
            assert len(list(reader.all_rows())) == 2
        with audit_at(url) as audit:
            assert audit.schema_differences() == ()


FORBIDDEN = (
    *(f"{verb} asiento_ledger.{table}" for verb in ("DELETE FROM", "TRUNCATE") for table in TABLES),
    "UPDATE asiento_ledger.entry SET memo = 'x'",
    "UPDATE asiento_ledger.source_offset SET next_offset = 9",
    "UPDATE asiento_ledger.ack_cursor SET entry_no = 9",
    "SELECT 1 FROM asiento_ledger.entry FOR UPDATE",
    "INSERT INTO asiento_ledger.ledger_version (version) VALUES (9)",
    "INSERT INTO asiento_ledger.ack_cursor VALUES (1, 0, 0, '')",
    "ALTER TABLE asiento_ledger.entry DISABLE TRIGGER ALL",
    "DROP TABLE asiento_ledger.posting",
    "DROP SCHEMA asiento_ledger CASCADE",
    "CREATE TABLE asiento_ledger.mine (item text)",
    "CREATE TRIGGER mine BEFORE INSERT ON asiento_ledger.entry FOR EACH ROW EXECUTE FUNCTION asiento_ledger.never_changed()",
    "CREATE OR REPLACE FUNCTION asiento_ledger.never_changed() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$",
    "SET session_replication_role = replica",
)
READERS_TOO = (
    "SELECT asiento_ledger.move_cursor(1, 0, repeat('0', 64), 0, 0)",
    "SELECT asiento_ledger.advance_offsets('t', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
    *(f"INSERT INTO asiento_ledger.{table} DEFAULT VALUES" for table in TABLES),
)


async def test_what_the_writer_cannot_do(prepared: Roles) -> None:
    await book(prepared.writer)
    with closing(psycopg.connect(prepared.writer, autocommit=True)) as connection:
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


async def test_what_the_reader_cannot_do(prepared: Roles) -> None:
    await book(prepared.writer)
    with closing(psycopg.connect(prepared.reader, autocommit=True)) as connection:
        for statement in (*FORBIDDEN, *READERS_TOO):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


async def test_what_the_owner_cannot_do(prepared: Roles) -> None:
    await book(prepared.writer)
    with closing(psycopg.connect(prepared.owner, autocommit=True)) as connection:
        for statement in FORBIDDEN[: len(TABLES) * 2 + 3]:
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
                connection.execute(statement.encode())


MOVES: tuple[tuple[str, Any], ...] = (
    ("SELECT asiento_ledger.advance_offsets(topic, '{0}', '{3}', ARRAY[chain_length], ARRAY[chain_hash], '{2}', ARRAY[chain_length], "
     "ARRAY[chain_hash], ARRAY[seal]) FROM asiento_ledger.source_offset", psycopg.errors.IntegrityConstraintViolation),
    ("SELECT asiento_ledger.advance_offsets(topic, '{0}', '{3}', ARRAY[chain_length], ARRAY[chain_hash], '{9}', '{1}', "
     "ARRAY[chain_hash], ARRAY[seal]) FROM asiento_ledger.source_offset", psycopg.errors.IntegrityConstraintViolation),
    ("SELECT asiento_ledger.move_cursor(1, 0, seal, entry_no, conflict_no) FROM asiento_ledger.ack_cursor",
     psycopg.errors.IntegrityConstraintViolation),
)  # fmt: skip


async def test_the_functions_move_forward_only_and_by_compare_and_set(prepared: Roles) -> None:
    await book(prepared.writer)
    with closing(psycopg.connect(prepared.writer, autocommit=True)) as connection:
        for statement, refused in MOVES:
            with pytest.raises(refused, match="only moves forward"):
                connection.execute(statement.encode())
        stale = "SELECT asiento_ledger.advance_offsets(topic, '{0}', '{2}', ARRAY[chain_length], ARRAY[chain_hash], '{9}', "
        stale += "ARRAY[chain_length], ARRAY[chain_hash], ARRAY[seal]) FROM asiento_ledger.source_offset"
        assert connection.execute(stale.encode()).fetchone() == (0,)
        assert connection.execute("SELECT asiento_ledger.move_cursor(9, 9, repeat('0', 64), 0, 0)").fetchone() == (False,)


async def test_a_source_offset_starts_at_zero_on_the_ledgers_own_stream(prepared: Roles) -> None:
    await book(prepared.writer)
    columns = "cluster_id, topic, {}, 7, {}, 0, repeat('0', 64), seal"
    text = f"INSERT INTO asiento_ledger.source_offset SELECT {columns} FROM asiento_ledger.source_offset"  # noqa: S608
    with closing(psycopg.connect(prepared.writer, autocommit=True)) as connection:
        for topic_id, offset in (("topic_id", 5), ("'other'", 0)):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
                connection.execute(text.format(topic_id, offset).encode())


async def test_a_writer_without_a_ledger_is_told_the_command(roles: Roles) -> None:
    database = roles.admin.rpartition("/")[2]
    with closing(psycopg.connect(roles.admin, autocommit=True)) as admin:
        admin.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO "{roles.name(roles.writer)}"'.encode())
    with pytest.raises(LedgerNotPrepared, match="asiento ledger migrate --writer ROLE --reader ROLE"):
        await book(roles.writer)


def test_a_dry_run_changes_nothing_and_a_second_run_keeps_the_roles(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--writer", roles.name(roles.writer), "--reader", roles.name(roles.reader), "--json")
    planned = migrate(monkeypatch, roles.owner, *words, "--dry-run")
    assert json.loads(planned.stdout)["from"] == 0
    assert migrate(monkeypatch, roles.owner, "--dry-run").stdout == f"{place_of(roles.owner)}: would be made, version 3\n"
    assert json.loads(migrate(monkeypatch, roles.owner, *words).stdout)["dry_run"] is False
    again = migrate(monkeypatch, roles.owner)
    assert again.stdout.splitlines() == [
        f"{place_of(roles.owner)}: version 3 already",
        f"granted INSERT and SELECT to {roles.name(roles.writer)}",
        f"granted SELECT to {roles.name(roles.reader)}",
    ]


def test_roles_that_are_no_separation_are_refused(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    for role, said in (("postgres", "superuser"), (roles.name(roles.owner), "owner of the ledger"), ("nobody_there", "there is no role")):
        result = migrate(monkeypatch, roles.owner, "--writer", role)
        assert result.exit_code != 0
        assert said in str(result.exception)


async def test_a_ledger_is_not_migrated_under_a_sink(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = PostgresqlLedger(roles.owner, lambda: BOOKED_AT, lock_wait_seconds_max=0)
    await sink.open(STREAM, (0,))
    monkeypatch.setattr("sinks.postgresql_ledger.schema.newest_version", lambda: 4)
    with pytest.raises(LedgerInUse):
        schema.migrate(roles.owner, writer=None, reader=None)
    await sink.close()


async def test_the_password_of_a_file_opens_the_ledger_and_a_wrong_one_is_in_no_message(
    prepared: Roles, postgresql_server: PostgresqlServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    role, password, file = f"asked_{uuid.uuid4().hex[:8]}", "ca/na@ry:%1", tmp_path / "password"
    postgresql_server.ask_for_password(role, password)
    assert migrate(monkeypatch, prepared.owner, "--writer", role).exit_code == 0
    monkeypatch.setenv("ASIENTO_LEDGER_URL", prepared.admin.replace("//postgres@", f"//{role}@"))
    monkeypatch.setenv("ASIENTO_LEDGER_PASSWORD_FILE", str(file))
    file.write_text(f"{password}\n")
    await book(load_settings().ledger_location)
    file.write_text("canary-3\n")
    with pytest.raises(LedgerUnreachable, match="password authentication failed") as refused:
        await book(load_settings().ledger_location)
    assert "canary-3" not in str(refused.value)
    with reader_at(prepared.reader) as reader:
        assert len(list(reader.all_rows())) == 2
