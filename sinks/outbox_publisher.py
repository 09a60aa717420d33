"""Publishes what stands in an outbox to its topic, at least once, in order per partition.

It runs beside the booking and never holds it up: where the broker does not take records, they stay in the outbox, and the next
attempt starts with a new producer at the first of them. An outbox that cannot be read or marked ends the process.
"""

import abc
import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from schemas.topics import EVENT_RECORD_BYTES_MAX
from sinks.stream_identity import StreamUnknown, identify

Page = TypeVar("Page")

PAGE_RECORDS_MAX = 2_000
"""Records that are read, sent and marked together; the bound of what a crash publishes again."""

BATCH_BYTES_MAX = 512 * 1024
"""A page of one partition in one batch: with the client's 16 KiB the requests cost more than the records."""

IDLE_SECONDS = 0.25
"""Pause after a page that was not full: under load records leave in full batches, else within so long."""

STOP_SECONDS_MAX = 2.0
"""Longest wait for a producer that is given up."""

RETRY_SECONDS = 5.0
"""Pause after an attempt that failed."""

STORED_SECONDS_MAX = 30.0
"""Longest wait until the broker has stored a page."""


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """A record that is to be published: where, its key and value, and the word under which it is counted."""

    partition: int
    key: bytes
    value: bytes
    counted_as: str


class OutboxPublisher(abc.ABC, Generic[Page]):
    """Empties an outbox until it is told to leave. `clock` answers UTC microseconds."""

    def __init__(self, *, topic: str, client_options: Mapping[str, Any], clock: Callable[[], int]) -> None:
        self._topic = topic
        self._options = dict(client_options)
        self._clock = clock
        self._producer: AIOKafkaProducer | None = None

    @abc.abstractmethod
    async def next_page(self, records_max: int) -> tuple[Page, Sequence[OutboxRecord]]:
        """The next records, and the page that they are, which only the outbox understands."""

    @abc.abstractmethod
    async def mark(self, page: Page) -> None:
        """The records of a page are published."""

    @abc.abstractmethod
    def published(self, counts: Mapping[str, int]) -> None:
        """So many records of each word were published."""

    @abc.abstractmethod
    def failed(self) -> None:
        """An attempt has failed."""

    async def run(self, leave: asyncio.Event) -> None:
        """Publish until `leave`, then what is pending still, with no further attempt where one fails. Raises what the outbox raises."""
        try:
            while True:
                leaving = leave.is_set()
                pause = await self._attempt()
                if leaving and pause > 0:
                    return
                if pause > 0:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await leave.wait()
        finally:
            await self._drop_producer()

    async def _attempt(self) -> float:
        """Publish one page; answers the seconds to wait before the next."""
        page, records = await self.next_page(PAGE_RECORDS_MAX)
        if not records:
            return IDLE_SECONDS
        try:
            async with asyncio.timeout(STORED_SECONDS_MAX):  # wait_for would lose a cancellation that comes as the records are stored
                await self._send(records)
        except (KafkaError, StreamUnknown, OSError, TimeoutError) as error:
            self.failed()
            get_logger().warning(log_events.ACKS_NOT_PUBLISHED, topic=self._topic, problem=repr(error), pending=len(records))
            await self._drop_producer()
            return RETRY_SECONDS
        await self.mark(page)
        self.published(Counter(record.counted_as for record in records))
        return 0 if len(records) == PAGE_RECORDS_MAX else IDLE_SECONDS

    async def _send(self, records: Sequence[OutboxRecord]) -> None:
        """Hand the records over as full batches per partition and wait until all are stored."""
        producer = self._producer or await self._start()
        now_ms = self._clock() // 1000
        by_partition: dict[int, list[OutboxRecord]] = {}
        for record in records:
            by_partition.setdefault(record.partition, []).append(record)
        stored = []
        for partition, waiting in by_partition.items():
            batch = producer.create_batch()
            for record in waiting:
                if batch.append(timestamp=now_ms, key=record.key, value=record.value) is None:
                    batch.close()
                    stored.append(await producer.send_batch(batch, self._topic, partition=partition))
                    batch = producer.create_batch()
                    batch.append(timestamp=now_ms, key=record.key, value=record.value)
            batch.close()
            stored.append(await producer.send_batch(batch, self._topic, partition=partition))
        await asyncio.gather(*stored)

    async def _start(self) -> AIOKafkaProducer:
        """A new producer; the topic is asked for first, since asking for metadata could make it."""
        await identify(self._topic, self._options)
        producer = AIOKafkaProducer(
            **self._options,
            acks="all",
            enable_idempotence=True,
            max_request_size=EVENT_RECORD_BYTES_MAX,
            max_batch_size=BATCH_BYTES_MAX,
        )
        await producer.start()
        self._producer = producer
        return producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), STOP_SECONDS_MAX)
