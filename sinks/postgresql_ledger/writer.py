"""The writing side of the ledger in PostgreSQL."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import psycopg
from psycopg import sql

from asiento.runtime.database_urls import place_of
from sinks.bookkeeping import outbox
from sinks.bookkeeping.draft import Draft
from sinks.bookkeeping.rows import Row, offset_row
from sinks.bookkeeping.threaded_ledger import ThreadedLedger, spell_ranges
from sinks.chain import EMPTY_CHAIN, ChainHead
from sinks.ledger import AckPage, Batch, BookableEntry, BookResult, LedgerInUse, LedgerUnavailable, OffsetMoved, StreamIdentity
from sinks.postgresql_ledger.connection import Connection, connect_writer, explained
from sinks.postgresql_ledger.pictures import PostgresqlPicture
from sinks.postgresql_ledger.schema import WRITER_LOCK, prepare, take_writer_lock
from sinks.postgresql_ledger.statements import SCHEMA, statement
from sinks.postgresql_ledger.text import copy_text, storable

LOCK_WAIT_SECONDS_MAX = 15.0
"""A sink that was killed, or cut off the network, leaves its lock when the server notices; a longer wait means a second sink."""

LOCK_POLL_SECONDS = 0.2

SILENT_SECONDS_MAX = 12.0
"""A sink asks for acks several times a second. One whose session is silent for longer is frozen, or cut off: its successor ends it."""

OPEN_SECONDS_MAX = 60.0
ANSWER_SECONDS_MAX = 20.0
"""A batch is sized to take half a second; a connection that says nothing for so long is given up, whatever the network thinks of it."""


NULLABLE_COLUMNS: Final = {"staged_entry": (20, 21), "entry": (20, 21), "posting": (5,)}
"""Places of the columns that may be NULL: document_ref and reverses of an entry, book_amount of a posting."""


class PostgresqlLedger(ThreadedLedger):
    """A `Ledger` in the schema `asiento_ledger` of one database.

    Every broken connection ends the batch with `LedgerUnavailable`, and the ledger cannot be used any further: what became of a
    COMMIT whose answer did not come is read from the stored offset, by whoever opens the ledger next.
    """

    kind = "postgresql"
    open_seconds_max = OPEN_SECONDS_MAX
    answer_seconds_max = ANSWER_SECONDS_MAX

    def __init__(
        self,
        url: str,
        clock: Callable[[], int],
        *,
        lock_wait_seconds_max: float = LOCK_WAIT_SECONDS_MAX,
        silent_seconds_max: float = SILENT_SECONDS_MAX,
    ) -> None:
        super().__init__(place_of(url), clock)
        self._url = url
        self._lock_wait_seconds_max = lock_wait_seconds_max
        self._silent_seconds_max = silent_seconds_max
        self._connection: Connection | None = None

    def _close(self) -> None:
        """End the session; its lock is given back before, as the server may take a moment to notice the end."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.execute(statement("release_writer_lock"))
            connection.close()

    def _open(self, stream: StreamIdentity, partitions: Sequence[int]) -> Mapping[int, int]:
        connection = connect_writer(self._url)
        try:
            with explained(self._place, "while opening the ledger"):
                self._wait_for_lock(connection)
                prepare(connection, self._place)
                connection.execute(statement("stage_entries"))
                next_offsets = self._bind(connection, stream, partitions)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return next_offsets

    def _wait_for_lock(self, connection: Connection) -> None:
        deadline = time.monotonic() + self._lock_wait_seconds_max
        while True:
            try:
                return take_writer_lock(connection, self._place)
            except LedgerInUse:
                if time.monotonic() >= deadline:
                    raise
            connection.execute(statement("end_silent_writer"), (*WRITER_LOCK, self._silent_seconds_max))
            time.sleep(LOCK_POLL_SECONDS)

    def _bind(self, connection: Connection, stream: StreamIdentity, partitions: Sequence[int]) -> Mapping[int, int]:
        view = PostgresqlPicture(connection, self._place)
        bound = view.rows("offsets")
        self._require_same_stream(stream, partitions, bound)
        present = {row[3] for row in bound}
        new = [offset_row(stream, number, 0, EMPTY_CHAIN) for number in partitions if number not in present]
        if new:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(statement("insert_offset"), new)
        return self._stand(stream, view.rows("offsets"), view.rows("last_entry"))

    def _pending_acks(self, acks_max: int) -> AckPage:
        with self._in_use("while reading the outbox") as connection:
            return outbox.pending_acks(PostgresqlPicture(connection, self._place), self.kind, acks_max)

    def _mark_published(self, page: AckPage) -> None:
        with self._in_use("while marking acks as published") as connection:
            move = outbox.CursorMove.over(page, PostgresqlPicture(connection, self._place))
            if connection.execute(statement("move_cursor"), (*move.after, move.seal, *move.before)).fetchone() != (True,):
                raise move.refused()

    @contextmanager
    def _in_use(self, doing: str) -> Iterator[Connection]:
        if self._connection is None or self._connection.closed:
            raise LedgerUnavailable(f"{self._place}: the ledger is not open, or its connection broke before")
        with explained(self._place, doing):
            yield self._connection

    def _book(self, batch: Batch) -> tuple[BookResult, ...]:
        with self._in_use(f"while booking {spell_ranges(batch)}") as connection:
            try:
                connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                draft = self._draft(PostgresqlPicture(connection, self._place), batch.entries)
                self._advance(connection, batch, draft)
                self._write(connection, draft)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise
        draft.settle(self._standing)
        return tuple(draft.results)

    def _draft(self, view: PostgresqlPicture, found: Sequence[BookableEntry]) -> Draft:
        """Work out what a batch comes to: its rows, and the heads of the chain after it."""
        ids = [item.entry_id for item in found]
        booked = view.rows("known_entries", (ids,)) if ids else []
        self._require_last_entry(view.rows("last_entry"))
        draft = Draft(self._standing, self._clock(), lambda: int(view.rows("last_conflict_no")[0][0]))
        draft.take(found, dict(booked))
        return draft

    def _advance(self, connection: Connection, batch: Batch, draft: Draft) -> None:
        """Compare-and-set of all ranges; whoever else moves one of them waits here until we are done, and then finds it moved."""
        before, stream = self._standing.heads, self._standing.stream
        rows = []
        for moved in batch.ranges:
            length, link = draft.heads[moved.partition]
            after = offset_row(stream, moved.partition, moved.end, ChainHead(length=length, link=link))
            rows.append((moved.partition, moved.start, *before[moved.partition], *after[4:]))
        found = connection.execute(statement("advance_offsets"), (stream.topic, *map(list, zip(*rows, strict=True)))).fetchone()
        if found != (len(rows),):
            held = {row[3]: row[4] for row in PostgresqlPicture(connection, self._place).rows("offsets")}
            raise self._moved(next((moved for moved in batch.ranges if held.get(moved.partition) != moved.start), batch.ranges[0]))

    def _write(self, connection: Connection, draft: Draft) -> None:
        """Entries first, through the staging table, then what stands under them; the database adds all of it up at commit."""
        if draft.entries:
            copy_rows(connection, "staged_entry", draft.entries, schema="pg_temp")
            if connection.execute(statement("insert_staged_entries")).rowcount != len(draft.entries):
                raise OffsetMoved(f"{self._place}: an entry of the batch was booked by another process meanwhile; nothing of it was kept")
            copy_rows(connection, "posting", draft.postings)
        copy_rows(connection, "document", draft.documents)
        copy_rows(connection, "entry_conflict", draft.conflicts)


def copy_rows(connection: Connection, table: str, rows: Sequence[Row], schema: str = SCHEMA) -> None:
    """COPY rows into a table, all its columns."""
    if rows:
        target = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(schema, table))
        text = copy_text(rows, NULLABLE_COLUMNS.get(table, ()))
        with connection.cursor() as cursor, cursor.copy(target) as copy:
            if text is not None:
                copy.write(text)
                return
            for row in storable(rows):
                copy.write_row(row)
