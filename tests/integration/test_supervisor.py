"""The supervisor with real processes: restarts what dies, gives up on what cannot live, leaves nothing behind."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from asiento.runtime.child_process import read_pid_file
from asiento.runtime.metrics import Metrics
from asiento.runtime.supervisor import ChildService, RestartLimits, Supervisor

DEADLINE_SECONDS = 20.0
LIVES = "import signal, time; print('up', flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"
QUICK = RestartLimits(first_wait_seconds=0.01, wait_seconds_max=0.05, deaths_max=3, window_seconds=60)


def until(condition: Callable[[], bool]) -> bool:
    """Poll a condition until it holds or the deadline passes."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


class Children:
    """Makes services in one directory and finds their processes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def service(self, name: str, program: str, stop_seconds_max: float = 10.0) -> ChildService:
        argv = [sys.executable, "-c", program]
        return ChildService(
            name, argv, environment=dict(os.environ), run_dir=self.directory, log_dir=self.directory, stop_seconds_max=stop_seconds_max
        )

    def pid(self, name: str) -> int | None:
        identity = read_pid_file(self.directory / f"{name}.pid")
        return identity.pid if identity else None

    def log(self, name: str) -> str:
        path = self.directory / f"{name}.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def children(tmp_path: Path) -> Children:
    return Children(tmp_path)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def supervise(metrics: Metrics) -> Iterator[Callable[..., Supervisor]]:
    started: list[Supervisor] = []

    def start(*tiers: list[ChildService], limits: RestartLimits = QUICK, limits_of: dict[str, RestartLimits] | None = None) -> Supervisor:
        supervisor = Supervisor(tiers, metrics, limits, limits_of=limits_of)
        started.append(supervisor)
        supervisor.start()
        return supervisor

    yield start
    for supervisor in started:
        supervisor.stop()


def _restarts(metrics: Metrics, name: str) -> float:
    return metrics.registry.get_sample_value("asiento_process_restarts_total", {"process": name}) or 0.0


def test_a_killed_child_is_started_again_and_counted(children: Children, metrics: Metrics, supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise([children.service("one", LIVES), children.service("two", LIVES)])
    assert until(lambda: children.log("one") == "up\n")
    first, other = children.pid("one"), children.pid("two")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert until(lambda: children.log("one") == "up\nup\n")
    assert children.pid("one") not in {first, None}
    assert children.pid("two") == other
    assert (_restarts(metrics, "one"), _restarts(metrics, "two")) == (1.0, 0.0)
    assert supervisor.failure is None


def test_stop_leaves_no_process_and_no_pid_file(children: Children, supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise([children.service("first", LIVES)], [children.service("second", LIVES), children.service("third", LIVES)])
    assert until(lambda: all(children.log(name) for name in ("first", "second", "third")))
    pids = [read_pid_file(children.directory / f"{name}.pid") for name in ("first", "second", "third")]
    supervisor.stop()
    assert not any(identity and identity.is_alive() for identity in pids)
    assert not list(children.directory.glob("*.pid"))
    assert supervisor.not_running() == ["first", "second", "third"]


def test_tiers_stop_from_the_last_to_the_first(children: Children, supervise: Callable[..., Supervisor]) -> None:
    says_when = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (print(time.monotonic_ns(), flush=True), sys.exit(0)))\n"
    )
    says_when += "print('up', flush=True)\nsignal.pause()"
    supervisor = supervise([children.service("broker", says_when)], [children.service("worker", says_when)])
    assert until(lambda: all(children.log(name) for name in ("broker", "worker")))
    supervisor.stop()
    ended = {name: int(children.log(name).split()[1]) for name in ("broker", "worker")}
    assert ended["worker"] < ended["broker"]


def test_a_child_that_ignores_sigterm_is_killed_in_time(children: Children, supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise([children.service("stubborn", STUBBORN, stop_seconds_max=0.3)])
    assert until(lambda: children.log("stubborn") == "up\n")
    before = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - before < 10
    assert children.pid("stubborn") is None


def test_a_service_with_limits_of_its_own_outlives_any_number_of_deaths(
    children: Children, metrics: Metrics, supervise: Callable[..., Supervisor]
) -> None:
    """A worker under the crash-loop breaker: giving it up would let one record end everything."""
    patient = {"dies": replace(QUICK, deaths_max=None)}
    supervisor = supervise([children.service("dies", "import sys; sys.exit(70)")], limits_of=patient)
    assert until(lambda: _restarts(metrics, "dies") > 6)
    assert supervisor.failure is None


def test_what_always_dies_is_given_up_with_its_last_words(children: Children, supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise([children.service("fine", LIVES), children.service("broken", "import sys; sys.exit('no such table')")])
    assert supervisor.wait_failed(DEADLINE_SECONDS)
    assert supervisor.failure is not None
    assert "broken ended with exit code 1, 3 times within 60 s; giving up" in supervisor.failure
    assert "no such table" in supervisor.failure
    assert children.log("broken").count("no such table") == 3
    assert children.pid("fine") is None


def test_wrong_settings_are_given_up_at_once(children: Children, supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise([children.service("misspelt", "import sys; print('no such setting', flush=True); sys.exit(2)")])
    assert supervisor.wait_failed(DEADLINE_SECONDS)
    assert children.log("misspelt") == "no such setting\n"


@pytest.mark.parametrize("death", ["sys.exit(3)", "os.kill(os.getpid(), 9)"])
def test_an_unreachable_broker_and_kills_from_outside_are_outlived(
    children: Children, supervise: Callable[..., Supervisor], death: str
) -> None:
    supervisor = supervise([children.service("patient", f"import os, sys; print('try', flush=True); {death}")])
    assert until(lambda: children.log("patient").count("try") > 2 * (QUICK.deaths_max or 0))
    assert supervisor.failure is None


def test_a_program_that_does_not_exist_is_given_up(children: Children, supervise: Callable[..., Supervisor], tmp_path: Path) -> None:
    missing = ChildService("missing", ["/nowhere/program"], environment={}, run_dir=tmp_path, log_dir=tmp_path, stop_seconds_max=1)
    supervisor = supervise([missing])
    assert supervisor.wait_failed(DEADLINE_SECONDS)
    assert supervisor.failure is not None
    assert "missing ended with exit code 1, 3 times" in supervisor.failure
