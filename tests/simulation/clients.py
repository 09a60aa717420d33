"""aiokafka's clients on the in-memory broker: the part of their behavior that engine and sinks rely on.

Positions, pauses and fetch results are aiokafka's own classes, so that what the engine does with their insides is really done.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from aiokafka.client import CoordinationType
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition
from faust.assignor.client_assignment import ClientAssignment

from sinks.ledger import StreamIdentity
from tests.simulation.broker import Broker, Channel, Committed, LogRecord, Network, NewRecord, partitions_of
from tests.simulation.loop import PROCESS, SimLoop

FETCHED_RECORDS_MAX: Final = 40
RETRY_SECONDS: Final = 0.02
BATCH_OVERHEAD_BYTES: Final = 100


class Wire:
    """What every client of one world shares; set before the world begins."""

    broker: Broker
    network: Network
    loop: SimLoop
    unexpected: Callable[[str], None]


def identity_of(topic: str) -> StreamIdentity:
    """Who a topic of the world is."""
    return StreamIdentity(cluster_id="simulated", topic=topic, topic_id="AAAAAAAAAAAAAAAAAAAAAA")


async def identify(topic: str, client_options: Mapping[str, Any]) -> tuple[StreamIdentity, tuple[int, ...]]:
    """Stands for `sinks.stream_identity.identify`."""
    del client_options
    await Wire.network.ask("metadata", lambda: None)
    return identity_of(topic), tuple(range(Wire.broker.partitions))


class FetchedRecords:
    """Records of one fetch, in the manner of aiokafka: `next_fetch_offset` moves with them, over markers and aborted ones, too."""

    def __init__(self, records: Sequence[LogRecord], start: int, fates: Collection[str]) -> None:
        self._records = iter(records)
        self._fates = fates
        self._end = records[-1].offset + 1
        self.next_fetch_offset = start

    def __iter__(self) -> Iterator[LogRecord]:
        return self

    def __next__(self) -> LogRecord:
        for record in self._records:
            self.next_fetch_offset = record.offset + 1
            if record.fate in self._fates:
                return record
        self.next_fetch_offset = self._end
        raise StopIteration


class Fetcher:
    """What the engine touches of aiokafka's fetcher."""

    def __init__(self, subscriptions: SubscriptionState) -> None:
        self._subscriptions = subscriptions
        self._records: dict[TopicPartition, FetchResult] = {}
        self._closed = False
        self._fetch_waiters: set[asyncio.Future[None]] = set()
        self._wait_consume_future: asyncio.Future[None] | None = None
        self.consumed: Any = lambda: None

    def _create_fetch_waiter(self) -> "asyncio.Future[None]":
        waiter = asyncio.get_running_loop().create_future()
        self._fetch_waiters.add(waiter)
        waiter.add_done_callback(self._fetch_waiters.discard)
        return waiter

    def _notify(self, future: Any) -> None:
        del future
        self.consumed()

    def wake(self, error: KafkaError | None = None) -> None:
        """Something was fetched."""
        for waiter in sorted(self._fetch_waiters, key=id):
            if not waiter.done():
                waiter.set_result(None) if error is None else waiter.set_exception(error)


class GroupCoordinator:
    """What the engine touches of aiokafka's coordinator of a consumer."""

    def __init__(self, fetch_committed_offsets: Callable[..., Any]) -> None:
        self.generation = -1
        self._metadata_snapshot: dict[str, int] = {}
        self.fetch_committed_offsets = fetch_committed_offsets

    @property
    def coordinator_id(self) -> int:
        """The broker that answers for the group now."""
        return Wire.broker.coordinator


class SimConsumer:
    """Stands for `AIOKafkaConsumer`, with and without a group."""

    def __init__(self, *_: Any, **options: Any) -> None:
        self._options = options
        self._loop = Wire.loop
        self._subscription = SubscriptionState(loop=self._loop)
        self._fetcher = Fetcher(self._subscription)
        self._coordinator = GroupCoordinator(self._fetch_committed_offsets)
        self._max_poll_records = options.get("max_poll_records", 500)
        self._closed = False
        self._committed_only = options.get("isolation_level") == "read_committed"
        self._fates = ("kept",) if self._committed_only else ("kept", "open", "aborted")
        self._channel = Channel()
        self._poke = asyncio.Event()
        self._fetcher.consumed = self._poke.set
        self._member_id: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._group = Wire.broker.group(options["group_id"]) if options.get("partition_assignment_strategy") else None

    async def start(self) -> None:
        """Connect."""
        await Wire.network.ask("metadata", lambda: None)
        Wire.broker.watchers.append(self._poke.set)
        self._begin(self._fetch())

    async def stop(self) -> None:
        """Leave."""
        self._closed = self._fetcher._closed = True
        for task in self._tasks:
            task.cancel()
        with suppress(ValueError):
            Wire.broker.watchers.remove(self._poke.set)
        if self._group is not None and self._member_id is not None:
            member = self._member_id
            await Wire.network.ask("leave", lambda: self._group.leave(member) if self._group else None)
        self._fetcher.wake()

    def _begin(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks = [one for one in self._tasks if not one.done()] + [task]
        task.add_done_callback(_require_no_defect)

    # -- positions --------------------------------------------------------------------------------------------------------

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        """Take partitions by hand."""
        self._subscription.assign_from_user(list(partitions))

    def assignment(self) -> set[TopicPartition]:
        """What is assigned."""
        return set(self._subscription.assigned_partitions())

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go to an offset; what was fetched from elsewhere is dropped."""
        tp = TopicPartition(partition.topic, partition.partition)
        self._subscription.seek(tp, offset)
        self._fetcher._records.pop(tp, None)
        self._poke.set()

    def pause(self, partition: TopicPartition) -> None:
        """Fetch no more of it."""
        self._subscription.pause(TopicPartition(partition.topic, partition.partition))

    def resume(self, partition: TopicPartition) -> None:
        """Fetch it again."""
        self._subscription.resume(TopicPartition(partition.topic, partition.partition))
        self._poke.set()

    async def position(self, partition: TopicPartition) -> int:
        """The next offset that will be handed out."""
        position: int = self._state(partition).position
        return position

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Nothing is ever removed at the start of a log."""
        found: dict[TopicPartition, int] = await Wire.network.ask("list offsets", lambda: {_plain(tp): 0 for tp in sorted(partitions)})
        return found

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Where readers of committed records stop."""

        def ends() -> dict[TopicPartition, int]:
            return {_plain(tp): self._end(_plain(tp)) for tp in sorted(partitions)}

        found: dict[TopicPartition, int] = await Wire.network.ask("list offsets", ends)
        return found

    def _end(self, tp: TopicPartition) -> int:
        log = Wire.broker.log(tp)
        return log.stable_end if self._committed_only else len(log.records)

    async def committed(self, partition: TopicPartition) -> int | None:
        """The group's offset."""
        found = await self._fetch_committed_offsets([partition])
        return found[_plain(partition)].offset if found else None

    async def _fetch_committed_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Committed]:
        group, plain = self._options["group_id"], [_plain(tp) for tp in sorted(partitions)]
        found: dict[TopicPartition, Committed] = await Wire.network.ask("fetch offsets", lambda: Wire.broker.committed(group, plain))
        return found

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Note offsets under the group's name."""
        group = self._options["group_id"]
        noted = {(group, _plain(tp)): Committed(offset) for tp, offset in offsets.items()}
        await Wire.network.ask("note offsets", lambda: Wire.broker.offsets.update(noted))

    def _state(self, partition: TopicPartition) -> Any:
        state = self._subscription.subscription.assignment.state_value(_plain(partition))
        if state is None:
            raise IllegalStateError(f"{partition} is not assigned")
        return state

    # -- fetching ---------------------------------------------------------------------------------------------------------

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        """Committed records, as soon as there are some."""
        deadline = self._loop.time() + timeout_ms / 1000
        while not self._fetcher._records and (left := deadline - self._loop.time()) > 0:
            await asyncio.wait([self._fetcher._create_fetch_waiter()], timeout=left)
        found: dict[TopicPartition, list[Any]] = {}
        room = max_records
        for tp in sorted(self._fetcher._records):
            result = self._fetcher._records[tp]
            records = result.getall(room)
            if not result.has_more():
                del self._fetcher._records[tp]
                self._poke.set()
            if records:
                found[tp] = records
                room -= len(records)
            if room <= 0:
                break
        return found

    async def _fetch(self) -> None:
        while True:
            await self._poke.wait()
            self._poke.clear()
            wanted = self._wanted()
            if not wanted:
                continue
            try:
                found = await Wire.network.ask("fetch", partial(self._read, wanted))
            except KafkaError:
                await asyncio.sleep(RETRY_SECONDS)
                self._poke.set()
                continue
            self._keep(found)

    def _wanted(self) -> dict[TopicPartition, int]:
        subscription = self._subscription.subscription
        assignment = subscription.assignment if subscription is not None else None
        if assignment is None:
            return {}
        states = {tp: assignment.state_value(tp) for tp in sorted(assignment.tps) if tp not in self._fetcher._records}
        return {tp: state.position for tp, state in states.items() if state.has_valid_position and not state.paused}

    def _read(self, wanted: Mapping[TopicPartition, int]) -> dict[TopicPartition, tuple[int, int, list[LogRecord]]]:
        found = {}
        for tp, position in wanted.items():
            log = Wire.broker.log(tp)
            end = self._end(tp)
            records = log.records[position : min(end, position + Wire.broker.random.randint(1, FETCHED_RECORDS_MAX))]
            found[tp] = position, end, records
        return found

    def _keep(self, found: Mapping[TopicPartition, tuple[int, int, list[LogRecord]]]) -> None:
        assignment = self._subscription.subscription.assignment
        for tp, (position, end, records) in found.items():
            state = assignment.state_value(tp)
            if state is None or not state.has_valid_position or state.position != position:
                continue
            state.lso = state.highwater = end
            if records:
                self._fetcher._records[tp] = FetchResult(
                    tp, assignment=assignment, partition_records=FetchedRecords(records, position, self._fates), backoff=0
                )
        if any(records for _, _, records in found.values()):
            self._fetcher.wake()
        if any(end > position + len(records) for position, end, records in found.values()):
            self._poke.set()

    # -- the group --------------------------------------------------------------------------------------------------------

    def subscribe(self, topics: set[str], listener: Any) -> None:
        """Become a member."""
        if self._subscription.subscription is not None:
            return
        self._subscription.subscribe(set(topics), listener=listener)
        self._begin(self._belong(sorted(topics), listener))

    async def _belong(self, topics: Sequence[str], listener: Any) -> None:
        group, session = self._group, self._options["session_timeout_ms"] / 1000
        assert group is not None
        while not self._closed:
            self._subscription.begin_reassignment()
            await listener.on_partitions_revoked(self.assignment())
            try:
                member = await Wire.network.ask("join", partial(group.join, self._member_id, session))
            except KafkaError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._member_id, self._coordinator.generation = member.member_id, member.generation
            assigned = partitions_of(topics, member.partitions)
            self._subscription.assign_from_subscribed(assigned)
            self._fetcher._records.clear()
            self._tell_assignor(topics, member.partitions)
            self._begin(self._first_positions(assigned))
            await listener.on_partitions_assigned(assigned)
            await self._beat(member.member_id, member.generation)

    def _tell_assignor(self, topics: Sequence[str], partitions: Sequence[int]) -> None:
        (assignor,) = self._options["partition_assignment_strategy"]
        assignor._assignment = ClientAssignment(actives={topic: list(partitions) for topic in topics if partitions}, standbys={})
        assignor._active_tps, assignor._standby_tps = assignor._assignment.active_tps, set()

    async def _first_positions(self, assigned: Collection[TopicPartition]) -> None:
        """Where nobody has sought yet: the group's offset, else the start."""
        assignment = self._subscription.subscription.assignment
        for tp in sorted(assigned):
            with suppress(KafkaError):
                committed = await self.committed(tp)
                if not assignment.state_value(tp).has_valid_position:
                    assignment.state_value(tp).seek(committed or 0)
                    self._poke.set()

    async def _beat(self, member_id: str, generation: int) -> None:
        while not self._closed:
            await asyncio.sleep(self._options["heartbeat_interval_ms"] / 1000)
            try:
                answer = await Wire.network.ask("heartbeat", lambda: self._group.heartbeat(member_id, generation) if self._group else "")
            except KafkaError:
                continue
            if answer != "ok":
                self._member_id = None if answer == "unknown" else member_id
                return


class Builder:
    """Stands for aiokafka's compiled record builder."""

    def __init__(self, size_max: int) -> None:
        self.records: list[NewRecord] = []
        self._left = size_max

    def append(self, offset: int, timestamp: int, key: bytes | None, value: bytes | None, headers: Any) -> object | None:
        """None where it does not fit; the first record always does."""
        size = BATCH_OVERHEAD_BYTES + len(key or b"") + len(value or b"")
        if self.records and size > self._left:
            return None
        assert offset == len(self.records)
        self._left -= size
        self.records.append(NewRecord(timestamp, key, value, tuple(headers)))
        return self


class Batch:
    """Stands for aiokafka's batch builder."""

    def __init__(self, size_max: int) -> None:
        self._builder = Builder(size_max)
        self._relative_offset = 0
        self._closed = False

    @property
    def records(self) -> list[NewRecord]:
        """What was appended."""
        return self._builder.records

    def append(self, *, timestamp: int, key: bytes | None, value: bytes | None, headers: Any = ()) -> object | None:
        """None where it does not fit; the first record always does."""
        return None if self._closed else self._builder.append(len(self.records), timestamp, key, value, headers)

    def record_count(self) -> int:
        """How many records it has."""
        return len(self.records)

    def close(self) -> None:
        """Take no more."""
        self._closed = True


class SimProducer:
    """Stands for `AIOKafkaProducer`, transactional or idempotent."""

    def __init__(self, **options: Any) -> None:
        self._name: str | None = options.get("transactional_id")
        self._seconds_max = options.get("transaction_timeout_ms", 60_000) / 1000
        self._batch_bytes_max = options["max_batch_size"]
        self._epoch = 0
        self._channel = Channel()
        self._in_transaction = False
        self._sender = SimpleNamespace(_coordinators={})
        process = PROCESS.get()
        self._writer = process.name if process is not None else "outside"

    async def start(self) -> None:
        """Connect, take over the transactional id."""
        name = self._name
        if name is None:
            await Wire.network.ask("metadata", lambda: None)
            return
        self._epoch = await Wire.network.ask("init producer", lambda: Wire.broker.init_producer(name), self._channel)

    async def stop(self) -> None:
        """Disconnect."""

    async def partitions_for(self, topic: str) -> set[int]:
        """The partitions of a topic."""
        del topic
        return set(range(Wire.broker.partitions))

    def create_batch(self) -> Batch:
        """An empty batch."""
        return Batch(self._batch_bytes_max)

    async def begin_transaction(self) -> None:
        """From here on everything belongs together; only the client knows."""
        if self._in_transaction:
            raise IllegalStateError("a transaction is open")
        self._in_transaction = True

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> "asyncio.Future[Any]":
        """Hand a batch over; the future has its first offset."""
        tp, records = TopicPartition(topic, partition), list(batch.records)
        return asyncio.ensure_future(self._send(tp, records, self._in_transaction))

    async def _send(self, tp: TopicPartition, records: Sequence[NewRecord], in_transaction: bool) -> Any:
        def append() -> int:
            if self._name is None or not in_transaction:
                return Wire.broker.write(tp, records, self._writer)
            return Wire.broker.produce(self._name, self._epoch, tp, records, self._seconds_max)

        label = "produce" if self._name is not None else "produce acks"
        return SimpleNamespace(offset=await self._when_last_is_done(label, append))

    async def _when_last_is_done(self, label: str, effect: Any) -> Any:
        """The broker asks to come again while the markers of the last transaction are on their way."""
        while True:
            answer = await Wire.network.ask(label, lambda: "again" if self._busy() else effect(), self._channel)
            if answer != "again":
                return answer
            await asyncio.sleep(RETRY_SECONDS)

    def _busy(self) -> bool:
        return self._name is not None and Wire.broker.busy(self._name, self._epoch)

    async def send_offsets_to_transaction(self, offsets: Mapping[TopicPartition, Any], group: str) -> None:
        """Source offsets, to be committed with the transaction."""
        name = str(self._name)
        plain = {_plain(tp): Committed(offset) if isinstance(offset, int) else Committed(*offset) for tp, offset in offsets.items()}

        def add() -> int:
            Wire.broker.add_offsets(name, self._epoch, group, plain, self._seconds_max)
            return Wire.broker.coordinator

        self._sender._coordinators[CoordinationType.GROUP] = await self._when_last_is_done("add offsets", add)

    async def abort_transaction(self) -> None:
        """Make nothing of it visible."""
        name = str(self._name)
        await Wire.network.ask("abort", lambda: Wire.broker.end_transaction(name, self._epoch, committed=False), self._channel)
        self._in_transaction = False

    async def commit_transaction(self) -> None:
        """Make it all visible."""
        name = str(self._name)
        await Wire.network.ask("commit", lambda: Wire.broker.end_transaction(name, self._epoch, committed=True), self._channel)
        self._in_transaction = False


def _require_no_defect(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and isinstance(error := task.exception(), Exception):
        Wire.unexpected(f"a client: {error!r}")


def _plain(tp: Any) -> TopicPartition:
    return TopicPartition(tp.topic, tp.partition)
