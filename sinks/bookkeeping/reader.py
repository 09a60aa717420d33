"""The reading side of a ledger: one unmoving picture of it, never a lock that writers would notice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sinks.bookkeeping.booked import ROWS_READ_MAX, BookedRow, whole_rows
from sinks.bookkeeping.picture import Picture
from sinks.chain import START, ChainHead
from sinks.ledger import StreamIdentity


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


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """An entry of the ledger in figures: `debits` in minor units, `booked_at` in UTC microseconds; the kind of what it reverses, if any."""

    entry_id: str
    entry_no: int
    booked_at: int
    entry_kind: str
    currency: str
    currency_exponent: int
    debits: int
    reversed_kind: str | None


class LedgerReader:
    """A read-only view of one ledger, frozen at the moment it was opened; use as a context manager.

    `sinks.ledger_access.reader_at` opens the one that a URL names.
    """

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the picture."""
        self._picture.close()

    @property
    def place(self) -> str:
        """Where the ledger is, for messages."""
        return self._picture.place

    def stream(self) -> StreamIdentity | None:
        """The stream the ledger books from; None before its first start."""
        rows = self._picture.rows("offsets")
        return StreamIdentity(cluster_id=rows[0][0], topic=rows[0][1], topic_id=rows[0][2]) if rows else None

    def next_offsets(self) -> Mapping[int, int]:
        """How far each partition is booked."""
        return {number: place.next_offset for number, place in self.places().items()}

    def places(self) -> Mapping[int, BookedPlace]:
        """How far each partition is booked, and the head of its chain there."""
        rows = self._picture.rows("offsets")
        return {row[3]: BookedPlace(next_offset=row[4], head=ChainHead(length=row[5], link=row[6])) for row in rows}

    def last_entry(self) -> tuple[int, str]:
        """Number and seal of the entry booked last; 0 and `START` in an empty ledger."""
        rows = self._picture.rows("last_entry")
        return (rows[0][0], rows[0][1]) if rows else (0, START)

    def of_order(self, order_key: str) -> tuple[BookedRow, ...]:
        """The rows of one order by entry_seq."""
        return whole_rows(self._picture, self._picture.rows("entries_of_order", (order_key,)))

    def all_rows(self) -> Iterator[BookedRow]:
        """Every row in order of booking, read in slices of `ROWS_READ_MAX`."""
        last = -(2**63)
        while rows := whole_rows(self._picture, self._picture.rows("entries_after", (last, ROWS_READ_MAX))):
            yield from rows
            last = rows[-1].entry_no

    def booked_entries(self) -> Iterator[BookedEntry]:
        """Every entry by entry_id, read in slices of `ROWS_READ_MAX`."""
        after: tuple[str, int] = ("", -(2**63))
        while rows := self._picture.rows("booked_entries", (*after, ROWS_READ_MAX)):
            yield from (BookedEntry(*row) for row in rows)
            after = (rows[-1][0], rows[-1][1])

    def pending_acks(self) -> tuple[int, int]:
        """How many booked entries are not acknowledged yet, and when the oldest of them was booked (0 where there is none)."""
        number, oldest = self._picture.rows("pending_ack_count")[0]
        return number, oldest

    def balances(self, as_of: str | None = None) -> tuple[tuple[str, int, str, int], ...]:
        """(currency, exponent, account, signed minor units) up to a posting date; ordered by currency and account."""
        rows = self._picture.rows("trial_balance", {"as_of": as_of})
        return tuple((currency, exponent, account, amount) for currency, exponent, account, amount in rows)

    def conflicts(self) -> tuple[ConflictRow, ...]:
        """What came again with other content, in the order it was seen."""
        return tuple(ConflictRow(*row) for row in self._picture.rows("conflicts"))
