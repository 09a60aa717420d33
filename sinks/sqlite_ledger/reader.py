"""The reading side of the embedded ledger: one unmoving picture of it, never a lock that writers would notice."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sinks.chain import START, ChainHead
from sinks.ledger import StreamIdentity
from sinks.sqlite_ledger.booked import ROWS_READ_MAX, BookedRow, whole_rows
from sinks.sqlite_ledger.files import ledger_path, open_reader
from sinks.sqlite_ledger.statements import migrations, statement

_ENTRIES_OF_ORDER = statement("entries_of_order")
_ENTRIES_AFTER = statement("entries_after")
_TRIAL_BALANCE = statement("trial_balance")
_OFFSETS = statement("offsets")


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """An entry that came again with other content and was not booked."""

    entry_id: str
    booked_content_hash: str
    content_hash: str
    partition: int
    offset: int
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedPlace:
    """How far a partition is booked."""

    next_offset: int
    head: ChainHead


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
        return {number: place.next_offset for number, place in self.places().items()}

    def places(self) -> Mapping[int, BookedPlace]:
        """How far each partition is booked, and the head of its chain there."""
        rows = self._connection.execute(_OFFSETS)
        return {row[3]: BookedPlace(next_offset=row[4], head=ChainHead(length=row[5], link=row[6])) for row in rows}

    def last_entry(self) -> tuple[int, str]:
        """Number and seal of the entry booked last; 0 and `START` in an empty ledger."""
        row = self._connection.execute(statement("last_entry")).fetchone()
        return (0, START) if row is None else (row[0], row[1])

    def of_order(self, order_key: str) -> tuple[BookedRow, ...]:
        """The rows of one order by entry_seq."""
        return whole_rows(self._connection, self._connection.execute(_ENTRIES_OF_ORDER, (order_key,)).fetchall())

    def all_rows(self) -> Iterator[BookedRow]:
        """Every row in order of booking, read in slices of `ROWS_READ_MAX`."""
        last = -(2**63)
        while rows := whole_rows(self._connection, self._connection.execute(_ENTRIES_AFTER, (last, ROWS_READ_MAX)).fetchall()):
            yield from rows
            last = rows[-1].entry_no

    def balances(self, as_of: str | None = None) -> tuple[tuple[str, int, str, int], ...]:
        """(currency, exponent, account, signed minor units) up to a posting date; ordered by currency and account."""
        return tuple(self._connection.execute(_TRIAL_BALANCE, {"as_of": as_of}))

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
