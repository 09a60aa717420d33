"""Prometheus, promtool, Alertmanager and amtool, the real ones, for the tests that ask for them.

Those that the machine has are taken. Else Debian's packages are downloaded and unpacked below the ignored `.local`, not installed, so that
no service starts. Only the Alertmanager needs root then, for a file that Debian's has in one place.
"""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final, Self

import pytest

from asiento.runtime.file_lock import locked
from asiento.runtime.ports import free_ports

LOCAL = Path(__file__).resolve().parents[1] / ".local"
HOME = LOCAL / "monitoring"
PACKAGES: Final = ("prometheus", "prometheus-alertmanager")
TEMPLATE: Final = Path("/usr/share/prometheus/alertmanager/default.tmpl")
"""Debian's Alertmanager does not start without it."""
DOWNLOAD_SECONDS_MAX = 240
READY_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 10.0
POLL_SECONDS = 0.02
_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def prometheus() -> str:
    """The server; like the others it skips, saying why, where it cannot be had."""
    return _program("prometheus")


def promtool() -> str:
    """Checks and tests rules."""
    return _program("promtool")


def alertmanager() -> str:
    """The server that routes alerts."""
    found = shutil.which("alertmanager") or _program("prometheus-alertmanager")
    if Path(found).is_relative_to(HOME) and not TEMPLATE.exists():
        if not os.access("/usr/share", os.W_OK):
            pytest.skip(f"the Alertmanager needs {TEMPLATE}, which only root can put there: install prometheus-alertmanager")
        shutil.copytree(HOME / TEMPLATE.parent.relative_to("/"), TEMPLATE.parent, dirs_exist_ok=True)
    return found


def amtool() -> str:
    """Checks the configuration of the alertmanager and its routes."""
    return _program("amtool")


def _program(name: str) -> str:
    if (found := shutil.which(name)) is not None:
        return found
    unpacked = HOME / "usr" / "bin" / name
    with locked(LOCAL / "monitoring.lock", DOWNLOAD_SECONDS_MAX):
        if not (HOME / ".ready").exists():
            _unpack()
    return str(unpacked)


def _unpack() -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            pytest.skip(f"Prometheus is not installed, and without {tool} it cannot be downloaded: install {' and '.join(PACKAGES)}")
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    if _run(["apt-get", "download", "-qq", *PACKAGES]) is not None:
        _run(["apt-get", "update", "-qq"])
        problem = _run(["apt-get", "download", "-qq", *PACKAGES])
        if problem is not None:
            pytest.skip(f"Prometheus cannot be had: {problem}")
    for package in sorted(HOME.glob("*.deb")):
        if (problem := _run(["dpkg-deb", "-x", package.name, "."])) is not None:
            pytest.skip(f"Prometheus cannot be had: {problem}")
    (HOME / ".ready").touch()


def _run(command: list[str]) -> str | None:
    """What went wrong, None if nothing did."""
    try:
        run = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False, timeout=DOWNLOAD_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    return f"{' '.join(command)} ended with {run.returncode}: {run.stderr.strip()[-500:]}" if run.returncode else None


class MonitoringServer:
    """A Prometheus or an Alertmanager on a loopback port of its own; ends when the `with` is left."""

    def __init__(self, command: list[str], folder: Path, *, port: int | None = None) -> None:
        """`command` without its address; `folder` takes its log."""
        self.port = port or free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{Path(command[0]).name}.log"
        self._command = [*command, f"--web.listen-address=127.0.0.1:{self.port}"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(f"not ready: {' '.join(self._command)}\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(POLL_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS_MAX)

    def reload(self) -> None:
        """Have it read its files again."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGHUP)

    def _ready(self) -> bool:
        try:
            with _LOOPBACK.open(f"{self.url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def prometheus_server(folder: Path, config: Path, *options: str) -> MonitoringServer:
    """A Prometheus that keeps its data in the folder."""
    return MonitoringServer([prometheus(), f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}", *options], folder)


def alertmanager_server(folder: Path, config: Path, *options: str) -> MonitoringServer:
    """An Alertmanager that stands alone and keeps its data in the folder."""
    storage = f"--storage.path={folder / 'alertmanager'}"
    return MonitoringServer([alertmanager(), f"--config.file={config}", storage, "--cluster.listen-address=", *options], folder)
