"""`asiento up` and `asiento down` as their user sees them: real processes, killed and stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asiento.runtime.child_process import ProcessIdentity, read_pid_file
from asiento.runtime.ports import free_ports
from tests.integration.gateway_installation import PATH, SECRET, signed
from tests.unit.sources.every_platform import life_of

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

DEADLINE_SECONDS = 90.0
CHILDREN = ("worker-1", "sink-ledger", "projector", "sweeper", "tie-out", "lag-exporter")


def until(condition: Callable[[], bool]) -> bool:
    """Poll a condition until it holds or the deadline passes."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def _environment(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")}
    own = {"data_dir": str(data_dir), "log_format": "json", **more}
    return {**kept, **{f"ASIENTO_{name.upper()}": value for name, value in own.items()}}


def _asiento(data_dir: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "asiento.cli.main", *words]
    return subprocess.run(command, env=_environment(data_dir), capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)


class Up:
    """A running `asiento up --workers 1` and what is known of its processes."""

    def __init__(self, data_dir: Path, process: "subprocess.Popen[str]") -> None:
        self.data_dir = data_dir
        self.process = process
        self.messages = data_dir / "messages"

    def child(self, name: str) -> ProcessIdentity | None:
        """The living process of that name."""
        return read_pid_file(self.data_dir / ("kafka" if name == "broker" else "run") / f"{name}.pid")

    def everything(self) -> list[ProcessIdentity]:
        """All that live by PID file."""
        return [identity for name in ("broker", "up", *CHILDREN) if (identity := self.child(name))]

    def restarted(self, old: ProcessIdentity) -> bool:
        """Whether another process of that name runs now."""
        return self.child(old.name) not in {None, old}


@contextmanager
def _up(data_dir: Path, **settings: str) -> Iterator[Up]:
    data_dir.mkdir(exist_ok=True)
    with (data_dir / "messages").open("w") as messages, (data_dir / "output").open("w") as output:
        command = [sys.executable, "-m", "asiento.cli.main", "up", "--workers", "1"]
        process = subprocess.Popen(command, env=_environment(data_dir, **settings), stdout=output, stderr=messages, text=True)
    up = Up(data_dir, process)
    try:
        assert until(lambda: "running; stop with" in up.messages.read_text() or process.poll() is not None)
        assert process.poll() is None, up.messages.read_text()
        yield up
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE_SECONDS)
        finally:
            process.kill()


def _metrics(up: Up) -> str:
    line = next(line for line in (up.data_dir / "output").read_text().splitlines() if line.endswith("(up)"))
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(line.split()[1], timeout=10) as answer:
        return str(answer.read().decode())


def test_what_dies_is_started_again_and_down_ends_it_all(tmp_path: Path) -> None:
    with _up(tmp_path / "data") as up:
        second = _asiento(up.data_dir, "up")
        assert second.returncode == 1
        assert f"another `asiento up` (pid {up.process.pid}) runs on {up.data_dir}" in second.stderr

        findings = json.loads(_asiento(up.data_dir, "doctor", "--json").stdout)
        assert {item["check"]: item["state"] for item in findings if item["state"] not in {"ok", "note"}} == {}
        assert any("all 11 topics are as the catalogue says" in item["detail"] for item in findings)

        for name in (*CHILDREN, "broker"):
            victim = up.child(name)
            assert victim is not None
            os.kill(victim.pid, signal.SIGKILL)
            assert until(lambda victim=victim: up.restarted(victim)), name  # type: ignore[misc]
        assert 'asiento_process_restarts_total{process="worker-1"} 1.0' in _metrics(up)

        everything = up.everything()
        assert {identity.name for identity in everything} == {"broker", "up", *CHILDREN}
        stopped = _asiento(up.data_dir, "down")
        assert (stopped.returncode, up.process.wait(DEADLINE_SECONDS)) == (0, 0), stopped.stderr
        assert not any(identity.is_alive() for identity in everything)
        assert not list(up.data_dir.rglob("*.pid"))
        assert "nothing runs" in _asiento(up.data_dir, "down").stderr


def test_a_webhook_is_in_the_books_where_sources_are_named(tmp_path: Path) -> None:
    port, (secret, gateway, fetcher) = free_ports(1)[0], (tmp_path / name for name in ("secret", "gateway.yaml", "fetcher.yaml"))
    secret.write_bytes(SECRET)
    gateway.write_text(f"tenants: {{acme: {{'shopify:main': {{secrets: [{{file: {secret}}}]}}}}}}\n")
    fetcher.write_text("tenants: {acme: {'shopify:main': {base_url: 'http://127.0.0.1:9'}}}\n")
    named = {"gateway_config": str(gateway), "gateway_port": str(port), "fetcher_sources": str(fetcher)}
    delivery = life_of("shopify")[0]
    body, order = json.dumps(delivery.payload).encode(), f"acme:shopify:main:{delivery.payload['id']}"
    with _up(tmp_path / "data", **named) as up:
        children = [up.child(name) for name in ("normalizer", "gateway", "fetcher")]
        assert all(children)
        assert f"gateway  http://127.0.0.1:{port}" in (up.data_dir / "output").read_text()
        request = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", body, signed(body, "d1", delivery.topic))
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            assert answer.status == 200
        assert until(lambda: '"OrderPlaced"' in _asiento(up.data_dir, "orders", "show", order, "--json").stdout)
        assert _asiento(up.data_dir, "down").returncode == 0
        assert up.process.wait(DEADLINE_SECONDS) == 0
        assert not any(child.is_alive() for child in children if child is not None)


def test_nothing_survives_a_kill_of_up(tmp_path: Path) -> None:
    with _up(tmp_path / "data") as up:
        everything = up.everything()
        assert len(everything) == 8
        up.process.kill()
        assert until(lambda: not any(identity.is_alive() for identity in everything))


def test_settings_that_no_process_accepts_end_up_with_the_reason(tmp_path: Path) -> None:
    """The policy file is read by the worker and the sweeper: the first of them is given up at once, and everything else is stopped."""
    data_dir = tmp_path / "data"
    (tmp_path / "policy.yaml").write_text("no_such_rule: 1\n")
    command = [sys.executable, "-m", "asiento.cli.main", "up", "--workers", "1"]
    environment = {**_environment(data_dir), "ASIENTO_POLICY": str(tmp_path / "policy.yaml")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
    assert ended.returncode == 1, ended.stderr
    assert re.search(r"(worker-1|sweeper) ended with exit code", ended.stderr)
    assert "no_such_rule" in ended.stderr
    assert not list(data_dir.rglob("*.pid"))
