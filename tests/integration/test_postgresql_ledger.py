"""The ledger in a real PostgreSQL: the contract of all ledgers, what the database itself refuses, and who may do what."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import psycopg
import pytest

from sinks.ledger import (
    BookResult,
    ForeignLedger,
    Ledger,
    LedgerMissing,
    LedgerNotPrepared,
    LedgerRefused,
    LedgerUnavailable,
    LedgerUnreachable,
    OffsetMoved,
)
from sinks.ledger_access import audit_at, reader_at
from sinks.postgresql_ledger import PostgresqlLedger, schema
from sinks.postgresql_ledger.audit_picture import PROTECTIONS, PostgresqlAuditPicture, protections
from sinks.postgresql_ledger.statements import migrations
from sinks.postgresql_ledger.text import MARK
from tests.acceptance.tcp_proxy import Cut, TcpProxy
from tests.contract.ledger_contract import LedgerContract
from tests.postgresql import PostgresqlServer, other_binaries
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch, capture, hashed, invoice

Careless: TypeAlias = "psycopg.Connection[tuple[object, ...]]"
"""Somebody who knows nothing of our rules."""


class TestPostgresqlLedger(LedgerContract):
    """The contract, in a database."""

    @pytest.fixture(autouse=True)
    def _place(self, postgresql: str) -> None:
        self.url = postgresql

    def make(self) -> Ledger:
        """A writer for the database of this test."""
        return writer(self.url)

    def booked(self) -> Mapping[str, str]:
        """What a reader sees."""
        with reader_at(self.url) as reader:
            return {row.entry_id: row.content_hash for row in reader.all_rows()}

    def conflicts(self) -> list[str]:
        """What a reader sees."""
        with reader_at(self.url) as reader:
            return [row.entry_id for row in reader.conflicts()]


def writer(url: str, lock_wait_seconds_max: float = 0) -> PostgresqlLedger:
    """A writer that does not wait for another one's lock, unless it is told to."""
    return PostgresqlLedger(url, lambda: BOOKED_AT, lock_wait_seconds_max=lock_wait_seconds_max)


@pytest.fixture
async def booked(postgresql: str) -> str:
    """The URL of a ledger with a capture and an invoice, closed."""
    ledger = writer(postgresql)
    await ledger.open(STREAM, (0, 1))
    await ledger.book(batch([capture(), invoice()]))
    await ledger.close()
    return postgresql


@pytest.fixture
def careless(booked: str) -> Iterator[Careless]:
    """A superuser who knows nothing of our rules."""
    with closing(psycopg.connect(booked, autocommit=True)) as connection:
        yield connection


TABLES = ("entry", "posting", "document", "entry_conflict", "source_offset", "ack_cursor", "ledger_version")
CONFLICT = (
    "INSERT INTO asiento_ledger.entry_conflict VALUES (1, 'a', 'b', repeat('0', 64), '{}', 0, 0, 0, 0, repeat('0', 64)) "
    "ON CONFLICT DO NOTHING"
)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE", "UPDATE {} SET ctid = ctid"])
def test_no_table_is_emptied_or_changed(careless: Careless, table: str, change: str) -> None:
    columns = {"entry": "memo = 'x'", "posting": "amount = 1", "document": "body = '{}'", "entry_conflict": "seen_at = 1"}
    columns |= {"source_offset": "next_offset = next_offset + 1", "ack_cursor": "entry_no = 1", "ledger_version": "version = 9"}
    careless.execute(CONFLICT)
    text = change.format(f"asiento_ledger.{table}").replace("ctid = ctid", columns[table])
    for replicating in (False, True):
        careless.execute(f"SET session_replication_role = {'replica' if replicating else 'origin'}".encode())
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=r"never changed|only moves forward"):
            careless.execute(text.encode())


def test_rows_give_back_the_entry_they_were_made_of(booked: str) -> None:
    with reader_at(booked) as reader:
        rows = list(reader.all_rows())
    assert [row.entry() for row in rows] == [capture(), invoice()]
    assert [row.content_hash for row in rows] == [hashed(capture()).content_hash, hashed(invoice()).content_hash]
    assert [(row.partition, row.offset, row.booked_at) for row in rows] == [(0, 0, BOOKED_AT), (0, 1, BOOKED_AT)]


ENTRY_9 = """
INSERT INTO asiento_ledger.entry SELECT 9, 'other', content_hash, entry_kind, part, entry_seq, tenant, legal_entity, order_key, event_id,
    event_type, source, channel, occurred_at, business_date, posting_date, late, currency, currency_exponent, 2, NULL, NULL, rule,
    policy_version, memo, stream_partition, stream_offset, booked_at, chain_hash, seal FROM asiento_ledger.entry WHERE entry_no = 1
"""
LEG = "INSERT INTO asiento_ledger.posting VALUES ({}, {}, 'cash:default', '{}', {}, NULL, '{{}}')"


def commit(connection: Careless, statements: Iterable[str]) -> None:
    """Run these in one transaction."""
    with connection.transaction():
        for statement in statements:
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("statements", "refusal"),
    [
        ([ENTRY_9], "names 2 postings and has 0"),
        ([ENTRY_9, LEG.format(9, 1, "DEBIT", 5)], "names 2 postings and has 1"),
        ([ENTRY_9, LEG.format(9, 1, "DEBIT", 5), LEG.format(9, 2, "CREDIT", 4)], "debits and credits"),
        ([ENTRY_9, *(LEG.format(9, line, side, 5) for line, side in ((1, "DEBIT"), (2, "CREDIT"), (3, "DEBIT")))], "cannot be added"),
        ([LEG.format(9, 1, "DEBIT", 5)], "cannot be added to a booked entry, or to none"),
        ([LEG.format(1, 9, "DEBIT", 5)], "cannot be added to a booked entry, or to none"),
        (["INSERT INTO asiento_ledger.document VALUES (1, 'PAYMENT', 'p-1', '{}')"], "document cannot be added"),
        ([ENTRY_9, "INSERT INTO asiento_ledger.document VALUES (9, 'PAYMENT', 'p-1', '{}')"], "document cannot be added"),
        ([ENTRY_9.replace("2, NULL, NULL", "2, 'p-1', NULL"), LEG.format(9, 1, "DEBIT", 5), LEG.format(9, 2, "CREDIT", 5)], "document"),
        (["SET CONSTRAINTS ALL IMMEDIATE", ENTRY_9], "names 2 postings and has 0"),
    ],
)
def test_the_database_adds_up_an_entry_itself(careless: Careless, statements: list[str], refusal: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=refusal):
        commit(careless, statements)


def test_a_whole_entry_is_taken(careless: Careless) -> None:
    """The checks above refuse what is wrong, not everything."""
    commit(careless, (ENTRY_9, LEG.format(9, 1, "DEBIT", 5), LEG.format(9, 2, "CREDIT", 5)))


def test_nothing_is_put_under_an_entry_that_another_transaction_books_at_the_same_time(careless: Careless, booked: str) -> None:
    with closing(psycopg.connect(booked)) as other:
        careless.execute("BEGIN")
        for statement in (ENTRY_9, LEG.format(9, 1, "DEBIT", 5), LEG.format(9, 2, "CREDIT", 5)):
            careless.execute(statement.encode())
        other.execute("SELECT 1 FROM asiento_ledger.entry")  # an older snapshot would not see entry 9 at all
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="or to none"):
            other.execute(LEG.format(9, 3, "DEBIT", 1).encode())
        other.rollback()
        careless.execute("COMMIT")
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="to a booked entry"):
            other.execute(LEG.format(9, 3, "DEBIT", 1).encode())


async def test_a_zombie_that_lost_its_session_books_nothing(booked: str) -> None:
    """Its lock is gone with the session; what stops it is that its batch does not start where the ledger stands."""
    zombie, heir = writer(booked), writer(booked)
    await zombie.open(STREAM, (0, 1))
    kept = zombie._connection
    assert kept is not None
    kept.execute("SELECT pg_advisory_unlock_all()")  # as if the server had ended the session, and the zombie did not know
    await heir.open(STREAM, (0, 1))
    await heir.book(batch([invoice(2)], start=2))
    with pytest.raises(OffsetMoved):
        await zombie.book(batch([invoice(3)], start=2))
    with pytest.raises(OffsetMoved, match="another process has booked"):
        await zombie.book(batch([invoice(3)], partition=1))
    assert await heir.book(batch([invoice(3)], partition=1)) == ("booked",)
    await zombie.close()
    await heir.close()


async def test_two_writers_at_the_same_instant_book_one_batch(booked: str) -> None:
    """The second waits for the row of the offset and finds it moved, or finds the number of its entry taken."""
    ledger = writer(booked)
    await ledger.open(STREAM, (0, 1))
    with closing(psycopg.connect(booked)) as other:
        other.execute(ENTRY_9.replace("SELECT 9, 'other'", "SELECT 3, 'other'").encode())
        for line, side in ((1, "DEBIT"), (2, "CREDIT")):
            other.execute(LEG.format(3, line, side, 5).encode())
        other.commit()
    with pytest.raises(OffsetMoved):
        await ledger.book(batch([invoice(2)], start=2))
    await ledger.close()
    with pytest.raises(LedgerRefused, match="count 2 entries, the last entry booked has number 3"):
        await writer(booked).open(STREAM, (0, 1))


async def test_text_that_postgresql_cannot_hold_comes_back_as_it_was(postgresql: str) -> None:
    odd = [replace(capture(number), memo=memo) for number, memo in enumerate(("a\0b", f"{MARK}0", f"{MARK}\0{MARK}1"), start=1)]
    ledger = writer(postgresql)
    await ledger.open(STREAM, (0,))
    await ledger.book(batch([*odd, replace(capture(1, amount=5), memo="\0", order_key=f"t1:{MARK}")]))
    acks = (await ledger.pending_acks(10)).acks
    assert [item.ack.status for item in acks] == ["POSTED", "POSTED", "POSTED", "REJECTED"]
    assert acks[-1].order_key == f"t1:{MARK}"
    await ledger.close()
    with reader_at(postgresql) as reader:
        assert [row.entry() for row in reader.all_rows()] == odd


async def test_commits_are_durable_whatever_the_role_was_given(booked: str) -> None:
    with closing(psycopg.connect(booked, autocommit=True)) as admin:
        admin.execute("ALTER ROLE postgres SET synchronous_commit = off")
        try:
            ledger = writer(booked)
            await ledger.open(STREAM, (0, 1))
            assert ledger._connection is not None
            assert ledger._connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
            await ledger.close()
        finally:
            admin.execute("ALTER ROLE postgres RESET synchronous_commit")


async def test_a_session_that_is_ended_by_the_server_ends_the_batch(booked: str) -> None:
    ledger = writer(booked)
    await ledger.open(STREAM, (0, 1))
    with closing(psycopg.connect(booked, autocommit=True)) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'asiento ledger sink' "
            "AND datname = current_database()"
        )
    with pytest.raises(LedgerUnavailable, match="while booking partition 0 offsets 2 to 2"):
        await ledger.book(batch([invoice(2)], start=2))
    with pytest.raises(LedgerUnavailable, match="broke before"):
        await ledger.book(batch([invoice(2)], start=2))
    await ledger.close()
    again = writer(booked, 10)
    assert await again.open(STREAM, (0, 1)) == {0: 2, 1: 0}
    await again.close()


class CutConnection:
    """A connection that breaks around COMMIT: before it is sent, or before its answer comes."""

    def __init__(self, real: Careless, *, committed: bool) -> None:
        self._real = real
        self._committed = committed

    def execute(self, query: object, *values: object) -> object:
        """Run a statement; COMMIT breaks the connection."""
        if query != "COMMIT":
            return self._real.execute(query, *values)  # type: ignore[call-overload]
        if self._committed:
            self._real.execute("COMMIT")
        self._real.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


@pytest.mark.parametrize("committed", [True, False])
async def test_an_unknown_outcome_of_commit_is_read_from_the_stored_offset(booked: str, committed: bool) -> None:
    ledger = writer(booked)
    await ledger.open(STREAM, (0, 1))
    monkeyed: Any = ledger
    monkeyed._connection = CutConnection(monkeyed._connection, committed=committed)
    one = batch([invoice(2), capture(2)], start=2)
    with pytest.raises(LedgerUnreachable, match="closed the connection"):
        await ledger.book(one)
    await ledger.close()
    again = writer(booked, 10)
    assert await again.open(STREAM, (0, 1)) == {0: 4 if committed else 2, 1: 0}
    if not committed:
        assert await again.book(one) == ("booked", "booked")
    assert await again.book(batch([invoice(2)], start=4)) == ("exists",)
    await again.close()
    with reader_at(booked) as reader:
        assert [row.entry_no for row in reader.all_rows()] == [1, 2, 3, 4]


async def test_a_frozen_writer_is_ended_by_its_successor(booked: str) -> None:
    frozen, heir = writer(booked), PostgresqlLedger(booked, lambda: BOOKED_AT, lock_wait_seconds_max=10, silent_seconds_max=0.3)
    await frozen.open(STREAM, (0, 1))
    assert await heir.open(STREAM, (0, 1)) == {0: 2, 1: 0}
    with pytest.raises(LedgerUnreachable, match="terminating connection"):
        await frozen.book(batch([invoice(2)], start=2))
    assert await heir.book(batch([invoice(2)], start=2)) == ("booked",)
    for ledger in (frozen, heir):
        await ledger.close()


async def test_a_connection_that_says_nothing_is_given_up(booked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its socket is open and taken care of, but nothing arrives: no time-out of TCP sees that."""
    monkeypatch.setattr(PostgresqlLedger, "answer_seconds_max", 0.5)
    port = int(booked.rpartition(":")[2].partition("/")[0])
    with TcpProxy(port) as proxy:
        ledger = writer(booked.replace(f":{port}/", f":{proxy.port}/"))
        await ledger.open(STREAM, (0, 1))
        proxy.spoil(Cut.ONE_WAY_DOWN)
        with pytest.raises(LedgerUnreachable, match=r"no answer for 0\.5 s"):
            await ledger.book(batch([invoice(2)], start=2))
        with pytest.raises(LedgerUnreachable, match="has not answered before"):
            await ledger.pending_acks(1)
        await ledger.close()
        again = PostgresqlLedger(booked, lambda: BOOKED_AT, lock_wait_seconds_max=10, silent_seconds_max=0.3)
        assert await again.open(STREAM, (0, 1)) == {0: 2, 1: 0}
        await again.close()
        proxy.heal()


async def test_a_session_knows_its_limits(booked: str) -> None:
    ledger = writer(booked)
    await ledger.open(STREAM, (0, 1))
    assert ledger._connection is not None
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "tcp_user_timeout")
    found = [ledger._connection.execute(f"SHOW {name}".encode()).fetchone() for name in names]
    assert found == [("1min",), ("10s",), ("1min",), ("1min",), ("10000",)]
    told = psycopg.conninfo.conninfo_to_dict(ledger._connection.info.dsn)
    assert (told["tcp_user_timeout"], told["keepalives_idle"], told["connect_timeout"]) == ("10000", "5", "5")
    await ledger.close()


# -- versions


async def test_an_older_ledger_is_brought_up_to_date_by_the_sink(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "migrations", lambda: migrations()[:-1])
        with closing(psycopg.connect(postgresql, autocommit=True)) as connection:
            schema.prepare(connection, "here")
    with pytest.raises(LedgerNotPrepared, match=r"ledger version 2, expected 3.*asiento ledger migrate"):
        reader_at(postgresql)
    ledger = writer(postgresql)
    assert await ledger.open(STREAM, (0,)) == {0: 0}
    assert await ledger.book(batch([invoice()])) == ("booked",)
    await ledger.close()


async def test_a_ledger_of_a_newer_program_is_refused(booked: str) -> None:
    with closing(psycopg.connect(booked, autocommit=True)) as connection:
        connection.execute("INSERT INTO asiento_ledger.ledger_version (version) VALUES (99)")
    with pytest.raises(ForeignLedger, match="run the newer program"):
        reader_at(booked)
    with pytest.raises(ForeignLedger, match="run the newer program"):
        await writer(booked).open(STREAM, (0, 1))


async def test_another_programs_schema_is_refused(postgresql: str) -> None:
    with closing(psycopg.connect(postgresql, autocommit=True)) as connection:
        connection.execute("CREATE SCHEMA asiento_ledger")
        connection.execute("CREATE TABLE asiento_ledger.shopping (item text)")
    with pytest.raises(ForeignLedger, match="none of ours"):
        await writer(postgresql).open(STREAM, (0,))


def test_a_ledger_that_is_not_there_is_named(postgresql: str) -> None:
    with pytest.raises(LedgerMissing, match="no ledger there yet"):
        reader_at(postgresql)


def test_a_server_that_is_away_is_named_without_its_password() -> None:
    for url in ("postgresql://ana:canary-1@127.0.0.1:9/books", "postgresql://ana:ca/nary-1@127.0.0.1:9/books"):
        with pytest.raises(LedgerUnavailable) as refused:
            reader_at(url)
        assert "nary-1" not in str(refused.value)
        assert refused.value.__cause__ is None
    with pytest.raises(LedgerUnavailable, match=r"127\.0\.0\.1:9/books"):
        reader_at("postgresql://ana:canary-1@127.0.0.1:9/books")


# -- what verify compares


def test_the_recorded_protections_are_those_that_the_migrations_make(booked: str) -> None:
    """`WRITE_PROTECTIONS=1 pytest -k recorded_protections` writes the file after a new migration: read the difference."""
    picture = PostgresqlAuditPicture.of(booked)
    made = picture.rows("audit_schema")
    picture.close()
    if "WRITE_PROTECTIONS" in os.environ:
        file = resources.files("sinks.postgresql_ledger").joinpath(PROTECTIONS)
        assert isinstance(file, Path)
        file.write_text("[\n" + ",\n".join(orjson.dumps(row).decode() for row in made) + "\n]\n", encoding="utf-8")
    assert list(protections()) == made


async def test_another_version_of_postgresql_makes_the_same() -> None:
    """The PostgreSQL that this machine has of its own, if any: every version spells its catalog its own way."""
    programs = other_binaries()
    if programs is None:
        pytest.skip("this machine has no PostgreSQL of its own")
    server = PostgresqlServer(programs=programs)
    server.start()
    try:
        ledger = writer(server.url("postgres"))
        await ledger.open(STREAM, (0, 1))
        assert await ledger.book(batch([capture(), invoice()])) == (BookResult.BOOKED, BookResult.BOOKED)
        await ledger.close()
        with audit_at(server.url("postgres")) as audit:
            assert audit.schema_differences() == ()
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE asiento_ledger.entry DISABLE TRIGGER ALL", "trigger entry.entry_is_whole was changed: D"),
        ("ALTER TABLE asiento_ledger.entry ENABLE TRIGGER entry_is_never_changed", "entry.entry_is_never_changed was changed: O"),
        ("DROP TRIGGER posting_has_room ON asiento_ledger.posting", "trigger posting.posting_has_room is gone"),
        ("ALTER TABLE asiento_ledger.entry DROP CONSTRAINT entry_once", "constraint entry.entry_once is gone"),
        ("DROP INDEX asiento_ledger.entry_reversed_once", "index entry_reversed_once is gone"),
        ("ALTER FUNCTION asiento_ledger.move_cursor SECURITY INVOKER", "function move_cursor"),
        ("ALTER FUNCTION asiento_ledger.never_changed SET search_path = public", "function never_changed() was changed"),
        ("GRANT UPDATE ON asiento_ledger.entry TO PUBLIC", "privilege UPDATE on entry of PUBLIC is none"),
        ("GRANT UPDATE (memo) ON asiento_ledger.entry TO PUBLIC", "privilege UPDATE on entry.memo of PUBLIC is none"),
        ("GRANT EXECUTE ON FUNCTION asiento_ledger.move_cursor TO PUBLIC", "of PUBLIC is none"),
        ("GRANT CREATE ON SCHEMA asiento_ledger TO PUBLIC", "CREATE on the schema of PUBLIC is none"),
        ("CREATE RULE r AS ON INSERT TO asiento_ledger.entry DO INSTEAD NOTHING", "rule entry.r is none"),
        ("ALTER TABLE asiento_ledger.entry ENABLE ROW LEVEL SECURITY", "table entry was changed"),
        ("CREATE TABLE public.more () INHERITS (asiento_ledger.entry)", "inheritance entry by public.more"),
        ("CREATE TABLE asiento_ledger.more (item text)", "table more is none"),
        ("ALTER TABLE asiento_ledger.posting ALTER COLUMN amount TYPE numeric", "column posting.amount was changed"),
    ],
)
def test_what_was_done_to_the_protections_is_named(careless: Careless, booked: str, change: str, said: str) -> None:
    if "TYPE numeric" in change:
        careless.execute("DROP VIEW asiento_ledger.journal")
    with audit_at(booked) as audit:
        assert [text for text in audit.schema_differences() if "journal" not in text] == []
    careless.execute(change.encode())
    with audit_at(booked) as audit:
        assert said in "\n".join(audit.schema_differences())
