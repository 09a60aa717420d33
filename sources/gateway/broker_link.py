"""One connection to Kafka, used until something about it fails: records go out in order per partition, each is confirmed or none after it.

A link is never mended. Whoever has one gives it up at its first failure and makes another; what was not confirmed is then sent again.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.partitioning import partition_for
from schemas.topics import OUTPUT_RECORD_BYTES_MAX
from sources.gateway.outgoing import OutgoingRecord

BATCH_BYTES_MAX: Final = 256 * 1024
STOP_SECONDS_MAX: Final = 2.0


class LinkFailed(Exception):
    """The link is not to be used any more; the message says why."""


class BrokerLink(Protocol):
    """What the dispatcher needs of a connection."""

    def send(self, record: OutgoingRecord, confirmed: Callable[[], None]) -> None:
        """Send a record behind all of its partition; `confirmed` is called once it is stored, never after `abandon`."""

    async def abandon(self) -> None:
        """Stop sending at once; bounded."""


class _Lane:
    """The records of one partition that are not sent yet, and whether some are on their way."""

    __slots__ = ("busy", "partition", "topic", "waiting")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.waiting: deque[tuple[OutgoingRecord, Callable[[], None]]] = deque()
        self.busy = False


class KafkaLink:
    """The real one. `failed` is called once, at the first failure."""

    def __init__(
        self,
        client_options: Mapping[str, Any],
        topic_names: Callable[[str], str],
        partitions: int,
        linger_seconds: float,
        *,
        failed: Callable[[str], None],
    ) -> None:
        self._producer = AIOKafkaProducer(
            **client_options,
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=OUTPUT_RECORD_BYTES_MAX,
        )
        self._topic_names = topic_names
        self._partitions = partitions
        self._linger_seconds = linger_seconds
        self._failed = failed
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._lingering: dict[tuple[str, int], _Lane] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False

    async def start(self, topics: tuple[str, ...]) -> None:
        """Connect, and make sure that the topics are as they should be. Raises `LinkFailed`."""
        try:
            await self._producer.start()
            for topic in topics:
                name = self._topic_names(topic)
                found = await self._producer.partitions_for(name)
                if len(found) != self._partitions:
                    raise LinkFailed(f"topic {name} has {len(found)} partitions, ASIENTO_PARTITIONS says {self._partitions}")
        except (KafkaError, OSError, TimeoutError) as error:
            raise LinkFailed(f"{type(error).__name__}: {error}") from None

    def send(self, record: OutgoingRecord, confirmed: Callable[[], None]) -> None:
        """See `BrokerLink`."""
        place = (record.topic, partition_for(record.key, self._partitions))
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = _Lane(self._topic_names(record.topic), place[1])
        lane.waiting.append((record, confirmed))
        self._lingering[place] = lane
        if self._timer is None and not self._over:
            self._timer = asyncio.get_running_loop().call_later(self._linger_seconds, self._flush)

    async def abandon(self) -> None:
        """See `BrokerLink`. The client's own stop would wait for answers that do not come, so its sender is ended first."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        sender = self._producer._sender
        if sender is not None and sender.sender_task is not None:
            sender.sender_task.cancel()
        self._producer._message_accumulator.fail_all(KafkaError("the link was given up"))
        for closing in (self._producer.client.close, self._producer.stop):
            with contextlib.suppress(KafkaError, TimeoutError, OSError):
                await asyncio.wait_for(closing(), STOP_SECONDS_MAX)

    def _flush(self) -> None:
        self._timer = None
        lanes, self._lingering = self._lingering, {}
        loop = asyncio.get_running_loop()
        for lane in lanes.values():
            if not lane.busy:
                lane.busy = True
                task = loop.create_task(self._ship(lane))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _ship(self, lane: _Lane) -> None:
        """Send what waits in a lane, batch after batch, one at a time: that is what keeps the order."""
        try:
            while lane.waiting:
                batch = self._producer.create_batch()
                calls = []
                while lane.waiting:
                    record, confirmed = lane.waiting[0]
                    if batch.append(timestamp=record.timestamp_ms, key=record.key, value=record.value) is None:
                        break
                    lane.waiting.popleft()
                    calls.append(confirmed)
                batch.close()
                await (await self._producer.send_batch(batch, lane.topic, partition=lane.partition))
                if self._over:
                    return
                for call in calls:
                    call()
            lane.busy = False
        except (KafkaError, OSError, TimeoutError) as error:
            if not self._over:
                self._over = True
                self._failed(f"{type(error).__name__}: {error}")
