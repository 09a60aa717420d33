"""Keeps a set of services running: restarts what dies, slower each time, and gives up on what cannot live.

Services stand in tiers: started from the first tier to the last, stopped from the last to the first.
"""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from asiento.runtime import log_events
from asiento.runtime.child_process import ChildProcess, start_child
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.metrics.declaring import begin

POLL_SECONDS = 0.1
USAGE_EXIT_CODE = 2
UNREACHABLE_EXIT_CODE = 3


class Service(Protocol):
    """Something that runs until it is stopped or dies."""

    @property
    def name(self) -> str:
        """Name in logs, metrics and messages: from a closed set."""

    @property
    def log_file(self) -> Path:
        """Where its output is."""

    def start(self) -> object:
        """Start it; raises if that is impossible now."""

    def exit_code(self) -> int | None:
        """The exit code of the last run (negative: signal number; 0 before the first), None while it runs."""

    def terminate(self) -> None:
        """Ask it to end; returns at once."""

    def wait_stopped(self) -> None:
        """Wait, bounded, until it has ended; then kill it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartLimits:
    """How patient the supervisor is.

    Deaths by SIGKILL (somebody or the kernel decided) and with exit code 3 (a dependency is unreachable) never count towards
    giving up; exit code 2 (the settings are wrong) is given up at once, since another start cannot help. `deaths_max` None: no
    number of deaths is given up.
    """

    first_wait_seconds: float = 0.2
    wait_seconds_max: float = 10.0
    deaths_max: int | None = 8
    window_seconds: float = 120.0


class ChildService:
    """A service that is one child process of ours."""

    def __init__(
        self, name: str, argv: Sequence[str], *, environment: dict[str, str], run_dir: Path, log_dir: Path, stop_seconds_max: float
    ) -> None:
        self.name = name
        self.log_file = log_dir / f"{name}.log"
        self._argv = argv
        self._environment = environment
        self._pid_file = run_dir / f"{name}.pid"
        self._stop_seconds_max = stop_seconds_max
        self._child: ChildProcess | None = None

    def start(self) -> None:
        """Start the process."""
        self._child = start_child(self.name, self._argv, environment=self._environment, log_file=self.log_file, pid_file=self._pid_file)

    def exit_code(self) -> int | None:
        """See `Service`."""
        return self._child.exit_code() if self._child else 0

    def terminate(self) -> None:
        """SIGTERM."""
        if self._child:
            self._child.terminate()

    def wait_stopped(self) -> None:
        """Wait, past the bound SIGKILL."""
        if self._child:
            self._child.wait(self._stop_seconds_max)
            self._child = None


@dataclass(slots=True)
class _Watched:
    """One service and the history of its deaths (monotonic seconds)."""

    service: Service
    deaths: deque[float] = field(default_factory=deque)
    deaths_in_a_row: int = 0
    started_at: float = 0.0
    start_again_at: float | None = None


class Supervisor:
    """Runs the tiers in a thread of its own, because children end with the thread that started them.

    When it has given up and nothing runs any more, it calls `on_failure` (in its thread). `limits_of` names services with limits of
    their own.
    """

    def __init__(
        self,
        tiers: Sequence[Sequence[Service]],
        metrics: Metrics,
        limits: RestartLimits | None = None,
        on_failure: Callable[[], None] = lambda: None,
        limits_of: Mapping[str, RestartLimits] | None = None,
    ) -> None:
        self._tiers = tiers
        self._watched = [_Watched(service) for tier in tiers for service in tier]
        self._metrics = metrics
        begin(metrics.process_restarts, [service.name for tier in tiers for service in tier])
        self._limits = limits or RestartLimits()
        self._limits_of = limits_of or {}
        self._on_failure = on_failure
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._ended = threading.Event()
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor")

    @property
    def failure(self) -> str | None:
        """Why it gave up; None while all is well."""
        return self._failure

    def not_running(self) -> list[str]:
        """Names of services that do not run at this moment."""
        return [watched.service.name for watched in self._watched if watched.service.exit_code() is not None]

    def start(self) -> None:
        """Start all services in order; returns when each was started or the supervisor gave up."""
        self._thread.start()
        while not (self._started.wait(POLL_SECONDS) or self._ended.is_set()):
            pass

    def wait_failed(self, seconds_max: float) -> bool:
        """Wait until the supervisor has given up, or the time is over; returns whether it has."""
        return self._ended.wait(seconds_max) and self._failure is not None

    def stop(self) -> None:
        """Stop all services, last tier first; returns when nothing runs any more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            for watched in self._watched:
                if watched.service.exit_code() is not None:  # a broker may run already
                    self._start(watched)
            self._started.set()
            while not self._failure and not self._stopping.wait(POLL_SECONDS):
                for watched in self._watched:
                    self._look_after(watched)
        except Exception as error:  # noqa: BLE001 - the top of this thread: told to the main thread, everything is stopped
            self._failure = f"the supervisor itself failed: {error!r}"
            get_logger().exception(log_events.PROCESS_FAILED)
        finally:
            self._stop_all()
            self._ended.set()
            if self._failure:
                self._on_failure()

    def _start(self, watched: _Watched) -> None:
        watched.start_again_at = None
        watched.started_at = time.monotonic()
        try:
            watched.service.start()
        except Exception as error:  # noqa: BLE001 - a start that fails is a death like any other: bounded, then given up
            get_logger().error(log_events.CHILD_DIED, child=watched.service.name, error=str(error))
            self._note_death(watched, None)
        else:
            get_logger().info(log_events.CHILD_STARTED, child=watched.service.name)

    def _look_after(self, watched: _Watched) -> None:
        if watched.start_again_at is None:
            code = watched.service.exit_code()
            if code is not None:
                watched.service.wait_stopped()
                get_logger().error(
                    log_events.CHILD_DIED, child=watched.service.name, ended=_describe(code), log=str(watched.service.log_file)
                )
                self._note_death(watched, code)
        elif time.monotonic() >= watched.start_again_at:
            self._metrics.process_restarts.labels(watched.service.name).inc()
            self._start(watched)

    def _note_death(self, watched: _Watched, code: int | None) -> None:
        now, limits = time.monotonic(), self._limits_of.get(watched.service.name, self._limits)
        if now - watched.started_at > limits.wait_seconds_max:
            watched.deaths_in_a_row = 0
        watched.deaths_in_a_row += code != -signal.SIGKILL
        wait = limits.first_wait_seconds * 2 ** min(max(watched.deaths_in_a_row - 1, 0), 30)
        watched.start_again_at = now + min(wait, limits.wait_seconds_max)
        if code not in {-signal.SIGKILL, UNREACHABLE_EXIT_CODE}:
            watched.deaths.append(now)
        while watched.deaths and watched.deaths[0] < now - limits.window_seconds:
            watched.deaths.popleft()
        if code == USAGE_EXIT_CODE or (limits.deaths_max is not None and len(watched.deaths) >= limits.deaths_max):
            self._give_up(watched, code, limits.window_seconds)

    def _give_up(self, watched: _Watched, code: int | None, window_seconds: float) -> None:
        name, log_file = watched.service.name, watched.service.log_file
        ended = "could not be started" if code is None else f"ended with {_describe(code)}"
        times = f", {len(watched.deaths)} times within {window_seconds:.0f} s" if code != USAGE_EXIT_CODE else ""
        self._failure = f"{name} {ended}{times}; giving up. The reason is at the end of {log_file}:\n{log_tail(log_file)}"
        get_logger().error(log_events.CHILD_GIVEN_UP, child=name, ended=ended, log=str(log_file))

    def _stop_all(self) -> None:
        for tier in reversed(self._tiers):
            for service in reversed(tier):
                service.terminate()
            for service in reversed(tier):
                service.wait_stopped()
                get_logger().info(log_events.CHILD_STOPPED, child=service.name)


def log_tail(log_file: Path, lines_max: int = 15) -> str:
    """The last lines of a log file; empty if there is none."""
    try:
        with log_file.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines_max:])
    except OSError:
        return ""


def _describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
