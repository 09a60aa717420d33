"""The process `asiento sweeper run`: tells every deadline that has passed, until it is told to stop."""

import asyncio
import contextlib
import time
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from asiento.accounting.policy import PolicyBook
from asiento.accounting.standing_deadlines import Deadline
from asiento.runtime import log_events
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter
from asiento.runtime.service_process import ServiceProcess, service_process
from asiento.runtime.settings import Settings
from schemas.event_messages import message_from_json
from schemas.topics import ORDERS_EVENTS, changelog_name
from streams.sweeper.changelog import StateChangelog
from streams.sweeper.deadline_events import deadline_event
from streams.sweeper.forward_clock import Clock, ForwardClock
from streams.sweeper.sweep import Sweep
from streams.topic_checks import check_topics

SWEEP_SECONDS: Final = 1
"""From one look at the clock to the next."""
DRAIN_SECONDS_MAX: Final = 8.0
"""How long the sweep under way may take after SIGTERM; what it has not told the next sweeper tells."""
LEAVE_SECONDS_MAX: Final = 3.0
"""Longest wait for the broker when a client leaves."""
SILENT_SECONDS_MAX: Final = 60.0
"""A sweeper that could not look at everything for longer is not ready."""


class Sweeper:
    """Sweeps again and again: reads the changelog up to its present end, then tells what was due when it began to read.

    So nothing is told before the changelog was read to its end, and whatever was committed before the clock was read is known.
    """

    def __init__(self, settings: Settings, policies: PolicyBook, process: ServiceProcess, clock: Clock) -> None:
        options = client_options(settings)
        self._events = settings.topic(ORDERS_EVENTS)
        self._changelog_topic = settings.topic(changelog_name(settings.app_id))
        self._settings = settings
        self._process = process
        self._metrics = process.metrics
        self._clock = ForwardClock(clock, settings.sweeper_clock_step_back_seconds_max)
        self._sweep = Sweep(policies, orders_max=settings.sweeper_orders_max, unanswered_max=settings.sweeper_unanswered_max)
        self._changelog = StateChangelog(self._changelog_topic, settings.partitions, options)
        self._producer = AIOKafkaProducer(**options, acks="all", enable_idempotence=True)
        self._swept_at: float | None = None
        process.obstacles = self.not_ready

    def not_ready(self) -> tuple[str, ...]:
        """Why the sweeper does not do its work; empty where it does."""
        if self._swept_at is None:
            return ("the changelog of the order states was not read to its end yet",)
        silent = time.monotonic() - self._swept_at
        return () if silent <= SILENT_SECONDS_MAX else (f"the last complete look at the order states is {silent:.0f} s ago",)

    async def run(self) -> None:
        """Sweep until the process is to stop.

        Raises `TopicsUnfit`, `ClockSteppedBack`, `UnknownStateFormat`, `UnknownPolicyVersion` or `KafkaError`.
        """
        stop = self._process.stop
        try:
            await check_topics(self._settings, (self._events, self._changelog_topic))
            await self._producer.start()
            await self._changelog.start()
            while not stop.is_set():
                await self._sweep_once(stop)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), SWEEP_SECONDS)
        finally:
            for client in (self._changelog, self._producer):
                with contextlib.suppress(TimeoutError, KafkaError):
                    await asyncio.wait_for(client.stop(), LEAVE_SECONDS_MAX)

    async def _sweep_once(self, stop: asyncio.Event) -> None:
        now, sweep = self._clock(), self._sweep
        if not await self._changelog.catch_up(sweep.learn, stop):
            return
        if sweep.is_short_sighted(now):
            sweep.forget()
            await self._changelog.rewind()
            if not await self._changelog.catch_up(sweep.learn, stop):
                return
        if self._swept_at is None:
            get_logger().info(log_events.CHANGELOG_READ, topic=self._changelog_topic, orders=sweep.standing)
        due = sweep.take(now, self._settings.sweeper_events_per_second_max * SWEEP_SECONDS)
        if due:
            await self._tell(due, now)
        if self._swept_at is None:
            self._process.started()
        self._swept_at = time.monotonic()
        self._metrics.deadlines_standing.set(sweep.standing)
        self._metrics.deadlines_unanswered.set(sweep.unanswered)
        self._metrics.last_sweep.set(int(time.time()))  # of the wall, also where the clock of deadlines stands still

    async def _tell(self, due: list[tuple[bytes, Deadline]], now: int) -> None:
        """Send the events to their orders' own partitions; returns when the broker has them all."""
        messages = [message_from_json(deadline_event(order_key.decode(), deadline, now)) for order_key, deadline in due]
        stored = [
            await self._producer.send(
                self._events,
                message.value,
                key=message.key,
                partition=message.partition(self._settings.partitions),
                headers=list(message.headers),
            )
            for message in messages
        ]
        await asyncio.gather(*stored)
        for _, deadline in due:
            self._metrics.deadlines_told.labels(deadline.kind).inc()
        get_logger().info(log_events.DEADLINES_TOLD, count=len(due), earliest_due_at=due[0][1].due_at, latest_due_at=due[-1][1].due_at)


async def run_sweeper(settings: Settings, policies: PolicyBook, clock: Clock) -> None:
    """Sweep until SIGTERM or SIGINT, then return within `DRAIN_SECONDS_MAX` and the time to leave; raises as `Sweeper.run`.

    `clock` answers UTC microseconds: the wall clock, or for demos and tests one that stands still.
    """
    with service_process(settings, "sweeper", Exporter.SWEEPER) as process:
        get_logger().info(log_events.PROCESS_STARTED, app=settings.orders_id)
        loop = asyncio.get_running_loop()
        sweeping = loop.create_task(Sweeper(settings, policies, process, clock).run())
        stopping = loop.create_task(process.stop.wait())
        try:
            await asyncio.wait({sweeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if process.stop.is_set():
                get_logger().info(log_events.PROCESS_STOPPING)
                await asyncio.wait({sweeping}, timeout=DRAIN_SECONDS_MAX)
            if not sweeping.done():
                get_logger().warning(log_events.DRAIN_GIVEN_UP)
                sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeping
        finally:
            stopping.cancel()
