"""The delivery loop: fetch a batch, check it, book it with its offsets, go on. Any broken promise ends the process."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.metrics.standing import StandingGauge
from schemas.entries import content_hash, decode_entry
from schemas.output_codec import DecodeError
from sinks.batch_size import BatchSize
from sinks.entry_stream import EntryStream, Record, StreamBroken
from sinks.lag import MICROSECONDS, PartitionLag
from sinks.ledger import Batch, BookResult, Ledger, LedgerUnavailable, StreamEntry
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
    where = f"partition {record.partition} offset {record.offset}"
    value = record.value or b""
    try:
        hashed = decode_entry(value)
    except DecodeError as error:
        raise StreamBroken(f"{where} of the entries topic is no journal entry ({error}); find out who wrote it: {_SEE}") from error
    if content_hash(hashed.entry) != hashed.content_hash:
        raise StreamBroken(f"{where}: entry {hashed.entry.entry_id} does not match its content hash: it was altered; {_SEE}")
    if record.key != hashed.entry.order_key.encode():
        raise StreamBroken(f"{where}: entry {hashed.entry.entry_id} stands under another key than its order; {_SEE}")
    return StreamEntry(partition=record.partition, offset=record.offset, hashed=hashed, value=value)


_SEE = "nothing of this batch was booked, `asiento verify` shows the rest"


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
        """Deliver until `stop`; what was fetched by then is booked or left for the next start, never half of it."""
        side_tasks = (asyncio.create_task(self._measure_lag()), asyncio.create_task(keep_noting(self._stream)))
        try:
            while not stop.is_set():
                await self._deliver(await self._stream.fetch(self._size.entries))
                for task in side_tasks:
                    if task.done():
                        task.result()
        finally:
            for task in side_tasks:
                task.cancel()
            await asyncio.gather(*side_tasks, return_exceptions=True)
        await note_once(self._stream)

    async def _deliver(self, records: Sequence[Record]) -> None:
        idle_seconds = (self._clock() - self._last_booking) / MICROSECONDS
        if not records and idle_seconds < IDLE_ADVANCE_SECONDS:
            return
        ranges = await self._stream.ranges()
        if not ranges:
            return
        entries = tuple(entry_of(record) for record in records)
        loop = asyncio.get_running_loop()
        started = loop.time()
        results = await self._book(Batch(ranges=ranges, entries=entries))
        self._size.booked(len(entries), loop.time() - started)
        self._stream.take(ranges)
        self._last_booking = self._clock()
        self._count(records, entries, results)

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

    def _count(self, records: Sequence[Record], entries: Sequence[StreamEntry], results: Sequence[BookResult]) -> None:
        for record, found, result in zip(records, entries, results, strict=True):
            self._results[result].inc()
            if result is BookResult.BOOKED:
                self._age.observe(max(0, self._last_booking - record.timestamp * 1000) / MICROSECONDS)
            elif result is BookResult.CONFLICT:
                place = {"entry_id": found.hashed.entry.entry_id, "partition": record.partition, "offset": record.offset}
                get_logger().error(log_events.ENTRY_CONFLICT, **place)
            self._lags[record.partition].booked(record.timestamp * 1000)

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
