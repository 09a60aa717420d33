"""Slots: one per assigned source partition. A slot takes chunks in exact order, merges what waits and commits it.

The rule that everything rests on: a chunk must start exactly at the slot's expected offset and carry its seek epoch. Anything
else is given back by seeking to the expected offset, never skipped. A slot whose next record has to wait (`RangeWaits`) holds nothing
meanwhile, neither bytes nor a transaction: its partition is not fetched, and is given back when the wait is over.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from itertools import chain
from typing import Any, Final, Protocol

from aiokafka.structs import TopicPartition

from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings
from streams.engine.chunks import Chunk
from streams.engine.failure import ExitCode, cause_of, end_process
from streams.engine.faults import Faults
from streams.engine.guard import Judging, PartitionGuard
from streams.engine.job import Job
from streams.engine.processor import RangeTooLarge, RangeWaits, SourceRange
from streams.engine.run_ends import RunEnds
from streams.engine.table import PartitionStates
from streams.engine.transaction import PartitionProducer

ACCEPTED_BYTES_MAX: Final = 2 * 1024 * 1024
"""Bytes of source records that slots hold together; one chunk more is always let in when nothing is held."""
TRIAL_SHARE_OF_AGE: Final = 2
"""The trial of a suspect record ends within half the time that a chunk may be in work."""
STARTS_AT_ONCE_MAX: Final = 8
"""Producers that are started side by side after a rebalance."""


class PartitionSlot:
    """Work on one source partition between two rebalances."""

    def __init__(self, owner: "SlotSet", partition: int, producer: PartitionProducer) -> None:
        self.partition = partition
        self.producer = producer
        self.states = PartitionStates()
        self.guard = PartitionGuard(owner.judging, owner.job.source_topic, partition, producer)
        self.epoch: int | None = None
        self.expected_offset = 0
        self.committed_offset = 0
        self.busy_since: float | None = None
        self._owner = owner
        self._waiting: deque[Chunk] = deque()
        self._in_work: list[Chunk] = []
        self._worker: asyncio.Task[None] | None = None
        self._hold: asyncio.Task[None] | None = None
        self._held_timestamp_ms: int | None = None

    def start_at(self, offset: int, epoch: int, states: PartitionStates, note: str) -> None:
        """Begin with recovered states and the breaker's note: only a chunk of this seek epoch that starts at `offset` is taken."""
        self.guard.take_over(offset, note)
        self.expected_offset = self.committed_offset = offset
        self.states = states
        self.epoch = epoch

    def refusal(self, chunk: Chunk) -> str | None:
        """Why a chunk cannot be taken, or None."""
        if chunk.epoch != self.epoch:
            return "old_epoch"
        return None if chunk.offset == self.expected_offset else "unexpected_start"

    def take(self, chunk: Chunk) -> None:
        """Queue a chunk that was not refused."""
        self.expected_offset = chunk.next_offset
        self._waiting.append(chunk)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work(), name=f"slot-{self.partition}")
            self._worker.add_done_callback(_require_success)

    def suspend(self) -> Iterable[Chunk]:
        """Take nothing any more; returns the chunks that were waiting. A transaction that runs goes on, a hold ends."""
        self.epoch = None
        if self._hold is not None:
            self._hold.cancel()
        waiting = tuple(self._waiting)
        self._waiting.clear()
        return waiting

    async def idle(self) -> None:
        """Wait until no transaction runs."""
        if self._worker is not None:
            await self._worker

    @property
    def quiet(self) -> bool:
        """Whether nothing is waiting or in work."""
        return not self._waiting and not self._in_work

    def oldest_timestamp_ms(self) -> int | None:
        """Timestamp of the oldest record that is here, or that the partition waits with, but that is not committed."""
        held = self._held_timestamp_ms
        return next((chunk.records[0].timestamp for chunk in chain(self._in_work, self._waiting) if chunk.records), held)

    async def _work(self) -> None:
        try:
            while self._waiting:
                self.busy_since = time.monotonic()
                self._in_work = self._next_chunks()
                await self._process(_joined(self._in_work))
                finished, self._in_work = self._in_work, []
                self._owner.release(finished, committed=self.committed_offset >= finished[-1].next_offset)
        except RangeWaits as waits:
            self._hold_back(waits)
        except Exception as error:  # noqa: BLE001 - whatever it is, the chunk must not be acknowledged
            source = TopicPartition(self._owner.job.source_topic, self.partition)
            code = cause_of(error, ExitCode.TRANSACTION_FAILED)
            await self.guard.tell_death(self.committed_offset, self._in_work[-1].next_offset)
            end_process(code, "a chunk could not be committed", error=error, source=source, first_offset=self.committed_offset)
        self.busy_since = None

    def _hold_back(self, waits: RangeWaits) -> None:
        """Let go of everything that is not committed; fetch it again from its first record when the wait is over."""
        given_up, self._in_work = [*self._in_work, *self._waiting], []
        self._waiting.clear()
        self._owner.release(given_up, committed=False)
        if self.epoch is None:  # suspended meanwhile: the next owner fetches it
            return
        self.epoch = None
        self.expected_offset = self.committed_offset
        records = chain.from_iterable(chunk.records for chunk in given_up)
        self._held_timestamp_ms = next((record.timestamp for record in records if record.offset >= self.committed_offset), None)
        self._owner.source.hold_back(self.partition)
        self._hold = asyncio.get_running_loop().create_task(self._wait(waits.until), name=f"hold-{self.partition}")
        self._hold.add_done_callback(_require_success)

    async def _wait(self, until: Callable[[], Awaitable[None]]) -> None:
        owner = self._owner
        owner.metrics.partitions_waiting.inc()
        try:
            await until()
        finally:
            owner.metrics.partitions_waiting.dec()
            self._hold = self._held_timestamp_ms = None
        owner.source.give_back(self.partition)

    def _next_chunks(self) -> list[Chunk]:
        """The waiting chunks that make the next transaction: at least one, bounded by records and bytes."""
        settings = self._owner.settings
        chunks = [self._waiting.popleft()]
        records, size = len(chunks[0].records), chunks[0].size_bytes
        while self._waiting:
            records += len(self._waiting[0].records)
            size += self._waiting[0].size_bytes
            if records > settings.merged_records_max or size > settings.chunk_bytes_max:
                break
            chunks.append(self._waiting.popleft())
        return chunks

    async def _process(self, source: SourceRange) -> None:
        """Commit a range in one transaction, or in several. While isolated, one record at a time, and none after a suspension."""
        while self.guard.isolated and len(source.records) > 1:
            await self._process_once(source.before(1))
            source = source.after(1)
            if self.epoch is None:
                return
        await self._process_once(source)

    async def _process_once(self, source: SourceRange) -> None:
        job, metrics, started = self._owner.job, self._owner.metrics, time.monotonic()
        self.busy_since = started  # each is a transaction of its own, and may take as long
        try:
            result = await self.guard.judge(
                source,
                lambda: job.processor.process(source, self.states.by_key),
                lambda detail: job.processor.give_up(source, detail),
            )
        except RangeTooLarge:
            for half in source.halves():
                await self._process(half)
            return
        except RangeWaits as waits:
            if waits.place:
                await self._process(source.before(waits.place))
            raise
        now_ms, note = round(time.time() * 1000), self.guard.text_after(source.next_offset)
        last = await self.producer.commit(source.next_offset, result.outputs, result.states, timestamp_ms=now_ms, note=note)
        self.guard.passed(source.next_offset)
        self.states.apply(result.states)
        self.committed_offset = source.next_offset
        if last is not None:
            self._owner.on_changelog_written(self.partition, last)
        self._owner.faults.reach("after_apply")
        job.processor.committed(source, result)
        self._owner.transactions_committed.inc()
        metrics.transaction_seconds.observe(time.monotonic() - started)
        metrics.chunk_records.observe(len(source.records))


class Source(Protocol):
    """What fetches for the slots."""

    def hold_back(self, partition: int) -> None:
        """Fetch nothing of a partition until it is given back."""

    def give_back(self, partition: int) -> None:
        """Fetch a partition again from its slot's expected offset."""


class SlotSet:
    """All slots of this process, and the bound on what they hold. `source` is set before the first chunk comes."""

    source: Source
    new_producer: Callable[[Settings, Job, int, Faults], PartitionProducer] = PartitionProducer

    def __init__(
        self, settings: Settings, job: Job, metrics: Metrics, faults: Faults, on_changelog_written: Callable[[int, int], None]
    ) -> None:
        self.settings = settings
        self.job = job
        self.metrics = metrics
        self.faults = faults
        self.on_changelog_written = on_changelog_written
        self.transactions_committed = metrics.transactions.labels("committed")
        ends = RunEnds(settings.data_dir / f"{job.id}-ends.jsonl")
        self.judging = Judging(ends, metrics, faults, settings.chunk_age_seconds_max / TRIAL_SHARE_OF_AGE)
        self.by_partition: dict[int, PartitionSlot] = {}
        self._accepted_bytes = 0
        self._room = asyncio.Event()
        self._settling = asyncio.Lock()

    async def open(self, partitions: Collection[int], timeout_seconds: float) -> None:
        """Slots for a new assignment: stop all old producers, start new ones. Raises TimeoutError or any `KafkaError`."""
        await self.close()
        limit = asyncio.Semaphore(STARTS_AT_ONCE_MAX)
        for partition in sorted(partitions):
            producer = type(self).new_producer(self.settings, self.job, partition, self.faults)
            self.by_partition[partition] = PartitionSlot(self, partition, producer)

        async def start(slot: PartitionSlot) -> None:
            async with limit:
                await slot.producer.start()

        await asyncio.wait_for(asyncio.gather(*(start(slot) for slot in self.by_partition.values())), timeout_seconds)

    async def settle_offsets(self) -> int:
        """See `PartitionProducer.settle_offsets`; all partitions have one group, so one producer does it. Needs a slot."""
        async with self._settling:
            return await next(iter(self.by_partition.values())).producer.settle_offsets()

    async def close(self) -> None:
        """Forget all slots, after the transactions that run, and close their producers."""
        self.suspend()
        await self.idle()
        slots, self.by_partition = self.by_partition, {}
        for slot in slots.values():
            slot.guard.close()
        async with self._settling:
            await asyncio.gather(*(slot.producer.stop() for slot in slots.values()))

    def suspend(self) -> None:
        """Take nothing any more; what waits is dropped here and fetched again by the next owner."""
        for slot in self.by_partition.values():
            self.release(slot.suspend(), committed=False)
        self._room.set()

    async def idle(self) -> None:
        """Wait until no transaction runs."""
        await asyncio.gather(*(slot.idle() for slot in self.by_partition.values()))

    async def accept(self, chunk: Chunk, give_back: Callable[[int], Any]) -> None:
        """Take a chunk as soon as there is room, or refuse it; `give_back(partition)` is called for one that must be fetched again."""
        while self._accepted_bytes and self._accepted_bytes + chunk.size_bytes > ACCEPTED_BYTES_MAX and not self._refusal(chunk):
            self._room.clear()
            await self._room.wait()
        refusal = self._refusal(chunk)
        if refusal is None:
            self._accepted_bytes += chunk.size_bytes
            self.by_partition[chunk.partition].take(chunk)
            return
        self.metrics.chunks_refused.labels(refusal).inc()
        if refusal == "unexpected_start":
            give_back(chunk.partition)
        chunk.finish(committed=False)

    def _refusal(self, chunk: Chunk) -> str | None:
        slot = self.by_partition.get(chunk.partition)
        return slot.refusal(chunk) if slot is not None else "not_assigned"

    def release(self, chunks: Iterable[Chunk], *, committed: bool) -> None:
        """The chunks are no longer held: acknowledge them to Faust and make room."""
        for chunk in chunks:
            self._accepted_bytes -= chunk.size_bytes
            chunk.finish(committed=committed)
        self._room.set()

    def restart_ages(self, now: float) -> None:
        """The process was frozen: what is in work counts from now on."""
        for slot in self.by_partition.values():
            if slot.busy_since is not None:
                slot.busy_since = now

    def oldest_busy_seconds(self, now: float) -> float:
        """How long the slowest transaction has been running; 0 if none runs."""
        return max((now - slot.busy_since for slot in self.by_partition.values() if slot.busy_since is not None), default=0.0)


def _require_success(worker: "asyncio.Task[None]") -> None:
    """Second line: a slot whose task died must not look idle."""
    if not worker.cancelled() and (error := worker.exception()) is not None:
        end_process(ExitCode.CHUNK_FAILED, "the task of a slot died", error=error)


def _joined(chunks: list[Chunk]) -> SourceRange:
    first = chunks[0]
    records = first.records if len(chunks) == 1 else tuple(chain.from_iterable(chunk.records for chunk in chunks))
    return SourceRange(
        topic=first.topic, partition=first.partition, first_offset=first.offset, next_offset=chunks[-1].next_offset, records=records
    )
