"""Faust's consumer with chunks instead of records, exact positions instead of gaps, and no commits of its own.

Order of things after a rebalance: producers start (fencing the former owner), Faust recovers the tables, `perform_seek` gives
every source partition a concrete expected offset, and only then are source partitions fetched (`resume_flow`).
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, Protocol, cast

from aiokafka.errors import ConsumerStoppedError, KafkaError
from faust.transport.drivers.aiokafka import Consumer as FaustConsumer
from faust.transport.drivers.aiokafka import Producer as FaustProducer
from faust.transport.drivers.aiokafka import Transport as FaustTransport
from faust.types import TP

from streams.engine.chunks import Chunk, FetchedChunk
from streams.engine.failure import ExitCode, cause_of, end_process, give_up_draining
from streams.engine.fetch_thread import ChunkFetchThread, StartPosition, UnreadableBatch
from streams.engine.recovery import apply_changelog_chunk, forget_last_recovery, refuse_unrecovered
from streams.engine.slots import SlotSet
from streams.engine.table import StateTable

START_SHARE_OF_SESSION: Final = 0.8
"""Producers must be up within this share of the session: no heartbeat is sent while an assignment is taken over."""
FETCH_SECONDS_MAX: Final = 1.0
"""Longest wait of one call into the fetch thread."""
COORDINATOR_POLL_SECONDS: Final = 0.1
STALL_SECONDS: Final = 10.0
"""A quiet slot whose fetch position ran ahead for this long has lost a chunk on the way: it is given back."""


class EngineHooks(Protocol):
    """What the consumer needs of the engine that owns it."""

    slots: SlotSet
    table: StateTable

    def on_assigned(self, partitions: Iterable[int]) -> None: ...
    def on_ready(self) -> None: ...
    def on_flow_stopped(self) -> None: ...
    def on_recovery_moved(self) -> None: ...


class ChunkConsumer(FaustConsumer):
    """Runs on the main loop; talks to aiokafka through `ChunkFetchThread`."""

    slots: SlotSet
    wanted: frozenset[TP] = frozenset()

    def _new_consumer_thread(self) -> ChunkFetchThread:
        thread = ChunkFetchThread(self, loop=self.loop, beacon=self.beacon)
        self.engine: EngineHooks = cast(Any, self.app).engine
        self.slots = self.engine.slots
        self.slots.source = self
        thread.configure(self.slots.settings)
        self.fetch_thread = thread
        self.positioned = False
        self._flow_stops = 0
        self._epochs: dict[TP, int] = {}
        self._held: set[TP] = set()
        self._held_back: set[TP] = set()
        self._ahead_since: dict[int, tuple[int, float]] = {}
        self._spawned: set[asyncio.Task[None]] = set()
        return thread

    # -- what is fetched ----------------------------------------------------------------------------------------------

    def _source_tps(self) -> set[TP]:
        return {tp for tp in self.assignment() if tp.topic == self.slots.job.source_topic}

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Stop reading these partitions."""
        super().pause_partitions(tps)
        self._held -= set(tps)
        self._update_wanted()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Read these partitions; source partitions only once they have their position and the flow is resumed."""
        changelogs = {tp for tp in tps if self._is_changelog_tp(tp)}
        self._held |= set(tps) - changelogs
        super().resume_partitions(changelogs)
        self._update_wanted()

    def resume_flow(self) -> None:
        """Let records through; source partitions join here, after Faust emptied its queues for the last time."""
        if self.positioned:
            refuse_unrecovered(self.app)
            super().resume_partitions(self._held)
            self._held.clear()
            self.engine.on_ready()
        super().resume_flow()
        self._update_wanted()

    def stop_flow(self) -> None:
        """Stop reading (rebalance or shutdown): waiting chunks are dropped, running transactions go on."""
        self.positioned = False
        self._flow_stops += 1
        super().stop_flow()
        self.engine.on_flow_stopped()
        self.slots.suspend()
        self.fetch_thread.wake()

    def _update_wanted(self) -> None:
        self.wanted = frozenset(self._get_active_partitions()) - self._held_back
        self.fetch_thread.wake()
        self._spawn(self.fetch_thread.hold(frozenset(self.assignment() - self.wanted)))

    def on_buffer_full(self, tp: TP) -> None:
        """Nothing: the conductor's blocking put is the back-pressure."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing: see `on_buffer_full`."""

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._spawned.add(task)
        task.add_done_callback(self._spawned_done)

    def _spawned_done(self, task: "asyncio.Task[None]") -> None:
        self._spawned.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.should_stop:
            end_process(cause_of(error, ExitCode.CONSUMER_FAILED), "a change of the fetch position failed", error=error)

    # -- the loop -----------------------------------------------------------------------------------------------------

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                if not self.flow_active:
                    await self.wait(self.can_resume_flow.wait())
                    continue
                for fetched in cast(list[FetchedChunk], await self.fetch_thread.getmany(None, timeout=FETCH_SECONDS_MAX)):
                    await self._deliver(fetched)
                await asyncio.sleep(0)
        except ConsumerStoppedError:
            if not self.app.should_stop:
                end_process(ExitCode.CONSUMER_FAILED, "the consumer was stopped by its client library")
        except UnreadableBatch as error:
            end_process(
                ExitCode.CONSUMER_FAILED,
                f"a batch cannot be unpacked: {error}; see docs/hostile-bytes.md",
                topic=error.topic,
                partition=error.partition,
                offset=error.offset,
            )
        except KafkaError as error:
            end_process(cause_of(error, ExitCode.CONSUMER_FAILED), "records cannot be fetched", error=error)

    async def _deliver(self, fetched: FetchedChunk) -> None:
        if self._is_changelog_tp(fetched.tp):
            if fetched.epoch == self._epochs.get(fetched.tp):
                apply_changelog_chunk(self.app, fetched)
                self.engine.on_recovery_moved()
            return
        chunk = Chunk(fetched, generation_id=self.app.consumer_generation_id, consumer=self)
        await self.wait_first(self.callback(chunk), self.suspend_flow.wait())

    # -- positions ----------------------------------------------------------------------------------------------------

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek at once; used by Faust for changelogs, when a recovery begins and its highwaters are known."""
        forget_last_recovery(self.app)
        await self._seek_to({tp: max(offset, 0) for tp, offset in partitions.items()})

    async def _seek(self, partition: TP, offset: int) -> None:
        await self._seek_to({partition: offset})

    async def _seek_to(self, offsets: Mapping[TP, int]) -> None:
        epochs = {tp: self._epochs.get(tp, 0) + 1 for tp in offsets}
        self._epochs.update(epochs)
        await self.fetch_thread.seek_to(offsets, epochs)

    async def perform_seek(self) -> None:
        """Give every source partition a concrete expected offset: the committed one, else the earliest."""
        stops = self._flow_stops
        try:
            found = await self._settled_positions(stops)
        except KafkaError as error:
            if stops != self._flow_stops or self.app.should_stop:  # its producers are being closed
                return
            end_process(cause_of(error, ExitCode.PRODUCER_NOT_STARTED), "the committed offsets cannot be made certain", error=error)
        offsets = {tp: _start_offset(tp, position) for tp, position in found.items()}
        await self._seek_to(offsets)
        if stops != self._flow_stops:  # the next rebalance, or the shutdown, has begun meanwhile
            return
        for tp, offset in offsets.items():
            slot = self.slots.by_partition[tp.partition]
            slot.start_at(offset, self._epochs[tp], self.engine.table.store.partition(tp.partition), found[tp].note)
            self._read_offset[tp] = self._committed_offset[tp] = offset
        self.positioned = True

    async def _settled_positions(self, stops: int) -> dict[TP, StartPosition]:
        """Start positions that hold all that was ever acknowledged, whichever broker answers for the group; none once the flow stops."""
        sources = self._source_tps()
        while sources and stops == self._flow_stops:
            settled_by = await self.slots.settle_offsets()
            found = await self.fetch_thread.start_positions(sources)
            if self.fetch_thread.group_coordinator() == settled_by:
                return found
            await asyncio.sleep(COORDINATOR_POLL_SECONDS)  # the group has moved meanwhile, to a broker that may know less
        return {}

    def hold_back(self, partition: int) -> None:
        """Fetch nothing of a source partition until it is given back, or assigned anew: its next record has to wait."""
        self._held_back.add(TP(self.slots.job.source_topic, partition))
        self._update_wanted()

    def give_back(self, partition: int) -> None:
        """Fetch a source partition again from its expected offset, as chunks on the way are not what is expected."""
        tp = TP(self.slots.job.source_topic, partition)
        slot = self.slots.by_partition[partition]
        slot.epoch = self._epochs[tp] = self._epochs[tp] + 1
        if tp in self._held_back:
            self._held_back.discard(tp)
            self._update_wanted()
        self._spawn(self._give_back(tp, slot.expected_offset, slot.epoch))

    async def _give_back(self, tp: TP, expected: int, epoch: int) -> None:
        position = (await self.fetch_thread.start_positions([tp]))[tp]
        _refuse_lost_records(tp, expected, position)
        await self.fetch_thread.seek_to({tp: expected}, {tp: epoch})

    def give_back_stalled(self, now: float) -> None:
        """Notice slots that are idle although their fetch position went ahead: a chunk was lost between fetch and slot."""
        for partition, slot in self.slots.by_partition.items():
            position, _ = self.fetch_thread.fetch_state(TP(self.slots.job.source_topic, partition))
            ahead = self.positioned and slot.epoch is not None and slot.quiet and position is not None and position > slot.expected_offset
            known, since = self._ahead_since.get(partition, (-1, now))
            if not ahead or known != slot.expected_offset:
                self._ahead_since[partition] = (slot.expected_offset if ahead else -1, now)
            elif now - since > STALL_SECONDS:
                self.slots.metrics.chunks_refused.labels("stalled").inc()
                self.give_back(partition)
                del self._ahead_since[partition]

    # -- rebalances ---------------------------------------------------------------------------------------------------

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take over the assignment; the producers start before anything is read, so that what is read is final."""
        if not self.app.should_stop:
            await self._open_slots(assigned)
        await super().on_partitions_assigned(assigned, generation_id)

    async def _open_slots(self, assigned: set[TP]) -> None:
        job, settings = self.slots.job, self.slots.settings
        source = {tp.partition for tp in assigned if tp.topic == job.source_topic}
        changelog = {tp.partition for tp in assigned if tp.topic == job.changelog_topic}
        if source != changelog or any(partition >= settings.partitions for partition in source):
            end_process(
                ExitCode.ASSIGNMENT_UNUSABLE,
                f"source and changelog must have {settings.partitions} partitions each and be assigned together",
                source_partitions=sorted(source),
                changelog_partitions=sorted(changelog),
            )
        self.engine.on_assigned(source)
        try:
            await self.slots.open(source, settings.kafka_session_timeout_seconds * START_SHARE_OF_SESSION)
        except (TimeoutError, KafkaError) as error:
            if self.app.should_stop:  # SIGTERM came meanwhile, and nothing of this assignment was begun
                give_up_draining()
            end_process(ExitCode.PRODUCER_NOT_STARTED, "a transactional producer could not be started", error=error)
        self._held_back.clear()
        self.positioned = not source  # a spare worker without partitions has nothing to seek

    # -- acknowledgements: bookkeeping only, the offsets are in the transactions ----------------------------------------

    def ack(self, message: Any) -> bool:
        """Note that a chunk is done with; a committed one advances the acknowledged range of its partition."""
        message.acked = True
        self._unacked_messages.discard(message)
        if message.committed:
            tp = message.tp
            self._committed_offset[tp] = max(self._committed_offset.get(tp) or 0, message.next_offset)
        return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        del topics
        return iter(())

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Nothing: a source offset is committed in the transaction of its chunk."""
        del topics, start_new_transaction
        return False

    async def wait_empty(self) -> None:
        """Wait until no transaction runs; what was waiting has been dropped by `stop_flow`."""
        self.slots.suspend()
        await self.slots.idle()

    async def on_stop(self) -> None:
        """Close after the last transaction."""
        await super().on_stop()
        await self.slots.close()

    def close(self) -> None:
        """Nothing: Faust would close aiokafka from the wrong loop; the thread closes it when it stops."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: the engine's own watchdog is stricter."""


def _start_offset(tp: TP, position: StartPosition) -> int:
    start = position.earliest if position.committed is None else position.committed
    _refuse_lost_records(tp, start, position)
    return start


def _refuse_lost_records(tp: TP, expected: int, position: StartPosition) -> None:
    if position.earliest <= expected <= position.end:
        return
    what = "retention ate unprocessed records" if expected < position.earliest else "the log ends before the committed offset"
    end_process(
        ExitCode.SOURCE_GONE,
        f"{what} of {tp.topic}[{tp.partition}]: restore them from a backup, or accept the loss by setting the group's offset by hand",
        expected_offset=expected,
        earliest_offset=position.earliest,
        end_offset=position.end,
    )


class NoProducer(FaustProducer):
    """Faust's own producer stays off: records go out in the transaction of their chunk, or not at all."""

    async def on_start(self) -> None:
        """Start nothing."""

    async def send(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - refused whatever it is
        """Refuse: such a record would be outside of every transaction."""
        raise RuntimeError("a worker writes through the transaction of a chunk only")


class ChunkTransport(FaustTransport):
    """Set on the app as `app.transport`."""

    Consumer: ClassVar[Any] = ChunkConsumer
    Producer: ClassVar[Any] = NoProducer
