"""A ledger as an auditor reads it: one unmoving picture, raw rows, nothing in the file believed.

Neither the ledger's triggers nor its indexes are relied on: ids are found through an index of our own, made from a scan
of the table. Values may be of any type; text that is no UTF-8 comes with its bytes escaped. Memory: `ROWS_READ_MAX` entries.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from sinks.sqlite_ledger.files import ledger_path, open_reader
from sinks.sqlite_ledger.rows import Row
from sinks.sqlite_ledger.statements import migrations, statement

AUDIT_ROWS_MAX = 2_000
"""Entries read from the file at once."""

INTEGRITY_MESSAGES_MAX = 100
VALUE_BYTES_MAX = 64 * 1024 * 1024
"""A longer text or blob in the file is refused by SQLite: the longest record of ours has 8 MiB."""

CACHE_KIB = 64 * 1024
TABLES = ("entry", "posting", "document", "entry_conflict", "source_offset", "ack_cursor")

_ENTRIES = statement("audit_entries")
_POSTINGS = statement("audit_postings")
_DOCUMENTS = statement("audit_documents")
_FIRST = -(2**63)


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry's rows as they are: `columns` as insert_entry.sql names them, legs and documents likewise."""

    columns: Row
    postings: Sequence[Row]
    documents: Sequence[Row]


class LedgerAudit:
    """A read-only view of one ledger; use as a context manager. Any method may raise `sqlite3.Error` on a malformed file."""

    def __init__(self, path: Path) -> None:
        self._connection = open_reader(path)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)
        for pragma in (f"cache_size = -{CACHE_KIB}", "trusted_schema = OFF", "cell_size_check = ON", "temp_store = FILE"):
            self._connection.execute(f"PRAGMA {pragma}")
        try:
            self._connection.execute("BEGIN")
            self._connection.execute(statement("audit_cursor")).fetchall()
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def at(cls, ledger_url: str) -> Self:
        """Open the ledger that `sqlite:///path` names; raises `LedgerError`."""
        return cls(ledger_path(ledger_url))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()

    def prepare(self) -> int:
        """Index the ids; answers how many entries the table holds. To be called before anything looks ids up."""
        for part in statement("audit_index").split(";"):
            if part.strip():
                self._connection.execute(part)
        return int(self._connection.execute(statement("audit_total")).fetchone()[0])

    def integrity(self) -> tuple[str, ...]:
        """What SQLite itself finds wrong with the file."""
        rows = self._connection.execute(f"PRAGMA integrity_check({INTEGRITY_MESSAGES_MAX})").fetchall()
        return tuple(str(row[0]) for row in rows if row[0] != "ok")

    def schema_differences(self) -> tuple[str, ...]:
        """Tables, views, triggers and indexes that are missing, changed or foreign, in words."""
        with closing(sqlite3.connect(":memory:")) as pristine:
            for _, script in migrations():
                pristine.executescript(script)
            wanted = _schema(pristine)
        found = _schema(self._connection)
        changed = [key for key, text in wanted.items() if found.get(key) != text]
        missing = [f"the ledger's own {kind} {name} is gone or was changed" for kind, name in changed]
        foreign = [f"the {kind} {name} is none of the ledger's own" for kind, name in found if (kind, name) not in wanted]
        return tuple(sorted(missing) + sorted(foreign))

    def missing_tables(self) -> tuple[str, ...]:
        """Tables without which nothing can be read."""
        found = _schema(self._connection)
        return tuple(name for name in TABLES if ("table", name) not in found)

    def offsets(self) -> list[Row]:
        """All rows of source_offset."""
        return self._rows(statement("offsets"))

    def reached(self, ends: Mapping[int, int]) -> Mapping[int, int]:
        """The offset behind the furthest place below `ends` that an entry says it came from, per partition."""
        ordered = [ends.get(number, 0) for number in range(max(ends, default=-1) + 1)]
        return {row[0]: row[1] + 1 for row in self._rows(statement("audit_reached"), (orjson.dumps(ordered).decode(),))}

    def cursor(self) -> list[Row]:
        """The rows of ack_cursor, three at most."""
        return self._rows(statement("audit_cursor"))

    def conflicts(self) -> Iterator[Row]:
        """All rows of entry_conflict."""
        last = _FIRST
        while rows := self._rows(statement("audit_conflicts"), (last, AUDIT_ROWS_MAX)):
            yield from rows
            last = rows[-1][0]

    def seals(self) -> Iterator[Row]:
        """(entry_no, entry_id, chain_hash, seal, booked_at, partition) in order of booking."""
        last = _FIRST
        while rows := self._rows(statement("audit_seals"), (last, AUDIT_ROWS_MAX)):
            yield from rows
            last = rows[-1][0]

    def held(self) -> Iterator[list[Row]]:
        """(entry_no, entry_id, partition, offset) in order of booking, in slices."""
        last = _FIRST
        while rows := self._rows(statement("audit_held"), (last, AUDIT_ROWS_MAX)):
            yield rows
            last = rows[-1][0]

    def with_ids(self, entry_ids: Sequence[str]) -> Mapping[str, Sequence[RawEntry]]:
        """The rows of these ids; unknown ids are left out, doubled ones have several."""
        rows = self._rows(_ENTRIES, (orjson.dumps(entry_ids).decode(),))
        numbers = orjson.dumps([row[0] for row in rows]).decode()
        legs = {number: list(group) for number, group in groupby(self._rows(_POSTINGS, (numbers,)), key=_entry_no)}
        documents = {number: list(group) for number, group in groupby(self._rows(_DOCUMENTS, (numbers,)), key=_entry_no)}
        found: dict[str, list[RawEntry]] = {}
        for row in rows:
            found.setdefault(row[1], []).append(RawEntry(row, legs.get(row[0], ()), documents.get(row[0], ())))
        return found

    def places(self, entry_ids: Sequence[str]) -> Mapping[str, Row]:
        """(entry_id, entry_no, booked_at, chain_hash) of these ids; the first of a doubled one."""
        rows = self._rows(statement("audit_places"), (orjson.dumps(entry_ids).decode(),))
        return {row[0]: row for row in reversed(rows)}

    def doubled(self) -> Iterator[Row]:
        """(entry_id, times, first entry_no, last entry_no) of ids that are booked more than once."""
        yield from self._rows(statement("audit_doubled"))

    def ownerless(self) -> Iterator[tuple[str, Any]]:
        """(table, entry_no) of postings and documents without an entry."""
        yield from self._connection.execute(statement("audit_ownerless"))

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[Row]:
        """All rows; where a text is no UTF-8, once more with its bytes escaped."""
        with suppress(sqlite3.OperationalError):
            return self._connection.execute(sql, values).fetchall()
        self._connection.text_factory = _escaped
        try:
            return self._connection.execute(sql, values).fetchall()
        finally:
            self._connection.text_factory = str


def _entry_no(row: Row) -> Any:
    return row[0]


def _escaped(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _schema(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {(str(row[0]), str(row[1])): tuple(row[2:]) for row in connection.execute(statement("audit_schema"))}
