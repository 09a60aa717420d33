"""The reading side of the embedded ledger: one unmoving picture of it, never a lock that writers would notice."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from asiento.accounting.journal import JournalEntry, UnbalancedEntry
from sinks.ledger import StreamIdentity
from sinks.sqlite_ledger.files import ledger_path, open_reader
from sinks.sqlite_ledger.rows import Row, document_from_body, posting_from_row
from sinks.sqlite_ledger.statements import migrations, statement

ROWS_READ_MAX = 500
"""Entries read from the file at once; the memory bound of every pass over the ledger."""

_ENTRIES_BY_ID = statement("entries_by_id")
_ENTRIES_OF_ORDER = statement("entries_of_order")
_ENTRIES_AFTER = statement("entries_after")
_POSTINGS_OF = statement("postings_of")
_DOCUMENTS_OF = statement("documents_of")
_TRIAL_BALANCE = statement("trial_balance")
_OFFSETS = statement("offsets")


class DamagedRow(Exception):
    """Rows of the ledger that are no entry any more: somebody went around the ledger's own checks."""


@dataclass(frozen=True, slots=True)
class BookedRow:
    """One entry as the file holds it, not yet believed. Times in UTC microseconds."""

    entry_no: int
    entry_id: str
    content_hash: str
    partition: int
    offset: int
    booked_at: int
    columns: Row
    postings: tuple[Row, ...]
    document: Row | None

    def entry(self) -> JournalEntry:
        """Build the entry from nothing but these rows; raises `DamagedRow`."""
        c = self.columns
        try:
            document = None if self.document is None else document_from_body(self.document[3])
            if document is not None and (document.kind, document.document_ref) != tuple(self.document[1:3] if self.document else ()):
                raise DamagedRow(f"entry {self.entry_id}: the document's columns and body differ")
            return JournalEntry(
                entry_id=c[1],
                entry_kind=c[3],
                part=c[4],
                entry_seq=c[5],
                tenant=c[6],
                legal_entity=c[7],
                order_key=c[8],
                event_id=c[9],
                event_type=c[10],
                source=c[11],
                channel=c[12],
                occurred_at=c[13],
                business_date=c[14],
                posting_date=c[15],
                late=bool(c[16]),
                currency=c[17],
                currency_exponent=c[18],
                postings=tuple(posting_from_row(*row[1:]) for row in self.postings),
                document=document,
                reverses=c[21],
                rule=c[22],
                policy_version=c[23],
                memo=c[24],
            )
        except (UnbalancedEntry, KeyError, TypeError, ValueError) as error:
            raise DamagedRow(f"entry {self.entry_id}: {error}") from error


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """An entry that came again with other content and was not booked."""

    entry_id: str
    booked_content_hash: str
    content_hash: str
    partition: int
    offset: int
    seen_at: int


class LedgerReader:
    """A read-only view of one ledger, frozen at the moment it was opened; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self._connection = open_reader(path)
        self._connection.execute("BEGIN")
        self._connection.execute(_OFFSETS).fetchall()

    @classmethod
    def at(cls, ledger_url: str) -> Self:
        """Open the ledger that `sqlite:///path` names; raises `LedgerError`."""
        return cls(ledger_path(ledger_url))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the picture."""
        self._connection.close()

    def stream(self) -> StreamIdentity | None:
        """The stream the ledger books from; None before its first start."""
        row = self._connection.execute(_OFFSETS).fetchone()
        return None if row is None else StreamIdentity(cluster_id=row[0], topic=row[1], topic_id=row[2])

    def next_offsets(self) -> Mapping[int, int]:
        """How far each partition is booked."""
        return {row[3]: row[4] for row in self._connection.execute(_OFFSETS)}

    def with_ids(self, entry_ids: Sequence[str]) -> tuple[BookedRow, ...]:
        """The rows of these ids, in order of booking; unknown ids are left out, doubled ones come twice."""
        return self._whole(self._connection.execute(_ENTRIES_BY_ID, (orjson.dumps(list(entry_ids)).decode(),)).fetchall())

    def of_order(self, order_key: str) -> tuple[BookedRow, ...]:
        """The rows of one order by entry_seq."""
        return self._whole(self._connection.execute(_ENTRIES_OF_ORDER, (order_key,)).fetchall())

    def all_rows(self) -> Iterator[BookedRow]:
        """Every row in order of booking, read in slices of `ROWS_READ_MAX`."""
        last = -(2**63)
        while rows := self._whole(self._connection.execute(_ENTRIES_AFTER, (last, ROWS_READ_MAX)).fetchall()):
            yield from rows
            last = rows[-1].entry_no

    def id_slices(self) -> Iterator[tuple[str, ...]]:
        """Every entry id in order of booking, in slices of `ROWS_READ_MAX`."""
        last, wanted = -(2**63), statement("ids_after")
        while rows := self._connection.execute(wanted, (last, ROWS_READ_MAX)).fetchall():
            yield tuple(row[1] for row in rows)
            last = rows[-1][0]

    def balances(self, as_of: str | None = None) -> tuple[tuple[str, int, str, int], ...]:
        """(currency, exponent, account, signed minor units) up to a posting date; ordered by currency and account."""
        return tuple(self._connection.execute(_TRIAL_BALANCE, {"as_of": as_of}))

    def unbalanced(self) -> tuple[tuple[str, int, int, int], ...]:
        """(entry_id, debits less credits, postings found, postings named) of entries that are not whole."""
        return tuple(self._connection.execute(statement("unbalanced_entries")))

    def doubled(self) -> tuple[tuple[str, int], ...]:
        """(entry_id, times) of ids that are booked more than once."""
        return tuple(self._connection.execute(statement("doubled_entries")))

    def ownerless(self) -> tuple[tuple[str, int], ...]:
        """(table, entry_no) of postings and documents without an entry."""
        return tuple(self._connection.execute(statement("ownerless_rows")))

    def conflicts(self) -> tuple[ConflictRow, ...]:
        """What came again with other content, in the order it was seen."""
        return tuple(ConflictRow(*row) for row in self._connection.execute(statement("conflicts")))

    def missing_protections(self) -> tuple[str, ...]:
        """Names of triggers and indexes that a ledger of this version has and this file has not, or has changed."""
        pristine = sqlite3.connect(":memory:")
        try:
            for _, script in migrations():
                pristine.executescript(script)
            wanted = set(pristine.execute(statement("protections")))
        finally:
            pristine.close()
        return tuple(sorted(row[0] for row in wanted - set(self._connection.execute(statement("protections")))))

    def _whole(self, rows: Iterable[Row]) -> tuple[BookedRow, ...]:
        found = tuple(rows)
        numbers = orjson.dumps([row[0] for row in found]).decode()
        legs = self._connection.execute(_POSTINGS_OF, (numbers,))
        postings = {number: tuple(group) for number, group in groupby(legs, key=lambda row: row[0])}
        documents = {row[0]: row for row in self._connection.execute(_DOCUMENTS_OF, (numbers,))}
        return tuple(
            BookedRow(
                entry_no=row[0],
                entry_id=row[1],
                content_hash=row[2],
                partition=row[25],
                offset=row[26],
                booked_at=row[27],
                columns=row,
                postings=postings.get(row[0], ()),
                document=documents.get(row[0]),
            )
            for row in found
        )
