"""All projected topics as one reader sees them: committed records only, all partitions, from exactly the database's offsets.

The partitions are taken by hand, not through a consumer group: the database has one writing process, held by a lock, and
the fence is its compare-and-set. The group's name only notes positions on the broker, for lag tools.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError, OffsetOutOfRangeError

from sinks.entry_stream import NOTE_SECONDS_MAX, POLL_SECONDS_MAX, StreamBroken
from sinks.ledger import OffsetRange
from sinks.projector.rows import TopicRecord
from sinks.projector.topics import ProjectedTopic
from sinks.projector.writer import BoundTopic, TopicPart

Place: TypeAlias = tuple[str, int]
"""Name of a topic on the broker, partition."""


class RetentionTook(Exception):
    """Offsets of topics with a retention are gone before they were read; `gaps` has their ranges by topic."""

    def __init__(self, gaps: Mapping[ProjectedTopic, Sequence[OffsetRange]]) -> None:
        super().__init__(gaps)
        self.gaps = gaps


class TopicsStream:
    """Reads many topics; `fetch` never skips and never resets. Where `until` names a partition, it is read up to that offset."""

    def __init__(
        self,
        topics: Sequence[BoundTopic],
        group: str | None,
        client_options: Mapping[str, Any],
        *,
        until: Mapping[Place, int] | None = None,
    ) -> None:
        self._topics = {bound.topic.on_broker: bound.topic for bound in topics}
        self._assigned = [TopicPartition(bound.topic.on_broker, number) for bound in topics for number in bound.partitions]
        self._until = dict(until or {})
        self._taken: dict[Place, int] = {}
        self._consumer = AIOKafkaConsumer(
            **client_options,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
        )

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()
        self._consumer.assign(self._assigned)

    async def seek(self, next_offsets: Mapping[Place, int]) -> None:
        """Go to the database's offsets.

        Raises `StreamBroken` where the log of a topic that is kept for ever does not hold them, `RetentionTook` where that
        of another one does not any more.
        """
        earliest = await self._consumer.beginning_offsets(self._assigned)
        latest = await self.end_offsets()
        gaps: dict[ProjectedTopic, list[OffsetRange]] = {}
        for partition in self._assigned:
            topic, wanted = self._topics[partition.topic], next_offsets[partition.topic, partition.partition]
            first, end = earliest[partition], latest[partition.topic, partition.partition]
            if wanted < first and topic.expires:
                gaps.setdefault(topic, []).append(OffsetRange(partition=partition.partition, start=wanted, end=first))
            elif not first <= wanted <= end:
                raise StreamBroken(_out_of_range(partition, wanted, first, end))
        if gaps:
            raise RetentionTook(gaps)
        for partition in self._assigned:
            self._consumer.seek(partition, next_offsets[partition.topic, partition.partition])
        self._taken = dict(next_offsets)

    def read_until(self, ends: Mapping[Place, int]) -> None:
        """Read up to these offsets."""
        self._until = dict(ends)

    async def stop(self) -> None:
        """Leave the broker."""
        await self._consumer.stop()

    async def fetch(self, records_max: int) -> dict[Place, list[TopicRecord]]:
        """Wait shortly for committed records, at most `records_max`, each partition's in offset order."""
        try:
            fetched = await self._consumer.getmany(timeout_ms=int(POLL_SECONDS_MAX * 1000), max_records=records_max)
        except OffsetOutOfRangeError:
            await self.seek(self._taken)  # says which, and whether it may be skipped
            return {}
        return {
            (partition.topic, partition.partition): [
                TopicRecord(partition.partition, record.offset, record.timestamp, record.key, record.value)
                for record in records
                if record.offset < self._until.get((partition.topic, partition.partition), record.offset + 1)
            ]
            for partition, records in fetched.items()
        }

    async def parts(self, fetched: Mapping[Place, Sequence[TopicRecord]], *, all_partitions: bool) -> list[TopicPart]:
        """What moved since `take`, with the records; control records of other partitions only with `all_partitions`."""
        ranges: dict[str, list[OffsetRange]] = {}
        records: dict[str, list[TopicRecord]] = {}
        for partition in self._assigned:
            place = (partition.topic, partition.partition)
            if not all_partitions and place not in fetched:
                continue
            start, end = self._taken[place], await self._consumer.position(partition)
            if end >= (until := self._until.get(place, end + 1)):
                self._consumer.pause(partition)
                end = until
            if end < start:
                raise StreamBroken(f"topic {partition.topic} partition {partition.partition}: position {end} lies before offset {start}")
            if end > start:
                ranges.setdefault(partition.topic, []).append(OffsetRange(partition=partition.partition, start=start, end=end))
                records.setdefault(partition.topic, []).extend(fetched.get(place, ()))
        return [
            TopicPart(topic=self._topics[name], ranges=tuple(moved), records=tuple(records[name])) for name, moved in sorted(ranges.items())
        ]

    def take(self, parts: Iterable[TopicPart]) -> None:
        """These parts are written; the next ones start at their ends."""
        for part in parts:
            for moved in part.ranges:
                self._taken[part.topic.on_broker, moved.partition] = moved.end

    @property
    def finished(self) -> bool:
        """Whether every partition is written up to where it was to be read."""
        return all(self._taken[place] >= end for place, end in self._until.items())

    @property
    def next_offsets(self) -> Mapping[Place, int]:
        """The written position per partition."""
        return self._taken

    async def end_offsets(self) -> dict[Place, int]:
        """The end of each partition as a reader of committed records sees it (last stable offset)."""
        ends = await self._consumer.end_offsets(self._assigned)
        return {(partition.topic, partition.partition): end for partition, end in ends.items()}

    async def note_positions(self) -> str | None:
        """Commit the written positions under the group's name; answer what went wrong, as nothing depends on it."""
        positions = {partition: self._taken[partition.topic, partition.partition] for partition in self._assigned}
        try:
            async with asyncio.timeout(NOTE_SECONDS_MAX):  # wait_for would lose a cancellation that comes as the commit ends
                await self._consumer.commit(positions)
        except (KafkaError, IllegalOperation, TimeoutError) as error:
            return repr(error)
        return None


def _out_of_range(partition: TopicPartition, wanted: int, first: int, end: int) -> str:
    return (
        f"topic {partition.topic} partition {partition.partition}: the operational database goes on at offset {wanted}, the log holds "
        f"{first} to {end}; either the broker or the topic was replaced, or records that are to be kept for ever were removed. Nothing "
        "was skipped: restore the topic, or make a new database from a complete stream (`asiento operational rebuild --into URL`)"
    )
