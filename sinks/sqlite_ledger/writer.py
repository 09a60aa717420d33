"""The writing side of the embedded ledger."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sinks.bookkeeping import outbox
from sinks.bookkeeping.draft import Draft, Head
from sinks.bookkeeping.rows import offset_row
from sinks.bookkeeping.threaded_ledger import ThreadedLedger, spell_ranges
from sinks.chain import EMPTY_CHAIN, ChainHead
from sinks.ledger import AckPage, Batch, BookableEntry, BookResult, LedgerRefused, LedgerUnavailable, StreamIdentity
from sinks.sqlite_ledger.files import WriterLock, open_writer
from sinks.sqlite_ledger.picture import SqlitePicture
from sinks.sqlite_ledger.statements import statement

_INSERT_ENTRY = statement("insert_entry")
_INSERT_POSTING = statement("insert_posting")
_INSERT_DOCUMENT = statement("insert_document")
_INSERT_CONFLICT = statement("insert_conflict")
_ADVANCE_OFFSET = statement("advance_offset")
_INSERT_OFFSET = statement("insert_offset")
_MOVE_CURSOR = statement("move_cursor")


class SqliteLedger(ThreadedLedger):
    """A `Ledger` in one SQLite file."""

    kind = "sqlite"

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        super().__init__(str(path), clock)
        self._path = path
        self._lock = WriterLock(path)
        self._connection: sqlite3.Connection | None = None

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._lock.release()

    def _open(self, stream: StreamIdentity, partitions: Sequence[int]) -> Mapping[int, int]:
        self._lock.take()
        try:
            connection = open_writer(self._path)
            view = SqlitePicture(connection, self._place)
            bound = view.rows("offsets")
            self._require_same_stream(stream, partitions, bound)
            present = {row[3] for row in bound}
            new = [offset_row(stream, number, 0, EMPTY_CHAIN) for number in partitions if number not in present]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT_OFFSET, new)
            connection.execute("COMMIT")
            next_offsets = self._stand(stream, view.rows("offsets"), view.rows("last_entry"))
        except BaseException:
            self._lock.release()
            raise
        self._connection = connection
        return next_offsets

    def _pending_acks(self, acks_max: int) -> AckPage:
        view = SqlitePicture(self._opened(), self._place)
        try:
            return outbox.pending_acks(view, self.kind, acks_max)
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._place}: {error} while reading the outbox") from error

    def _mark_published(self, page: AckPage) -> None:
        connection = self._opened()
        try:
            move = outbox.CursorMove.over(page, SqlitePicture(connection, self._place))
            if connection.execute(_MOVE_CURSOR, (*move.after, move.seal, *move.before)).rowcount != 1:
                raise move.refused()
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._place}: {error} while marking acks as published") from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LedgerUnavailable(f"{self._place}: the ledger is not open")
        return self._connection

    def _book(self, batch: Batch) -> tuple[BookResult, ...]:
        connection = self._opened()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                draft = self._draft(SqlitePicture(connection, self._place), batch.entries)
                self._advance(connection, batch, draft.heads)
                _write(connection, draft)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.IntegrityError as error:
            raise LedgerRefused(f"{self._place}: the ledger refused a batch ({spell_ranges(batch)}): {error}") from error
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._place}: {error} while booking {spell_ranges(batch)}") from error
        draft.settle(self._standing)
        return tuple(draft.results)

    def _advance(self, connection: sqlite3.Connection, batch: Batch, heads: Mapping[int, Head]) -> None:
        standing = self._standing
        for moved in batch.ranges:
            length, link = heads[moved.partition]
            row = offset_row(standing.stream, moved.partition, moved.end, ChainHead(length=length, link=link))
            wanted = (standing.stream.topic, moved.partition, moved.start, *standing.heads[moved.partition])
            if connection.execute(_ADVANCE_OFFSET, (*row[4:], *wanted)).rowcount != 1:
                raise self._moved(moved)

    def _draft(self, view: SqlitePicture, found: Sequence[BookableEntry]) -> Draft:
        """Work out what a batch comes to: its rows, and the heads of the chain after it."""
        booked = view.rows("known_entries", (view.array([item.entry_id for item in found]),))
        self._require_last_entry(view.rows("last_entry"))
        draft = Draft(self._standing, self._clock(), lambda: int(view.rows("last_conflict_no")[0][0]))
        draft.take(found, dict(booked))
        return draft


def _write(connection: sqlite3.Connection, draft: Draft) -> None:
    """Postings and documents first: the entry is their seal."""
    connection.executemany(_INSERT_POSTING, draft.postings)
    connection.executemany(_INSERT_DOCUMENT, draft.documents)
    connection.executemany(_INSERT_ENTRY, draft.entries)
    connection.executemany(_INSERT_CONFLICT, draft.conflicts)
