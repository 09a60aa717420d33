"""One Apache Kafka node (KRaft, broker and controller in one process) on loopback, in a directory of its own."""

import json
import os
import secrets
import shutil
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Self

from asiento.runtime.child_process import ChildProcess, read_pid_file, start_child
from asiento.runtime.java import find_java
from asiento.runtime.kafka_jars import jars_directory, obtain_jars, pinned_jars
from asiento.runtime.kafka_probe import ProbeFailed, probe_broker

READY_SECONDS_MAX = 90.0
FORMAT_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 30.0
START_TRIES_MAX = 3
PORTS = range(20_000, 32_000)
"""Below the range that outgoing connections use: a client that keeps trying a closed port cannot connect to itself."""

JVM_OPTIONS = (
    "-Xms64m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)

SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{broker}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
message.max.bytes=10485760
replica.fetch.max.bytes=10485760
log.retention.ms=-1
log.retention.bytes=-1
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=8388608
log.cleaner.threads=1
num.network.threads=2
num.io.threads=2
background.threads=2
"""


class LocalKafkaError(Exception):
    """The local broker cannot be started; the message says why and where its log is."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The two ports of the node, both on 127.0.0.1."""

    broker: int
    controller: int


class LocalKafka:
    """A broker on `directory`: data, ports, log and PID file live there and survive; start again to go on.

    Call `start` from a thread that outlives the broker (see `start_child`). As a context manager: started inside, stopped after.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.pid_file = self.directory / "broker.pid"
        self.log_file = self.directory / "broker.log"
        self._child: ChildProcess | None = None
        self._ports: Ports | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` of the last start, for clients."""
        if self._ports is None:
            raise LocalKafkaError(f"the broker on {self.directory} was not started yet")
        return f"127.0.0.1:{self._ports.broker}"

    @property
    def pid(self) -> int | None:
        """Process id of the broker we started, None if it does not run."""
        return self._child.pid if self._child and self._child.exit_code() is None else None

    def start(self) -> str:
        """Start and wait until a record was produced and fetched; returns `host:port` for clients.

        Raises `LocalKafkaError`, `JarsError` or `JavaNotFound`.
        """
        running = read_pid_file(self.pid_file)
        if running:
            raise LocalKafkaError(f"a broker already runs on {self.directory} (pid {running.pid}); stop it with `asiento down`")
        java = find_java().program
        class_path = os.pathsep.join(str(path) for path in obtain_jars(jars_directory(), pinned_jars()))
        self.directory.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, START_TRIES_MAX + 1):
            ports = self._ports = self._choose_ports()
            try:
                self._run(java, class_path, ports)
                return self.bootstrap_servers
            except LocalKafkaError:
                if attempt == START_TRIES_MAX or _both_free(ports):  # then the ports were not the reason
                    raise
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """End the broker (SIGTERM, after a bounded wait SIGKILL); does nothing if it does not run."""
        if self._child:
            self._child.stop(STOP_SECONDS_MAX)
            self._child = None

    def kill(self) -> None:
        """kill -9: what a crash of the broker looks like."""
        if self._child:
            self._child.kill()
            self._child = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _run(self, java: Path, class_path: str, ports: Ports) -> None:
        properties = self._write_configuration(ports)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KAFKA_", "ASIENTO_"))}
        command: list[str | Path] = [java, *JVM_OPTIONS, f"-Dlog4j2.configurationFile={self.directory / 'log4j2.yaml'}", "-cp", class_path]
        self._format([*command, "kafka.tools.StorageTool", "format", "-c", str(properties)], environment)
        self._child = start_child(
            "broker", [*command, "kafka.Kafka", properties], environment=environment, log_file=self.log_file, pid_file=self.pid_file
        )
        try:
            probe_broker(f"127.0.0.1:{ports.broker}", READY_SECONDS_MAX, self._child.exit_code)
        except ProbeFailed as error:
            self.kill()
            raise LocalKafkaError(f"the local broker did not become ready: {error}. {self._log_tail()}") from None
        except BaseException:
            self.kill()
            raise

    def _write_configuration(self, ports: Ports) -> Path:
        log4j = files("asiento.runtime.kafka_local").joinpath("log4j2.yaml").read_bytes()
        (self.directory / "log4j2.yaml").write_bytes(log4j)
        properties = self.directory / "server.properties"
        properties.write_text(SERVER_PROPERTIES.format(**asdict(ports), data=self.directory / "data"))
        return properties

    def _format(self, command: list[str | Path], environment: dict[str, str]) -> None:
        """Give the data directory its cluster id, once."""
        data = self.directory / "data"
        if (data / "bootstrap.checkpoint").exists():
            return
        shutil.rmtree(data, ignore_errors=True)  # left by a format that was interrupted: holds no record yet
        cluster_id = "A" + secrets.token_urlsafe(16)[1:]  # a leading dash would be read as an option
        try:
            subprocess.run([*command, "-t", cluster_id], env=environment, capture_output=True, timeout=FORMAT_SECONDS_MAX, check=True)
        except subprocess.SubprocessError as error:
            said = getattr(error, "stderr", None) or b""
            raise LocalKafkaError(f"{data} cannot be formatted: {error}\n{said.decode(errors='replace')[-2000:]}") from None

    def _choose_ports(self) -> Ports:
        """The ports of last time if they are still free, else new ones, kept for the next time."""
        kept = self.directory / "ports.json"
        try:
            ports = Ports(**json.loads(kept.read_text()))
        except (OSError, ValueError, TypeError):
            ports = None
        if ports is None or not _both_free(ports):
            ports = _free_ports()
            kept.write_text(json.dumps(asdict(ports)))
        return ports

    def _log_tail(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()[-15:] if self.log_file.exists() else []
        return "\n".join([f"The end of {self.log_file}:", *lines])


def _free_ports() -> Ports:
    with ExitStack() as open_sockets:
        found: list[int] = []
        while len(found) < 2:
            port = PORTS[secrets.randbelow(len(PORTS))]
            listener = open_sockets.enter_context(socket.socket())
            if port not in found and _bound(listener, port):
                found.append(port)
        return Ports(*found)


def _both_free(ports: Ports) -> bool:
    with socket.socket() as one, socket.socket() as two:
        return _bound(one, ports.broker) and _bound(two, ports.controller)


def _bound(listener: socket.socket, port: int) -> bool:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the broker does: connections that are closing do not count
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
