"""The process `asiento sinks run ledger`: puts stream, ledger, loop and health pages together and ends them in order."""

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.health import HealthChecks, HealthServer, Heartbeat
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_ENTRIES
from sinks.ack_publisher import AckPublisher
from sinks.delivery import DeliveryLoop
from sinks.entry_stream import EntryStream
from sinks.ledger import Ledger
from sinks.sqlite_ledger import SqliteLedger
from sinks.sqlite_ledger.files import ledger_path
from sinks.stream_identity import identify

STOP_SECONDS_MAX = 10.0
"""Longest wait for the broker when leaving; what is booked is safe already."""

ACKS_DRAIN_SECONDS_MAX = 4.0
"""Longest wait for acks when leaving; what is not published is published by the next start."""

GC_THRESHOLDS = (100_000, 50, 100)
"""A batch makes tens of thousands of short-lived objects and no cycles: looking for cycles seldom saves CPU per entry."""

STILL_SECONDS_MAX = 30.0
"""An event loop that stands still for longer is reported by /livez."""


class BrokerUnreachable(Exception):
    """No broker answered at start."""


@dataclass(slots=True)
class _Progress:
    """What the health pages say, read from their own thread."""

    started: bool = False

    def reasons(self) -> tuple[str, ...]:
        return () if self.started else ("the sink is still connecting",)


def now_microseconds() -> int:
    """The wall clock, UTC microseconds since the epoch."""
    return time.time_ns() // 1000


async def run_ledger_sink(settings: Settings) -> None:
    """Book entries until SIGTERM or SIGINT; returns after a clean stop.

    Raises `LedgerError`, `StreamBroken`, `StreamUnknown` or `BrokerUnreachable`, whose messages are written for people.
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
    ledger = SqliteLedger(ledger_path(settings.ledger_location), now_microseconds)
    try:
        await _deliver(settings, metrics, ledger, progress, stop)
    finally:
        with contextlib.suppress(TimeoutError):  # a ledger that hangs must not hide why we leave
            await asyncio.wait_for(ledger.close(), STOP_SECONDS_MAX)
        health.stop()


async def _deliver(settings: Settings, metrics: Metrics, ledger: Ledger, progress: _Progress, stop: asyncio.Event) -> None:
    topic, options = settings.topic(ACCOUNTING_ENTRIES), client_options(settings)
    try:
        identity, partitions = await identify(topic, options)
    except KafkaError as error:
        raise BrokerUnreachable(f"no broker answers at {settings.kafka_bootstrap_servers}: {error}") from error
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
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        progress.started = True
        get_logger().info(log_events.PROCESS_STARTED, ledger=settings.ledger_location, topic=topic, next_offsets=_spell(next_offsets))
        publisher = AckPublisher(ledger, metrics, topic=settings.topic(ACCOUNTING_ACKS), client_options=options, clock=now_microseconds)
        await _deliver_and_acknowledge(delivery, publisher, stop)
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
