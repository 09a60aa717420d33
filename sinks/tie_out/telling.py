"""Raises discrepancies on their topic and resolves those that are gone, each once, whatever dies and however many do it at once.

What is open is known from the topic itself. To tell something, one takes the transactional id, which ends whatever another holder
of it has begun; reads the topic to its end; and writes what is still owing in one transaction. So nothing is told twice, and a
transaction that was cut off is told again.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol

from asiento.accounting.decision import Discrepancy
from schemas.discrepancies import decode_discrepancy
from schemas.output_codec import DecodeError
from sinks.entry_stream import Record
from sinks.ledger import StreamIdentity
from sinks.posting.rows import RaisedDiscrepancy
from sinks.tie_out.raising import is_ours


class NotTold(Exception):
    """Another process tells the same just now, or the brokers did not take it; the next comparison tells what is owing then."""


class DiscrepancyLog(Protocol):
    """The topic of discrepancies as its writer and its reader need it."""

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        """Who the topic is, and its partitions."""
        ...

    async def starts(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The first offset that the log still has, per partition."""
        ...

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The offset after the last record written so far, open transactions included."""
        ...

    def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        """Committed records in [start, end) of each partition, once all transactions that reach below an end have ended."""
        ...

    def writing(self, topic: str) -> "AbstractAsyncContextManager[DiscrepancyWriter]":
        """The one writer: who held it before can write no more. Raises `NotTold`, `KafkaError`."""
        ...


class DiscrepancyWriter(Protocol):
    """Holds the transactional id."""

    async def write(self, raised: Sequence[RaisedDiscrepancy]) -> None:
        """All of them in one transaction; raises `NotTold`, `KafkaError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a comparison wants to stand on the topic. final: what is not among it is over; else it may be there uncounted."""

    raised: Sequence[RaisedDiscrepancy]
    final: bool = True


@dataclass(slots=True)
class Telling:
    """Knows what stands open of ours on one topic."""

    topic: str
    _open: dict[str, RaisedDiscrepancy] = field(default_factory=dict)
    _read_to: dict[int, int] = field(default_factory=dict)
    _topic_id: str = ""

    async def partitions(self, log: DiscrepancyLog) -> int:
        """How many partitions the topic has; reads it from its start when it is met first, or is another than before."""
        identity, numbers = await log.identity(self.topic)
        if identity.topic_id != self._topic_id:
            self._open.clear()
            self._read_to = await log.starts(self.topic, numbers)
            await self._catch_up(log)
            self._topic_id = identity.topic_id
        return len(numbers)

    async def tell(self, log: DiscrepancyLog, wanted: Wanted) -> tuple[int, int]:
        """Raise what is new and resolve what is over; answers how many of each. Raises `NotTold`, `KafkaError`, `ScanStuck`."""
        if not any(self._owing(wanted)):
            return 0, 0
        async with log.writing(self.topic) as writer:
            await self._catch_up(log)
            new, gone = self._owing(wanted)
            if new or gone:
                await writer.write([*new, *gone])
        self._note([*new, *gone])
        return len(new), len(gone)

    @property
    def open_ids(self) -> Collection[str]:
        """The discrepancies of ours that stand open."""
        return self._open.keys()

    def _owing(self, wanted: Wanted) -> tuple[list[RaisedDiscrepancy], list[RaisedDiscrepancy]]:
        by_id = {one.value.discrepancy_id: one for one in wanted.raised}
        new = [one for discrepancy_id, one in by_id.items() if discrepancy_id not in self._open]
        over = [one for discrepancy_id, one in self._open.items() if discrepancy_id not in by_id] if wanted.final else []
        return new, [replace(one, value=replace(one.value, state="RESOLVED")) for one in over]

    async def _catch_up(self, log: DiscrepancyLog) -> None:
        ends = await log.ends(self.topic, tuple(self._read_to))
        starts = {number: self._read_to[number] for number, end in ends.items() if end > self._read_to[number]}
        if not starts:
            return
        async for records in log.read(self.topic, starts, {number: ends[number] for number in starts}):
            found = [(record.partition, value) for record in records if (value := _decoded(record)) is not None]
            self._note([RaisedDiscrepancy(partition=partition, value=value) for partition, value in found if is_ours(value)])
        self._read_to.update(ends)

    def _note(self, told: Sequence[RaisedDiscrepancy]) -> None:
        for one in told:
            if one.value.state == "OPEN":
                self._open[one.value.discrepancy_id] = one
            else:
                self._open.pop(one.value.discrepancy_id, None)


def _decoded(record: Record) -> Discrepancy | None:
    """None for what is no discrepancy: it is not ours then."""
    try:
        return decode_discrepancy(record.value)
    except DecodeError:
        return None
