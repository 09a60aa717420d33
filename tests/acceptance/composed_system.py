"""What docker-compose.yml runs, on this machine without containers: its commands and variables, a real broker, a real PostgreSQL.

Names of hosts, ports and folders are those of this machine; what has no volume in the file gets a data folder that nobody can write.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg

from asiento.runtime.ports import free_ports
from tests.compose_file import ROOT, SECRETS_FOLDER, compose_file, mounted_files, ours, processes
from tests.postgresql import PostgresqlServer, binaries

DRAIN_SECONDS_MAX: Final = 20.0
READY_SECONDS_MAX: Final = 180.0
COMMAND_SECONDS_MAX: Final = 120.0
POLL_SECONDS: Final = 0.1
NOT_WRITABLE: Final = "/proc/asiento"
METRICS_PORT: Final = "9464"
_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ComposedSystem:
    """All services of ours by name, tasks as commands, the others as processes; ends what it started when it is closed."""

    def __init__(self, directory: Path, kafka: str, prefix: str, postgresql: PostgresqlServer, bean_check: str) -> None:
        self.directory = directory
        self.compose = compose_file()
        self.services = ours(self.compose)
        self.names = list(processes(self.compose))
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        (directory / "secrets").mkdir()
        for name in self.compose["secrets"]:
            (directory / "secrets" / name).write_text(f"pass word/of:{name}")
        ports = free_ports(len(self.names) + 1)
        self.ports = dict(zip(self.names, ports, strict=False))
        self.gateway_port = ports[-1]
        self._places = {
            "kafka:19092": kafka,
            "@postgres:5432": f"@127.0.0.1:{postgresql.port}",
            SECRETS_FOLDER: f"{directory}/secrets/",
            "/opt/beancount/bin/bean-check": bean_check,
        }
        self._isolated = {"ASIENTO_TOPIC_PREFIX": prefix, "ASIENTO_APP_ID": f"{prefix}app"}
        self._make_roles(postgresql)

    def _make_roles(self, postgresql: PostgresqlServer) -> None:
        """By the script that the image runs; from then on every user but the superuser must give a password."""
        programs = binaries()
        assert programs is not None
        environment = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(postgresql.port),
            "SECRETS_FOLDER": str(self.directory / "secrets"),
            "ROLES_FILE": str(ROOT / "deploy/postgresql/roles.sql"),
        }
        script = ROOT / "deploy/postgresql/roles.sh"
        run = subprocess.run(["sh", str(script)], env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False)
        assert run.returncode == 0, run.stderr
        postgresql.ask_for_passwords()

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a service."""
        service = self.services[name]
        home = self.directory / name
        home.mkdir(exist_ok=True)
        files = {target: self._copied(source, home) for target, source in mounted_files(service).items()}
        has_volume = any(volume.endswith(":/var/lib/asiento") for volume in service.get("volumes", []))
        values: dict[str, str] = dict(service["environment"])
        for variable, value in values.items():
            values[variable] = files.get(value) or self._here(value, home)
        if not has_volume:
            values["ASIENTO_DATA_DIR"] = NOT_WRITABLE
        if name in self.ports:
            values |= {"ASIENTO_METRICS_HOST": "127.0.0.1", "ASIENTO_METRICS_PORT": str(self.ports[name])}
        if "ASIENTO_GATEWAY_PORT" in values:
            values |= {"ASIENTO_GATEWAY_HOST": "127.0.0.1", "ASIENTO_GATEWAY_PORT": str(self.gateway_port)}
        outer = {variable: value for variable, value in os.environ.items() if not variable.startswith("ASIENTO_")}
        return outer | values | self._isolated

    def _here(self, text: str, home: Path) -> str:
        for there, here in self._places.items():
            text = text.replace(there, here)
        return text.replace("/var/lib/asiento", str(home))

    def _copied(self, source: str, home: Path) -> str:
        """A file of the tree with places of this machine in it."""
        copy = home / Path(source).name
        copy.write_text(self._here((ROOT / source).read_text(encoding="utf-8"), home))
        return str(copy)

    def run(self, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a task of the file, or another command as this service."""
        command = [sys.executable, "-m", "asiento.cli.main", *(words or self.services[name]["command"])]
        environment = self.environment(name)
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False)

    def start(self) -> None:
        """Tasks first, each of which must end well, then all processes at once."""
        for name, service in self.services.items():
            if service["restart"] == "no" and "profiles" not in service:
                done = self.run(name)
                assert done.returncode == 0, f"{name}: {done.stderr}"
        for name in self.names:
            self._start(name)

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "asiento.cli.main", *self.services[name]["command"]]
        with self.log_of(name).open("ab") as log:
            self._started[name] = subprocess.Popen(command, env=self.environment(name), stdout=log, stderr=log)

    def replace(self, name: str) -> None:
        """As an orchestrator rolls one process over: SIGTERM, exit 0, a new one, and on as soon as that is healthy."""
        self._started[name].send_signal(signal.SIGTERM)
        assert self._started[name].wait(DRAIN_SECONDS_MAX) == 0, self.told_by(name)
        self._start(name)
        self.wait_healthy(name)

    def wait_healthy(self, *names: str) -> None:
        """Until the health check of these services (all), the very command of the file, says yes; fails where a process ends."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        for name in names or self.names:
            while not (self._ready(name) and self.healthy(name)):  # a worker is not ready while others join
                assert self._started[name].poll() is None, f"{name} has ended:\n{self.told_by(name)}"
                assert time.monotonic() < deadline, f"{name} is not healthy:\n{self.told_by(name)}"
                time.sleep(POLL_SECONDS)

    def _ready(self, name: str) -> bool:
        """What /readyz says: cheaper to ask again and again than the health check, which is a program."""
        try:
            with _LOOPBACK.open(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def healthy(self, name: str) -> bool:
        """What the health check of a service says now, run as its container would run it."""
        words: list[str] = [word.replace(METRICS_PORT, str(self.ports[name])) for word in self.services[name]["healthcheck"]["test"][1:]]
        assert words[0] == "python"
        environment = {variable: value for variable, value in os.environ.items() if not variable.lower().endswith("_proxy")}
        run = subprocess.run([sys.executable, *words[1:]], env=environment, capture_output=True, timeout=COMMAND_SECONDS_MAX, check=False)
        return run.returncode == 0

    def metrics(self, name: str) -> list[str]:
        """The lines of /metrics of a process."""
        with _LOOPBACK.open(f"http://127.0.0.1:{self.ports[name]}/metrics", timeout=10) as answer:
            page: bytes = answer.read()
        return page.decode().splitlines()

    def memory_bytes(self) -> dict[str, int]:
        """Resident memory of each process, in bytes."""
        return {name: psutil.Process(process.pid).memory_info().rss for name, process in self._started.items()}

    def drain(self) -> dict[str, tuple[int | None, float]]:
        """SIGTERM to all at once; exit code (None: not ended in time) and seconds of each."""
        begin = time.monotonic()
        for process in self._started.values():
            process.send_signal(signal.SIGTERM)
        ended: dict[str, tuple[int | None, float]] = {}
        while len(ended) < len(self._started) and time.monotonic() < begin + DRAIN_SECONDS_MAX:
            for name, process in self._started.items():
                if name not in ended and process.poll() is not None:
                    ended[name] = process.returncode, time.monotonic() - begin
            time.sleep(POLL_SECONDS / 5)
        return {name: ended.get(name, (None, DRAIN_SECONDS_MAX)) for name in self._started}

    def log_of(self, name: str) -> Path:
        """Where a process writes."""
        return self.directory / f"{name}.log"

    def told_by(self, name: str) -> str:
        """The end of what a process has written."""
        return self.log_of(name).read_text(errors="replace")[-4_000:]

    def close(self) -> None:
        """End what still runs."""
        for process in self._started.values():
            if process.poll() is None:
                process.kill()
                process.wait()


def connection_as(postgresql: PostgresqlServer, role: str, password: str, database: str) -> "psycopg.Connection[Any]":
    """A session of a role, by its password."""
    return psycopg.connect(host="127.0.0.1", port=postgresql.port, user=role, password=password, dbname=database, connect_timeout=5)


def spelled(memory: dict[str, int]) -> str:
    """Resident memory for people."""
    return ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in memory.items())
