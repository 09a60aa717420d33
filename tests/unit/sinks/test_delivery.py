"""One batch is booked while the next is fetched; order, and what was promised of each batch, do not depend on it."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from asiento.runtime.metrics import Exporter, Metrics
from schemas.entries import encode_entry
from sinks.delivery import DeliveryLoop
from sinks.entry_stream import Record, StreamBroken
from sinks.ledger import Batch, BookResult, LedgerRefused, OffsetRange
from tests.unit.sinks.journal import BOOKED_AT, capture

BATCH_ENTRIES_MAX = 4
TURNS = 50


def record(offset: int) -> Record:
    entry = capture(offset + 1)
    return Record(0, offset, BOOKED_AT // 1000, entry.order_key.encode(), encode_entry(entry))


class Stream:
    """One partition; a test puts records on it, `end` is behind control records, too."""

    def __init__(self) -> None:
        self.next_offsets = {0: 0}
        self.position = self.handed = 0
        self.waiting: list[Record] = []
        self.came = asyncio.Event()
        self.fetches = 0

    def put(self, *offsets: int) -> None:
        self.waiting += [record(offset) for offset in offsets]
        self.came.set()

    async def fetch(self, records_max: int) -> list[Record]:
        self.fetches += 1
        while not self.waiting:
            self.came.clear()
            await self.came.wait()
        taken, self.waiting = self.waiting[:records_max], self.waiting[records_max:]
        self.position = taken[-1].offset + 1
        return taken

    async def ranges(self) -> tuple[OffsetRange, ...]:
        return (OffsetRange(partition=0, start=self.handed, end=self.position),) if self.position > self.handed else ()

    def hand_over(self, ranges: Sequence[OffsetRange]) -> None:
        for moved in ranges:
            self.handed = moved.end

    def take(self, ranges: Sequence[OffsetRange]) -> None:
        for moved in ranges:
            assert moved.start == self.next_offsets[0]
            self.next_offsets[0] = moved.end

    async def end_offsets(self) -> dict[int, int]:
        return {0: self.position}

    async def note_positions(self) -> str | None:
        return None


class BookedWhenTold:
    """A ledger whose bookings take until the test lets them end."""

    kind = "sqlite"

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.ends: list[asyncio.Future[None]] = []

    async def book(self, batch: Batch) -> tuple[BookResult, ...]:
        assert not self.ends or self.ends[-1].done(), "a batch came before the one before it was booked"
        self.batches.append(batch)
        self.ends.append(asyncio.get_running_loop().create_future())
        await self.ends[-1]
        return tuple(BookResult.BOOKED for _ in batch.entries)

    @property
    def offsets(self) -> list[list[int]]:
        return [[entry.offset for entry in batch.entries] for batch in self.batches]


class Sink:
    """The loop at work on both."""

    def __init__(self) -> None:
        self.stream, self.ledger, self.stop = Stream(), BookedWhenTold(), asyncio.Event()
        loop = DeliveryLoop(
            cast("Any", self.stream),
            cast("Any", self.ledger),
            Metrics(Exporter.LEDGER),
            group="books",
            topic="entries",
            batch_entries_max=BATCH_ENTRIES_MAX,
            booking_seconds_max=60,
            clock=lambda: BOOKED_AT,
        )
        self.running = asyncio.create_task(loop.run(self.stop))

    async def turns(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)


async def test_what_comes_while_a_batch_is_booked_is_the_next_one() -> None:
    sink = Sink()
    sink.stream.put(0)
    await sink.turns()
    for offset in (1, 2, 3):
        sink.stream.put(offset)
        await sink.turns()
    assert sink.ledger.offsets == [[0]]
    assert (sink.stream.next_offsets[0], sink.stream.handed) == (0, 4)
    sink.ledger.ends[0].set_result(None)
    await sink.turns()
    assert sink.ledger.offsets == [[0], [1, 2, 3]]
    assert sink.ledger.batches[1].ranges == (OffsetRange(partition=0, start=1, end=4),)
    assert sink.stream.next_offsets[0] == 1
    sink.ledger.ends[1].set_result(None)
    await sink.turns()
    assert sink.stream.next_offsets[0] == 4
    sink.stop.set()
    sink.stream.put(4)
    await sink.running
    assert sink.ledger.offsets == [[0], [1, 2, 3]]


async def test_no_more_is_held_than_a_batch_may_have() -> None:
    sink = Sink()
    sink.stream.put(*range(20))
    await sink.turns()
    assert sink.ledger.offsets == [[0, 1, 2, 3]]
    assert len(sink.stream.waiting) == 20 - 2 * BATCH_ENTRIES_MAX
    fetches = sink.stream.fetches
    await sink.turns()
    assert sink.stream.fetches == fetches
    sink.running.cancel()


async def test_behind_a_batch_that_was_refused_nothing_is_booked() -> None:
    sink = Sink()
    sink.stream.put(0)
    await sink.turns()
    sink.stream.put(1)
    await sink.turns()
    sink.ledger.ends[0].set_exception(LedgerRefused("unbalanced"))
    with pytest.raises(LedgerRefused, match="unbalanced"):
        await sink.running
    assert sink.ledger.offsets == [[0]]
    assert sink.stream.next_offsets[0] == 0


async def test_a_record_that_is_no_entry_ends_it_whatever_is_being_booked() -> None:
    sink = Sink()
    sink.stream.put(0)
    await sink.turns()
    sink.stream.waiting.append(Record(0, 1, 0, b"key", b"no entry"))
    sink.stream.came.set()
    with pytest.raises(StreamBroken, match="partition 0 offset 1"):
        await sink.running
    assert sink.ledger.offsets == [[0]]


async def test_told_to_stop_it_waits_for_what_is_being_booked() -> None:
    sink = Sink()
    sink.stream.put(0)
    await sink.turns()
    sink.stop.set()
    sink.stream.put(1)
    await sink.turns()
    assert not sink.running.done()
    sink.ledger.ends[0].set_result(None)
    await sink.running
    assert (sink.ledger.offsets, sink.stream.next_offsets[0]) == ([[0]], 1)
