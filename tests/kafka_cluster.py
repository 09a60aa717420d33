"""Three Kafka brokers on this machine, each broker and controller at once: replication factor 3, two in-sync copies, no unclean election.

The same pinned jars and Java as `asiento up`; small heaps. Nodes are killed, frozen, stopped and started again one by one, on ports
and data of their own; `roles` says whom a kill hits.
"""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Self

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from asiento.runtime.child_process import ChildProcess, start_child
from asiento.runtime.class_archive import ClassArchive
from asiento.runtime.java import find_java
from asiento.runtime.kafka_jars import jars_directory, obtain_jars, pinned_jars
from asiento.runtime.local_kafka import JVM_OPTIONS, SERVER_PROPERTIES
from asiento.runtime.ports import free_ports

NODES = (1, 2, 3)
HEAP = "-Xmx256m"
FORMAT_SECONDS_MAX = 90.0
HEALTHY_SECONDS_MAX = 180.0
STOP_SECONDS_MAX = 30.0
POLL_SECONDS = 0.2
ANSWER_SECONDS = 5.0

REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "unclean.leader.election.enable": "false",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "broker.session.timeout.ms": "6000",
    "leader.imbalance.check.interval.seconds": "10",
}
"""What differs from the local broker's properties, beside ids and addresses."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which node is what at this moment; they move when one dies."""

    controller: int
    group_coordinator: int
    transaction_coordinator: int


class KafkaNode:
    """One broker of the cluster; `start` returns at once."""

    def __init__(self, directory: Path, number: int, brokers: Mapping[int, int], controllers: Mapping[int, int], cluster_id: str) -> None:
        self.number = number
        self.directory = directory / f"node-{number}"
        self.address = f"127.0.0.1:{brokers[number]}"
        self.log_file = self.directory / "broker.log"
        self._java, self._cluster_id = find_java(), cluster_id
        self._class_path = os.pathsep.join(str(path) for path in obtain_jars(jars_directory(), pinned_jars()))
        self._child: ChildProcess | None = None
        self.directory.mkdir(parents=True)
        (self.directory / "log4j2.yaml").write_bytes(files("asiento.runtime.kafka_local").joinpath("log4j2.yaml").read_bytes())
        (self.directory / "server.properties").write_text(self._properties(brokers[number], controllers))

    def _properties(self, broker: int, controllers: Mapping[int, int]) -> str:
        lines = SERVER_PROPERTIES.format(broker=broker, controller=controllers[self.number], data=self.directory / "data").splitlines()
        values = dict(line.split("=", 1) for line in lines) | REPLICATED
        values["node.id"] = str(self.number)
        values["controller.quorum.voters"] = ",".join(f"{number}@127.0.0.1:{port}" for number, port in controllers.items())
        return "".join(f"{key}={value}\n" for key, value in values.items())

    def _command(self, *words: str) -> list[str | Path]:
        options = [option for option in JVM_OPTIONS if not option.startswith("-Xmx")]
        log4j = f"-Dlog4j2.configurationFile={self.directory / 'log4j2.yaml'}"
        archive = ClassArchive(self._java, jars_directory()).using()
        return [self._java.program, *options, HEAP, log4j, *archive, "-cp", self._class_path, *words]

    def format(self) -> None:
        """Give the data directory the cluster's id; once."""
        words = ("kafka.tools.StorageTool", "format", "-t", self._cluster_id, "-c", str(self.directory / "server.properties"))
        subprocess.run(self._command(*words), capture_output=True, timeout=FORMAT_SECONDS_MAX, check=True)

    def start(self) -> None:
        """Start the process; from a thread that outlives it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("KAFKA_", "ASIENTO_"))}
        command = self._command("kafka.Kafka", str(self.directory / "server.properties"))
        pid_file = self.directory / "broker.pid"
        self._child = start_child(f"broker-{self.number}", command, environment=environment, log_file=self.log_file, pid_file=pid_file)

    @property
    def runs(self) -> bool:
        """Whether the process is there, frozen or not."""
        return self._child is not None and self._child.exit_code() is None

    def kill(self) -> None:
        """kill -9."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def stop(self) -> None:
        """SIGTERM: hands its partitions over first; past a bound killed."""
        if self._child is not None:
            self._child.stop(STOP_SECONDS_MAX)
            self._child = None

    def freeze(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        os.killpg(self._child.pid, number)

    def elected(self) -> tuple[int, int]:
        """Epoch and node of the controller that this node last voted for or followed."""
        try:
            state = json.loads((self.directory / "data" / "__cluster_metadata-0" / "quorum-state").read_text())
        except (OSError, ValueError):
            return -1, -1
        return int(state["leaderEpoch"]), int(state["leaderId"])


class KafkaCluster:
    """Three nodes on `directory`. As a context manager: started and healthy inside, all gone after."""

    def __init__(self, directory: Path) -> None:
        ports = free_ports(2 * len(NODES))
        brokers, controllers = dict(zip(NODES, ports, strict=False)), dict(zip(NODES, ports[len(NODES) :], strict=True))
        cluster_id = "A" + secrets.token_urlsafe(16)[1:]
        self.nodes = {number: KafkaNode(directory, number, brokers, controllers, cluster_id) for number in NODES}
        self.bootstrap_servers = ",".join(node.address for node in self.nodes.values())

    def __enter__(self) -> Self:
        try:
            for node in self.nodes.values():
                node.format()
            self.start()
            self.wait_healthy()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()

    def start(self, numbers: Iterable[int] = NODES) -> None:
        """Start nodes that do not run; returns at once."""
        for number in numbers:
            if not self.nodes[number].runs:
                self.nodes[number].start()

    def kill(self, numbers: Iterable[int] = NODES) -> None:
        """kill -9 of nodes."""
        for number in numbers:
            self.nodes[number].kill()

    def wait_healthy(self, seconds_max: float = HEALTHY_SECONDS_MAX) -> float:
        """Wait until every partition has a leader and all its copies are in sync, and a record is accepted; returns the seconds."""
        started_at = time.monotonic()
        while faults := list(self._faults()):
            assert time.monotonic() - started_at < seconds_max, f"not healthy within {seconds_max:.0f} s: {faults[:5]}\n{self._log_tails()}"
            time.sleep(POLL_SECONDS)
        return time.monotonic() - started_at

    def _faults(self) -> Iterator[str]:
        yield from (f"node {number} does not run" for number, node in self.nodes.items() if not node.runs)
        try:
            known = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0}).list_topics(timeout=ANSWER_SECONDS)
        except KafkaException as error:
            yield str(error)
            return
        if len(known.brokers) != len(NODES):
            yield f"{len(known.brokers)} brokers are known"
        for name, topic in known.topics.items():
            for partition in topic.partitions.values():
                if partition.leader < 0 or len(partition.isrs) < len(partition.replicas):
                    yield f"{name}[{partition.id}]: leader {partition.leader}, in sync {partition.isrs} of {partition.replicas}"

    def accepts(self, topic: str, partition: int = 0, seconds_max: float = ANSWER_SECONDS) -> bool:
        """Whether a record of acks=all is taken within the time; a test's own topic only."""
        options = {"bootstrap.servers": self.bootstrap_servers, "delivery.timeout.ms": round(seconds_max * 1000), "log_level": 0}
        taken: list[bool] = []
        producer = Producer(options)
        producer.produce(topic, b"?", partition=partition, on_delivery=lambda error, _: taken.append(error is None))
        producer.flush(2 * seconds_max)
        return taken == [True]

    def roles(self, group: str, transactional_id: str) -> Roles:
        """Who is controller, and who coordinates this group and this transactional id."""
        _, controller = max(node.elected() for node in self.nodes.values())
        return Roles(controller, *asyncio.run(self._coordinators(group, transactional_id)))

    async def _coordinators(self, group: str, transactional_id: str) -> tuple[int, int]:
        client = AIOKafkaClient(bootstrap_servers=self.bootstrap_servers)
        await client.bootstrap()
        deadline = time.monotonic() + HEALTHY_SECONDS_MAX
        try:
            while True:
                try:
                    return (
                        await client.coordinator_lookup(CoordinationType.GROUP, group),
                        await client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id),
                    )
                except KafkaError:  # the topics that coordinators keep are created by the first who asks
                    assert time.monotonic() < deadline, "there is no coordinator"
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            await client.close()

    def _log_tails(self) -> str:
        return "\n".join(node.log_file.read_text(errors="replace")[-1500:] for node in self.nodes.values() if node.log_file.exists())
