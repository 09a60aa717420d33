"""Broker and database of a chaos run: the broker can be told to advertise proxies, the database waits for the disk and can crash."""

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from asiento.runtime.local_kafka import LocalKafka, Ports
from asiento.runtime.ports import free_ports
from tests.acceptance.tcp_proxy import TcpProxy
from tests.postgresql import PostgresqlServer

GONE_SECONDS_MAX = 30.0
START_TRIES_MAX = 5


class ProxiedKafka(LocalKafka):
    """A broker with one more listener per client named, each behind a proxy: what it advertises there is the proxy's port."""

    def __init__(self, directory: Path, clients: tuple[str, ...]) -> None:
        super().__init__(directory)
        self._listeners = dict(zip(clients, free_ports(len(clients)), strict=True))
        self.proxies: Mapping[str, TcpProxy] = {client: TcpProxy(port) for client, port in self._listeners.items()}

    def servers_of(self, client: str) -> str:
        """Bootstrap servers of a client, through its proxy."""
        return f"127.0.0.1:{self.proxies[client].port}"

    def _write_configuration(self, ports: Ports) -> Path:
        properties = super()._write_configuration(ports)
        names = [(client.upper(), port, self.proxies[client].port) for client, port in self._listeners.items()]
        listen = "".join(f",{name}://127.0.0.1:{port}" for name, port, _ in names)
        advertise = "".join(f",{name}://127.0.0.1:{proxy}" for name, _, proxy in names)
        protocols = "".join(f",{name}:PLAINTEXT" for name, _, _ in names)
        with properties.open("a") as file:  # what comes last counts
            file.write(f"listeners=BROKER://127.0.0.1:{ports.broker},CONTROLLER://127.0.0.1:{ports.controller}{listen}\n")
            file.write(f"advertised.listeners=BROKER://127.0.0.1:{ports.broker}{advertise}\n")
            file.write(f"listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}\n")
        return properties


class DurablePostgresql(PostgresqlServer):
    """A server that waits for the disk, so that a crash may lose nothing that was committed."""

    settings = ("fsync=on",)

    @property
    def data(self) -> Path:
        """Where its data are, not there before the start."""
        return Path(self._data)

    @property
    def running(self) -> bool:
        """Whether the server is there."""
        return self._process is not None and self._process.poll() is None

    def crash(self) -> None:
        """kill -9 of the server and all its sessions, as when the machine goes."""
        assert self._process is not None
        family = [self._process.pid, *(child.pid for child in psutil.Process(self._process.pid).children(recursive=True))]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(GONE_SECONDS_MAX)

    def recover(self) -> None:
        """Start on what the crash has left; tried again while the machine still lets go of what the dead held."""
        for attempt in range(1, START_TRIES_MAX + 1):
            try:
                self.come_back()
            except AssertionError:
                if attempt == START_TRIES_MAX:
                    raise
                time.sleep(1)  # the shared memory of the dead is given up after them, unannounced
            else:
                return
