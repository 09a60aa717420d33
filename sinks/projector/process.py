"""The process `asiento sinks run projector`: puts topics, database, loop and health pages together and ends them in order."""

import asyncio
import contextlib
from collections.abc import Mapping

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter
from asiento.runtime.service_process import STOP_SECONDS_MAX, ServiceProcess, now_microseconds, service_process
from asiento.runtime.settings import Settings
from schemas.topics import ORDERS_EVENTS
from sinks.projector.gauges import Gauges
from sinks.projector.projection import Projection
from sinks.projector.stream import Place, TopicsStream
from sinks.projector.topics import projected_topics
from sinks.projector.writer import BoundTopic, OperationalWriter
from sinks.sink_process import identified


async def run_projector(settings: Settings) -> None:
    """Fill the operational database until SIGTERM or SIGINT; returns after a clean stop.

    Raises `OperationalError`, `StreamBroken`, `StreamUnknown` or `BrokerUnreachable`, whose messages are written for people.
    """
    with service_process(settings, "projector", Exporter.PROJECTOR) as process:
        await _project(settings, process)


async def bound_topics(settings: Settings) -> tuple[BoundTopic, ...]:
    """All projected topics as the broker knows them; raises `BrokerUnreachable`, `StreamUnknown`."""
    found = []
    for topic in projected_topics(settings):
        identity, partitions = await identified(topic.on_broker, settings)
        found.append(BoundTopic(topic=topic, identity=identity, partitions=partitions))
    return tuple(found)


async def _project(settings: Settings, process: ServiceProcess) -> None:
    options = client_options(settings)
    topics = await bound_topics(settings)
    writer = await asyncio.to_thread(OperationalWriter.open, settings.operational_location)
    stream = TopicsStream(topics, settings.projector_group, options)
    projection = Projection(
        stream,
        writer,
        process.metrics,
        group=settings.projector_group,
        batch_records_max=settings.projector_batch_records_max,
        writing_seconds_max=settings.chunk_age_seconds_max,
        clock=now_microseconds,
        gauges=Gauges(process.metrics, settings.topic(ORDERS_EVENTS)),
    )
    try:
        await stream.start()
        await projection.seek(await projection.bind(topics))
        process.started()
        get_logger().info(log_events.PROCESS_STARTED, database=writer.database.place, next_offsets=_spell(stream.next_offsets))
        await projection.run(process.stop)
        get_logger().info(log_events.PROCESS_STOPPING, next_offsets=_spell(stream.next_offsets))
    finally:
        with contextlib.suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(stream.stop(), STOP_SECONDS_MAX)
        await projection.close()


def _spell(offsets: Mapping[Place, int]) -> dict[str, int]:
    return {f"{topic}/{partition}": offset for (topic, partition), offset in offsets.items()}
