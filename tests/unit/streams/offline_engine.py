"""The engine without a broker: Faust's app and our consumer are real, the fetch thread and the producers are written by hand."""

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from faust.types import TP

from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import load_settings
from streams.engine.app import Engine
from streams.engine.chunks import Chunk, FetchedChunk
from streams.engine.consumer import ChunkConsumer
from streams.engine.faults import Faults
from streams.engine.fetch_thread import StartPosition
from streams.engine.job import Job
from streams.engine.processor import OutputRecord, RangeTooLarge, SourceRange, StateRecord
from streams.engine.slots import SlotSet

SOURCE, CHANGELOG, OUTPUT = "source", "changelog", "output"
BROKER = 1


async def let_others_run(turns: int = 3) -> None:
    """Give other tasks of the loop a few turns."""
    for _ in range(turns):
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Record:
    """A source record."""

    offset: int
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp: int = 0


@dataclass(frozen=True, slots=True)
class Tallied:
    """What the tally wrote for one range."""

    outputs: Mapping[str, list[OutputRecord]]
    states: list[StateRecord]


class ProcessEnded(Exception):
    """Stands for the death of the process."""


class Tally:
    """A job that counts records per key; fails on the value `poison`, splits ranges of more than `records_max`."""

    def __init__(self, records_max: int = 1000) -> None:
        self._records_max = records_max
        self.committed_ranges: list[tuple[int, int]] = []

    def process(self, source: SourceRange, states: Mapping[bytes, bytes]) -> Tallied:
        """One output and one state per key."""
        if len(source.records) > self._records_max:
            raise RangeTooLarge
        counts: dict[bytes, int] = {}
        for record in source.records:
            if record.value == b"poison":
                raise ValueError(record.value)
            key = record.key or b""
            counts[key] = counts.get(key, int(states.get(key, b"0"))) + 1
        rows = [(key, b"%d" % count) for key, count in counts.items()]
        return Tallied({OUTPUT: [OutputRecord(key, count, []) for key, count in rows]}, [StateRecord(*row) for row in rows])

    def give_up(self, source: SourceRange, detail: str) -> Tallied:
        """The detail as output, no state."""
        (record,) = source.records
        return Tallied({OUTPUT: [OutputRecord(record.key, detail.encode(), [])]}, [])

    def committed(self, source: SourceRange, result: Tallied) -> None:
        """Keep the range."""
        del result
        self.committed_ranges.append((source.first_offset, source.next_offset))


class RecordingProducer:
    """Commits at once, or when the test lets it."""

    def __init__(self, *_: Any) -> None:
        self.commits: list[tuple[int, Mapping[str, Sequence[OutputRecord]], Sequence[StateRecord]]] = []
        self.notes: list[tuple[int, str]] = []
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self.failure: Exception | None = None
        self.started = self.stopped = False
        self.settled = 0

    async def start(self) -> None:
        """Note it."""
        self.started = True

    async def stop(self) -> None:
        """Note it."""
        self.stopped = True

    async def settle_offsets(self) -> int:
        """The broker is settled at once."""
        self.settled += 1
        if self.failure is not None:
            raise self.failure
        return BROKER

    async def note(self, offset: int, text: str) -> None:
        """Keep what stands beside the offset."""
        if self.failure is not None:
            raise self.failure
        self.notes.append((offset, text))

    async def commit(self, next_offset: int, outputs: Any, states: Any, timestamp_ms: int, note: str = "") -> int | None:
        """Wait for leave, then note the transaction; answers the changelog offset as if it held nothing else."""
        del timestamp_ms
        await self.may_commit.wait()
        if self.failure is not None:
            raise self.failure
        self.commits.append((next_offset, outputs, states))
        self.notes.append((next_offset, note))
        return next_offset if states else None


@dataclass
class HandFetchThread:
    """Answers for the broker: positions, assignment; keeps the seeks."""

    assigned: set[TP]
    positions: dict[TP, StartPosition] = field(default_factory=dict)
    fetch_states: dict[TP, tuple[int | None, int | None]] = field(default_factory=dict)
    answers: dict[TP, float] = field(default_factory=dict)
    coordinators: list[int | None] = field(default_factory=lambda: [BROKER])
    seeks: list[tuple[Mapping[TP, int], Mapping[TP, int]]] = field(default_factory=list)

    def assignment(self) -> set[TP]:
        """What the group gave us."""
        return self.assigned

    async def start_positions(self, partitions: Collection[TP]) -> dict[TP, StartPosition]:
        """As the test set them."""
        await let_others_run()
        return {tp: self.positions[tp] for tp in partitions}

    async def seek_to(self, offsets: Mapping[TP, int], epochs: Mapping[TP, int]) -> None:
        """Keep the seek."""
        self.seeks.append((dict(offsets), dict(epochs)))

    async def hold(self, paused: Collection[TP]) -> None:
        """Nothing to pause."""

    def wake(self) -> None:
        """Nobody waits."""

    def group_coordinator(self) -> int | None:
        """As the test set them, one after the other; the last one stays."""
        return self.coordinators.pop(0) if len(self.coordinators) > 1 else self.coordinators[0]

    def answered_at(self, tp: TP) -> float:
        """As the test set it; for ever just now where it did not."""
        return self.answers.get(tp, math.inf)

    def fetch_state(self, tp: TP) -> tuple[int | None, int | None]:
        """As the test set it."""
        return self.fetch_states.get(tp, (None, None))


class OfflineSlots(SlotSet):
    """Slots whose producers record."""

    new_producer: Any = RecordingProducer


class Offline:
    """An engine on partitions 0 and 1, assigned, positioned and resumed unless told otherwise."""

    def __init__(self, processor: Tally | None = None, **settings: object) -> None:
        self.tally = processor or Tally()
        job = Job(id="tally", table="counts", source_topic=SOURCE, changelog_topic=CHANGELOG, output_topics=(OUTPUT,), processor=self.tally)
        values = {"kafka_bootstrap_servers": "127.0.0.1:9", "partitions": 2, **settings}
        self.engine = Engine(load_settings(values), job, Metrics(), Faults())
        slots = self.engine.slots
        self.slots = self.engine.slots = OfflineSlots(slots.settings, job, slots.metrics, slots.faults, slots.on_changelog_written)
        consumer: Any = self.engine.app.consumer
        self.consumer: ChunkConsumer = consumer
        tables: Any = self.engine.app.tables
        self.tables = tables
        assigned = {TP(topic, partition) for topic in (SOURCE, CHANGELOG) for partition in (0, 1)}
        self.thread = HandFetchThread(assigned, {TP(SOURCE, partition): StartPosition(None, 0, 1000) for partition in (0, 1)})
        consumer._thread.thread_loop.close()
        consumer._thread = consumer.fetch_thread = self.thread
        consumer._active_partitions = set()
        self.tables._changelogs[CHANGELOG] = self.engine.table

    async def assign(self) -> "Offline":
        """Slots with producers, as after `on_partitions_assigned`."""
        await self.slots.open((0, 1), 1.0)
        return self

    async def ready(self) -> "Offline":
        """Positions set and flow resumed."""
        await self.assign()
        self.consumer.resume_partitions({TP(SOURCE, 0), TP(SOURCE, 1)})
        await self.consumer.perform_seek()
        self.consumer.resume_flow()
        return self

    def producer(self, partition: int) -> RecordingProducer:
        """The producer of a slot."""
        producer: Any = self.slots.by_partition[partition].producer
        return producer  # type: ignore[no-any-return]

    def chunk(
        self, first: int, end: int, *, partition: int = 0, epoch: int | None = None, records: Sequence[Record] | None = None
    ) -> Chunk:
        """A chunk of `[first, end)` at the current epoch, one record per offset unless given."""
        tp = TP(SOURCE, partition)
        found = [Record(offset) for offset in range(first, end)] if records is None else records
        fetched = FetchedChunk(tp, first, end, self.consumer._epochs.get(tp, 0) if epoch is None else epoch, found, 10 * len(found))
        return Chunk(fetched, generation_id=1, consumer=self.consumer)

    async def offer(self, chunk: Chunk) -> None:
        """Hand a chunk over as the agent does, and let what it started finish."""
        await self.slots.accept(chunk, self.consumer.give_back)
        await self.settle()

    async def settle(self) -> None:
        """Until no transaction runs and no seek is pending."""
        await self.slots.idle()
        while self.consumer._spawned:
            await asyncio.gather(*self.consumer._spawned)

    def refused(self, reason: str) -> float:
        """How many chunks were refused for a reason."""
        return self.slots.metrics.registry.get_sample_value("asiento_chunks_refused_total", {"reason": reason}) or 0.0
