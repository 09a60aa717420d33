"""The projector's loop: fetch a batch, write it with its offsets, go on. Any broken promise ends the process."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.metrics.standing import StandingGauge
from asiento.runtime.service_process import STOP_SECONDS_MAX
from sinks.delivery import ENDS_SECONDS_MAX, IDLE_ADVANCE_SECONDS, LAG_MEASURED_SECONDS
from sinks.lag import MICROSECONDS, PartitionLag
from sinks.noted_positions import keep_noting, note_once
from sinks.projector.errors import OperationalUnavailable
from sinks.projector.gauges import Gauges
from sinks.projector.rows import TopicRecord
from sinks.projector.stream import Place, RetentionTook, TopicsStream
from sinks.projector.writer import BoundTopic, OperationalWriter, TopicPart

Answer = TypeVar("Answer")


class Projection:
    """Moves records from the topics into one database until it is told to stop. `clock` answers UTC microseconds.

    gauges: what is shown of the database, if anything is.

    All statements run in one thread of their own, so that the event loop goes on fetching while a batch is written.
    """

    def __init__(
        self,
        stream: TopicsStream,
        writer: OperationalWriter,
        metrics: Metrics,
        *,
        group: str,
        batch_records_max: int,
        writing_seconds_max: float,
        clock: Callable[[], int],
        gauges: Gauges | None = None,
    ) -> None:
        self._stream = stream
        self._writer = writer
        self._metrics = metrics
        self._group = group
        self._batch_records_max = batch_records_max
        self._writing_seconds_max = writing_seconds_max
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="operational")
        self._lags: dict[Place, PartitionLag] = {}
        self._gauges = gauges
        self._lag_records = StandingGauge(metrics.lag_records)
        self._lag_seconds = StandingGauge(metrics.lag_seconds)
        self._committed = metrics.operational_transactions.labels("committed")
        self._failed = metrics.operational_transactions.labels("failed")
        self._last_written = clock()
        self.records = 0
        """How many records were written."""

    async def close(self) -> None:
        """Let go of the database behind whatever its thread still does; bounded, for a database that hangs must not hide why we leave."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._in_thread(self._writer.close), STOP_SECONDS_MAX)
        self._thread.shutdown(wait=False)

    async def bind(self, topics: Sequence[BoundTopic]) -> dict[Place, int]:
        """See `OperationalWriter.bind`."""
        return await self._in_thread(partial(self._writer.bind, topics))

    async def run(self, stop: asyncio.Event) -> None:
        """Project until `stop`; what was fetched by then is written or left for the next start, never half of it."""
        self._lags = {place: PartitionLag() for place in self._stream.next_offsets}
        beside = (self._measure_lag(), keep_noting(self._stream), self._show())
        side_tasks = tuple(asyncio.create_task(task) for task in beside)
        try:
            while not stop.is_set():
                await self.step()
                for task in side_tasks:
                    if task.done():
                        task.result()
        finally:
            for task in side_tasks:
                task.cancel()
            await asyncio.gather(*side_tasks, return_exceptions=True)
        await note_once(self._stream)

    async def seek(self, next_offsets: Mapping[Place, int]) -> None:
        """Go to the database's offsets; what retention took is noted as a gap and gone over."""
        wanted = dict(next_offsets)
        while True:
            try:
                await self._stream.seek(wanted)
            except RetentionTook as took:
                await self._skip(took, wanted)
            else:
                return

    async def step(self) -> bool:
        """Fetch and write one batch; answers whether there was one."""
        try:
            fetched = await self._stream.fetch(self._batch_records_max)
        except RetentionTook as took:
            wanted = dict(self._stream.next_offsets)
            await self._skip(took, wanted)
            await self.seek(wanted)
            return True
        if not fetched and self._clock() - self._last_written < IDLE_ADVANCE_SECONDS * MICROSECONDS:
            return False
        parts = await self._stream.parts(fetched, all_partitions=not fetched)
        if not parts:
            return False
        await self._write(parts)
        self._stream.take(parts)
        self._last_written = self._clock()
        self._count(fetched, parts)
        return True

    async def _skip(self, took: RetentionTook, wanted: dict[Place, int]) -> None:
        for topic, gaps in took.gaps.items():
            await self._in_thread(partial(self._writer.skip, topic, gaps))
            for gap in gaps:
                wanted[topic.on_broker, gap.partition] = gap.end
                place = {"topic": topic.on_broker, "partition": gap.partition, "first_offset": gap.start, "next_offset": gap.end}
                get_logger().warning(log_events.RETENTION_GAP, **place)

    async def _write(self, parts: Sequence[TopicPart]) -> None:
        try:
            await asyncio.wait_for(self._in_thread(partial(self._writer.write, parts)), self._writing_seconds_max)
        except TimeoutError:
            self._failed.inc()
            seconds = self._writing_seconds_max
            raise OperationalUnavailable(f"the database took longer than {seconds} s for one batch: look at its disk and locks") from None
        except BaseException:
            self._failed.inc()
            raise
        self._committed.inc()

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _count(self, fetched: Mapping[Place, Sequence[TopicRecord]], parts: Sequence[TopicPart]) -> None:
        for part in parts:
            self.records += len(part.records)
            self._metrics.projected_records.labels(part.topic.name).inc(len(part.records))
        if self._gauges is not None:
            self._gauges.written(part.topic.name for part in parts if part.records)
        for place, records in fetched.items():
            if records and place in self._lags:
                self._lags[place].booked(records[-1].timestamp * 1000)

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

    def _show_lag(self, ends: Mapping[Place, int]) -> None:
        now, group = self._clock(), self._group
        behind = {place: max(0, ends[place] - self._stream.next_offsets[place]) for place in self._lags}
        self._lag_records.show({(group, topic, str(number)): records for (topic, number), records in behind.items()})
        self._lag_seconds.show(
            {(group, topic, str(number)): self._lags[topic, number].seconds(records, now) for (topic, number), records in behind.items()}
        )

    async def _show(self) -> None:
        if self._gauges is not None:
            await self._gauges.keep_showing(self._in_thread, self._writer.database, self._clock)
