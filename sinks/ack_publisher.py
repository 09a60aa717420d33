"""Publishes what the ledger has done: acks from its outbox to their topic, at least once, in order per partition.

It runs beside the booking and never holds it up: where the broker does not take acks, they stay in the outbox, and the next
attempt starts with a new producer at the first of them. A ledger that cannot be read or marked ends the process.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from schemas.acks import ACK_STATUSES, encode_ack
from schemas.topics import EVENT_RECORD_BYTES_MAX
from sinks.ledger import Ledger, PendingAck
from sinks.stream_identity import StreamUnknown, identify

PAGE_ACKS_MAX = 2_000
"""Acks that are read, sent and marked together; the bound of what a crash publishes again."""

BATCH_BYTES_MAX = 512 * 1024
"""A page of one partition in one batch: with the client's 16 KiB the requests cost more than the acks."""

IDLE_SECONDS = 0.25
"""Pause after a page that was not full: under load acks leave in full batches, else within so long."""

STOP_SECONDS_MAX = 2.0
"""Longest wait for a producer that is given up."""

RETRY_SECONDS = 5.0
"""Pause after an attempt that failed."""

STORED_SECONDS_MAX = 30.0
"""Longest wait until the broker has stored a page."""


class AckPublisher:
    """Empties the outbox of one ledger until it is told to leave. `clock` answers UTC microseconds."""

    def __init__(
        self, ledger: Ledger, metrics: Metrics, *, topic: str, client_options: Mapping[str, Any], clock: Callable[[], int]
    ) -> None:
        self._ledger = ledger
        self._topic = topic
        self._options = dict(client_options)
        self._clock = clock
        self._producer: AIOKafkaProducer | None = None
        self._published = {status: metrics.acks_published.labels(ledger.kind, status) for status in ACK_STATUSES}
        self._failed = metrics.acks_failed.labels(ledger.kind)

    async def run(self, leave: asyncio.Event) -> None:
        """Publish until `leave`, then what is pending still, with no further attempt where one fails. Raises `LedgerError`."""
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
        page = await self._ledger.pending_acks(PAGE_ACKS_MAX)
        if not page.acks:
            return IDLE_SECONDS
        try:
            async with asyncio.timeout(STORED_SECONDS_MAX):  # wait_for would lose a cancellation that comes as the acks are stored
                await self._send(page.acks)
        except (KafkaError, StreamUnknown, OSError, TimeoutError) as error:
            self._failed.inc()
            get_logger().warning(log_events.ACKS_NOT_PUBLISHED, topic=self._topic, problem=repr(error), pending=len(page.acks))
            await self._drop_producer()
            return RETRY_SECONDS
        await self._ledger.mark_published(page)
        for status, count in Counter(pending.ack.status for pending in page.acks).items():
            self._published[status].inc(count)
        return 0 if len(page.acks) == PAGE_ACKS_MAX else IDLE_SECONDS

    async def _send(self, acks: Sequence[PendingAck]) -> None:
        """Hand the acks over as full batches per partition and wait until all are stored."""
        producer = self._producer or await self._start()
        now_ms = self._clock() // 1000
        by_partition: dict[int, list[PendingAck]] = {}
        for pending in acks:
            by_partition.setdefault(pending.partition, []).append(pending)
        stored = []
        for partition, waiting in by_partition.items():
            batch = producer.create_batch()
            for pending in waiting:
                key, value = pending.order_key.encode(), encode_ack(pending.ack)
                if batch.append(timestamp=now_ms, key=key, value=value) is None:
                    batch.close()
                    stored.append(await producer.send_batch(batch, self._topic, partition=partition))
                    batch = producer.create_batch()
                    batch.append(timestamp=now_ms, key=key, value=value)
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
