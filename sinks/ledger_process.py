"""The process `asiento sinks run ledger`: puts stream, ledger, loop and health pages together and ends them in order."""

import asyncio
import contextlib
import sys
from collections.abc import Mapping
from typing import Final

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter
from asiento.runtime.service_process import STOP_SECONDS_MAX, ServiceProcess, now_microseconds, service_process
from asiento.runtime.settings import Settings
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_ENTRIES
from sinks.ack_publisher import AckPublisher
from sinks.delivery import DeliveryLoop
from sinks.entry_stream import EntryStream
from sinks.ledger import Ledger
from sinks.ledger_access import writer_at
from sinks.sink_process import identified

ACKS_DRAIN_SECONDS_MAX = 4.0
"""Longest wait for acks when leaving; what is not published is published by the next start."""

THREAD_TURN_SECONDS: Final = 0.0005
"""So long the event loop may decode before the ledger's thread, whose answer has come, has its turn; Python's own is ten times as long,
which is as long as a commit takes: the database would wait for us."""


async def run_ledger_sink(settings: Settings) -> None:
    """Book entries until SIGTERM or SIGINT; returns after a clean stop.

    Raises `LedgerError`, `StreamBroken`, `StreamUnknown` or `BrokerUnreachable`, whose messages are written for people.
    """
    with service_process(settings, "sink", Exporter.LEDGER) as process:
        sys.setswitchinterval(THREAD_TURN_SECONDS)
        ledger = writer_at(settings.ledger_location, now_microseconds)
        try:
            await _deliver(settings, ledger, process)
        finally:
            with contextlib.suppress(TimeoutError):  # a ledger that hangs must not hide why we leave
                await asyncio.wait_for(ledger.close(), STOP_SECONDS_MAX)


async def _deliver(settings: Settings, ledger: Ledger, process: ServiceProcess) -> None:
    topic, options, metrics = settings.topic(ACCOUNTING_ENTRIES), client_options(settings), process.metrics
    identity, partitions = await identified(topic, settings)
    next_offsets = await ledger.open(identity, partitions)
    stream = EntryStream(topic, partitions, settings.ledger_group, options)
    try:
        await stream.start(next_offsets)
        delivery = DeliveryLoop(
            stream,
            ledger,
            metrics,
            group=settings.ledger_group,
            topic=topic,
            batch_entries_max=settings.sink_batch_entries_max,
            booking_seconds_max=settings.chunk_age_seconds_max,
            clock=now_microseconds,
        )
        process.started()
        get_logger().info(log_events.PROCESS_STARTED, ledger=settings.ledger_place, topic=topic, next_offsets=_spell(next_offsets))
        publisher = AckPublisher(ledger, metrics, topic=settings.topic(ACCOUNTING_ACKS), client_options=options, clock=now_microseconds)
        await _deliver_and_acknowledge(delivery, publisher, process.stop)
        get_logger().info(log_events.PROCESS_STOPPING, next_offsets=_spell(stream.next_offsets))
    finally:
        with contextlib.suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(stream.stop(), STOP_SECONDS_MAX)


async def _deliver_and_acknowledge(delivery: DeliveryLoop, publisher: AckPublisher, stop: asyncio.Event) -> None:
    """Booking and acks side by side; what fails in one ends both. Acks that are still pending at the end stay in the outbox."""
    leave = asyncio.Event()
    publishing = asyncio.create_task(publisher.run(leave))
    publishing.add_done_callback(lambda _: stop.set())
    try:
        await delivery.run(stop)
        leave.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(publishing, ACKS_DRAIN_SECONDS_MAX)
    finally:
        publishing.cancel()


def _spell(offsets: Mapping[int, int]) -> dict[str, int]:
    return {str(partition): offset for partition, offset in offsets.items()}
