"""The operational database made again from the topics."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Final

from aiokafka.errors import KafkaError

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.metrics import Metrics
from asiento.runtime.service_process import STOP_SECONDS_MAX, now_microseconds
from asiento.runtime.settings import Settings
from sinks.entry_stream import StreamBroken
from sinks.projector.comparison import Comparison, compare
from sinks.projector.errors import ForeignOperational
from sinks.projector.process import bound_topics
from sinks.projector.projection import Projection
from sinks.projector.reader import OperationalReader
from sinks.projector.stream import Place, TopicsStream
from sinks.projector.writer import OperationalWriter

STILL_SECONDS_MAX: Final = 60.0
"""Longest time without progress: a transaction was left open, or the broker hangs."""

Progress = Callable[[int], None]
"""Is told how many records are written."""


async def rebuild(settings: Settings, url: str, *, until: Mapping[Place, int] | None = None, progress: Progress = lambda _: None) -> int:
    """Fill a fresh database from the topics up to `until`, or to their ends of now; answers how many records there were.

    Raises `ForeignOperational` for a database that is not empty, and what `run_projector` raises.
    """
    options = client_options(settings)
    topics = await bound_topics(settings)
    writer = await asyncio.to_thread(OperationalWriter.open, url)
    stream = TopicsStream(topics, None, options, until=until)
    projection = Projection(
        stream,
        writer,
        Metrics(),
        group=settings.projector_group,
        batch_records_max=settings.projector_batch_records_max,
        writing_seconds_max=settings.chunk_age_seconds_max,
        clock=now_microseconds,
    )
    try:
        if writer.database.query("SELECT count(*) FROM source_offset") != [(0,)]:
            raise ForeignOperational(f"{writer.database.place}: this operational database is in use already; name a new one with --into")
        await stream.start()
        await projection.seek(await projection.bind(topics))
        if until is None:
            stream.read_until(await stream.end_offsets())
        return await _run(projection, stream, progress)
    finally:
        with contextlib.suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(stream.stop(), STOP_SECONDS_MAX)
        await projection.close()


async def _run(projection: Projection, stream: TopicsStream, progress: Progress) -> int:
    moved_at = time.monotonic()
    while not stream.finished:
        if await projection.step():
            moved_at = time.monotonic()
            progress(projection.records)
        elif time.monotonic() - moved_at > STILL_SECONDS_MAX:
            raise StreamBroken("no further committed records became visible: a transaction was left open; ask again when it has ended")
    return projection.records


async def rebuild_and_compare(settings: Settings, url: str, progress: Progress = lambda _: None) -> Comparison:
    """Make the operational database of the settings again at `url`, as far as it has come, and compare the two."""
    with OperationalReader.at(settings.operational_location) as kept:
        until = {(one.topic, one.partition): one.next_offset for one in kept.offsets()}
        await rebuild(settings, url, until=until, progress=progress)
        with OperationalReader.at(url) as rebuilt:
            return compare(kept.database, rebuilt.database, rebuilt.gaps(), settings.topic_prefix)
