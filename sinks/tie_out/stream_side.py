"""The stream's side of a comparison: running totals of what the ledger should hold, and what stands on the stream beyond that.

Every entry is read once. Those below the ledger's places are added up; of those beyond, so many are kept until the ledger has
booked them, too. Whatever fails in between, the next attempt goes on behind the last record that was taken.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from schemas.output_codec import DecodeError
from sinks.entry_stream import Record
from sinks.ledger import StreamIdentity
from sinks.tie_out.entry_facts import facts_of
from sinks.tie_out.facts import RANGE_BITS, EntryFacts, Place, RangeKey
from sinks.tie_out.totals import CAPTURE, ControlTotals

KEPT_MAX: Final = 20_000
"""Entries beyond the ledger's places that are kept, of all partitions together; those behind them are read when it has come closer."""
KEPT_OF_PARTITION_MIN: Final = 10


class CannotCompare(Exception):
    """Ledger and stream cannot be compared now, which is no difference; the message says why and what to do."""


class EntryLog(Protocol):
    """The topics as a comparison reads them; `sinks.tie_out.broker_log` and a capture are some."""

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        """Who the topic is, and its partitions; raises `StreamUnknown`."""
        ...

    async def starts(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The first offset that the log still has, per partition."""
        ...

    async def stable_ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The end of what is committed, per partition: nothing below waits for a transaction."""
        ...

    def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        """Committed records in [start, end) of each partition, in slices; a partition's in offset order."""
        ...


class _Kept(NamedTuple):
    entry: EntryFacts
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What stands on the stream beyond some places: how many entries (offsets where they were not read), since when (UTC ms)."""

    entries: int
    oldest_at: int | None


@dataclass(slots=True)
class StreamSide:
    """The running totals of one entries topic. Memory: the cells, and `KEPT_MAX` entries."""

    topic: str
    totals: ControlTotals = field(default_factory=ControlTotals)
    repeats: set[Place] = field(default_factory=set)
    _stream: StreamIdentity | None = None
    _booked_to: dict[int, int] = field(default_factory=dict)
    _read_to: dict[int, int] = field(default_factory=dict)
    _ends: dict[int, int] = field(default_factory=dict)
    _kept: dict[int, deque[_Kept]] = field(default_factory=dict)

    async def advance(self, log: EntryLog, stream: StreamIdentity, booked_to: Mapping[int, int]) -> None:
        """Let the totals be those of all entries below the ledger's places; raises `CannotCompare`, `StreamUnknown`, `KafkaError`."""
        found, partitions = await log.identity(self.topic)
        if (found.cluster_id, found.topic_id) != (stream.cluster_id, stream.topic_id):
            raise CannotCompare(
                f"the ledger books from topic {stream.topic} with id {stream.topic_id} of cluster {stream.cluster_id}; the one that is "
                f"there has the id {found.topic_id} of cluster {found.cluster_id}: name the broker or the ledger that belong together"
            )
        places = {number: booked_to.get(number, 0) for number in partitions}
        if self._stream != found or any(places[number] < at for number, at in self._booked_to.items()):
            self._begin_anew(found, partitions)
        await self._look(log)
        for number, place in places.items():
            if place > self._ends[number]:
                raise CannotCompare(
                    f"partition {number}: the ledger is booked to offset {place}, topic {self.topic} ends at {self._ends[number]}: "
                    "the topic was cut or is an older copy; `asiento verify` says what is missing"
                )
            self._booked_to[number] = place
            kept = self._kept[number]
            while kept and kept[0].entry.offset < place:
                self.totals.add(kept.popleft().entry)
        await self._read(log, places)

    async def look_ahead(self, log: EntryLog) -> None:
        """Read what is committed beyond the ledger's places, as far as it can be kept."""
        if self._stream is None:
            found, partitions = await log.identity(self.topic)
            self._begin_anew(found, partitions)
        await self._look(log)
        share = max(KEPT_OF_PARTITION_MIN, KEPT_MAX // max(1, len(self._kept)))
        await self._read(
            log, {number: min(self._ends[number], to + share - len(self._kept[number])) for number, to in self._read_to.items()}
        )

    def backlog(self, places: Mapping[int, int] | None = None) -> Backlog:
        """What is committed from `places` on, else what is not compared yet; as far as the stream was looked at."""
        at = self._booked_to if places is None else places
        entries, times = 0, []
        for number, kept in self._kept.items():
            place = at.get(number, 0)
            waiting = [one for one in kept if one.entry.offset >= place]
            entries += len(waiting) + max(0, self._ends.get(number, 0) - max(place, self._read_to[number]))
            times += [one.timestamp for one in waiting[:1]]
        return Backlog(entries=entries, oldest_at=min(times, default=None))

    def captured(self) -> dict[str, int]:
        """currency -> money that came in by all entries that were read, in minor units."""
        found = dict(self.totals.captured)
        for entry in (one.entry for kept in self._kept.values() for one in kept):
            if entry.entry_kind == CAPTURE:
                debits = sum(amount for _, side, amount in entry.legs if side == "DEBIT")
                found[entry.currency] = found.get(entry.currency, 0) + debits
        return found

    async def entries_of(self, log: EntryLog, ranges: Iterable[RangeKey]) -> list[EntryFacts]:
        """All entries of some ranges as far as they are committed, read once more; those of a partition in offset order."""
        found: list[EntryFacts] = []
        spans = {number: deque(_spans(keys)) for number, keys in _by_partition(ranges).items() if number in self._ends}
        starts = await log.starts(self.topic, tuple(self._ends))
        while spans:
            taken = {number: of_partition.popleft() for number, of_partition in spans.items()}
            spans = {number: of_partition for number, of_partition in spans.items() if of_partition}
            clipped = {number: (max(span[0], starts[number]), min(span[1], self._ends[number])) for number, span in taken.items()}
            whole = {number: span for number, span in clipped.items() if span[0] < span[1]}
            async for records in log.read(self.topic, {n: span[0] for n, span in whole.items()}, {n: span[1] for n, span in whole.items()}):
                found += [_facts(record) for record in records]
        return found

    def discount(self, again: Iterable[EntryFacts]) -> None:
        """Entries that came again on the stream and are rightly booked once: they leave the totals."""
        for entry in again:
            self.repeats.add(entry.place)
            if entry.offset < self._booked_to.get(entry.partition, 0):
                self.totals.add(entry, -1)

    def _begin_anew(self, stream: StreamIdentity, partitions: Sequence[int]) -> None:
        self.totals, self._stream = ControlTotals(), stream
        self.repeats.clear()
        self._booked_to, self._read_to = dict.fromkeys(partitions, 0), dict.fromkeys(partitions, 0)
        self._kept = {number: deque() for number in partitions}

    async def _look(self, log: EntryLog) -> None:
        numbers = tuple(self._read_to)
        starts, self._ends = await log.starts(self.topic, numbers), await log.stable_ends(self.topic, numbers)
        for number, start in starts.items():
            if start > self._read_to[number]:
                raise CannotCompare(
                    f"partition {number} of topic {self.topic} begins at offset {start}, and the entries from {self._read_to[number]} on "
                    "are gone: retention or somebody removed them; the entries topic is to be kept for ever (`asiento topics plan`)"
                )

    async def _read(self, log: EntryLog, ends: Mapping[int, int]) -> None:
        wanted = {number: end for number, end in ends.items() if end > self._read_to[number]}
        if not wanted:
            return
        async for records in log.read(self.topic, {number: self._read_to[number] for number in wanted}, wanted):
            for record in records:
                entry = _facts(record)
                if record.offset < self._booked_to[record.partition]:
                    self.totals.add(entry)
                else:
                    self._kept[record.partition].append(_Kept(entry, record.timestamp))
                self._read_to[record.partition] = record.offset + 1
        self._read_to.update(wanted)


def _facts(record: Record) -> EntryFacts:
    try:
        return facts_of(record.value, record.partition, record.offset)
    except DecodeError as problem:
        raise CannotCompare(
            f"entries topic, partition {record.partition} offset {record.offset}: no entry: {problem}; `asiento verify` shows the rest"
        ) from None


def _by_partition(ranges: Iterable[RangeKey]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for partition, number in sorted(ranges):
        found.setdefault(partition, []).append(number)
    return found


def _spans(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Offsets [start, end) of ranges in order; those that touch are one."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        start, end = number << RANGE_BITS, (number + 1) << RANGE_BITS
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
