"""Runs a worker in the foreground: checks, health pages, the app, and a drained stop on SIGTERM or SIGINT."""

import asyncio
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Final

import uvloop

from asiento.runtime import log_events
from asiento.runtime.health import HealthChecks, HealthServer, Heartbeat
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings
from streams.engine.app import Engine
from streams.engine.checks import check_frame
from streams.engine.failure import ExitCode, end_process, give_up_draining, leave_last_words
from streams.engine.faults import faults_from
from streams.engine.job import Job
from streams.engine.lag import LagMeter
from streams.engine.watchdog import Watchdog
from streams.topic_checks import check_topics

DRAIN_SECONDS_MAX: Final = 17.0
"""After this the process ends although the drain has not; an unfinished transaction is then ended by the broker."""
LOOP_STILL_SECONDS_MAX: Final = 15.0


def run_worker(settings: Settings, job: Job, metrics: Metrics) -> None:
    """Run until SIGTERM or SIGINT, then drain and return. Raises `SettingsError`, `TopicsUnfit` or a `KafkaError` at the start.

    A broken guarantee ends the process at once with one of `failure.ExitCode`.
    """
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(_run(settings, job, metrics))


async def _run(settings: Settings, job: Job, metrics: Metrics) -> None:
    await check_topics(settings, job.topics)
    engine = Engine(settings, job, metrics, faults_from(settings))
    check_frame(engine.app, job)
    engine.slots.judging.ends.tidy()
    leave_last_words(engine.slots.judging.tell_end)
    heartbeat = Heartbeat(LOOP_STILL_SECONDS_MAX)
    heartbeat.attach(asyncio.get_running_loop())
    checks = HealthChecks(live=heartbeat.reasons, ready=lambda: _not_ready(engine), started=lambda: _not_started(engine))
    health = HealthServer(metrics, settings.metrics_host, settings.metrics_port, checks)
    health.start()
    watchdog = Watchdog(engine, settings.chunk_age_seconds_max)
    watchdog.start()
    try:
        await _run_app(engine, watchdog)
    finally:
        watchdog.stop()
        health.stop()


async def _run_app(engine: Engine, watchdog: Watchdog) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    background = [loop.create_task(watchdog.watch_chunks()), loop.create_task(LagMeter(engine).run())]
    get_logger().info(log_events.PROCESS_STARTED, app=engine.job.id)
    starting = loop.create_task(engine.app.start())
    starting.add_done_callback(_require_start)
    await stopping.wait()
    get_logger().info(log_events.PROCESS_STOPPING)
    deadline = threading.Timer(DRAIN_SECONDS_MAX, give_up_draining)
    deadline.daemon = True
    deadline.start()
    engine.on_flow_stopped()
    await engine.app.stop()
    starting.cancel()
    for task in background:
        task.cancel()
    deadline.cancel()
    get_logger().info(log_events.PROCESS_STOPPED)
    sys.stderr.flush()


def _require_start(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        end_process(ExitCode.CRASHED, "the worker could not start", error=error)


def _not_ready(engine: Engine) -> Sequence[str]:
    return () if engine.ready else ("no partitions are assigned and recovered",)


def _not_started(engine: Engine) -> Sequence[str]:
    return () if engine.started else ("the first recovery has not ended",)
