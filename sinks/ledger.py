"""The port every ledger of ours stands behind: what the delivery loop needs, and nothing of how it is kept.

A ledger books whole batches. A batch is a set of offset ranges of the entries topic, one per partition, and the
entries found in them. `book` takes all of it or nothing: the entries *and* the move of the offsets from the start
to the end of each range (compare-and-set), so that an entry is booked once whatever dies in between.

    LedgerError
    +-- LedgerInUse          another process writes this ledger
    +-- ForeignLedger        the ledger belongs to another stream, program or newer version
    +-- LedgerNotPrepared    the ledger must be made or brought up to date first, by somebody who may
    +-- OffsetMoved          the stored offset is not where this batch starts: somebody else booked
    +-- LedgerRefused        the ledger's own checks refused the batch (an unbalanced entry, a late posting)
    +-- LedgerUnavailable    the ledger cannot be reached or opened
        +-- LedgerMissing    there is none yet
        +-- LedgerUnreachable  its server does not answer, or ended the session

All of them end the process: after a restart the sink goes on from what the ledger says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from asiento.accounting.values import value
from schemas.acks import Ack
from schemas.entries import HashedEntry


class LedgerError(Exception):
    """The ledger cannot go on; the message says what, where and how to mend it."""


class LedgerInUse(LedgerError):
    """Another process writes this ledger."""


class ForeignLedger(LedgerError):
    """The ledger belongs to another stream, another program or a newer version of this one."""


class LedgerNotPrepared(LedgerError):
    """The ledger must be made or brought up to date first, by somebody who may; the message names the command."""


class OffsetMoved(LedgerError):
    """The stored offset is not where the batch starts: somebody else booked meanwhile."""


class LedgerRefused(LedgerError):
    """The ledger's own checks refused the batch; nothing of it is booked."""


class LedgerUnavailable(LedgerError):
    """The ledger cannot be reached or opened."""


class LedgerMissing(LedgerUnavailable):
    """There is no ledger yet."""


class LedgerUnreachable(LedgerUnavailable):
    """The server that holds the ledger does not answer, or ended the session."""


class BookResult(StrEnum):
    """What became of one entry of a batch."""

    BOOKED = "booked"
    EXISTS = "exists"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamIdentity:
    """The one topic a ledger books from; a topic made again under the same name has another `topic_id`."""

    cluster_id: str
    topic: str
    topic_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetRange:
    """Offsets [start, end) of one partition; those without an entry are control records or aborted ones."""

    partition: int
    start: int
    end: int


@value
class StreamEntry:
    """One entry, where it stands on the stream, and the value of its record there: what the hash chain is made of."""

    partition: int
    offset: int
    hashed: HashedEntry
    value: bytes


@value
class BookableEntry:
    """One entry as ledgers take it: where it stands on the stream, the value of its record there, and its columns.

    `sinks.bookkeeping.bookable` makes it and knows the columns; they lack what is known at the booking only: the number of the entry,
    the time, the link and the seal. document is None where the entry has none.
    """

    partition: int
    offset: int
    value: bytes
    entry_id: str
    content_hash: str
    columns: tuple[Any, ...]
    legs: list[tuple[Any, ...]]
    document: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is booked together; every entry lies in one of the ranges, in offset order per partition."""

    ranges: tuple[OffsetRange, ...]
    entries: tuple[BookableEntry, ...]


@value
class PendingAck:
    """An ack that is not published yet; it goes to the partition its entry came from, under the order's key."""

    partition: int
    order_key: str
    ack: Ack


@dataclass(frozen=True, slots=True, kw_only=True)
class AckPage:
    """The next acks in order of booking, and the place behind them, which only the ledger understands."""

    acks: tuple[PendingAck, ...]
    behind: tuple[int, int]


class Ledger(Protocol):
    """One writer of one ledger."""

    @property
    def kind(self) -> str:
        """A word from a closed set (`sqlite`, `postgresql`): the metrics' label."""
        ...

    async def open(self, stream: StreamIdentity, partitions: Sequence[int]) -> Mapping[int, int]:
        """Become the only writer; answer the next offset per partition (0 where nothing was booked yet).

        Raises `LedgerInUse`, `ForeignLedger`, `LedgerNotPrepared`, `LedgerRefused`, `LedgerUnavailable`.
        """
        ...

    async def book(self, batch: Batch) -> tuple[BookResult, ...]:
        """Book a batch in one step and answer one result per entry, in their order.

        A known entry_id with the same hash is `EXISTS`, with another hash `CONFLICT`: kept beside the ledger, never
        booked over the first. Raises `OffsetMoved`, `LedgerRefused`, `LedgerUnavailable`; then nothing is booked.
        """
        ...

    async def pending_acks(self, acks_max: int) -> AckPage:
        """The next acks that are not marked as published; empty where there are none.

        What was booked stays pending until it is marked, whatever dies in between. Raises `LedgerUnavailable`.
        """
        ...

    async def mark_published(self, page: AckPage) -> None:
        """Mark the acks of a page as published. Raises `OffsetMoved`, `LedgerUnavailable`; then nothing is marked."""
        ...

    async def close(self) -> None:
        """Let go of the ledger; safe to call twice."""
        ...
