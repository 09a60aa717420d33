"""The delivery loop: fetch a batch, check it, book it with its offsets, go on. Any broken promise ends the process.

While one batch is booked the next is fetched and decoded (docs/adr/0022): it is handed to the ledger when the one before it is
committed, never sooner. Nobody waits for a batch to fill: what came until then is the next batch, so batches are small while little
comes, and full while the stream is behind.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.metrics.standing import StandingGauge
from schemas.entries import AlteredEntry, content_hash, decode_entry
from schemas.output_codec import DecodeError
from sinks.batch_size import BatchSize
from sinks.bookkeeping.bookable import ORDER_KEY, bookable
from sinks.entry_stream import EntryStream, Record, StreamBroken
from sinks.lag import MICROSECONDS, PartitionLag
from sinks.ledger import Batch, BookableEntry, BookResult, Ledger, LedgerUnavailable, OffsetRange, StreamEntry
from sinks.noted_positions import keep_noting, note_once

IDLE_ADVANCE_SECONDS = 1.0
"""Offsets without an entry (control records) are booked alone only when nothing else came for so long."""

LAG_MEASURED_SECONDS = 2.0
"""How often the ends of the partitions are asked for."""
ENDS_SECONDS_MAX = 5.0
"""Longest wait for that answer: an old lag is shown for so long."""


def entry_of(record: Record) -> StreamEntry:
    """The entry in a record, proven to be whole and unaltered; raises `StreamBroken`.

    The topic is written by our own workers only, so a record that is no entry is never skipped: it means that a
    promise was broken somewhere, and a gap in the books is worse than a sink that stands still.
    """
    value = record.value or b""
    try:
        hashed = decode_entry(value)
    except DecodeError as error:
        raise _no_entry(record, error) from error
    entry = hashed.entry
    if content_hash(entry) != hashed.content_hash:
        raise _altered(record, f"entry {entry.entry_id} does not match its content hash: it was altered")
    _require_key(record, entry.entry_id, entry.order_key)
    return StreamEntry(partition=record.partition, offset=record.offset, hashed=hashed, value=value)


def bookable_of(record: Record) -> BookableEntry:
    """The same as rows for a ledger of ours; raises `StreamBroken`."""
    try:
        entry = bookable(record.partition, record.offset, record.value or b"")
    except DecodeError as error:
        raise _no_entry(record, error) from error
    except AlteredEntry as error:
        raise _altered(record, str(error)) from error
    _require_key(record, entry.entry_id, entry.columns[ORDER_KEY])
    return entry


_SEE = "nothing of this batch was booked, `asiento verify` shows the rest"


def _require_key(record: Record, entry_id: str, order_key: str) -> None:
    if record.key != order_key.encode():
        raise _altered(record, f"entry {entry_id} stands under another key than its order")


def _no_entry(record: Record, error: DecodeError) -> StreamBroken:
    where = f"partition {record.partition} offset {record.offset}"
    return StreamBroken(f"{where} of the entries topic is no journal entry ({error}); find out who wrote it: {_SEE}")


def _altered(record: Record, problem: str) -> StreamBroken:
    return StreamBroken(f"partition {record.partition} offset {record.offset}: {problem}; {_SEE}")


@dataclass(slots=True)
class _Gathered:
    """What was fetched since the last batch was handed to the ledger."""

    ranges: dict[int, OffsetRange] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    entries: list[BookableEntry] = field(default_factory=list)

    def add(self, other: "_Gathered") -> None:
        """What was fetched next."""
        for number, moved in other.ranges.items():
            first = self.ranges.get(number, moved)
            self.ranges[number] = OffsetRange(partition=number, start=first.start, end=moved.end)
        self.records += other.records
        self.entries += other.entries


class DeliveryLoop:
    """Moves entries from the stream into one ledger until it is told to stop.

    `clock` answers UTC microseconds.
    """

    def __init__(
        self,
        stream: EntryStream,
        ledger: Ledger,
        metrics: Metrics,
        *,
        group: str,
        topic: str,
        batch_entries_max: int,
        booking_seconds_max: float,
        clock: Callable[[], int],
    ) -> None:
        self._stream = stream
        self._ledger = ledger
        self._size = BatchSize(batch_entries_max)
        self._booking_seconds_max = booking_seconds_max
        self._clock = clock
        self._lags = {number: PartitionLag() for number in stream.next_offsets}
        self._results = {result: metrics.entries_booked.labels(ledger.kind, result.value) for result in BookResult}
        self._age = metrics.booked_age_seconds.labels(ledger.kind)
        self._committed = metrics.ledger_transactions.labels(ledger.kind, "committed")
        self._failed = metrics.ledger_transactions.labels(ledger.kind, "failed")
        self._place = (group, topic)
        self._lag_records = StandingGauge(metrics.lag_records)
        self._lag_seconds = StandingGauge(metrics.lag_seconds)
        self._last_booking = clock()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; what is being booked then is booked, what was fetched behind it is left for the next start."""
        side_tasks = (asyncio.create_task(self._measure_lag()), asyncio.create_task(keep_noting(self._stream)))
        try:
            await self._deliver(stop, side_tasks)
        finally:
            for task in side_tasks:
                task.cancel()
            await asyncio.gather(*side_tasks, return_exceptions=True)
        await note_once(self._stream)

    async def _deliver(self, stop: asyncio.Event, side_tasks: Sequence["asyncio.Task[None]"]) -> None:
        """One task fetches and decodes, another books what the first had ready when the booking before it was committed."""
        fetching: asyncio.Task[_Gathered] | None = None
        booking: asyncio.Task[None] | None = None
        gathered = _Gathered()
        try:
            while not stop.is_set():
                room = self._size.entries - len(gathered.entries)
                if fetching is None and room > 0:
                    fetching = asyncio.create_task(self._fetch(room))
                await asyncio.wait([task for task in (fetching, booking) if task is not None], return_when=asyncio.FIRST_COMPLETED)
                if fetching is not None and fetching.done():
                    gathered.add(fetching.result())
                    fetching = None
                if booking is not None and booking.done():
                    booking.result()
                    booking = None
                if booking is None and self._is_due(gathered) and not stop.is_set():
                    booking, gathered = asyncio.create_task(self._take(gathered)), _Gathered()
                for task in side_tasks:
                    if task.done():
                        task.result()
            if booking is not None:
                await booking
        finally:
            left = [task for task in (fetching, booking) if task is not None]
            for one in left:
                one.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _fetch(self, entries_max: int) -> _Gathered:
        records = await self._stream.fetch(entries_max)
        ranges = await self._stream.ranges()
        self._stream.hand_over(ranges)
        return _Gathered({moved.partition: moved for moved in ranges}, list(records), list(map(bookable_of, records)))

    def _is_due(self, gathered: _Gathered) -> bool:
        """Entries are booked at once; offsets without an entry when nothing else came for a while."""
        if gathered.entries:
            return True
        return bool(gathered.ranges) and (self._clock() - self._last_booking) / MICROSECONDS >= IDLE_ADVANCE_SECONDS

    async def _take(self, gathered: _Gathered) -> None:
        batch = Batch(ranges=tuple(gathered.ranges.values()), entries=tuple(gathered.entries))
        loop = asyncio.get_running_loop()
        started = loop.time()
        results = await self._book(batch)
        self._size.booked(len(batch.entries), loop.time() - started)
        self._stream.take(batch.ranges)
        self._last_booking = self._clock()
        self._count(gathered.records, batch.entries, results)

    async def _book(self, batch: Batch) -> tuple[BookResult, ...]:
        try:
            results = await asyncio.wait_for(self._ledger.book(batch), self._booking_seconds_max)
        except TimeoutError:
            self._failed.inc()
            seconds = self._booking_seconds_max
            raise LedgerUnavailable(f"the ledger took longer than {seconds} s for one batch: look at its disk and locks") from None
        except BaseException:
            self._failed.inc()
            raise
        self._committed.inc()
        return results

    def _count(self, records: Sequence[Record], entries: Sequence[BookableEntry], results: Sequence[BookResult]) -> None:
        for result, count in Counter(results).items():
            self._results[result].inc(count)
        for record, found, result in zip(records, entries, results, strict=True):
            if result is BookResult.BOOKED:
                self._age.observe(max(0, self._last_booking - record.timestamp * 1000) / MICROSECONDS)
            elif result is BookResult.CONFLICT:
                place = {"entry_id": found.entry_id, "partition": record.partition, "offset": record.offset}
                get_logger().error(log_events.ENTRY_CONFLICT, **place)
        for partition, timestamp in {record.partition: record.timestamp for record in records}.items():
            self._lags[partition].booked(timestamp * 1000)

    async def _measure_lag(self) -> None:
        while True:
            try:
                async with asyncio.timeout(ENDS_SECONDS_MAX):
                    ends = await self._stream.end_offsets()
            except (KafkaError, TimeoutError) as error:
                get_logger().warning(log_events.LAG_UNKNOWN, problem=repr(error))
                self._lag_records.show_nothing()
                self._lag_seconds.show_nothing()
            else:
                self._show_lag(ends)
            await asyncio.sleep(LAG_MEASURED_SECONDS)

    def _show_lag(self, ends: Mapping[int, int]) -> None:
        now = self._clock()
        behind = {number: max(0, ends[number] - self._stream.next_offsets[number]) for number in self._lags}
        self._lag_records.show({(*self._place, str(number)): records for number, records in behind.items()})
        self._lag_seconds.show(
            {(*self._place, str(number)): self._lags[number].seconds(records, now) for number, records in behind.items()}
        )
