"""Planted bugs of the sinks: of ledger, acks and projector."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from aiokafka.structs import TopicPartition

from sinks.ack_publisher import AckPublisher
from sinks.delivery import DeliveryLoop
from sinks.entry_stream import EntryStream
from sinks.ledger import Batch, BookResult, LedgerError
from sinks.projector.projection import Projection
from sinks.projector.writer import OperationalWriter, TopicPart
from sinks.sqlite_ledger import SqliteLedger
from tests.simulation.broker import Committed
from tests.simulation.clients import Wire
from tests.simulation.planted_bugs import planted, quietly, uncommitted


@planted("sinks read uncommitted records")
def _uncommitted_sink() -> AbstractContextManager[Any]:
    return uncommitted(EntryStream, "__init__")


@planted("acks are marked as published before they are stored")
def _acks_first() -> AbstractContextManager[Any]:
    send = AckPublisher._send

    async def publish(self: AckPublisher) -> float:
        page, records = await self.next_page(2_000)
        if records:
            await self.mark(page)
            await quietly(send(self, records))
        return 0.25

    return patch.object(AckPublisher, "_attempt", publish)


@planted("acks whose sending failed count as published")
def _acks_lost() -> AbstractContextManager[Any]:
    send = AckPublisher._send

    async def sendquietly(self: AckPublisher, records: Any) -> None:
        await quietly(send(self, records))

    return patch.object(AckPublisher, "_send", sendquietly)


@planted("the ledger's offsets move in a transaction of their own, first")
def _offset_first() -> AbstractContextManager[Any]:
    book = SqliteLedger.book

    async def book_in_two(self: SqliteLedger, batch: Batch) -> Any:
        await book(self, Batch(ranges=batch.ranges, entries=()))
        return await book(self, Batch(ranges=(), entries=batch.entries))

    return patch.object(SqliteLedger, "book", book_in_two)


@planted("a batch that the ledger refuses is gone over, without compare-and-set")
def _gone_over() -> AbstractContextManager[Any]:
    book = DeliveryLoop._book

    async def book_or_go_on(self: DeliveryLoop, batch: Batch) -> Any:
        try:
            return await book(self, batch)
        except LedgerError:
            await book(self, Batch(ranges=batch.ranges, entries=()))
            return tuple(BookResult.EXISTS for _ in batch.entries)

    return patch.object(DeliveryLoop, "_book", book_or_go_on)


@planted("a sink starts at the positions noted on the broker")
def _noted_positions() -> AbstractContextManager[Any]:
    start = EntryStream.start

    async def start_noted(self: EntryStream, next_offsets: Mapping[int, int]) -> None:
        noted = {
            number: Wire.broker.offsets.get(("asiento-ledger", TopicPartition(self._topic, number)), Committed(0)).offset
            for number in next_offsets
        }
        await start(self, noted)

    return patch.object(EntryStream, "start", start_noted)


@planted("a booking that does not answer is waited for without end")
def _patient() -> AbstractContextManager[Any]:
    init = DeliveryLoop.__init__

    def init_patient(self: DeliveryLoop, *args: Any, **named: Any) -> None:
        init(self, *args, **named | {"booking_seconds_max": 1e6})

    return patch.object(DeliveryLoop, "__init__", init_patient)


@planted("offsets behind the last record are booked before their records are")
def _ahead() -> AbstractContextManager[Any]:
    ranges = EntryStream.ranges

    async def ranges_to_end(self: EntryStream) -> Any:
        found, ends = await ranges(self), await self.end_offsets()
        return tuple(replace(moved, end=max(moved.end, ends[moved.partition])) for moved in found)

    return patch.object(EntryStream, "ranges", ranges_to_end)


@planted("the projector's offsets move in a transaction of their own, first")
def _projector_first() -> AbstractContextManager[Any]:
    write = Projection._write

    async def write_in_two(self: Projection, parts: Sequence[TopicPart]) -> None:
        await write(self, [replace(part, records=()) for part in parts])
        await write(self, [replace(part, ranges=()) for part in parts])

    return patch.object(Projection, "_write", write_in_two)


@planted("the projector goes over a batch that failed")
def _projector_over() -> AbstractContextManager[Any]:
    write = OperationalWriter.write
    number = iter(range(10**9))

    def write_mostly(self: OperationalWriter, parts: Sequence[TopicPart]) -> None:
        failed = next(number) % 20 == 19
        write(self, [replace(part, records=()) for part in parts] if failed else parts)

    return patch.object(OperationalWriter, "write", write_mostly)
