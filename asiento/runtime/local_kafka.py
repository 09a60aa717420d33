"""One Apache Kafka node (KRaft, broker and controller in one process) on loopback, in a directory of its own."""

import json
import os
import secrets
import shutil
import subprocess
from dataclasses import asdict, astuple, dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Self

from asiento.runtime.child_process import ChildProcess, read_pid_file, start_child
from asiento.runtime.class_archive import COLLECTOR, ClassArchive
from asiento.runtime.java import Java, find_java
from asiento.runtime.kafka_jars import jars_directory, obtain_jars, pinned_jars
from asiento.runtime.kafka_probe import ProbeFailed, probe_broker
from asiento.runtime.ports import are_free, free_ports

READY_SECONDS_MAX = 90.0
FORMAT_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 30.0
STOPPED_EXIT_CODE = 143
"""How Java ends after SIGTERM."""
START_TRIES_MAX = 3

JVM_OPTIONS = (
    "-Xms64m",
    "-Xmx384m",
    COLLECTOR,
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
broker.heartbeat.interval.ms=500
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

    name = "broker"

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.pid_file = self.directory / "broker.pid"
        self.log_file = self.directory / "broker.log"
        self._child: ChildProcess | None = None
        self._archive: ClassArchive | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` of the last start on this directory, for clients. Raises `LocalKafkaError` if there was none."""
        ports = self._kept_ports()
        if ports is None:
            raise LocalKafkaError(f"no broker was started on {self.directory} yet")
        return f"127.0.0.1:{ports.broker}"

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
        java = find_java()
        class_path = os.pathsep.join(str(path) for path in obtain_jars(jars_directory(), pinned_jars()))
        self.directory.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, START_TRIES_MAX + 1):
            ports = self._choose_ports()
            try:
                self._run(java, class_path, ports)
                return self.bootstrap_servers
            except LocalKafkaError:
                the_archive_may_be_damaged = self._archive is not None and self._archive.discard()
                somebody_took_a_port = not are_free(astuple(ports))
                if attempt == START_TRIES_MAX or not (the_archive_may_be_damaged or somebody_took_a_port):
                    raise
        raise AssertionError("unreachable")

    def exit_code(self) -> int | None:
        """The exit code of the last run (0 before the first), None while it runs."""
        return self._child.exit_code() if self._child else 0

    def terminate(self) -> None:
        """Ask the broker to end; returns at once."""
        if self._child:
            self._child.terminate()

    def wait_stopped(self) -> None:
        """Wait until it has ended, past the bound kill it."""
        if self._child:
            code = self._child.wait(STOP_SECONDS_MAX)
            self._child = None
            if self._archive and code == STOPPED_EXIT_CODE:
                self._archive.keep(self.directory / "classes.jsa")

    def stop(self) -> None:
        """End the broker (SIGTERM, after a bounded wait SIGKILL); does nothing if it does not run."""
        self.terminate()
        self.wait_stopped()

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

    def _run(self, java: Java, class_path: str, ports: Ports) -> None:
        properties = self._write_configuration(ports)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KAFKA_", "ASIENTO_"))}
        self._archive = ClassArchive(java, jars_directory())
        command: list[str | Path] = [java.program, *JVM_OPTIONS, f"-Dlog4j2.configurationFile={self.directory / 'log4j2.yaml'}"]
        program = ["-cp", class_path]
        using = self._archive.using()
        self._format([*command, *using, *program, "kafka.tools.StorageTool", "format", "-c", str(properties)], environment)
        classes = using or self._archive.making(self.directory / "classes.jsa")
        broker = [*command, *classes, *program, "kafka.Kafka", properties]
        self._child = start_child("broker", broker, environment=environment, log_file=self.log_file, pid_file=self.pid_file)
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
        ports = self._kept_ports()
        if ports is None or not are_free(astuple(ports)):
            ports = Ports(*free_ports(2))
            (self.directory / "ports.json").write_text(json.dumps(asdict(ports)))
        return ports

    def _kept_ports(self) -> Ports | None:
        try:
            return Ports(**json.loads((self.directory / "ports.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _log_tail(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()[-15:] if self.log_file.exists() else []
        return "\n".join([f"The end of {self.log_file}:", *lines])
