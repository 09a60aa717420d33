"""Rounds of a job: every runner on the same stored input, one after the other, in an order that turns with the rounds."""

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AdminClient

from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.settings import Settings
from asiento.runtime.topic_admin import apply
from bench.disk import topic_bytes
from bench.jobs import STATES, BenchJob
from bench.measuring import CommittedWork, Cost, log_tail, measured
from bench.outputs import Canonical, Outputs, differences
from bench.prefill import send
from bench.runners import Runner, RunPlace, settings_for
from bench.topics import Record, committed_since, starts_of

PARTITIONS: Final = 8
BEGINNING: Final = dict.fromkeys(range(PARTITIONS), 0)


@dataclass(frozen=True, slots=True)
class StoredInput:
    """An input on the broker and what must come of it."""

    settings: Settings
    records: int
    expected: Outputs

    @property
    def orders(self) -> int:
        """Orders in it."""
        return self.expected[STATES].count


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run of a runner: its cost, the bytes it added to Kafka per event, and what it wrote differently (in words)."""

    cost: Cost
    written_per_event: float
    wrong: tuple[str, ...]


class JobRounds:
    """The inputs on one broker, and runs on them."""

    def __init__(self, job: BenchJob, place: Path, broker: LocalKafka, seed: int) -> None:
        self._job = job
        self._place = place
        self._broker_data = broker.directory / "data"
        self._bootstrap = broker.bootstrap_servers
        self._seed = seed
        self._inputs: dict[int, StoredInput] = {}

    def stored(self, records: int) -> StoredInput:
        """The input of so many records, made at the first call."""
        if records not in self._inputs:
            settings = settings_for(self._place, self._bootstrap, PARTITIONS, f"in{records}-", f"in{records}")
            asyncio.run(apply(settings, self._job.topics(settings.app_id, PARTITIONS)))
            sent = send(settings, self._job.source, self._job.events(self._seed, records))
            self._inputs[records] = StoredInput(settings, sent, self._job.expected(self._job.events(self._seed, records), PARTITIONS))
        return self._inputs[records]

    def run(self, runner: Runner, records: int, name: str) -> RunResult:
        """One run under a name that no other run has."""
        stored = self.stored(min(records, runner.records_max or records))
        prefix = f"{name}-" if runner.own_topics else stored.settings.topic_prefix
        settings = settings_for(self._place, self._bootstrap, PARTITIONS, prefix, name)
        asyncio.run(apply(settings, self._job.topics(settings.app_id, PARTITIONS)))
        place = RunPlace(settings, stored.settings.topic(self._job.source), self._job)
        topics = place.topics(runner.own_changelog)
        starts = starts_of([topic for kind, topic in topics.items() if kind != STATES], self._bootstrap, PARTITIONS)
        before = self._bytes(topics)
        work = CommittedWork(self._bootstrap, place.group, place.source, PARTITIONS)
        cost = measured(lambda: runner.start(place), work.done, stored.records, settings.data_dir)
        work.close()
        written = (self._bytes(topics) - before) / stored.records
        found: dict[str, Canonical] = {}
        for kind, topic in topics.items():
            written_records = list(committed_since(self._bootstrap, topic, starts.get(topic, BEGINNING)))
            own = runner.own_changelog is not None and kind == STATES
            found[kind] = self._job.forms[kind](_order_keys(written_records) if own else written_records)
        wrong = differences(stored.expected, found)
        if wrong:
            wrong.append(f"the end of its log: {log_tail(settings.data_dir)}")
        if runner.own_topics:
            self._forget(settings, topics[STATES])
        return RunResult(cost, written, tuple(wrong))

    def _bytes(self, topics: Mapping[str, str]) -> int:
        return sum(topic_bytes(self._broker_data, topic) for topic in topics.values())

    def _forget(self, settings: Settings, changelog: str) -> None:
        """Delete a peer's topics and files: rounds would fill the disk."""
        admin = AdminClient({"bootstrap.servers": self._bootstrap})
        names = {settings.topic(spec.name) for spec in self._job.topics(settings.app_id, PARTITIONS)} | {changelog}
        for deleted in admin.delete_topics(sorted(names), operation_timeout=30.0).values():
            deleted.result()
        shutil.rmtree(settings.data_dir, ignore_errors=True)


def _order_keys(records: Iterable[Record]) -> list[Record]:
    """States whose keys an engine has made longer: the order's key, a bar, the engine's own words."""
    return [record._replace(key=(record.key or b"").rpartition(b"|")[0]) for record in records]
