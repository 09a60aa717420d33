"""Driving the projector from tests: its topics, a made stream on them, and the real process."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.topics import ORDERS_EVENTS
from sinks.projector.database import open_database
from sinks.projector.dump import dump_lines
from sinks.projector.errors import OperationalError
from sinks.projector.reader import OperationalReader
from sinks.projector.rows import TopicRecord
from sinks.projector.topics import PROJECTED
from tests.integration.ledger_sink import make_topics
from tests.projected_stream import ProjectedStream

DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.05
RECORDS_IN_TRANSACTION = 5


class Projector:
    """`asiento sinks run projector` as a process, with its database and its output in one directory."""

    def __init__(self, directory: Path, kafka: str, prefix: str, *, url: str | None = None, **settings: str) -> None:
        self.kafka = kafka
        self.prefix = prefix
        self.directory = directory
        self.url = url or f"sqlite:///{directory / 'operational.sqlite'}"
        self.log = directory / "projector.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")},
            "ASIENTO_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "ASIENTO_TOPIC_PREFIX": prefix,
            "ASIENTO_APP_ID": f"{prefix}app",
            "ASIENTO_OPERATIONAL_URL": self.url,
            "ASIENTO_DATA_DIR": str(directory),
            "ASIENTO_LOG_FORMAT": "json",
            **{f"ASIENTO_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def start(self) -> None:
        """Start the process; does not wait."""
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            command = [sys.executable, "-m", "asiento.cli.main", "sinks", "run", "projector"]
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command of `asiento` with the same settings."""
        argv = [sys.executable, "-m", "asiento.cli.main", *words]
        return subprocess.run(argv, env=self.environment, capture_output=True, text=True, timeout=120, check=False)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def told(self) -> str:
        """What the process has logged since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    @property
    def projects(self) -> bool:
        """Whether the process has taken the database over and reads."""
        return self.running and '"process_started"' in self.told

    def send_signal(self, number: signal.Signals) -> None:
        """SIGSTOP, SIGCONT or what else a test wants."""
        assert self._process is not None
        self._process.send_signal(number)

    def poll(self) -> int | None:
        """How the process ended (negative: the signal); None while it runs or before its start."""
        return self._process.poll() if self._process is not None else None

    def kill(self) -> None:
        """kill -9, as a crash."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)

    def terminate(self) -> int:
        """SIGTERM; answers the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)

    async def wait_exit(self) -> int:
        """Wait for the process to end by itself; answers the exit code."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, DEADLINE_SECONDS)

    def close(self) -> None:
        """Stop it if it still runs."""
        if self.running:
            self.kill()

    def next_offsets(self) -> Mapping[tuple[str, int], int]:
        """How far each partition is projected; empty before there is a database."""
        try:
            with OperationalReader.at(self.url) as reader:
                return {(one.topic, one.partition): one.next_offset for one in reader.offsets()}
        except OperationalError:
            return {}

    async def wait_until(self, reached: Callable[[Mapping[tuple[str, int], int]], bool]) -> None:
        """Wait until the offsets are so; fails when the process dies first."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not reached(self.next_offsets()):
            assert self.running, self.log.read_text()
            assert time.monotonic() < deadline, f"{self.next_offsets()}\n{self.log.read_text()}"
            await asyncio.sleep(POLL_SECONDS)

    async def wait_caught_up(self, partitions: int) -> None:
        """Wait until everything that is committed now is projected."""
        ends = await topic_ends(self.kafka, self.prefix, partitions)
        await self.wait_until(lambda offsets: offsets == ends)

    def dump(self) -> list[bytes]:
        """All lines of the dump."""
        database = open_database(self.url, for_writing=False)
        try:
            database.begin_picture()
            return list(dump_lines(database))
        finally:
            database.close()


async def make_projected_topics(kafka: str, prefix: str, partitions: int) -> None:
    """Create all topics that the projector reads, empty."""
    await make_topics(kafka, [f"{prefix}{name}" for name in PROJECTED], partitions)


async def send_stream(kafka: str, prefix: str, stream: ProjectedStream, *, start: float = 0.0, end: float = 1.0) -> None:
    """Put a share of every partition on its topic, from `start` to `end` of it.

    Events go as producers send them, so that they get the offsets that the decisions name; all else in small transactions, of
    which some are aborted first.
    """
    for name, partitions in stream.topics.items():
        how = {} if name == ORDERS_EVENTS else {"transactional_id": f"{prefix}writer"}
        async with AIOKafkaProducer(bootstrap_servers=kafka, **how) as producer:
            for partition, records in partitions.items():
                wanted = records[int(len(records) * start) : int(len(records) * end)]
                if name == ORDERS_EVENTS:
                    await _send(producer, f"{prefix}{name}", wanted)
                else:
                    await _send_in_transactions(producer, f"{prefix}{name}", partition, wanted)


async def _send(producer: AIOKafkaProducer, topic: str, records: Sequence[TopicRecord]) -> None:
    for record in records:
        sent = {"key": record.key, "value": record.value, "timestamp_ms": record.timestamp}
        await producer.send(topic, partition=record.partition, **sent)


async def _send_in_transactions(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[TopicRecord]) -> None:
    for number, first in enumerate(range(0, len(records), RECORDS_IN_TRANSACTION)):
        if number % 3 == 1:
            await producer.begin_transaction()
            await producer.send(topic, b"aborted", partition=partition)
            await producer.flush()
            await producer.abort_transaction()
        async with producer.transaction():
            await _send(producer, topic, records[first : first + RECORDS_IN_TRANSACTION])


async def topic_ends(kafka: str, prefix: str, partitions: int) -> dict[tuple[str, int], int]:
    """The end of each partition of each projected topic as a reader of committed records sees it."""
    assigned = [TopicPartition(f"{prefix}{name}", number) for name in PROJECTED for number in range(partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed") as consumer:
        return {(partition.topic, partition.partition): end for partition, end in (await consumer.end_offsets(assigned)).items()}
