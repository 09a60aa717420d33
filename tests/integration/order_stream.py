"""One installation of the order worker on a real broker: its topics, its worker processes, and the checks of what it wrote.

The expectation is folded from the events topic itself by the core, without any of the engine.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from asiento.accounting.decide import decide
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime import topic_admin
from asiento.runtime.settings import load_settings
from schemas.acceptance import accept_record
from schemas.decisions import DecisionBatch, decode_decisions
from schemas.entries import HashedEntry, content_hash, decode_entry
from schemas.events import SchemaLookup, encode_event_json, refuse_unknown
from schemas.order_state import decode_state, encode_state
from schemas.partitioning import partition_for
from schemas.refusal import Refusal
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_DLQ, ORDERS_EVENTS, TopicSpec, catalogue, changelog_name
from sources.synthetic.arrivals import Arrival
from sources.synthetic.day import trading_day

PARTITIONS = 4
SESSION_SECONDS = 6.0
WAIT_SECONDS_MAX = 60.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Fetched:
    """A record as a read_committed reader sees it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int = field(default=0, compare=False)


@dataclass(slots=True)
class Expected:
    """What the events topic must lead to."""

    entry_hashes: dict[str, str] = field(default_factory=dict)
    outcomes: dict[tuple[int, int], str] = field(default_factory=dict)
    states: dict[bytes, bytes] = field(default_factory=dict)


def wait_until(condition: Callable[[], bool], what: str, seconds_max: float = WAIT_SECONDS_MAX) -> None:
    """Poll a condition until it holds; fails the test after the deadline."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds_max:.0f} s: {what}"
        time.sleep(POLL_SECONDS)


class Worker:
    """A worker process; its log lines are JSON."""

    def __init__(self, environment: dict[str, str], log_file: Path, command: tuple[str, ...]) -> None:
        self.log_file = log_file
        with log_file.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log)

    def log(self) -> list[dict[str, Any]]:
        """The lines so far; lines that are no JSON (tracebacks) have the event `text`."""
        return [_log_line(line) for line in self.log_file.read_bytes().splitlines()]

    def logged(self, event: str) -> bool:
        """Whether a line with this event was written."""
        return any(line["event"] == event for line in self.log())

    def wait_ready(self) -> "Worker":
        """Wait until partitions are assigned and recovered."""
        wait_until(lambda: self.logged("worker_ready") or self.process.poll() is not None, "the worker is ready")
        assert self.process.poll() is None, self.log_file.read_text()
        return self

    def wait_exit(self, seconds_max: float = WAIT_SECONDS_MAX) -> int:
        """Wait for the end; returns the exit code (negative: the signal)."""
        return self.process.wait(seconds_max)

    def is_stopped(self) -> bool:
        """Whether the process is frozen by SIGSTOP."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait_exit(20)

    def kill(self) -> None:
        """SIGKILL, whatever state the process is in."""
        self.process.kill()
        self.process.wait()


def _log_line(line: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {"event": "text", "text": line.decode(errors="replace")}
    return found


def _fetched(message: Any) -> Fetched:
    headers = tuple(message.headers() or ())
    return Fetched(message.partition(), message.offset(), message.key(), message.value(), headers, message.timestamp()[1])


COORDINATOR_SECONDS = 10
COORDINATOR_AWAY = {
    KafkaError._TIMED_OUT,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}


class OrderStream:
    """Topics, workers and checks of one installation; every test has its own prefix."""

    def __init__(self, kafka: str, prefix: str, directory: Path, partitions: int = PARTITIONS, **settings: object) -> None:
        self.kafka = kafka
        self.directory = directory
        self.partitions = partitions
        self.settings = load_settings(
            {
                "kafka_bootstrap_servers": kafka,
                "app_id": f"{prefix}app",
                "topic_prefix": prefix,
                "partitions": partitions,
                "replication_factor": 1,
                "min_insync_replicas": 1,
                "kafka_session_timeout_seconds": SESSION_SECONDS,
                "log_format": "json",
                "data_dir": directory,
                **settings,
            }
        )
        self.events = self.settings.topic(ORDERS_EVENTS)
        self.workers: list[Worker] = []
        self.given_up: set[tuple[int, int]] = set()
        """Partition and offset of records that are to be dead-lettered whatever is in them."""
        self.look_up: SchemaLookup = refuse_unknown
        self.connect()

    def connect(self) -> None:
        """Make the clients. Again after a restart of the broker: old ones then answer from stale leader epochs, or not at all."""
        self._marks = self._reader()
        # A consumer that never joins, instead of an admin client: that one reads through a null pointer, and takes the whole test
        # process along, when it asks for a group's offsets while the coordinator is still loading.
        seen_at_once = {"isolation.level": "read_uncommitted", "enable.auto.commit": False, "log_level": 0}
        self._group = Consumer({"bootstrap.servers": self.kafka, "group.id": self.settings.orders_id, **seen_at_once})

    def disconnect(self) -> None:
        """Close the clients; before the broker is killed, since what waits on a lost connection waits for its whole time-out."""
        self._marks.close()
        self._group.close()

    def make_topics(self) -> "OrderStream":
        """Create the whole catalogue."""
        asyncio.run(topic_admin.apply(self.settings, self._catalogue()))
        return self

    def _catalogue(self) -> tuple[TopicSpec, ...]:
        settings = self.settings
        return catalogue(settings.app_id, self.partitions, settings.replication_factor, settings.min_insync_replicas)

    def start_worker(self, *, instance_id: str | None = None, unsafe: str | None = None, **more: object) -> Worker:
        """Start `asiento streams run`; `more` are further settings."""
        return self.start(("-m", "asiento.cli.main", "streams", "run"), instance_id=instance_id, unsafe_engine=unsafe, **more)

    def start(self, command: tuple[str, ...], **more: object) -> Worker:
        """Start any worker with the settings of this installation."""
        worker = Worker(self.environment(**more), self.directory / f"worker-{len(self.workers)}.log", command)
        self.workers.append(worker)
        return worker

    def environment(self, **more: object) -> dict[str, str]:
        """The environment of a process with the settings of this installation, and more."""
        values = self.settings.model_dump(exclude_defaults=True) | {name: value for name, value in more.items() if value is not None}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")}
        return environment | {f"ASIENTO_{name.upper()}": str(value) for name, value in values.items()}

    def close(self) -> None:
        """End what still runs."""
        self.disconnect()
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()

    # -- writing ------------------------------------------------------------------------------------------------------

    @contextmanager
    def producer(self, **options: Any) -> Iterator[Producer]:
        """A producer that is flushed at the end."""
        producer = Producer({"bootstrap.servers": self.kafka, "linger.ms": 5, **options})
        yield producer
        assert producer.flush(WAIT_SECONDS_MAX) == 0

    def send_day(self, seed: int, orders: int) -> int:
        """A synthetic trading day in its order of arrival, strays and poison included; returns the number of records."""
        arrivals = trading_day(seed, orders).arrivals
        with self.producer() as producer:
            for arrival in arrivals:
                producer.produce(self.events, *self.record(arrival))
        return len(arrivals)

    def record(self, arrival: Arrival) -> tuple[bytes, bytes, int]:
        """Value, key and partition of an arrival."""
        value = arrival.raw if arrival.event is None else encode_event_json(arrival.event)
        partition = partition_for(arrival.key, self.partitions)
        return value, arrival.key, (partition + 1) % self.partitions if arrival.strays else partition

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, topic: str) -> list[Fetched]:
        """All committed records, in offset order per partition."""
        consumer = self._reader()
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(self.partitions)])
        records: list[Fetched] = []
        at_end: set[int] = set()
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while len(at_end) < self.partitions:
            assert time.monotonic() < deadline, f"{topic} could not be read to its end"
            for message in consumer.consume(1000, 0.2):
                error = message.error()
                if error is None:
                    records.append(_fetched(message))
                elif error.code() == KafkaError._PARTITION_EOF:
                    at_end.add(_fetched(message).partition)
                else:
                    raise KafkaException(error)
        consumer.close()
        return records

    def _reader(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.kafka,
                "group.id": f"{self.settings.app_id}-reader",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
            }
        )

    def watermarks(self) -> dict[int, tuple[int, int]]:
        """First and next offset of each partition of the events topic."""
        tps = [TopicPartition(self.events, partition) for partition in range(self.partitions)]
        return {tp.partition: self._marks.get_watermark_offsets(tp, WAIT_SECONDS_MAX) for tp in tps}

    def committed(self, seconds_max: float = WAIT_SECONDS_MAX) -> dict[int, int]:
        """The group's committed offsets, also while a transaction is open; partitions without one are left out.

        Asked again while the coordinator is still loading, as after a restart of the broker.
        """
        answer_seconds = min(COORDINATOR_SECONDS, seconds_max)
        tps = [TopicPartition(self.events, partition) for partition in range(self.partitions)]
        deadline = time.monotonic() + seconds_max
        while True:
            try:
                return {tp.partition: tp.offset for tp in self._group.committed(tps, answer_seconds) if tp.offset >= 0}
            except KafkaException as error:
                if error.args[0].code() not in COORDINATOR_AWAY or time.monotonic() > deadline:
                    raise

    def lag(self) -> int:
        """Offsets that are not committed yet."""
        committed, marks = self.committed(), self.watermarks()
        return sum(end - committed.get(partition, first) for partition, (first, end) in marks.items())

    def wait_drained(self, seconds_max: float = WAIT_SECONDS_MAX) -> None:
        """Wait until every offset of the events topic, markers included, is committed by the group."""

        def drained() -> bool:
            for worker in self.workers:
                assert worker.process.poll() in (None, 0, -signal.SIGKILL), worker.log_file.read_text()[-4000:]
            return self.lag() == 0

        wait_until(drained, "all events are processed", seconds_max)

    def batches(self) -> list[DecisionBatch]:
        """All committed decision batches."""
        return [decode_decisions(record.value) for record in self.read(self.settings.topic(ACCOUNTING_DECISIONS))]

    def entries(self) -> list[HashedEntry]:
        """All committed entries."""
        return [decode_entry(record.value) for record in self.read(self.settings.topic(ACCOUNTING_ENTRIES))]

    def dead_letters(self) -> list[Fetched]:
        """All committed dead letters."""
        return self.read(self.settings.topic(ORDERS_DLQ))

    # -- checks -------------------------------------------------------------------------------------------------------

    def expected(self) -> Expected:
        """Fold the events topic with the core alone."""
        expected = Expected()
        states: dict[bytes, OrderState | None] = {}
        for record in self.read(self.events):
            place = record.partition, record.offset
            event = accept_record(
                key=record.key,
                value=record.value,
                partition=record.partition,
                partition_count=self.partitions,
                look_up=self.look_up,
            )
            if isinstance(event, Refusal) or place in self.given_up:
                expected.outcomes[place] = "dead_letter"
                continue
            key = event.order_key.encode()
            decision = decide(event, states.get(key), DEFAULT_POLICIES)
            states[key] = decision.state
            expected.outcomes[place] = type(decision.outcome).__name__.lower()  # the class names are the outcome names
            expected.entry_hashes.update({entry.entry_id: content_hash(entry) for entry in decision.entries})
        expected.states = {key: encode_state(state) for key, state in states.items() if state is not None}
        return expected

    def check_books(self) -> Expected:
        """Everything that must hold once the events are processed, whatever happened on the way."""
        expected = self.expected()
        entries = self.entries()
        assert {one.entry.entry_id: one.content_hash for one in entries} == expected.entry_hashes
        assert not [entry_id for entry_id, count in Counter(one.entry.entry_id for one in entries).items() if count > 1]
        batches = self.batches()
        check_ranges(batches, self.watermarks())
        assert {(batch.partition, one.offset): one.outcome for batch in batches for one in batch.outcomes} == expected.outcomes
        letters = sum(outcome == "dead_letter" for outcome in expected.outcomes.values())
        assert len(self.dead_letters()) == letters
        assert self.states() == {key: encode_state(decode_state(value)) for key, value in expected.states.items()}
        return expected

    def states(self) -> dict[bytes, bytes]:
        """The newest snapshot per order in the changelog."""
        changelog = self.settings.topic(changelog_name(self.settings.app_id))
        newest = {record.key: record.value for record in self.read(changelog)}
        return {key: value for key, value in newest.items() if key is not None and value is not None}


def check_ranges(batches: Iterable[DecisionBatch], marks: dict[int, tuple[int, int]]) -> None:
    """The ranges of each partition, in the order they were written, join without gap or overlap from its start to its end."""
    ranges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for batch in batches:
        assert all(batch.first_offset <= one.offset < batch.next_offset for one in batch.outcomes)
        ranges[batch.partition].append((batch.first_offset, batch.next_offset))
    for partition, (first, end) in marks.items():
        position = first
        for start, stop in ranges[partition]:
            assert start == position, f"partition {partition}: a range starts at {start}, the one before ended at {position}"
            position = stop
        assert position == end, f"partition {partition}: ranges end at {position}, the log at {end}"
