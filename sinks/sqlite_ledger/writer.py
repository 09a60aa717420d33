"""The writing side of the embedded ledger."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import orjson

from sinks.chain import EMPTY_CHAIN, START, ChainHead, entry_seal, next_link
from sinks.ledger import (
    AckPage,
    Batch,
    BookResult,
    ForeignLedger,
    LedgerRefused,
    LedgerUnavailable,
    OffsetMoved,
    StreamEntry,
    StreamIdentity,
)
from sinks.sqlite_ledger import outbox
from sinks.sqlite_ledger.files import WriterLock, open_writer
from sinks.sqlite_ledger.rows import Row, conflict_row, document_row, entry_row, offset_row, posting_rows
from sinks.sqlite_ledger.statements import statement

_KNOWN_ENTRIES = statement("known_entries")
_LAST_ENTRY = statement("last_entry")
_LAST_CONFLICT_NO = statement("last_conflict_no")
_INSERT_ENTRY = statement("insert_entry")
_INSERT_POSTING = statement("insert_posting")
_INSERT_DOCUMENT = statement("insert_document")
_INSERT_CONFLICT = statement("insert_conflict")
_ADVANCE_OFFSET = statement("advance_offset")
_OFFSETS = statement("offsets")
_INSERT_OFFSET = statement("insert_offset")


Head: TypeAlias = tuple[int, str]
"""A `ChainHead` as it moves with every entry: (length, link)."""


class SqliteLedger:
    """A `Ledger` in one SQLite file. `clock` answers UTC microseconds and stamps `booked_at`.

    All statements run in one thread of its own, so that the event loop goes on fetching while a batch is written.
    """

    kind = "sqlite"

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        self._path = path
        self._clock = clock
        self._lock = WriterLock(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._connection: sqlite3.Connection | None = None
        self._stream = StreamIdentity(cluster_id="", topic="", topic_id="")
        self._heads: dict[int, Head] = {}
        self._last_entry = (0, START)

    async def open(self, stream: StreamIdentity, partitions: Sequence[int]) -> Mapping[int, int]:
        """See `Ledger.open`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._open, stream, partitions)

    async def book(self, batch: Batch) -> tuple[BookResult, ...]:
        """See `Ledger.book`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._book, batch)

    async def pending_acks(self, acks_max: int) -> AckPage:
        """See `Ledger.pending_acks`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._pending_acks, acks_max)

    async def mark_published(self, page: AckPage) -> None:
        """See `Ledger.mark_published`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._mark_published, page)

    async def close(self) -> None:
        """See `Ledger.close`."""
        if self._connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
            self._connection = None
        self._lock.release()
        self._thread.shutdown()

    def _open(self, stream: StreamIdentity, partitions: Sequence[int]) -> dict[int, int]:
        self._lock.take()
        try:
            connection = open_writer(self._path)
            bound = connection.execute(_OFFSETS).fetchall()
            self._require_same_stream(stream, partitions, bound)
            present = {row[3] for row in bound}
            new = [offset_row(stream, number, 0, EMPTY_CHAIN) for number in partitions if number not in present]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT_OFFSET, new)
            connection.execute("COMMIT")
            offsets = connection.execute(_OFFSETS).fetchall()
            self._heads = {row[3]: (row[5], row[6]) for row in offsets}
            self._last_entry = self._require_whole(_last_entry(connection))
        except BaseException:
            self._lock.release()
            raise
        self._connection = connection
        self._stream = stream
        return {row[3]: row[4] for row in offsets}

    def _require_whole(self, last: tuple[int, str]) -> tuple[int, str]:
        """A ledger that lost entries is not booked any further: the gap would be covered up."""
        links = sum(length for length, _ in self._heads.values())
        if links != last[0]:
            raise LedgerRefused(
                f"{self._path}: the heads of the hash chain count {links} entries, the last entry booked has number {last[0]}: entries "
                "were removed or added by hand. Nothing was booked; `asiento verify` names them, restore the file from a copy"
            )
        return last

    def _require_same_stream(self, stream: StreamIdentity, partitions: Sequence[int], bound: Sequence[Row]) -> None:
        for row in bound:
            booked_from = StreamIdentity(cluster_id=row[0], topic=row[1], topic_id=row[2])
            if booked_from != stream:
                raise ForeignLedger(
                    f"{self._path}: this ledger books from {_spell(booked_from)}, not from {_spell(stream)}; "
                    "name the right broker, topic prefix or ledger (a topic that was made again has a new id and needs a new ledger)"
                )
            if row[3] not in partitions:
                raise ForeignLedger(
                    f"{self._path}: this ledger has booked from partition {row[3]} of {stream.topic}, which now has "
                    f"only {len(partitions)}; the partition count of a topic generation is fixed"
                )

    def _pending_acks(self, acks_max: int) -> AckPage:
        connection = self._opened()
        try:
            return outbox.pending_acks(connection, self.kind, acks_max)
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._path}: {error} while reading the outbox") from error

    def _mark_published(self, page: AckPage) -> None:
        connection = self._opened()
        try:
            outbox.mark_published(connection, page)
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._path}: {error} while marking acks as published") from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LedgerUnavailable(f"{self._path}: the ledger is not open")
        return self._connection

    def _book(self, batch: Batch) -> tuple[BookResult, ...]:
        connection = self._opened()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                drafted = self._draft(connection, batch.entries)
                self._advance(connection, batch, drafted.heads)
                drafted.write(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.IntegrityError as error:
            raise LedgerRefused(f"{self._path}: the ledger refused a batch ({_spell_ranges(batch)}): {error}") from error
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._path}: {error} while booking {_spell_ranges(batch)}") from error
        self._heads |= drafted.heads
        self._last_entry = drafted.last_entry
        return tuple(drafted.results)

    def _advance(self, connection: sqlite3.Connection, batch: Batch, heads: Mapping[int, Head]) -> None:
        for moved in batch.ranges:
            length, link = heads[moved.partition]
            row = offset_row(self._stream, moved.partition, moved.end, ChainHead(length=length, link=link))
            wanted = (self._stream.topic, moved.partition, moved.start, *self._heads[moved.partition])
            if connection.execute(_ADVANCE_OFFSET, (*row[4:], *wanted)).rowcount != 1:
                raise OffsetMoved(
                    f"{self._path}: partition {moved.partition} of {self._stream.topic} is not at offset {moved.start} and link "
                    f"{self._heads[moved.partition][0]} of its chain any more: another process has booked; nothing of this batch was kept"
                )

    def _draft(self, connection: sqlite3.Connection, found: Sequence[StreamEntry]) -> "_Draft":
        """Work out what a batch comes to: its rows, and the heads of the chain after it."""
        ids = orjson.dumps([item.hashed.entry.entry_id for item in found]).decode()
        booked: dict[str, str] = dict(connection.execute(_KNOWN_ENTRIES, (ids,)).fetchall())
        if _last_entry(connection) != self._last_entry:
            raise OffsetMoved(f"{self._path}: entry_no {self._last_entry[0]} is not the last entry any more: another process has booked")
        draft = _Draft(self._last_entry, dict(self._heads), self._clock())
        for item in found:
            entry_id, content_hash = item.hashed.entry.entry_id, item.hashed.content_hash
            known = booked.get(entry_id)
            if known is None:
                booked[entry_id] = content_hash
                draft.book(item)
            elif known == content_hash:
                draft.results.append(BookResult.EXISTS)
            else:
                draft.conflict(item, known, connection)
        return draft


class _Draft:
    """A batch as rows, in the order of booking."""

    def __init__(self, last_entry: tuple[int, str], heads: dict[int, Head], now: int) -> None:
        self.last_entry = last_entry
        self.heads = heads
        self.results: list[BookResult] = []
        self._now = now
        self._entries: list[Row] = []
        self._postings: list[Row] = []
        self._documents: list[Row] = []
        self._conflicts: list[Row] = []

    def book(self, item: StreamEntry) -> None:
        """The next entry, chained and sealed."""
        entry, (number, before), (length, link) = item.hashed.entry, self.last_entry, self.heads[item.partition]
        number += 1
        link = next_link(link, item.partition, item.offset, item.value)
        own_seal = entry_seal(before, link, number, self._now)
        self.heads[item.partition] = (length + 1, link)
        self.last_entry = (number, own_seal)
        self._entries.append(entry_row(number, item, self._now, link, own_seal))
        self._postings.extend(posting_rows(number, entry))
        if entry.document is not None:
            self._documents.append(document_row(number, entry.document))
        self.results.append(BookResult.BOOKED)

    def conflict(self, item: StreamEntry, booked_hash: str, connection: sqlite3.Connection) -> None:
        """An entry that came again with other content."""
        number = self._conflicts[-1][0] if self._conflicts else connection.execute(_LAST_CONFLICT_NO).fetchone()[0]
        self._conflicts.append(conflict_row(number + 1, item, booked_hash, self._now, self.last_entry[0]))
        self.results.append(BookResult.CONFLICT)

    def write(self, connection: sqlite3.Connection) -> None:
        """Postings and documents first: the entry is their seal."""
        connection.executemany(_INSERT_POSTING, self._postings)
        connection.executemany(_INSERT_DOCUMENT, self._documents)
        connection.executemany(_INSERT_ENTRY, self._entries)
        connection.executemany(_INSERT_CONFLICT, self._conflicts)


def _last_entry(connection: sqlite3.Connection) -> tuple[int, str]:
    row = connection.execute(_LAST_ENTRY).fetchone()
    return (0, START) if row is None else (row[0], row[1])


def _spell(stream: StreamIdentity) -> str:
    return f"topic {stream.topic} (id {stream.topic_id}) on cluster {stream.cluster_id}"


def _spell_ranges(batch: Batch) -> str:
    return ", ".join(f"partition {moved.partition} offsets {moved.start} to {moved.end - 1}" for moved in batch.ranges)
