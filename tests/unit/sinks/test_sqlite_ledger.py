"""The embedded ledger: the contract of all ledgers, and what the database itself refuses."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sinks.ledger import ForeignLedger, Ledger, LedgerUnavailable, StreamIdentity
from sinks.ledger_access import audit_at, reader_at
from sinks.sqlite_ledger import SqliteLedger
from sinks.sqlite_ledger.files import ledger_path, open_reader, open_writer
from tests.contract.ledger_contract import LedgerContract
from tests.unit.sinks.journal import BOOKED_AT, STREAM, batch, capture, hashed, invoice


class TestSqliteLedger(LedgerContract):
    """The contract, on a file."""

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "books" / "ledger.sqlite"

    def make(self) -> Ledger:
        """A writer for the file of this test."""
        return SqliteLedger(self.path, lambda: BOOKED_AT)

    def booked(self) -> Mapping[str, str]:
        """What a reader sees."""
        with reader_at(f"sqlite:///{self.path}") as reader:
            return {row.entry_id: row.content_hash for row in reader.all_rows()}

    def conflicts(self) -> list[str]:
        """What a reader sees."""
        with reader_at(f"sqlite:///{self.path}") as reader:
            return [row.entry_id for row in reader.conflicts()]


@pytest.fixture
async def booked(tmp_path: Path) -> Path:
    """A ledger with a capture and an invoice, closed."""
    path = tmp_path / "ledger.sqlite"
    ledger = SqliteLedger(path, lambda: BOOKED_AT)
    await ledger.open(STREAM, (0,))
    await ledger.book(batch([capture(), invoice()]))
    await ledger.close()
    return path


@pytest.fixture
def careless(booked: Path) -> Iterator[sqlite3.Connection]:
    """A writer who knows nothing of our rules: no foreign keys, no lock."""
    connection = sqlite3.connect(booked, isolation_level=None)
    yield connection
    connection.close()


def test_rows_give_back_the_entry_they_were_made_of(booked: Path) -> None:
    with reader_at(f"sqlite:///{booked}") as reader:
        rows = list(reader.all_rows())
    assert [row.entry() for row in rows] == [capture(), invoice()]
    assert [row.content_hash for row in rows] == [hashed(capture()).content_hash, hashed(invoice()).content_hash]
    assert [(row.partition, row.offset, row.booked_at) for row in rows] == [(0, 0, BOOKED_AT), (0, 1, BOOKED_AT)]


@pytest.mark.parametrize("table", ["entry", "posting", "document", "entry_conflict", "source_offset", "ack_cursor"])
def test_every_table_is_protected_against_removal(careless: sqlite3.Connection, table: str) -> None:
    if table == "entry_conflict":
        careless.execute("INSERT INTO entry_conflict VALUES (1, 'a', 'b', printf('%064d', 1), '{}', 0, 0, 0, 0, '')")
    with pytest.raises(sqlite3.IntegrityError, match="never removed"):
        careless.execute(f"DELETE FROM {table}")  # noqa: S608


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET memo = 'x'",
        "UPDATE OR REPLACE entry SET entry_id = 'x'",
        "UPDATE posting SET amount = amount + 1",
        "UPDATE posting SET entry_no = 1",
        "UPDATE document SET body = '{}'",
        "UPDATE source_offset SET next_offset = next_offset - 1",
        "UPDATE source_offset SET topic_id = 'other'",
    ],
)
def test_nothing_booked_is_changed(careless: sqlite3.Connection, change: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=r"never changed|only moves forward"):
        careless.execute(change)


@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE", "REPLACE"])
@pytest.mark.parametrize("line", [1, 9])
def test_a_posting_cannot_be_added_to_or_replaced_in_a_booked_entry(careless: sqlite3.Connection, verb: str, line: int) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="cannot be added to a booked entry"):
        careless.execute(f"{verb} INTO posting VALUES (1, ?, 'cash:default', 'DEBIT', 5, NULL, '{{}}')", (line,))


def test_a_document_cannot_be_added_to_a_booked_entry(careless: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="document cannot be added"):
        careless.execute("INSERT INTO document VALUES (1, 'PAYMENT', 'p-1', '{}')")


def _copy_of_entry_1(**changed: object) -> str:
    columns = "entry_no entry_id content_hash entry_kind part entry_seq tenant legal_entity order_key event_id event_type source channel"
    columns += " occurred_at business_date posting_date late currency currency_exponent posting_count document_ref reverses rule"
    columns += " policy_version memo stream_partition stream_offset booked_at chain_hash seal"
    names = columns.split()
    values = [repr(changed[name]) if name in changed else name for name in names]
    return f"INSERT OR REPLACE INTO entry ({', '.join(names)}) SELECT {', '.join(values)} FROM entry WHERE entry_no = 1"  # noqa: S608


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({}, "booked already"),
        ({"entry_id": "other"}, "entry_no is taken"),
        ({"entry_no": 9}, "booked already"),
        ({"entry_no": 9, "entry_id": "other"}, "debits and credits"),
    ],
)
def test_an_entry_is_neither_replaced_nor_booked_without_postings(
    careless: sqlite3.Connection, changed: dict[str, object], refusal: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=refusal):
        careless.execute(_copy_of_entry_1(**changed))


@pytest.mark.parametrize(
    ("legs", "refusal"),
    [
        ([("DEBIT", 5), ("CREDIT", 4)], "debits and credits"),
        ([("DEBIT", 5), ("CREDIT", 5), ("DEBIT", 1), ("CREDIT", 1)], "number of postings"),
    ],
)
def test_the_database_adds_up_an_entry_itself(careless: sqlite3.Connection, legs: list[tuple[str, int]], refusal: str) -> None:
    careless.execute("BEGIN")
    for line, (side, amount) in enumerate(legs, start=1):
        careless.execute("INSERT INTO posting VALUES (9, ?, 'cash:default', ?, ?, NULL, '{}')", (line, side, amount))
    with pytest.raises(sqlite3.IntegrityError, match=refusal):
        careless.execute(_copy_of_entry_1(entry_no=9, entry_id="other"))


@pytest.mark.parametrize("amount", [0, -5])
def test_amounts_are_positive(careless: sqlite3.Connection, amount: int) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        careless.execute("INSERT INTO posting VALUES (9, 1, 'cash:default', 'DEBIT', ?, NULL, '{}')", (amount,))


def test_a_float_is_not_money(careless: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="REAL"):
        careless.execute("INSERT INTO posting VALUES (9, 1, 'cash:default', 'DEBIT', 1.5, NULL, '{}')")


def test_postings_without_an_entry_cannot_be_committed(booked: Path) -> None:
    writer = open_writer(booked)
    writer.execute("BEGIN")
    writer.execute("INSERT INTO posting VALUES (9, 1, 'cash:default', 'DEBIT', 5, NULL, '{}')")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        writer.execute("COMMIT")
    writer.close()


def test_a_committed_batch_is_on_disk(booked: Path) -> None:
    writer = open_writer(booked)
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
    writer.close()


async def test_a_dead_writer_leaves_the_lock(tmp_path: Path) -> None:
    """The kernel gives the lock back with the process, so a crash never needs a hand at the file."""
    path = tmp_path / "ledger.sqlite"
    program = (
        "import sys, pathlib, os; from sinks.sqlite_ledger.files import WriterLock;"
        "WriterLock(pathlib.Path(sys.argv[1])).take(); os.kill(os.getpid(), 9)"
    )
    died = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert died.returncode == -9
    ledger = SqliteLedger(path, lambda: BOOKED_AT)
    await ledger.open(STREAM, (0,))
    await ledger.close()


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shopping.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE list (item)")
    other.close()
    for opener in (open_writer, open_reader):
        with pytest.raises(ForeignLedger, match="no ledger of asiento"):
            opener(path)


def test_a_ledger_of_a_newer_program_is_refused(careless: sqlite3.Connection, booked: Path) -> None:
    careless.execute("PRAGMA user_version = 99")
    for opener in (open_writer, open_reader):
        with pytest.raises(ForeignLedger, match="run the newer program"):
            opener(booked)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database, whatever its name says " * 100)
    with pytest.raises(LedgerUnavailable, match=r"ledger\.sqlite"):
        open_writer(path)


def test_a_ledger_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="no ledger there yet"):
        reader_at(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


@pytest.mark.parametrize("url", ["postgresql://host/db", "sqlite:///"])
def test_only_a_file_is_an_embedded_ledger(url: str) -> None:
    with pytest.raises(LedgerUnavailable, match="ASIENTO_LEDGER_URL"):
        ledger_path(url)


def test_a_reader_cannot_write(booked: Path) -> None:
    reader = open_reader(booked)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO source_offset (cluster_id, topic, topic_id, partition, next_offset) VALUES ('a', 'b', 'c', 7, 0)")
    reader.close()


async def test_a_reader_sees_one_moment(booked: Path) -> None:
    with reader_at(f"sqlite:///{booked}") as reader:
        ledger = SqliteLedger(booked, lambda: BOOKED_AT)
        await ledger.open(STREAM, (0,))
        await ledger.book(batch([invoice(7)], start=2))
        await ledger.close()
        assert len(list(reader.all_rows())) == 2
        assert reader.next_offsets() == {0: 2}
    with reader_at(f"sqlite:///{booked}") as reader:
        assert len(list(reader.all_rows())) == 3


def test_missing_protections_are_named(careless: sqlite3.Connection, booked: Path) -> None:
    with audit_at(f"sqlite:///{booked}") as audit:
        assert audit.schema_differences() == ()
    careless.execute("DROP TRIGGER entry_is_sealed")
    careless.execute("DROP INDEX entry_once")
    careless.execute("CREATE TRIGGER entry_is_sealed BEFORE INSERT ON entry BEGIN SELECT 1; END")
    with audit_at(f"sqlite:///{booked}") as audit:
        assert audit.schema_differences() == (
            "the ledger's own index entry_once is gone or was changed",
            "the ledger's own trigger entry_is_sealed is gone or was changed",
        )


def test_balances_are_added_up_per_currency(booked: Path) -> None:
    with reader_at(f"sqlite:///{booked}") as reader:
        assert reader.stream() == StreamIdentity(cluster_id="cluster-a", topic=STREAM.topic, topic_id=STREAM.topic_id)
        assert reader.balances() == (
            ("MXN", 2, "accounts_receivable", 11_600),
            ("MXN", 2, "contract_liability", -11_600),
            ("MXN", 2, "psp_clearing:stripe", 11_600),
            ("MXN", 2, "revenue:sales", -10_000),
            ("MXN", 2, "tax_payable:MX:VAT", -1_600),
        )
        assert reader.balances(as_of="2025-06-14") == ()
