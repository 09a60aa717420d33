"""An in-memory Kafka: logs with transactions, epochs and markers, groups with generations and sessions, offsets in transactions.

All effects happen at one instant of the virtual time; requests travel to it and back (`Network`), and may be lost on either way.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.structs import TopicPartition

from tests.simulation.loop import SimLoop

REBALANCE_SECONDS_MAX: Final = 30.0
FIRST_REBALANCE_SECONDS: Final = 0.2


@dataclass(slots=True, eq=False)
class LogRecord:
    """One offset of a log. `fate`: open, kept, aborted, or marker; a compacted one is aborted for every reader."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    fate: str
    writer: str


class NewRecord(NamedTuple):
    """A record on its way to the log."""

    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Log:
    """One partition."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []
        self.open: dict[str, int] = {}

    @property
    def stable_end(self) -> int:
        """Where a reader of committed records stops."""
        return min(self.open.values(), default=len(self.records))

    def append(self, new: Iterable[NewRecord], writer: str, fate: str) -> int:
        """Write records; returns the first offset."""
        first = len(self.records)
        for place, record in enumerate(new, first):
            self.records.append(LogRecord(place, record.timestamp, record.key, record.value, record.headers, fate, writer))
        if fate == "open":
            self.open.setdefault(writer, first)
        return first

    def mark(self, writer: str, *, committed: bool) -> None:
        """End a transaction here: its records get their fate, its marker takes an offset."""
        first = self.open.pop(writer, None)
        if first is None:
            return
        for record in self.records[first:]:
            if record.writer == writer and record.fate == "open":
                record.fate = "kept" if committed else "aborted"
        self.append([NewRecord(0, None, None)], writer, "marker")

    def committed(self) -> list[LogRecord]:
        """What a reader of committed records sees."""
        return [record for record in self.records[: self.stable_end] if record.fate == "kept"]

    def compact(self) -> int:
        """Take out records that a later one of the same key replaces; returns how many."""
        newest: dict[bytes | None, int] = {}
        for record in self.committed():
            newest[record.key] = record.offset
        old = [record for record in self.committed() if newest[record.key] != record.offset]
        for record in old:
            record.fate = "aborted"
        return len(old)


@dataclass(slots=True)
class Transaction:
    """What the coordinator knows of a transactional id. `state`: empty, ongoing or ending."""

    epoch: int = 0
    state: str = "empty"
    number: int = 0
    touched: dict[TopicPartition, None] = field(default_factory=dict)
    offsets: dict[tuple[str, TopicPartition], "Committed"] = field(default_factory=dict)
    waiting: list[Callable[[], None]] = field(default_factory=list)


class Committed(NamedTuple):
    """A group's offset and the text beside it."""

    offset: int
    text: str = ""


class Member(NamedTuple):
    """What a member is told when a rebalance ends."""

    member_id: str
    generation: int
    partitions: tuple[int, ...]


@dataclass(slots=True)
class Seat:
    """A member of a group."""

    session_seconds: float
    heard_at: float
    joining: "asyncio.Future[Member] | None" = None


class Group:
    """A consumer group: who belongs to it, and which generation. Partitions of all its topics move together."""

    def __init__(self, broker: "Broker") -> None:
        self.seats: dict[str, Seat] = {}
        self.generation = 0
        self.assigned: dict[str, tuple[int, ...]] = {}
        self._owners: dict[int, list[str]] = {}
        self._broker = broker
        self._preparing = False
        self._members = 0
        self._timer: asyncio.TimerHandle | None = None

    def join(self, member_id: str | None, session_seconds: float) -> "asyncio.Future[Member]":
        """Ask for a seat, or keep it, in the next generation."""
        if member_id not in self.seats or member_id is None:
            self._members += 1
            member_id = f"member-{self._members}"
        seat = self.seats.setdefault(member_id, Seat(session_seconds, 0.0))
        seat.heard_at = self._broker.loop.time()
        joining = seat.joining = self._broker.loop.create_future()
        self.prepare()
        self._complete_if_all()
        return joining

    def heartbeat(self, member_id: str, generation: int) -> str:
        """`ok`, `rebalance` or `unknown`."""
        seat = self.seats.get(member_id)
        if seat is None:
            return "unknown"
        seat.heard_at = self._broker.loop.time()
        return "rebalance" if self._preparing or generation != self.generation else "ok"

    def leave(self, member_id: str) -> None:
        """A member goes."""
        if self.seats.pop(member_id, None) is not None:
            self.prepare()
            self._complete_if_all()

    def expire(self) -> None:
        """Members that have not been heard for their session are out."""
        now = self._broker.loop.time()
        for member_id, seat in list(self.seats.items()):
            waits = seat.joining is not None and not seat.joining.cancelled()
            if not waits and now - seat.heard_at > seat.session_seconds:
                self._broker.note("session expired", member_id)
                self.leave(member_id)

    def prepare(self) -> None:
        """Begin a rebalance, as its coordinator may at any time; members hear of it by their heartbeats."""
        if not self._preparing:
            self._preparing = True
            seconds = REBALANCE_SECONDS_MAX if self.generation else FIRST_REBALANCE_SECONDS
            self._timer = self._broker.loop.later(seconds, self._give_up_waiting)

    def _give_up_waiting(self) -> None:
        for member_id, seat in list(self.seats.items()):
            if seat.joining is None:
                del self.seats[member_id]
        self._complete()

    def _complete_if_all(self) -> None:
        if self._preparing and self.generation and all(seat.joining is not None for seat in self.seats.values()):
            self._complete()

    def _complete(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._preparing = False
        self.generation += 1
        members = list(self.seats)
        shares: dict[str, list[int]] = {member: [] for member in members}
        for partition in range(self._broker.partitions if members else 0):
            shares[self._next_owner(partition, members)].append(partition)
        self.assigned = {member: tuple(share) for member, share in shares.items()}
        self._broker.note("generation", self.generation, *(f"{member}={share}" for member, share in self.assigned.items()))
        for member, seat in self.seats.items():
            joining, seat.joining = seat.joining, None
            seat.heard_at = self._broker.loop.time()
            if joining is not None and not joining.done():
                joining.set_result(Member(member, self.generation, self.assigned[member]))

    def _next_owner(self, partition: int, members: Sequence[str]) -> str:
        """Any member; in three of four draws one that had the partition before its present owner, so that it returns."""
        past = self._owners.setdefault(partition, [])
        returning = [member for member in dict.fromkeys(past[:-1]) if member in members and member != past[-1]]
        random = self._broker.random
        owner = random.choice(returning if returning and random.random() < 0.75 else members)
        past.append(owner)
        return owner


class Broker:
    """All logs, transactions and groups. `note` writes into the world's trace."""

    def __init__(self, loop: SimLoop, random: Random, partitions: int, note: Callable[..., None]) -> None:
        self.loop = loop
        self.random = random
        self.partitions = partitions
        self.note = note
        self.logs: dict[TopicPartition, Log] = {}
        self.transactions: dict[str, Transaction] = {}
        self.groups: dict[str, Group] = {}
        self.offsets: dict[tuple[str, TopicPartition], Committed] = {}
        self._last_offsets: dict[tuple[str, TopicPartition], Committed | None] = {}
        self.coordinator = 1
        self.unsure: dict[tuple[str, TopicPartition], Committed | None] = {}
        self.problem: Callable[[str], None] = lambda _: None
        self.slow_markers = False
        self.watchers: list[Callable[[], None]] = []

    def log(self, tp: TopicPartition) -> Log:
        """A partition's log."""
        return self.logs.setdefault(tp, Log())

    def group(self, name: str) -> Group:
        """A consumer group."""
        return self.groups.setdefault(name, Group(self))

    def expire_sessions(self) -> None:
        """To be called every now and then."""
        for group in self.groups.values():
            group.expire()

    def write(self, tp: TopicPartition, records: Iterable[NewRecord], writer: str) -> int:
        """Append outside of any transaction."""
        first = self.log(tp).append(records, writer, "kept")
        self._changed()
        return first

    def forget(self) -> None:
        """Nobody waits for anything any more."""
        self.watchers.clear()
        self.groups.clear()
        self.transactions.clear()

    def _changed(self) -> None:
        for watch in self.watchers:
            watch()

    # -- transactions -----------------------------------------------------------------------------------------------------

    def init_producer(self, name: str) -> "asyncio.Future[int]":
        """Take over a transactional id: the former owner is fenced, its open transaction is aborted. Answers the epoch."""
        found, answer = self.transactions.setdefault(name, Transaction()), self.loop.create_future()

        def take_over() -> None:
            found.epoch += 1
            if not answer.done():
                answer.set_result(found.epoch)

        if found.state == "ongoing":
            found.epoch += 1
            self._end(name, found, committed=False)
        if found.state == "ending":
            found.waiting.append(take_over)
        else:
            take_over()
        return answer

    def produce(self, name: str, epoch: int, tp: TopicPartition, records: Sequence[NewRecord], seconds_max: float) -> int:
        """Append to a partition in the transaction; raises `ProducerFenced`."""
        found = self._ongoing(name, epoch, seconds_max)
        found.touched[tp] = None
        return self.log(tp).append(records, f"{name}#{found.number}", "open")

    def add_offsets(self, name: str, epoch: int, group: str, offsets: Mapping[TopicPartition, Committed], seconds_max: float) -> None:
        """Put source offsets into the transaction; raises `ProducerFenced`."""
        found = self._ongoing(name, epoch, seconds_max)
        self.unsure.clear()  # a new coordinator acknowledges a write only when it is sure of all before
        found.offsets |= {(group, tp): offset for tp, offset in offsets.items()}

    def end_transaction(self, name: str, epoch: int, *, committed: bool) -> None:
        """Decide a transaction; its markers follow. Raises `ProducerFenced`."""
        found = self.transactions[name]
        if found.epoch != epoch or found.state == "ending":
            raise ProducerFenced
        if found.state == "empty":  # nothing was sent in it
            return
        self._end(name, found, committed=committed)

    def busy(self, name: str, epoch: int) -> bool:
        """Whether the markers of this producer's last transaction are still on their way."""
        found = self.transactions[name]
        return found.epoch == epoch and found.state == "ending"

    def _ongoing(self, name: str, epoch: int, seconds_max: float) -> Transaction:
        found = self.transactions[name]
        if found.epoch != epoch:
            raise ProducerFenced
        if found.state == "empty":
            found.state = "ongoing"
            found.number += 1
            self.loop.later(seconds_max, self._time_out, name, found.number)
        return found

    def _time_out(self, name: str, number: int) -> None:
        found = self.transactions[name]
        if found.state == "ongoing" and found.number == number:
            self.note("transaction timed out", name)
            found.epoch += 1
            self._end(name, found, committed=False)

    def _end(self, name: str, found: Transaction, *, committed: bool) -> None:
        found.state = "ending"
        writer, touched, offsets = f"{name}#{found.number}", list(found.touched), dict(found.offsets)
        found.touched.clear()
        found.offsets.clear()
        self.note("commit" if committed else "abort", writer, *(f"{tp.topic}={one.offset} {one.text}" for (_, tp), one in offsets.items()))
        left = len(touched) + 1

        def one_done() -> None:
            nonlocal left
            left -= 1
            if not left:
                found.state = "empty"
                waiting, found.waiting = found.waiting, []
                for call in waiting:
                    call()
            self._changed()

        def mark(tp: TopicPartition) -> None:
            self.log(tp).mark(writer, committed=committed)
            one_done()

        def keep_offsets() -> None:
            if committed:
                self._require_forward(offsets)
                self._last_offsets = {place: self.offsets.get(place) for place in offsets}
                self.offsets |= offsets
            one_done()

        for tp in touched:
            self.loop.later(self._marker_seconds(), mark, tp)
        self.loop.later(self._marker_seconds(), keep_offsets)

    def move_coordinator(self) -> None:
        """The groups get another broker: it is not sure of what was committed last, and answers with what it knows for certain."""
        self.coordinator += 1
        self.unsure = dict(self._last_offsets)

    def committed(self, group: str, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Committed]:
        """A group's offsets as its coordinator tells them; partitions without any are left out."""
        keys = [(group, tp) for tp in partitions]
        found = {key[1]: self.unsure.get(key) if key in self.unsure else self.offsets.get(key) for key in keys}
        return {tp: one for tp, one in found.items() if one is not None}

    def _require_forward(self, offsets: Mapping[tuple[str, TopicPartition], Committed]) -> None:
        for place, new in offsets.items():
            before = self.offsets.get(place, Committed(0)).offset
            if new.offset < before:
                self.problem(f"the offset of {place[1].topic} {place[1].partition} goes back from {before} to {new.offset}")

    def _marker_seconds(self) -> float:
        return self.random.uniform(0.0, 3.0 if self.slow_markers else 0.004)


class Network:
    """The way of requests to the broker and back; `fate(label)` says what becomes of one."""

    def __init__(self, loop: SimLoop, fate: Callable[[str], "Fate"]) -> None:
        self._loop = loop
        self._fate = fate

    async def ask(self, label: str, effect: Callable[[], Any], channel: "Channel | None" = None) -> Any:
        """Have `effect` happen at the broker and wait for the answer; it may happen although no answer comes."""
        loop, fate, answer = self._loop, self._fate(label), self._loop.create_future()
        arrives = loop.time() + fate.there_seconds
        if channel is not None:  # what one client sends arrives in its order
            arrives = channel.last_arrival = max(arrives, channel.last_arrival)

        def respond(result: Any, error: BaseException | None) -> None:
            if answer.done():
                return
            if fate.error is not None:
                answer.set_exception(fate.error)
            elif error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)

        def arrive() -> None:
            result, error = None, None
            if not fate.lost:
                try:
                    result = effect()
                except KafkaError as problem:
                    error = problem
            if isinstance(result, asyncio.Future) and fate.error is None:
                result.add_done_callback(lambda done: loop.later(fate.back_seconds, respond, done.result(), None), context=loop.outside)
            else:
                loop.later(fate.back_seconds, respond, result, error)

        loop.later(arrives - loop.time(), arrive)
        return await answer


@dataclass(slots=True)
class Channel:
    """A client's connection."""

    last_arrival: float = 0.0


class Fate(NamedTuple):
    """Of a request: seconds to the broker and back; `lost` before it, and the error that the client sees instead of the answer."""

    there_seconds: float
    back_seconds: float
    lost: bool = False
    error: KafkaError | None = None


def partitions_of(topics: Collection[str], partitions: Iterable[int]) -> set[TopicPartition]:
    """These partitions of all the topics."""
    return {TopicPartition(topic, number) for number in partitions for topic in topics}
