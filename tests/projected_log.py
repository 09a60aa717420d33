"""A `ProjectedStream` as a log: what backup, verification and replay read, without a broker; and the ledger that has booked it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.topics import ACCOUNTING_ENTRIES, ORDERS_EVENTS
from sinks.databases.sqlite import open_sqlite
from sinks.delivery import bookable_of
from sinks.entry_stream import Record
from sinks.ledger import Batch, OffsetRange, StreamIdentity
from sinks.projector.database import OPERATIONAL
from sinks.sqlite_ledger import SqliteLedger
from sinks.stream_identity import StreamUnknown
from tests.projected_stream import STARTED_AT, ProjectedStream
from tests.unit.projector.feeding import written

SLICE_RECORDS = 40
HEADERS = (("trace", b"\x00\xff"),)


@dataclass
class ProjectedLog:
    """Satisfies `sinks.backup.broker.BackupLog` and `asiento.cli.replaying.ranges.ReplayLog`; topics have their catalogue names."""

    stream: ProjectedStream
    cut: dict[str, int] = field(default_factory=dict)
    """topic -> first offset that every partition still has."""

    @property
    def partitions(self) -> tuple[int, ...]:
        """All partition numbers."""
        return tuple(range(self.stream.partitions))

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        """See `Log.identity`."""
        if topic not in self.stream.topics:
            raise StreamUnknown(f"no topic {topic}")
        return StreamIdentity(cluster_id="cluster", topic=topic, topic_id=f"id-{topic}"), self.partitions

    async def starts(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """See `Log.starts`."""
        return dict.fromkeys(partitions, self.cut.get(topic, 0))

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """See `Log.ends`."""
        return {number: self.stream.end(topic, number) for number in partitions}

    async def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        """See `Log.read`."""
        for number, start in starts.items():
            found = self.stream.topics.get(topic, {}).get(number, [])
            inside = [
                Record(number, one.offset, one.timestamp, one.key, one.value, HEADERS)
                for one in found
                if start <= one.offset < ends[number]
            ]
            for at in range(0, len(inside), SLICE_RECORDS):
                yield inside[at : at + SLICE_RECORDS]

    async def committed(self, topic: str) -> Mapping[int, int]:
        """See `Log.committed`."""
        return {number: self.stream.end(topic, number) for number in self.partitions}

    async def group_positions(self, group: str) -> Mapping[str, Mapping[int, int]]:
        """See `BackupLog.group_positions`."""
        return {ORDERS_EVENTS: await self.committed(ORDERS_EVENTS)} if group.endswith("orders") else {}

    async def first_at(self, topic: str, times: Mapping[int, int]) -> Mapping[int, int | None]:
        """See `ReplayLog.first_at`."""
        found = self.stream.topics[topic]
        return {
            number: next((one.offset for one in found.get(number, ()) if one.timestamp >= time), None) for number, time in times.items()
        }


async def book(log: ProjectedLog, path: Path, *, share: float = 1.0) -> None:
    """Book the first share of each partition's entries, and go on where the ledger is."""
    ledger = SqliteLedger(path, lambda: STARTED_AT)
    identity, numbers = await log.identity(ACCOUNTING_ENTRIES)
    for number, first in (await ledger.open(identity, numbers)).items():
        start = first
        end = int(log.stream.end(ACCOUNTING_ENTRIES, number) * share)
        async for records in log.read(ACCOUNTING_ENTRIES, {number: first}, {number: end}):
            moved = OffsetRange(partition=number, start=start, end=records[-1].offset + 1)
            await ledger.book(Batch(ranges=(moved,), entries=tuple(bookable_of(record) for record in records)))
            start = moved.end
        if start < end:
            await ledger.book(Batch(ranges=(OffsetRange(partition=number, start=start, end=end),), entries=()))
    await ledger.close()


def project(log: ProjectedLog, path: Path) -> None:
    """Fill an operational database with everything."""
    written(log.stream, open_sqlite(path, OPERATIONAL, for_writing=True)).close()
