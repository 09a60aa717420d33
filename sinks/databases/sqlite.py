"""A database in one SQLite file."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sinks.databases.database import Dialect, Parameters, Row, placeholders
from sinks.databases.kind import DatabaseKind

CACHE_KIB = 65_536
"""Memory for pages: the indexes over ids are touched all over."""


class SqliteDatabase:
    """See `Database`. May be used from any one thread at a time."""

    dialect: Dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection, place: str, unavailable: type[Exception]) -> None:
        self._connection = connection
        self._unavailable = unavailable
        self.place = place

    @classmethod
    def in_memory(cls, kind: DatabaseKind) -> "SqliteDatabase":
        """A database that is gone when it is closed."""
        return cls(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False), "memory", kind.unavailable)

    def query(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """See `Database.query`."""
        return self._connection.execute(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """See `Database.stream`."""
        return iter(self._connection.execute(sql, parameters))

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """See `Database.change`."""
        return self._connection.execute(sql, parameters).rowcount

    def change_many(self, sql: str, rows: Sequence[Row]) -> None:
        """See `Database.change_many`."""
        self._connection.executemany(sql, rows)

    def append(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See `Database.append`."""
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({placeholders(columns)})", rows)  # noqa: S608

    def begin(self) -> None:
        """See `Database.begin`."""
        self._connection.execute("BEGIN IMMEDIATE")

    def begin_picture(self) -> None:
        """See `Database.begin_picture`."""
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()

    def commit(self) -> None:
        """See `Database.commit`."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """See `Database.rollback`."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def tables(self) -> frozenset[str]:
        """See `Database.tables`."""
        return frozenset(row[0] for row in self.query("SELECT name FROM sqlite_schema WHERE type = 'table'"))

    def columns(self, table: str) -> tuple[str, ...]:
        """See `Database.columns`."""
        return tuple(row[0] for row in self.query("SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,)))

    def run_script(self, script: str) -> None:
        """See `Database.run_script`."""
        for piece in _statements(script):
            self._connection.execute(piece)

    def close(self) -> None:
        """See `Database.close`."""
        self._connection.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """See `Database.explained`."""
        with _explained(self.place, self._unavailable):
            yield


def open_sqlite(path: Path, kind: DatabaseKind, *, for_writing: bool) -> SqliteDatabase:
    """Open the file, made where it is missing and wanted for writing; raises the kind's `missing` and `unavailable`."""
    if not for_writing and not path.is_file():
        raise kind.missing(f"{path}: no {kind.name} there yet; {kind.makes} makes it, {kind.variable} names another")
    with _explained(str(path), kind.unavailable):
        if for_writing:
            path.parent.mkdir(parents=True, exist_ok=True)
        target = str(path) if for_writing else f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(target, uri=not for_writing, timeout=kind.busy_seconds, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            if for_writing:
                _prepare_for_writing(connection, kind)
        except BaseException:
            connection.close()
            raise
    return SqliteDatabase(connection, str(path), kind.unavailable)


def _prepare_for_writing(connection: sqlite3.Connection, kind: DatabaseKind) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if kind.durable else 'NORMAL'}")
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        connection.execute(f"PRAGMA application_id = {kind.application_id}")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit the transaction that is open."""
    piece = ""
    for line in script.splitlines(keepends=True):
        piece += line
        if sqlite3.complete_statement(piece):
            yield piece
            piece = ""


@contextmanager
def _explained(place: str, unavailable: type[Exception]) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unavailable(f"{place}: {error}") from error
