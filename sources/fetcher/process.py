"""The process `asiento fetcher run`: fetch requests in, raw records out, at least once, within each source's budget.

Answers come in any order; the offset that is committed is that of the oldest request without an answer. What is fetched a second time
after a crash tells the normalizer nothing new.
"""

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import aiohttp
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka.structs import TopicPartition

from asiento.runtime import log_events
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter
from asiento.runtime.service_process import STOP_SECONDS_MAX, ServiceProcess, now_microseconds, service_process
from asiento.runtime.settings import Settings
from schemas.output_codec import DecodeError
from schemas.partitioning import partition_for
from schemas.raw_records import FetchRequest, RawRecord, decode_fetch_request, encode_raw_record
from schemas.topics import FETCH_REQUESTS, ORDERS_RAW, OUTPUT_RECORD_BYTES_MAX
from sources.fetcher.budget import Budget
from sources.fetcher.client import Fetched, Gone, NotNow, fetch
from sources.fetcher.config import FetchedSource
from sources.fetcher.places import path_of
from sources.fetcher.progress import PartitionProgress

AT_ONCE_PER_SOURCE: Final = 4
IN_WORK_MAX: Final = 10_000
"""Most requests that are held, of all sources together; more stay on the broker."""
POLL_MS: Final = 200
FIRST_RETRY_SECONDS: Final = 1.0
RETRY_SECONDS_MAX: Final = 300.0
MICROSECONDS: Final = 1_000_000
HOUR_SECONDS: Final = 3_600

SourceName: TypeAlias = tuple[str, str]
"""(tenant, source)."""


@dataclass(slots=True)
class _Wanted:
    """One object, and every request that asks for it: (partition, offset) each."""

    key: bytes
    source: SourceName
    request: FetchRequest
    places: list[tuple[int, int]]
    tries: int = 0


@dataclass(slots=True)
class _Line:
    """What waits at one source: the heap has (earliest moment, number, object); `queued` finds what is asked for once more."""

    budget: Budget
    heap: list[tuple[float, int, _Wanted]] = field(default_factory=list)
    queued: dict[tuple[bytes, str, str], _Wanted] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Fetcher:
    """Needs a running event loop; `run` returns when `process.stop` is set."""

    def __init__(self, settings: Settings, sources: Mapping[SourceName, FetchedSource], process: ServiceProcess) -> None:
        options = client_options(settings)
        self._settings = settings
        self._sources = sources
        self._process = process
        self._raw_topic = settings.topic(ORDERS_RAW)
        self._consumer: Any = AIOKafkaConsumer(
            **options,
            group_id=settings.fetcher_group,
            group_instance_id=settings.instance_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        self._producer: Any = AIOKafkaProducer(**options, acks="all", enable_idempotence=True, max_request_size=OUTPUT_RECORD_BYTES_MAX)
        self._progress: dict[int, PartitionProgress] = {}
        self._to_commit: dict[int, int] = {}
        self._lines: dict[SourceName, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count()
        self._in_work = 0

    async def run(self) -> None:
        """Fetch until told to stop. Raises `KafkaError` where the broker ends it."""
        stop = self._process.stop
        async with aiohttp.ClientSession(auto_decompress=True, trust_env=True) as session:
            try:
                await self._producer.start()
                await self._consumer.start()
                self._consumer.subscribe([self._settings.topic(FETCH_REQUESTS)], listener=_Forget(self._progress))
                self._process.started()
                while not stop.is_set():
                    await self._take(session)
                    await self._commit()
                    for task in [task for task in self._tasks if task.done()]:
                        task.result()
            finally:
                await self._leave()

    async def _take(self, session: aiohttp.ClientSession) -> None:
        """Take over what has come, as far as there is room."""
        assigned, room = self._consumer.assignment(), self._in_work < IN_WORK_MAX
        self._consumer.pause(*[place for place in assigned if not room or self._progress_of(place.partition).full])
        for place, records in (await self._consumer.getmany(timeout_ms=POLL_MS)).items():
            for record in records:
                self._progress_of(place.partition).begin(record.offset)
                await self._queue(record, session)
        if self._in_work < IN_WORK_MAX:
            self._consumer.resume(*[place for place in self._consumer.paused() if not self._progress_of(place.partition).full])

    def _progress_of(self, partition: int) -> PartitionProgress:
        return self._progress.setdefault(partition, PartitionProgress())

    async def _queue(self, record: Any, session: aiohttp.ClientSession) -> None:
        try:
            request = decode_fetch_request(record.value)
            tenant, platform, connection, _ = record.key.decode().split(":", 3)
        except (DecodeError, ValueError, AttributeError):
            get_logger().error(log_events.FETCH_REQUEST_UNREADABLE, partition=record.partition, offset=record.offset)
            self._answered(record.partition, record.offset)
            return
        name = (tenant, f"{platform}:{connection}")
        source = self._sources.get(name)
        path = path_of(request.resource, source.paths) if source is not None else None
        if source is None or path is None:
            why = "the source is not in the fetcher's configuration" if source is None else "its configuration has no path for the object"
            await self._answer(record.key, request, body=b"", error=why)
            self._process.metrics.fetches.labels(platform, "not_configured").inc()
            self._answered(record.partition, record.offset)
            return
        line = self._line(name, source, session)
        same = (record.key, request.source_topic, request.resource)
        if (wanted := line.queued.get(same)) is not None:
            wanted.places.append((record.partition, record.offset))
            return
        wanted = line.queued[same] = _Wanted(record.key, name, request, [(record.partition, record.offset)])
        self._in_work += 1
        self._push(line, 0.0, wanted)

    def _line(self, name: SourceName, source: FetchedSource, session: aiohttp.ClientSession) -> _Line:
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = _Line(Budget(source.requests_per_minute))
            for _ in range(AT_ONCE_PER_SOURCE):
                task = asyncio.get_running_loop().create_task(self._work(name, source, line, session))
                self._tasks.add(task)
        return line

    def _push(self, line: _Line, at: float, wanted: _Wanted) -> None:
        heapq.heappush(line.heap, (at, next(self._numbers), wanted))
        line.woken.set()

    async def _work(self, name: SourceName, source: FetchedSource, line: _Line, session: aiohttp.ClientSession) -> None:
        """One of a source's few hands: takes what is due, fetches it, answers or puts it back."""
        platform, metrics = name[1].partition(":")[0], self._process.metrics
        while True:
            wanted = await _next_due(line)
            await asyncio.sleep(line.budget.wait_from(time.monotonic()))
            path = path_of(wanted.request.resource, source.paths) or ""
            began = time.monotonic()
            found = await fetch(session, source, path)
            metrics.fetch_seconds.observe(time.monotonic() - began)
            match found:
                case Fetched():
                    metrics.fetches.labels(platform, "fetched").inc()
                    await self._finish(line, wanted, found.body, found.content_type)
                case Gone():
                    metrics.fetches.labels(platform, "gone").inc()
                    await self._finish(line, wanted, b"", error=found.reason)
                case NotNow():
                    metrics.fetches.labels(platform, "again").inc()
                    await self._put_back(line, wanted, found)

    async def _put_back(self, line: _Line, wanted: _Wanted, found: NotNow) -> None:
        """Try again later, longer and longer; after `fetch_hours_max` the answer is that nothing could be had."""
        if now_microseconds() - wanted.request.asked_at > self._settings.fetch_hours_max * HOUR_SECONDS * MICROSECONDS:
            await self._finish(line, wanted, b"", error=f"given up after {self._settings.fetch_hours_max} hours: {found.reason}")
            return
        wanted.tries += 1
        pause = min(FIRST_RETRY_SECONDS * 2 ** min(wanted.tries - 1, 16), RETRY_SECONDS_MAX)
        if found.after_seconds is not None:
            pause = max(pause, found.after_seconds)
            line.budget.not_before(time.monotonic() + found.after_seconds)
        tenant, source = wanted.source
        get_logger().warning(
            log_events.FETCH_AGAIN, tenant=tenant, source=source, problem=found.reason, tries=wanted.tries, again_in_seconds=round(pause, 1)
        )
        self._push(line, time.monotonic() + pause, wanted)

    async def _finish(
        self, line: _Line, wanted: _Wanted, body: bytes, content_type: str = "application/json", error: str | None = None
    ) -> None:
        line.queued.pop((wanted.key, wanted.request.source_topic, wanted.request.resource), None)
        await self._answer(wanted.key, wanted.request, body, content_type, error)
        self._in_work -= 1
        for partition, offset in wanted.places:
            self._answered(partition, offset)

    async def _answer(
        self, key: bytes, request: FetchRequest, body: bytes, content_type: str = "application/json", error: str | None = None
    ) -> None:
        """Write the answer under the request's key; returns when the broker has it."""
        record = RawRecord(
            source_topic=request.source_topic,
            origin="FETCH",
            transport_id=request.request_id,
            content_type=content_type,
            received_at=now_microseconds(),
            body=body,
            fetch_error=error,
            fetch_depth=request.depth,
        )
        partition = partition_for(key, self._settings.partitions)
        await self._producer.send_and_wait(self._raw_topic, encode_raw_record(record), key=key, partition=partition)

    def _answered(self, partition: int, offset: int) -> None:
        next_offset = self._progress_of(partition).done(offset)
        if next_offset is not None:
            self._to_commit[partition] = next_offset

    async def _commit(self) -> None:
        """Commit what is answered, of partitions that are still ours."""
        ours = {place.partition for place in self._consumer.assignment()}
        done, self._to_commit = {partition: at for partition, at in self._to_commit.items() if partition in ours}, {}
        if done:
            topic = self._settings.topic(FETCH_REQUESTS)
            await self._consumer.commit({TopicPartition(topic, partition): at for partition, at in done.items()})

    async def _leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._commit(), STOP_SECONDS_MAX)
        for client in (self._consumer, self._producer):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.stop(), STOP_SECONDS_MAX)


async def _next_due(line: _Line) -> _Wanted:
    """The next object whose moment has come; waits for it."""
    while True:
        line.woken.clear()
        now = time.monotonic()
        if line.heap and line.heap[0][0] <= now:
            return heapq.heappop(line.heap)[2]
        pause = line.heap[0][0] - now if line.heap else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await line.woken.wait()


class _Forget(ConsumerRebalanceListener):  # type: ignore[misc]
    """What was in work of partitions that leave is the next owner's."""

    def __init__(self, progress: dict[int, PartitionProgress]) -> None:
        self._progress = progress

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Forget the partitions."""
        for place in revoked:
            self._progress.pop(place.partition, None)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Begin anew with them."""
        for place in assigned:
            self._progress[place.partition] = PartitionProgress()


async def run_fetcher(settings: Settings, sources: Mapping[SourceName, FetchedSource]) -> None:
    """Fetch until SIGTERM or SIGINT; raises as `Fetcher.run`."""
    with service_process(settings, "fetcher", Exporter.FETCHER) as process:
        get_logger().info(log_events.PROCESS_STARTED, app=settings.fetcher_group)
        await Fetcher(settings, sources, process).run()
        get_logger().info(log_events.PROCESS_STOPPED)
