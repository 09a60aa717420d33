"""What every service has around its own work: signals that ask it to stop, health pages, metrics, a watchdog of its loop, the clock."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from asiento.runtime import log_events
from asiento.runtime.health import HealthChecks, HealthServer, Heartbeat
from asiento.runtime.logging import get_logger
from asiento.runtime.loop_watchdog import STUCK_EXIT_CODE, TICK_SECONDS, LoopWatchdog
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.metrics.disks import watch_disks
from asiento.runtime.settings import Settings

STOP_SECONDS_MAX = 10.0
"""Longest wait for a broker or a database when leaving; what is written is safe already."""

GC_THRESHOLDS = (100_000, 50, 100)
"""A batch makes tens of thousands of short-lived objects and no cycles: looking for cycles seldom saves CPU per entry."""

STILL_SECONDS_MAX = 30.0
"""An event loop that stands still for longer is reported by /livez."""


@dataclass(slots=True)
class ServiceProcess:
    """One process: `stop` is set by SIGTERM and SIGINT; its health pages, read from their own thread, say whether it has started.

    obstacles: why it cannot do its work just now, asked by /readyz from that thread.
    """

    name: str
    metrics: Metrics
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    obstacles: Callable[[], Sequence[str]] = tuple
    _started: bool = False

    def started(self) -> None:
        """It is connected and works from here on; what was made until now is kept out of garbage collection."""
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        self._started = True

    def reasons(self) -> tuple[str, ...]:
        """Why it is not ready."""
        return () if self._started else (f"the {self.name} has not begun its work yet",)

    def all_reasons(self) -> tuple[str, ...]:
        """Why it is not ready, obstacles included."""
        return (*self.reasons(), *self.obstacles())


@contextmanager
def service_process(settings: Settings, name: str, exporter: Exporter) -> Iterator[ServiceProcess]:
    """Signals, health pages and a watchdog of the loop for as long as the context lasts; needs a running event loop.

    name: for people and logs. exporter: whose metrics it shows.
    """
    process, loop = ServiceProcess(name, Metrics(exporter)), asyncio.get_running_loop()
    watch_disks(process.metrics, settings, exporter)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop.set)
    heartbeat = Heartbeat(STILL_SECONDS_MAX)
    heartbeat.attach(loop)
    checks = HealthChecks(live=heartbeat.reasons, ready=process.all_reasons, started=process.reasons)
    health = HealthServer(process.metrics, settings.metrics_host, settings.metrics_port, checks)
    health.start()
    watchdog = LoopWatchdog(settings.chunk_age_seconds_max, _end_stuck)
    watchdog.start()
    beating = loop.create_task(_beat(watchdog))
    try:
        yield process
    finally:
        beating.cancel()
        watchdog.stop()
        health.stop()


async def _beat(watchdog: LoopWatchdog) -> None:
    while True:
        watchdog.beat()
        await asyncio.sleep(TICK_SECONDS)


def _end_stuck(seconds: float) -> None:
    """Nothing on the loop can end it in order; what is not committed is done again by the next start."""
    try:
        get_logger().error(log_events.PROCESS_FAILED, reason=f"the event loop stands still for {seconds:.0f} s", exit_code=STUCK_EXIT_CODE)
        sys.stderr.flush()
    finally:
        os._exit(STUCK_EXIT_CODE)


def now_microseconds() -> int:
    """The wall clock, UTC microseconds since the epoch."""
    return time.time_ns() // 1000
