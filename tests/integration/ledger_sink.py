"""Driving the ledger sink from tests: its topics, entries on them, and the real process."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from asiento.accounting.journal import JournalEntry
from schemas.acks import Ack, decode_ack
from schemas.entries import decode_entry, encode_entry
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_ENTRIES
from sinks.ledger import LedgerUnavailable
from sinks.ledger_access import reader_at

DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.05


async def make_topics(kafka: str, names: Iterable[str], partitions: int) -> None:
    """Create empty topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    finally:
        await admin.close()


async def emit(kafka: str, topic: str, placed: Sequence[tuple[int, JournalEntry]], *, commit: bool = True) -> None:
    """Send (partition, entry) pairs in one transaction, committed or aborted."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"{topic}-writer")
    await producer.start()
    try:
        await producer.begin_transaction()
        for partition, entry in placed:
            await producer.send(topic, encode_entry(entry), key=entry.order_key.encode(), partition=partition)
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    finally:
        await producer.stop()


async def emit_raw(kafka: str, topic: str, value: bytes | None, key: bytes) -> None:
    """Send one record that our codecs did not make."""
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(topic, value, key=key, partition=0)


async def committed_entries(kafka: str, topic: str, partitions: int) -> dict[str, str]:
    """entry_id -> content hash of everything a reader of committed records sees now."""
    assigned = [TopicPartition(topic, number) for number in range(partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest") as consumer:
        consumer.assign(assigned)
        ends = await consumer.end_offsets(assigned)
        found: dict[str, str] = {}
        deadline = time.monotonic() + DEADLINE_SECONDS
        while [partition for partition in assigned if await consumer.position(partition) < ends[partition]]:
            assert time.monotonic() < deadline
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    hashed = decode_entry(record.value)
                    found.setdefault(hashed.entry.entry_id, hashed.content_hash)
    return found


async def published_acks(kafka: str, topic: str, partitions: int) -> dict[int, list[Ack]]:
    """The acks on the topic now, per partition in order."""
    assigned = [TopicPartition(topic, number) for number in range(partitions)]
    found: dict[int, list[Ack]] = {number: [] for number in range(partitions)}
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign(assigned)
        ends = await consumer.end_offsets(assigned)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while [partition for partition in assigned if await consumer.position(partition) < ends[partition]]:
            assert time.monotonic() < deadline
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                found[partition.partition] += [decode_ack(record.value) for record in records]
    return found


async def wait_acks(kafka: str, topic: str, partitions: int, count: int) -> dict[int, list[Ack]]:
    """Wait until so many acks are published."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = await published_acks(kafka, topic, partitions)
        if sum(map(len, found.values())) >= count:
            return found
        assert time.monotonic() < deadline, f"{found} instead of {count} acks"
        await asyncio.sleep(POLL_SECONDS)


async def stream_ends(kafka: str, topic: str, partitions: int) -> dict[int, int]:
    """The end of each partition as a reader of committed records sees it."""
    assigned = [TopicPartition(topic, number) for number in range(partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed") as consumer:
        return {partition.partition: end for partition, end in (await consumer.end_offsets(assigned)).items()}


class LedgerSink:
    """`asiento sinks run ledger` as a process, with its ledger and its output in one directory; `name` runs another sink."""

    name = "ledger"

    def __init__(self, directory: Path, kafka: str, prefix: str, **settings: str) -> None:
        self.ledger = directory / "ledger.sqlite"
        self.ledger_url = settings.get("ledger_url", f"sqlite:///{self.ledger}")
        self.topic = f"{prefix}{ACCOUNTING_ENTRIES}"
        self.acks = f"{prefix}{ACCOUNTING_ACKS}"
        self.group = f"{prefix}app-ledger"
        self.log = directory / "sink.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")},
            "ASIENTO_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "ASIENTO_TOPIC_PREFIX": prefix,
            "ASIENTO_APP_ID": f"{prefix}app",
            "ASIENTO_LEDGER_URL": self.ledger_url,
            "ASIENTO_DATA_DIR": str(directory),
            "ASIENTO_LOG_FORMAT": "json",
            **{f"ASIENTO_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; does not wait."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "asiento.cli.main", "sinks", "run", self.name]
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id, None before the first start."""
        return self._process.pid if self._process is not None else None

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

    def booked(self) -> Mapping[str, str]:
        """entry_id -> content hash in the ledger now; empty before there is one."""
        try:
            with reader_at(self.ledger_url) as reader:
                return {row.entry_id: row.content_hash for row in reader.all_rows()}
        except LedgerUnavailable:
            return {}

    def next_offsets(self) -> Mapping[int, int]:
        """How far each partition is booked; empty before there is a ledger."""
        try:
            with reader_at(self.ledger_url) as reader:
                return dict(reader.next_offsets())
        except LedgerUnavailable:
            return {}

    async def wait_booked(self, entries: int) -> None:
        """Wait until so many entries are booked; fails when the process dies first."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(self.booked()) < entries:
            assert self.running, self.log.read_text()
            assert time.monotonic() < deadline, f"{len(self.booked())} of {entries} booked\n{self.log.read_text()}"
            await asyncio.sleep(POLL_SECONDS)

    async def wait_offsets(self, wanted: Mapping[int, int]) -> None:
        """Wait until the ledger has exactly these offsets."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.next_offsets() != dict(wanted):
            assert self.running, self.log.read_text()
            assert time.monotonic() < deadline, f"{self.next_offsets()} instead of {wanted}\n{self.log.read_text()}"
            await asyncio.sleep(POLL_SECONDS)

    async def wait_acked(self) -> None:
        """Wait until what is booked in the embedded ledger is acknowledged on its topic, too."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        published = (
            "SELECT entry_no = (SELECT coalesce(max(entry_no), 0) FROM entry)"
            " AND conflict_no = (SELECT coalesce(max(conflict_no), 0) FROM entry_conflict) FROM ack_cursor"
        )
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as ledger:
            while ledger.execute(published).fetchone() != (1,):
                assert self.running, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                await asyncio.sleep(POLL_SECONDS)
