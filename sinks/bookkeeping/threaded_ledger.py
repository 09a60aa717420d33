"""The writing side that all SQL ledgers share: one thread for all statements, and the questions asked before the first batch."""

import abc
import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sinks.bookkeeping.draft import Standing
from sinks.bookkeeping.rows import Row
from sinks.chain import START
from sinks.ledger import (
    AckPage,
    Batch,
    BookResult,
    ForeignLedger,
    LedgerRefused,
    LedgerUnreachable,
    OffsetMoved,
    OffsetRange,
    StreamIdentity,
)

T = TypeVar("T")


class ThreadedLedger(abc.ABC):
    """A `Ledger` whose statements run in one thread of its own, so that the event loop goes on fetching while a batch is written.

    `place` names it in messages; `clock` answers UTC microseconds and stamps `booked_at`.
    """

    open_seconds_max: float | None = None
    """Longest wait until the ledger is open; None: as long as it takes."""

    answer_seconds_max: float | None = None
    """Longest wait for any other answer; what became of it then is read from the stored offset after a restart."""

    def __init__(self, place: str, clock: Callable[[], int]) -> None:
        self._place = place
        self._clock = clock
        self._standing = Standing()
        self._hangs = False
        self._closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def open(self, stream: StreamIdentity, partitions: Sequence[int]) -> Mapping[int, int]:
        """See `Ledger.open`."""
        return await self._answer(self.open_seconds_max, self._open, stream, partitions)

    async def book(self, batch: Batch) -> tuple[BookResult, ...]:
        """See `Ledger.book`."""
        return await self._answer(self.answer_seconds_max, self._book, batch)

    async def pending_acks(self, acks_max: int) -> AckPage:
        """See `Ledger.pending_acks`."""
        return await self._answer(self.answer_seconds_max, self._pending_acks, acks_max)

    async def mark_published(self, page: AckPage) -> None:
        """See `Ledger.mark_published`."""
        await self._answer(self.answer_seconds_max, self._mark_published, page)

    async def close(self) -> None:
        """See `Ledger.close`. A thread that hangs is left to the end of the process."""
        if self._closed:
            return
        self._closed = True
        if not self._hangs:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=not self._hangs)

    async def _answer(self, seconds_max: float | None, work: Callable[..., T], *words: Any) -> T:
        """What `work` answers in the ledger's thread; raises `LedgerUnreachable` where it does not within so long."""
        if self._hangs:
            raise LedgerUnreachable(f"{self._place}: the ledger has not answered before")
        try:
            async with asyncio.timeout(seconds_max):  # wait_for would lose a cancellation that comes with the answer
                return await asyncio.get_running_loop().run_in_executor(self._thread, work, *words)
        except TimeoutError:
            self._hangs = True
            raise LedgerUnreachable(f"{self._place}: no answer for {seconds_max} s: look at the server and the network to it") from None

    @abc.abstractmethod
    def _close(self) -> None: ...

    @abc.abstractmethod
    def _open(self, stream: StreamIdentity, partitions: Sequence[int]) -> Mapping[int, int]: ...

    @abc.abstractmethod
    def _book(self, batch: Batch) -> tuple[BookResult, ...]: ...

    @abc.abstractmethod
    def _pending_acks(self, acks_max: int) -> AckPage: ...

    @abc.abstractmethod
    def _mark_published(self, page: AckPage) -> None: ...

    def _require_same_stream(self, stream: StreamIdentity, partitions: Sequence[int], bound: Sequence[Row]) -> None:
        """Raises `ForeignLedger` where rows of source_offset name another stream or a partition that is gone."""
        for row in bound:
            booked_from = StreamIdentity(cluster_id=row[0], topic=row[1], topic_id=row[2])
            if booked_from != stream:
                raise ForeignLedger(
                    f"{self._place}: this ledger books from {_spell(booked_from)}, not from {_spell(stream)}; "
                    "name the right broker, topic prefix or ledger (a topic that was made again has a new id and needs a new ledger)"
                )
            if row[3] not in partitions:
                raise ForeignLedger(
                    f"{self._place}: this ledger has booked from partition {row[3]} of {stream.topic}, which now has "
                    f"only {len(partitions)}; the partition count of a topic generation is fixed"
                )

    def _stand(self, stream: StreamIdentity, offsets: Sequence[Row], last: Sequence[Row]) -> Mapping[int, int]:
        """Go on from the rows of source_offset and last_entry.sql; answers the next offsets.

        A ledger that lost entries is not booked any further, the gap would be covered up: raises `LedgerRefused`.
        """
        heads = {row[3]: (row[5], row[6]) for row in offsets}
        links, last_entry = sum(length for length, _ in heads.values()), last_entry_of(last)
        if links != last_entry[0]:
            raise LedgerRefused(
                f"{self._place}: the heads of the hash chain count {links} entries, the last entry booked has number {last_entry[0]}: "
                "entries were removed or added by hand. Nothing was booked; `asiento verify` names them, restore the ledger from a copy"
            )
        self._standing = Standing(stream, heads, last_entry)
        return {row[3]: row[4] for row in offsets}

    def _require_last_entry(self, last: Sequence[Row]) -> None:
        if last_entry_of(last) != self._standing.last_entry:
            raise OffsetMoved(
                f"{self._place}: entry_no {self._standing.last_entry[0]} is not the last entry any more: another process has booked"
            )

    def _moved(self, wanted: OffsetRange) -> OffsetMoved:
        length = self._standing.heads[wanted.partition][0]
        return OffsetMoved(
            f"{self._place}: partition {wanted.partition} of {self._standing.stream.topic} is not at offset {wanted.start} and link "
            f"{length} of its chain any more: another process has booked; nothing of this batch was kept"
        )


def last_entry_of(rows: Sequence[Row]) -> tuple[int, str]:
    """Number and seal of the entry booked last, from the rows of last_entry.sql; 0 and `START` in an empty ledger."""
    return (rows[0][0], rows[0][1]) if rows else (0, START)


def spell_ranges(batch: Batch) -> str:
    """The ranges of a batch, for messages."""
    return ", ".join(f"partition {moved.partition} offsets {moved.start} to {moved.end - 1}" for moved in batch.ranges)


def _spell(stream: StreamIdentity) -> str:
    return f"topic {stream.topic} (id {stream.topic_id}) on cluster {stream.cluster_id}"
