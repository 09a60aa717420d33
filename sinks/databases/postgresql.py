"""A database in PostgreSQL: the schema that comes first on the connection's search path."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
from psycopg import sql as names

from asiento.runtime.database_urls import place_of
from sinks.databases.database import Dialect, Parameters, Row
from sinks.sql_files import for_psycopg

CONNECT_SECONDS_MAX = 10
ROWS_FETCHED_MAX = 2_000
"""Rows of a long answer that are held at once."""


class PostgresqlDatabase:
    """See `Database`. Transactions are begun and ended by hand."""

    dialect: Dialect = "postgresql"

    def __init__(self, connection: "psycopg.Connection[Row]", place: str, unavailable: type[Exception]) -> None:
        self._connection = connection
        self._unavailable = unavailable
        self._cursor_numbers = count()
        self.place = place

    def query(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """See `Database.query`."""
        return self._execute(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """See `Database.stream`; needs an open transaction."""
        with self._connection.cursor(f"slices_{next(self._cursor_numbers)}") as cursor:
            cursor.itersize = ROWS_FETCHED_MAX
            cursor.execute(for_psycopg(sql).encode(), parameters or None)
            yield from cursor

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """See `Database.change`."""
        return self._execute(sql, parameters).rowcount

    def change_many(self, sql: str, rows: Sequence[Row]) -> None:
        """See `Database.change_many`."""
        if rows:
            with self._connection.cursor() as cursor:
                cursor.executemany(for_psycopg(sql).encode(), rows)

    def append(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """See `Database.append`."""
        if not rows:
            return
        target = names.SQL("COPY {} ({}) FROM STDIN").format(
            names.Identifier(table), names.SQL(", ").join(names.Identifier(column) for column in columns)
        )
        with self._connection.cursor() as cursor, cursor.copy(target) as copy:
            for row in rows:
                copy.write_row(row)

    def begin(self) -> None:
        """See `Database.begin`."""
        self._execute("BEGIN")

    def begin_picture(self) -> None:
        """See `Database.begin_picture`."""
        self._execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """See `Database.commit`."""
        self._execute("COMMIT")

    def rollback(self) -> None:
        """See `Database.rollback`."""
        if not self._connection.closed and self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._execute("ROLLBACK")

    def tables(self) -> frozenset[str]:
        """See `Database.tables`."""
        rows = self.query("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
        return frozenset(row[0] for row in rows)

    def columns(self, table: str) -> tuple[str, ...]:
        """See `Database.columns`."""
        rows = self.query(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position",
            (table,),
        )
        return tuple(row[0] for row in rows)

    def run_script(self, script: str) -> None:
        """See `Database.run_script`."""
        self._connection.execute(script.encode())

    def close(self) -> None:
        """See `Database.close`."""
        self._connection.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """See `Database.explained`."""
        with _explained(self.place, self._unavailable):
            yield

    def _execute(self, sql: str, parameters: Parameters = ()) -> "psycopg.Cursor[Row]":
        return self._connection.execute(for_psycopg(sql).encode(), parameters or None)


def open_postgresql(url: str, unavailable: type[Exception]) -> PostgresqlDatabase:
    """Connect to the database of a URL; raises `unavailable`. The session's time zone and clock play no part."""
    place = place_of(url)
    with _explained(place, unavailable):
        connection: psycopg.Connection[Any] = psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT_SECONDS_MAX, application_name="asiento"
        )
    return PostgresqlDatabase(connection, place, unavailable)


@contextmanager
def _explained(place: str, unavailable: type[Exception]) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise unavailable(f"{place}: {str(error).strip()}") from error
