"""The writing side of the embedded ledger."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson

from schemas.entries import entry_to_json
from sinks.ledger import Batch, BookResult, ForeignLedger, LedgerRefused, LedgerUnavailable, OffsetMoved, StreamEntry, StreamIdentity
from sinks.sqlite_ledger.files import WriterLock, open_writer
from sinks.sqlite_ledger.rows import Row, document_row, entry_row, posting_rows
from sinks.sqlite_ledger.statements import statement

_KNOWN_ENTRIES = statement("known_entries")
_LAST_ENTRY_NO = statement("last_entry_no")
_INSERT_ENTRY = statement("insert_entry")
_INSERT_POSTING = statement("insert_posting")
_INSERT_DOCUMENT = statement("insert_document")
_INSERT_CONFLICT = statement("insert_conflict")
_ADVANCE_OFFSET = statement("advance_offset")
_OFFSETS = statement("offsets")
_INSERT_OFFSET = statement("insert_offset")


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
        self._topic = ""

    async def open(self, stream: StreamIdentity, partitions: Sequence[int]) -> Mapping[int, int]:
        """See `Ledger.open`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._open, stream, partitions)

    async def book(self, batch: Batch) -> tuple[BookResult, ...]:
        """See `Ledger.book`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._book, batch)

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
            identity = (stream.cluster_id, stream.topic, stream.topic_id)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT_OFFSET, [(*identity, number) for number in partitions if number not in present])
            connection.execute("COMMIT")
        except BaseException:
            self._lock.release()
            raise
        self._connection = connection
        self._topic = stream.topic
        return {row[3]: row[4] for row in connection.execute(_OFFSETS)}

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

    def _book(self, batch: Batch) -> tuple[BookResult, ...]:
        connection = self._connection
        if connection is None:
            raise LedgerUnavailable(f"{self._path}: the ledger is not open")
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._advance(connection, batch)
                results = self._insert(connection, batch.entries)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.IntegrityError as error:
            raise LedgerRefused(f"{self._path}: the ledger refused a batch ({_spell_ranges(batch)}): {error}") from error
        except sqlite3.Error as error:
            raise LedgerUnavailable(f"{self._path}: {error} while booking {_spell_ranges(batch)}") from error
        return results

    def _advance(self, connection: sqlite3.Connection, batch: Batch) -> None:
        for moved in batch.ranges:
            values = {"topic": self._topic, "partition": moved.partition, "start": moved.start, "end": moved.end}
            if connection.execute(_ADVANCE_OFFSET, values).rowcount != 1:
                raise OffsetMoved(
                    f"{self._path}: partition {moved.partition} of {self._topic} is not at offset {moved.start} any more: "
                    "another process has booked; nothing of this batch was kept"
                )

    def _insert(self, connection: sqlite3.Connection, found: Sequence[StreamEntry]) -> tuple[BookResult, ...]:
        ids = orjson.dumps([item.hashed.entry.entry_id for item in found]).decode()
        booked: dict[str, str] = dict(connection.execute(_KNOWN_ENTRIES, (ids,)).fetchall())
        entry_no: int = connection.execute(_LAST_ENTRY_NO).fetchone()[0]
        now = self._clock()
        entries: list[Row] = []
        postings: list[Row] = []
        documents: list[Row] = []
        conflicts: list[Row] = []
        results: list[BookResult] = []
        for item in found:
            entry, content_hash = item.hashed.entry, item.hashed.content_hash
            known = booked.get(entry.entry_id)
            if known is None:
                booked[entry.entry_id] = content_hash
                entry_no += 1
                entries.append(entry_row(entry_no, item, now))
                postings.extend(posting_rows(entry_no, entry))
                if entry.document is not None:
                    documents.append(document_row(entry_no, entry.document))
                results.append(BookResult.BOOKED)
            elif known == content_hash:
                results.append(BookResult.EXISTS)
            else:
                whole = orjson.dumps(entry_to_json(entry)).decode()
                conflicts.append((entry.entry_id, known, content_hash, whole, item.partition, item.offset, now))
                results.append(BookResult.CONFLICT)
        connection.executemany(_INSERT_POSTING, postings)
        connection.executemany(_INSERT_DOCUMENT, documents)
        connection.executemany(_INSERT_ENTRY, entries)
        connection.executemany(_INSERT_CONFLICT, conflicts)
        return tuple(results)


def _spell(stream: StreamIdentity) -> str:
    return f"topic {stream.topic} (id {stream.topic_id}) on cluster {stream.cluster_id}"


def _spell_ranges(batch: Batch) -> str:
    return ", ".join(f"partition {moved.partition} offsets {moved.start} to {moved.end - 1}" for moved in batch.ranges)
