"""Rounds of the product path: every runner on the same stored input, one after the other, in an order that turns with the rounds."""

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AdminClient

from asiento.runtime.settings import Settings
from asiento.runtime.topic_admin import apply
from bench.disk import topic_bytes
from bench.measuring import CommittedWork, Cost, measured
from bench.outputs import Canonical, Outputs, decisions_form, differences, letters_form, records_form, states_form
from bench.prefill import messages, send
from bench.reference import expected_outputs
from bench.runners import Runner, RunPlace, events_topic, settings_for
from bench.topics import Record, committed_since, starts_of
from schemas.topics import catalogue

PARTITIONS: Final = 8
FORMS: Final[Mapping[str, Callable[[Sequence[Record]], Canonical]]] = {
    "entries": records_form,
    "discrepancies": records_form,
    "dead letters": letters_form,
    "decisions": decisions_form,
    "states": states_form,
}
"""Kind of output -> its canonical form; a runner's changelog in a form of its own is told by the runner."""


@dataclass(frozen=True, slots=True)
class StoredInput:
    """An input on the broker and what must come of it."""

    settings: Settings
    records: int
    expected: Outputs

    @property
    def orders(self) -> int:
        """Orders in it."""
        return self.expected["states"].count


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run of a runner: its cost, the bytes it added to Kafka per event, and what it wrote differently (in words)."""

    cost: Cost
    written_per_event: float
    wrong: tuple[str, ...]


class ProductRounds:
    """The inputs on one broker, and runs on them."""

    def __init__(self, place: Path, bootstrap_servers: str, seed: int) -> None:
        self._place = place
        self._bootstrap = bootstrap_servers
        self._seed = seed
        self._inputs: dict[int, StoredInput] = {}

    def stored(self, records: int) -> StoredInput:
        """The input of so many records, made at the first call."""
        if records not in self._inputs:
            settings = settings_for(self._place, self._bootstrap, PARTITIONS, f"in{records}-", f"in{records}")
            asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
            sent = send(settings, messages(self._seed, records))
            self._inputs[records] = StoredInput(settings, sent, expected_outputs(messages(self._seed, records), PARTITIONS))
        return self._inputs[records]

    def run(self, runner: Runner, records: int, name: str) -> RunResult:
        """One run under a name that no other run has."""
        stored = self.stored(min(records, runner.records_max or records))
        prefix = f"{name}-" if runner.own_topics else stored.settings.topic_prefix
        settings = settings_for(self._place, self._bootstrap, PARTITIONS, prefix, name)
        asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
        place = RunPlace(settings, events_topic(stored.settings))
        starts = starts_of(list(place.topics.values()), self._bootstrap, PARTITIONS)
        before = self._bytes(place)
        work = CommittedWork(self._bootstrap, settings.orders_id, place.source, PARTITIONS)
        cost = measured(lambda: runner.start(place), work.done, stored.records)
        work.close()
        written = (self._bytes(place) - before) / stored.records
        found = {kind: FORMS[kind](list(committed_since(self._bootstrap, topic, starts[topic]))) for kind, topic in place.topics.items()}
        if runner.own_topics:
            self._forget(settings)
        return RunResult(cost, written, tuple(differences(stored.expected, found)))

    def _bytes(self, place: RunPlace) -> int:
        return sum(topic_bytes(self._place / "kafka" / "data", topic) for topic in place.topics.values())

    def _forget(self, settings: Settings) -> None:
        """Delete a peer's topics and files: rounds would fill the disk."""
        admin = AdminClient({"bootstrap.servers": self._bootstrap})
        names = [settings.topic(spec.name) for spec in catalogue(settings.app_id, PARTITIONS, 1, 1)]
        for deleted in admin.delete_topics(names, operation_timeout=30.0).values():
            deleted.result()
        shutil.rmtree(settings.data_dir, ignore_errors=True)
