"""The process `asiento sinks run projector`: puts topics, database, loop and health pages together and ends them in order."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.health import HealthChecks, HealthServer, Heartbeat
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings
from sinks.ledger_process import GC_THRESHOLDS, STILL_SECONDS_MAX, STOP_SECONDS_MAX, BrokerUnreachable, now_microseconds
from sinks.projector.projection import Projection
from sinks.projector.stream import Place, TopicsStream
from sinks.projector.topics import projected_topics
from sinks.projector.writer import BoundTopic, OperationalWriter
from sinks.stream_identity import identify


@dataclass(slots=True)
class _Progress:
    """What the health pages say, read from their own thread."""

    started: bool = False

    def reasons(self) -> tuple[str, ...]:
        return () if self.started else ("the projector is still connecting",)


async def run_projector(settings: Settings) -> None:
    """Fill the operational database until SIGTERM or SIGINT; returns after a clean stop.

    Raises `OperationalError`, `StreamBroken`, `StreamUnknown` or `BrokerUnreachable`, whose messages are written for people.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics = Metrics()
    progress = _Progress()
    heartbeat = Heartbeat(STILL_SECONDS_MAX)
    heartbeat.attach(loop)
    checks = HealthChecks(live=heartbeat.reasons, ready=progress.reasons, started=progress.reasons)
    health = HealthServer(metrics, settings.metrics_host, settings.metrics_port, checks)
    health.start()
    try:
        await _project(settings, metrics, progress, stop)
    finally:
        health.stop()


async def bound_topics(settings: Settings, options: Mapping[str, Any]) -> tuple[BoundTopic, ...]:
    """All projected topics as the broker knows them; raises `BrokerUnreachable`, `StreamUnknown`."""
    found = []
    for topic in projected_topics(settings):
        try:
            identity, partitions = await identify(topic.on_broker, dict(options))
        except KafkaError as error:
            raise BrokerUnreachable(f"no broker answers at {settings.kafka_bootstrap_servers}: {error}") from error
        found.append(BoundTopic(topic=topic, identity=identity, partitions=partitions))
    return tuple(found)


async def _project(settings: Settings, metrics: Metrics, progress: _Progress, stop: asyncio.Event) -> None:
    options = client_options(settings)
    topics = await bound_topics(settings, options)
    writer = await asyncio.to_thread(OperationalWriter.open, settings.operational_location)
    stream = TopicsStream(topics, settings.projector_group, options)
    projection = Projection(
        stream,
        writer,
        metrics,
        group=settings.projector_group,
        batch_records_max=settings.projector_batch_records_max,
        writing_seconds_max=settings.chunk_age_seconds_max,
        clock=now_microseconds,
    )
    try:
        await stream.start()
        await projection.seek(await projection.bind(topics))
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        progress.started = True
        get_logger().info(log_events.PROCESS_STARTED, database=writer.database.place, next_offsets=_spell(stream.next_offsets))
        await projection.run(stop)
        get_logger().info(log_events.PROCESS_STOPPING, next_offsets=_spell(stream.next_offsets))
    finally:
        with contextlib.suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(stream.stop(), STOP_SECONDS_MAX)
        await projection.close()


def _spell(offsets: Mapping[Place, int]) -> dict[str, int]:
    return {f"{topic}/{partition}": offset for (topic, partition), offset in offsets.items()}
