"""The whole system on one machine: broker, topics, order workers, ledger sink, sweeper, what takes payloads in, and what ends it all."""

import asyncio
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Self

from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.output import message
from asiento.cli.run_directory import RunDirectory, on_local_broker
from asiento.cli.topics import catalogue_of
from asiento.runtime import log_events, topic_admin
from asiento.runtime.child_process import ProcessIdentity, end_process, read_pid_file, start_mark, write_pid_file
from asiento.runtime.file_lock import LockHeld, locked
from asiento.runtime.health import HealthChecks, HealthServer
from asiento.runtime.java import JavaNotFound
from asiento.runtime.kafka_jars import JarsError
from asiento.runtime.local_kafka import LocalKafka, LocalKafkaError
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.metrics.disks import watch_disks
from asiento.runtime.ports import free_ports
from asiento.runtime.settings import ENVIRONMENT_PREFIX, Settings
from asiento.runtime.supervisor import ChildService, RestartLimits, Service, Supervisor

DRAIN_SECONDS_MAX = 20.0
"""How long a worker or sink may take to end after SIGTERM; then it is killed."""
WORKER_LIMITS = RestartLimits(deaths_max=None)
"""A worker is never given up for its deaths: the crash-loop breaker needs some, and one record must not end everything."""
READY_SECONDS_MAX = 120.0
POLL_SECONDS = 0.1
LEFTOVER_SECONDS_MAX = 45.0
_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Our own processes are never behind a proxy, whatever the environment says."""


def end_all(processes: list[ProcessIdentity]) -> None:
    """End processes that are not our children, one by one in order; bounded. Only those that still are what they were."""
    for process in processes:
        message(f"stopping {process.name} (pid {process.pid})")
        end_process(process, LEFTOVER_SECONDS_MAX)


class RunningSystem:
    """Runs inside a `with`: when it is entered everything is ready, when it is left nothing runs any more.

    From entering to leaving use it in the main thread only: SIGTERM, SIGINT and a supervisor that has given up raise
    KeyboardInterrupt there, wherever it waits. The latter leaves the `with` as `CommandError` with the reason.
    `settings` are the effective ones: clients of the same process reach broker and ledger with them. `sweeper_clock`: see
    `process_commands`.
    """

    def __init__(self, settings: Settings, workers: int, sweeper_clock: str | None = None) -> None:
        self.data_dir = settings.data_dir.absolute()
        self.settings = settings.model_copy(update={"data_dir": self.data_dir})
        self.metrics_urls: dict[str, str] = {}
        self._directory = RunDirectory(self.data_dir)
        self._commands = process_commands(settings, workers, sweeper_clock)
        self._workers = [name for name, words in self._commands.items() if words[:2] == ["streams", "run"]]
        self._metrics = Metrics(Exporter.UP)
        watch_disks(self._metrics, settings, Exporter.UP)
        self._broker: LocalKafka | None = None
        self._supervisor: Supervisor | None = None
        self._open = ExitStack()

    @property
    def gateway_address(self) -> str | None:
        """Where webhooks and events go; None where no gateway runs, or its port is in its log only."""
        settings = self.settings
        if "gateway" not in self._commands or not settings.gateway_port:
            return None
        return f"{'https' if settings.gateway_cert_file else 'http'}://{settings.gateway_host}:{settings.gateway_port}"

    @property
    def bootstrap_servers(self) -> str:
        """The brokers, `host:port,...`."""
        return self.settings.kafka_bootstrap_servers or ""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()
        if kind is KeyboardInterrupt:
            self.raise_if_failed()

    def raise_if_failed(self) -> None:
        """Raise `CommandError` if the supervisor has given up on a process."""
        if self._supervisor and self._supervisor.failure:
            raise CommandError(self._supervisor.failure) from None

    def wait(self) -> None:
        """Stay until a signal or until the supervisor gives up: both come as KeyboardInterrupt."""
        while True:
            signal.pause()

    def _start(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._open.callback(signal.signal, number, signal.signal(number, _interrupt))
        self._take_data_directory()
        self._start_broker()
        self._apply_topics()
        self._start_processes()
        self._wait_ready()

    def _stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):  # the way out is bounded: a second signal must not cut it short
            signal.signal(number, signal.SIG_IGN)
        if self._supervisor:
            self._supervisor.stop()
        if self._broker:
            self._broker.stop()
        self._open.close()

    def _take_data_directory(self) -> None:
        try:
            self._open.enter_context(locked(self.data_dir / "up.lock", wait_seconds_max=0))
        except LockHeld:
            running = read_pid_file(self._directory.up_pid_file)
            who = f" (pid {running.pid})" if running else ""
            raise CommandError(
                f"another `asiento up`{who} runs on {self.data_dir}: stop it with `asiento down`, or set ASIENTO_DATA_DIR"
            ) from None
        except OSError as error:
            raise CommandError(f"the data directory {self.data_dir} cannot be used: {error}. Set ASIENTO_DATA_DIR") from None
        end_all(self._directory.running())  # left by an `up` that was killed
        self._directory.pid_files.mkdir(parents=True, exist_ok=True)
        write_pid_file(self._directory.up_pid_file, ProcessIdentity("up", os.getpid(), start_mark(os.getpid()) or ""))
        self._open.callback(self._directory.up_pid_file.unlink, missing_ok=True)

    def _start_broker(self) -> None:
        """A local broker with its own topic shape, unless one is named in the settings."""
        if self.settings.kafka_bootstrap_servers:
            return
        get_logger().info(log_events.BROKER_STARTING, directory=str(self._directory.broker))
        self._broker = LocalKafka(self._directory.broker)
        try:
            address = self._broker.start()
        except (LocalKafkaError, JarsError, JavaNotFound) as error:
            raise CommandError(str(error)) from None
        get_logger().info(log_events.BROKER_READY, address=address, pid=self._broker.pid)
        self.settings = on_local_broker(self.settings, address)

    def _apply_topics(self) -> None:
        try:
            done = asyncio.run(topic_admin.apply(self.settings, catalogue_of(self.settings)))
        except (topic_admin.TopicsRefused, topic_admin.TopicsError) as error:
            raise CommandError(str(error)) from None
        except topic_admin.BrokerUnreachable as error:
            raise Unreachable(str(error)) from None
        get_logger().info(log_events.TOPICS_APPLIED, created=len(done.create), altered=len(done.alter), unchanged=len(done.unchanged))

    def _start_processes(self) -> None:
        commands = self._commands
        first = self.settings.metrics_port
        ports = range(first, first + len(commands) + 1) if first else free_ports(len(commands) + 1)
        own_port, *child_ports = ports
        children = [
            ChildService(
                name,
                [sys.executable, "-m", "asiento.cli.main", *words],
                environment=self._environment(name, port),
                run_dir=self._directory.pid_files,
                log_dir=self._directory.logs,
                stop_seconds_max=DRAIN_SECONDS_MAX,
            )
            for (name, words), port in zip(commands.items(), child_ports, strict=True)
        ]
        host = self.settings.metrics_host
        reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
        self.metrics_urls = {name: f"http://{reachable}:{port}/metrics" for name, port in zip(("up", *commands), ports, strict=True)}
        self._directory.addresses_file.write_text(json.dumps(self.metrics_urls), encoding="utf-8")
        self._open.callback(self._directory.addresses_file.unlink, missing_ok=True)
        tiers: list[list[Service]] = [[self._broker], [*children]] if self._broker else [[*children]]
        supervisor = self._supervisor = Supervisor(
            tiers, self._metrics, on_failure=_interrupt_main_thread, limits_of=dict.fromkeys(self._workers, WORKER_LIMITS)
        )
        supervisor.start()
        health = HealthServer(
            self._metrics, host, own_port, HealthChecks(ready=lambda: _reasons(supervisor), live=lambda: _failure(supervisor))
        )
        health.start()
        self._open.callback(health.stop)

    def _environment(self, name: str, metrics_port: int) -> dict[str, str]:
        """Our environment with the effective settings in it."""
        own = {
            "kafka_bootstrap_servers": self.bootstrap_servers,
            "partitions": self.settings.partitions,
            "replication_factor": self.settings.replication_factor,
            "min_insync_replicas": self.settings.min_insync_replicas,
            "data_dir": self.data_dir,
            "instance_id": name,
            "metrics_port": metrics_port,
            "log_format": "json",
        }
        return {**os.environ, **{ENVIRONMENT_PREFIX + key.upper(): str(value) for key, value in own.items()}}

    def _wait_ready(self) -> None:
        """Until /readyz of every process says yes."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        for name, url in self.metrics_urls.items():
            while (reason := _why_not_ready(url.replace("/metrics", "/readyz"))) is not None:
                if time.monotonic() > deadline:
                    log_file = self._directory.logs / f"{name}.log"
                    raise CommandError(f"{name} is not ready after {READY_SECONDS_MAX:.0f} s: {reason}. Its log: {log_file}")
                time.sleep(POLL_SECONDS)


def worker_names(workers: int) -> list[str]:
    """The order workers by name."""
    return [f"worker-{number}" for number in range(1, workers + 1)]


def process_commands(settings: Settings, workers: int, sweeper_clock: str | None = None) -> dict[str, list[str]]:
    """The processes by name, each with its `asiento` command; `sweeper_clock` is where the sweeper's clock stands still, if it does.

    What takes payloads in runs where the settings name something for it: a gateway and a fetcher where they
    have sources, a normalizer where either has, or connections or mappers are named. Each connection to a ledger outside has its sink.
    """
    still = ["--clock", sweeper_clock] if sweeper_clock else []
    found = {
        **{name: ["streams", "run"] for name in worker_names(workers)},
        "sink-ledger": ["sinks", "run", "ledger"],
        "projector": ["sinks", "run", "projector"],
        "sweeper": ["sweeper", "run", *still],
        "tie-out": ["tie-out", "run"],
        "lag-exporter": ["lag-exporter"],
    }
    if settings.gateway_config or settings.fetcher_sources or settings.connections or settings.mappers:
        found["normalizer"] = ["streams", "run", "normalizer"]
    if settings.gateway_config:
        found["gateway"] = ["gateway", "run"]
    if settings.fetcher_sources:
        found["fetcher"] = ["fetcher", "run"]
    if settings.ledger_connections:
        from sinks.connectors.configured import known_connections

        found |= {f"sink-{name}": ["sinks", "run", name] for name in known_connections(settings)}
    return found


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _interrupt_main_thread() -> None:
    """Wherever the main thread waits: the system it waits for has been given up."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _reasons(supervisor: Supervisor) -> list[str]:
    return [f"{name} does not run" for name in supervisor.not_running()]


def _failure(supervisor: Supervisor) -> list[str]:
    return [supervisor.failure] if supervisor.failure else []


def _why_not_ready(url: str) -> str | None:
    try:
        with _LOOPBACK.open(url, timeout=2) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.read(1000).decode(errors="replace")
    except OSError as error:
        return str(error)
    return None
