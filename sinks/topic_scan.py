"""Reading topics from one offset to another as they are, for checks and for people: nothing is committed, no group is joined."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from sinks.entry_stream import Record
from sinks.stream_identity import identify

POLL_SECONDS_MAX = 0.5

STILL_SECONDS_BEYOND_TRANSACTION = 30.0
"""An open transaction may hold a topic for its own longest life; so much longer is a fault."""

SLICE_RECORDS_MAX = 5_000
"""Most records handed over at once; behind them the client holds at most 1 MiB of fetched records per partition."""


class ScanStuck(Exception):
    """Committed records up to the wanted end did not become visible in time; the message says where."""


class TopicScan:
    """Scans topics `read_committed`; use as an async context manager.

    Ends are high watermarks, records of open transactions included: reading up to one waits until every transaction
    that reaches below it has ended, so that two topics written in one transaction are seen alike.
    """

    def __init__(self, client_options: Mapping[str, Any], *, still_seconds_max: float) -> None:
        self._options = client_options
        self._still_seconds_max = still_seconds_max
        self._committed = AIOKafkaConsumer(**client_options, auto_offset_reset="none", isolation_level="read_committed")
        self._written = AIOKafkaConsumer(**client_options, auto_offset_reset="none", isolation_level="read_uncommitted")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """A scan of the broker of `settings`, patient with its transactions as long as they may last."""
        still_seconds_max = settings.kafka_transaction_timeout_seconds + STILL_SECONDS_BEYOND_TRANSACTION
        return cls(client_options(settings), still_seconds_max=still_seconds_max)

    async def __aenter__(self) -> Self:
        """Connect; raises `KafkaConnectionError`."""
        try:
            await self._committed.start()
            await self._written.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Disconnect."""
        await self._committed.stop()
        await self._written.stop()

    async def partitions(self, topic: str) -> tuple[int, ...]:
        """Partition numbers; raises `StreamUnknown` for a topic that is not there."""
        return (await identify(topic, dict(self._options)))[1]

    async def starts(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The first offset that the log still has, per partition."""
        offsets = await self._written.beginning_offsets([TopicPartition(topic, number) for number in partitions])
        return {partition.partition: offset for partition, offset in offsets.items()}

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The offset after the last record written so far, per partition."""
        offsets = await self._written.end_offsets([TopicPartition(topic, number) for number in partitions])
        return {partition.partition: offset for partition, offset in offsets.items()}

    async def stable_ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The offset up to which all transactions have ended, per partition: reading up to it waits for nothing."""
        offsets = await self._committed.end_offsets([TopicPartition(topic, number) for number in partitions])
        return {partition.partition: offset for partition, offset in offsets.items()}

    async def first_at(self, topic: str, times: Mapping[int, int]) -> dict[int, int | None]:
        """Per partition the first offset whose record has this time (UTC milliseconds) or a later one; None where there is none."""
        asked = {TopicPartition(topic, number): time for number, time in times.items()}
        found = await self._written.offsets_for_times(asked)
        return {place.partition: None if answer is None else answer.offset for place, answer in found.items()}

    async def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        """Committed records in [start, end) of each partition, in slices; a partition's in offset order.

        Raises `ScanStuck` when no partition gets further for `still_seconds_max`: a transaction was left open.
        """
        open_ends = {TopicPartition(topic, number): end for number, end in ends.items() if starts[number] < end}
        self._committed.assign(list(open_ends))
        for partition in open_ends:
            self._committed.seek(partition, starts[partition.partition])
        moved_at = time.monotonic()
        before: dict[TopicPartition, int] = {}
        while open_ends:
            fetched = await self._committed.getmany(timeout_ms=int(POLL_SECONDS_MAX * 1000), max_records=SLICE_RECORDS_MAX)
            positions = {partition: await self._committed.position(partition) for partition in open_ends}
            for partition in [partition for partition, end in open_ends.items() if positions[partition] >= end]:
                del open_ends[partition]
                self._committed.pause(partition)
            yield [
                Record(partition.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))
                for partition, records in fetched.items()
                for record in records
                if record.offset < ends[partition.partition]
            ]
            if positions != before:
                moved_at, before = time.monotonic(), positions
            elif time.monotonic() - moved_at > self._still_seconds_max:
                where = ", ".join(f"{number.partition} at {positions[number]} of {end}" for number, end in open_ends.items())
                raise ScanStuck(f"topic {topic}: no further committed records in partition {where}: a transaction was left open")
