"""The consumer thread: aiokafka, its group membership and its seeks. The only place that knows what a fetch really covered."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import aiokafka
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import ConsumerStoppedError, KafkaError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from streams.engine.chunks import FetchedChunk
from streams.engine.membership import end_when_forgotten
from streams.engine.processor import SourceRecord

FETCH_WAIT_MS: Final = 100
FETCH_BYTES_MAX: Final = 8 * 1024 * 1024
DRAIN_BYTES_MAX: Final = 512 * 1024
"""Bytes handed over at once; the rest stays in the fetcher until the next call."""
MAX_POLL_SECONDS: Final = 3600.0
"""aiokafka's own watchdog is not used: the engine's in-flight watchdog is stricter and ends the process."""


class StartPosition(NamedTuple):
    """What the broker knows about a source partition: committed offset of the group (None: none), first and end offset.

    `note` is the text that was committed with the offset.
    """

    committed: int | None
    earliest: int
    end: int
    note: str = ""


class UnreadableBatch(Exception):
    """A fetched batch cannot be unpacked or read; it starts at `offset`, or a little before."""

    def __init__(self, topic: str, partition: int, offset: int, problem: Exception) -> None:
        said = str(problem) if isinstance(problem, KafkaError) else f"{type(problem).__name__}: {problem}"
        super().__init__(f"{topic}[{partition}] from offset {offset}: {said}")
        self.topic = topic
        self.partition = partition
        self.offset = offset


def read_as_is(records: Any) -> None:
    """Have aiokafka hand out records as its compiled reader makes them: its own cost as much again, and take five times the memory."""
    records._consumer_record = _as_read


def _as_read(tp: Any, record: SourceRecord) -> SourceRecord:
    del tp
    return record


class ChunkFetchThread(AIOKafkaConsumerThread):
    """Reads committed data in chunks; every chunk carries the range it covers and the seek epoch it was read at."""

    def configure(self, settings: Settings) -> None:
        """Hand over the settings; before the thread starts."""
        self._settings = settings
        self._epochs: dict[TP, int] = {}
        self._waiter: asyncio.Future[None] | None = None

    async def on_start(self) -> None:
        """Join the group; a static member is watched, as the client library would not tell that it lost its id."""
        await super().on_start()
        if self._settings.instance_id is not None:
            end_when_forgotten(self._ensure_consumer()._coordinator, self._settings, lambda: self.app.should_stop)

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        del transport
        conf, settings = self.app.conf, self._settings
        self._assignor = self.app.assignor
        return aiokafka.AIOKafkaConsumer(
            **client_options(settings),
            client_id=settings.instance_id or conf.id,
            group_id=conf.id,
            group_instance_id=settings.instance_id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            fetch_max_bytes=FETCH_BYTES_MAX,
            max_partition_fetch_bytes=settings.chunk_bytes_max,
            max_poll_records=settings.merged_records_max,
            max_poll_interval_ms=round(MAX_POLL_SECONDS * 1000),
            session_timeout_ms=round(settings.kafka_session_timeout_seconds * 1000),
            rebalance_timeout_ms=round(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=round(conf.broker_heartbeat_interval * 1000),
        )

    async def _fetch_records(  # type: ignore[override]
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> list[FetchedChunk]:
        """Chunks of the partitions that the consumer wants at this moment; an empty list after `timeout` seconds."""
        del active_partitions  # a copy from before the wait; the consumer's own set is asked instead
        fetcher = consumer._fetcher
        deadline = self.thread_loop.time() + (timeout or 0.0)
        with fetcher._subscriptions.fetch_context():
            while True:
                if consumer._closed or fetcher._closed:
                    raise ConsumerStoppedError
                if not self.consumer.flow_active:
                    return []
                chunks = [] if fetcher._subscriptions.reassignment_in_progress else self._drain(fetcher, max_records)
                remaining = deadline - self.thread_loop.time()
                if chunks or remaining <= 0:
                    return chunks
                await self._wait_for_data(fetcher, remaining)

    async def _wait_for_data(self, fetcher: Any, seconds_max: float) -> None:
        waiter = self._waiter = fetcher._create_fetch_waiter()
        await asyncio.wait([waiter], timeout=seconds_max)
        if waiter.done():
            waiter.result()  # errors of the group coordinator arrive here
        else:
            waiter.cancel()

    def wake(self) -> None:
        """Let a waiting fetch look again; callable from any thread."""

        def notify() -> None:
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

        if self._consumer is not None:
            self.thread_loop.call_soon_threadsafe(notify)

    def _drain(self, fetcher: Any, max_records: int | None) -> list[FetchedChunk]:
        """Take what the fetcher holds, with the range `[position before, position after)` that it covers."""
        assignment = fetcher._subscriptions.subscription.assignment
        wanted: Collection[TP] = self.consumer.wanted  # type: ignore[attr-defined]
        chunks: list[FetchedChunk] = []
        size = 0
        for tp in list(fetcher._records):
            state = assignment.state_value(tp) if assignment is not None else None
            if state is None or not state.has_valid_position:
                del fetcher._records[tp]
                continue
            if tp not in wanted or size > DRAIN_BYTES_MAX:
                continue
            fetched = fetcher._records[tp]
            if not isinstance(fetched, FetchResult):
                del fetcher._records[tp]
                fetched.check_raise()
            start = state.position
            if fetched.has_more():
                read_as_is(fetched._partition_records)
            try:
                records = fetched.getall(max_records)
            except Exception as problem:
                raise UnreadableBatch(tp.topic, tp.partition, start, problem) from problem
            if not fetched.has_more():
                del fetcher._records[tp]
                fetcher._notify(fetcher._wait_consume_future)
            if state.position > start:  # also without records: markers and aborted records are covered, too
                chunk_size = sum([len(record.key or b"") + len(record.value or b"") for record in records])
                size += chunk_size
                source = TP(tp.topic, tp.partition)
                chunks.append(FetchedChunk(source, start, state.position, self._epochs.get(source, 0), records, chunk_size))
        return chunks

    async def seek_to(self, offsets: Mapping[TP, int], epochs: Mapping[TP, int]) -> None:
        """Set fetch positions; chunks read from now on carry the given epochs. Partitions that have left are passed over."""
        await self.call_thread(self._seek_to, offsets, epochs)

    async def _seek_to(self, offsets: Mapping[TP, int], epochs: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        for tp, offset in offsets.items():
            if tp in assigned:
                consumer.seek(aiokafka.TopicPartition(tp.topic, tp.partition), offset)
                self._epochs[tp] = epochs[tp]

    async def start_positions(self, partitions: Collection[TP]) -> dict[TP, StartPosition]:
        """Where the group stands and what the log holds. Raises any `KafkaError`."""
        positions: dict[TP, StartPosition] = await self.call_thread(self._start_positions, partitions)
        return positions

    async def _start_positions(self, partitions: Collection[TP]) -> dict[TP, StartPosition]:
        consumer = self._ensure_consumer()
        tps = [aiokafka.TopicPartition(tp.topic, tp.partition) for tp in partitions]
        earliest, end, committed = await asyncio.gather(
            consumer.beginning_offsets(tps), consumer.end_offsets(tps), consumer._coordinator.fetch_committed_offsets(tps)
        )
        found = {}
        for tp in tps:
            offset, note = committed.get(tp, (None, ""))
            found[TP(tp.topic, tp.partition)] = StartPosition(offset, earliest[tp], end[tp], note or "")
        return found

    def group_coordinator(self) -> int | None:
        """The broker that answers for the group's offsets at this moment. Callable from any thread: only reads."""
        coordinator = self._ensure_consumer()._coordinator.coordinator_id
        return None if coordinator is None else int(coordinator)

    async def hold(self, paused: Collection[TP]) -> None:
        """Fetch everything assigned but these partitions."""
        await self.call_thread(self._hold, paused)

    async def _hold(self, paused: Collection[TP]) -> None:
        consumer = self._ensure_consumer()
        for tp in consumer.assignment():
            (consumer.pause if tp in paused else consumer.resume)(tp)

    def answered_at(self, tp: TP) -> float:
        """When the brokers answered last about a partition, seconds since 1970; 0 where they have not. Callable from any thread."""
        consumer = self._consumer
        assignment = consumer._fetcher._subscriptions.subscription.assignment if consumer is not None else None
        state = assignment.state_value(tp) if assignment is not None else None
        return (state.timestamp or 0) / 1000 if state is not None else 0.0

    def fetch_state(self, tp: TP) -> tuple[int | None, int | None]:
        """Fetch position and end of the readable log as last seen; None where unknown. Callable from any thread: only reads."""
        consumer = self._consumer
        assignment = consumer._fetcher._subscriptions.subscription.assignment if consumer is not None else None
        state = assignment.state_value(tp) if assignment is not None else None
        if state is None or not state.has_valid_position:
            return None, None
        return state.position, state.lso if state.lso is not None and state.lso >= 0 else state.highwater
