"""Differences planted in a ledger by somebody who has switched its protections off: SQLite or PostgreSQL."""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg

from sinks.tie_out.comparison import DifferenceKind

TABLES: Final = ("entry", "posting", "document", "entry_conflict", "source_offset", "ack_cursor")
MISSING, FOREIGN, DOUBLED, ALTERED = DifferenceKind

KINDS: Final[dict[str, DifferenceKind]] = {
    "row": MISSING,
    "double": DOUBLED,
    "amount_balanced": ALTERED,
    "amount_unbalanced": ALTERED,
    "account": ALTERED,
    "date": ALTERED,
    "entity": ALTERED,
    "currency": ALTERED,
    "order": ALTERED,
    "forged": FOREIGN,
}
"""What is done to a row -> what it is called."""


class Books(Protocol):
    """A ledger that anybody may change; statements have `?` for values."""

    def do(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; answers the rows of a SELECT."""
        ...


@dataclass(frozen=True, slots=True)
class _File:
    connection: sqlite3.Connection

    def do(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, values).fetchall()


@dataclass(frozen=True, slots=True)
class _Server:
    connection: "psycopg.Connection[tuple[Any, ...]]"

    def do(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(sql.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def unlocked_file(path: Path) -> Iterator[Books]:
    """The embedded ledger without its triggers; unique indexes stay."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield _File(connection)


@contextmanager
def unlocked_server(url: str) -> Iterator[Books]:
    """The ledger in PostgreSQL with its triggers switched off, as a superuser can."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(b"SET search_path = asiento_ledger")
        for table in TABLES:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        yield _Server(connection)


@dataclass(frozen=True, slots=True)
class Planted:
    """What was done, the entry that is wrong now, and what that is called."""

    what: str
    entry_id: str
    kind: DifferenceKind


def plant(books: Books, entry_no: int, what: str) -> Planted:
    """Do one thing to one row that nothing was done to before."""
    (entry_id, posting_date) = books.do("SELECT entry_id, posting_date FROM entry WHERE entry_no = ?", (entry_no,))[0]
    match what:
        case "row":
            for table in ("posting", "document", "entry"):
                books.do(f"DELETE FROM {table} WHERE entry_no = ?", (entry_no,))  # noqa: S608
        case "double":
            return Planted(what, _copy(books, entry_no, {}), KINDS[what])
        case "forged":
            forged = {"event_id": f"eeeeeeee-0000-4000-8000-{entry_no:012d}"}
            return Planted(what, _copy(books, entry_no, forged), KINDS[what])
        case "amount_balanced":
            books.do("UPDATE posting SET amount = amount + 1000 WHERE entry_no = ? AND line <= 2", (entry_no,))
        case "amount_unbalanced":
            books.do("UPDATE posting SET amount = amount + 1 WHERE entry_no = ? AND line = 1", (entry_no,))
        case "account":
            books.do("UPDATE posting SET account = 'suspense:theft' WHERE entry_no = ? AND line = 2", (entry_no,))
        case "date":
            day = "2025-06-11" if posting_date != "2025-06-11" else "2025-06-12"
            books.do("UPDATE entry SET posting_date = ? WHERE entry_no = ?", (day, entry_no))
        case "entity":
            books.do("UPDATE entry SET legal_entity = 'ES77' WHERE entry_no = ?", (entry_no,))
        case "currency":
            books.do("UPDATE entry SET currency = 'USD' WHERE entry_no = ?", (entry_no,))
        case "order":
            books.do("UPDATE entry SET order_key = order_key || 'x' WHERE entry_no = ?", (entry_no,))
    return Planted(what, entry_id, KINDS[what])


def plant_all(books: Books, count: int, seed: int, kinds: Sequence[str] = tuple(KINDS)) -> list[Planted]:
    """`count` differences of all kinds in turn, in rows by chance, each row once."""
    numbers = [row[0] for row in books.do("SELECT entry_no FROM entry ORDER BY entry_no")]
    chosen = random.Random(seed).sample(numbers, count)
    return [plant(books, entry_no, kinds[at % len(kinds)]) for at, entry_no in enumerate(chosen)]


def restore(books: Books, planted: Planted) -> None:
    """Take a doubled or forged row away again."""
    (number,) = books.do("SELECT entry_no FROM entry WHERE entry_id = ?", (planted.entry_id,))[0]
    for table in ("posting", "document", "entry"):
        books.do(f"DELETE FROM {table} WHERE entry_no = ?", (number,))  # noqa: S608


def _copy(books: Books, entry_no: int, changed: dict[str, Any]) -> str:
    new_no, new_id = 10**9 + entry_no, f"dddddddd-0000-4000-8000-{entry_no:012d}"
    for table, own in (("entry", {"entry_no": new_no, "entry_id": new_id, "reverses": None, **changed}), ("posting", {"entry_no": new_no})):
        names = _columns(books, table)
        for row in books.do(f"SELECT {', '.join(names)} FROM {table} WHERE entry_no = ?", (entry_no,)):  # noqa: S608
            values = [own.get(name, value) for name, value in zip(names, row, strict=True)]
            books.do(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values)  # noqa: S608
    return new_id


def _columns(books: Books, table: str) -> list[str]:
    if isinstance(books, _File):
        return [str(row[0]) for row in books.do("SELECT name FROM pragma_table_info(?)", (table,))]
    wanted = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'asiento_ledger' AND table_name = ?"
    return [str(row[0]) for row in books.do(wanted, (table,))]
