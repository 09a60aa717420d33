"""One look at all groups: what they have committed, where the logs end, and how old the oldest record is that they have not done."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    LeaderNotAvailableError,
    NotCoordinatorForGroupError,
    NotLeaderForPartitionError,
)

from sinks.lag_exporter.broker_reader import EARLIEST, LATEST, Answer, BrokerReader, Place
from sinks.lag_exporter.groups import WatchedGroup
from sinks.lag_exporter.oldest import Key, Oldest, OldestRecords

LOOK_SECONDS_MAX: Final = 15.0
"""Longest look at the brokers, all answers together."""
SEARCH_SECONDS_MAX: Final = 5.0
"""Longest search for the oldest records of one look; what it leaves is gone on with by the next."""
AGAIN_SECONDS: Final = 0.2
_MOVING: Final = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    NotLeaderForPartitionError,
    LeaderNotAvailableError,
)
"""What brokers answer while a group or partition goes to another one of them, or is new: soon there is another answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionLag:
    """How far a group is behind on one partition; both lags are 0 where nothing is left that it would read.

    committed: None where it has not committed yet and will begin at the log's begin. end: with records of open transactions.
    records: offsets from there to the end. seconds: age of the oldest record among them.
    """

    topic: str
    partition: int
    committed: int | None
    end: int
    records: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "topic": self.topic,
            "partition": self.partition,
            "committed": self.committed,
            "end": self.end,
            "lag_records": self.records,
            "lag_seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLag:
    """One group: its members as the brokers know them, and its partitions."""

    name: str
    members: int
    partitions: tuple[PartitionLag, ...]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"group": self.name, "members": self.members, "partitions": [partition.to_json() for partition in self.partitions]}


@dataclass(slots=True)
class _Ages:
    """How old the oldest records are. A clock of a producer may be ahead, or not be told at all: what has been seen counts as well.

    A record is at least as old as the time for which it has been the oldest one here.
    """

    clock: Callable[[], float]
    _seen: dict[Key, tuple[int, float]]

    def seconds(self, oldest: Mapping[Key, Oldest], lagging: Iterable[Key]) -> dict[Key, float]:
        now, ages = self.clock(), {}
        seen: dict[Key, tuple[int, float]] = {}
        for key in lagging:
            found = oldest[key]
            offset = found.looked_to if found.offset is None else found.offset
            before = self._seen.get(key)
            seen[key] = before if before is not None and before[0] == offset else (offset, now)
            stamp = found.timestamp_ms
            by_stamp = now - stamp / 1000 if stamp is not None and stamp >= 0 else 0.0
            ages[key] = max(by_stamp, now - seen[key][1], 0.0)
        self._seen = seen
        return ages


class Lags:
    """Looks again and again; `clock` answers seconds since the epoch."""

    def __init__(self, groups: Sequence[WatchedGroup], clock: Callable[[], float]) -> None:
        self._groups = groups
        self._topics = tuple(dict.fromkeys(topic for group in groups for topic in group.topics))
        self._oldest = OldestRecords()
        self._ages = _Ages(clock, {})

    def forget(self) -> None:
        """The brokers were away."""
        self._oldest.forget()

    async def look(self, reader: BrokerReader) -> tuple[GroupLag, ...]:
        """All groups that are expected, or that have something to show. Raises `KafkaError`, `TimeoutError`."""
        async with asyncio.timeout(LOOK_SECONDS_MAX):
            while True:
                try:
                    return await self._look(reader)
                except _MOVING:
                    await asyncio.sleep(AGAIN_SECONDS)

    async def _look(self, reader: BrokerReader) -> tuple[GroupLag, ...]:
        partitions = await reader.partitions(self._topics)
        places = {group.name: [(topic, number) for topic in group.topics for number in partitions.get(topic, ())] for group in self._groups}
        every = sorted({place for asked in places.values() for place in asked})
        committed, members, begins = await asyncio.gather(  # at once: brokers that answer slowly still answer in time
            _of_each(places, lambda group: reader.positions(group, places[group])),
            _of_each(places, reader.members),
            reader.offsets(every, EARLIEST),
        )
        ends = await reader.offsets(every, LATEST)  # after the positions: a group is never shown further than it is
        shown = [group for group in self._groups if group.expected or committed[group.name] or any(ends[p] for p in places[group.name])]
        wanted = {
            (group.name, place): (max(committed[group.name].get(place, 0), begins[place]), ends[place])
            for group in shown
            for place in places[group.name]
        }
        behind = {key: bounds for key, bounds in wanted.items() if bounds[0] < bounds[1]}
        oldest = await self._oldest.find(reader, behind, SEARCH_SECONDS_MAX)
        lagging = [key for key, (_, end) in behind.items() if oldest[key].offset is not None or oldest[key].looked_to < end]
        ages = self._ages.seconds(oldest, lagging)
        return tuple(
            GroupLag(
                name=group.name,
                members=members[group.name],
                partitions=tuple(
                    _partition_lag(place, committed[group.name].get(place), wanted[group.name, place], ages.get((group.name, place)))
                    for place in places[group.name]
                ),
            )
            for group in shown
        )


async def _of_each(groups: Iterable[str], ask: Callable[[str], Awaitable[Answer]]) -> dict[str, Answer]:
    asked = list(groups)
    return dict(zip(asked, await asyncio.gather(*map(ask, asked)), strict=True))


def _partition_lag(place: Place, committed: int | None, bounds: tuple[int, int], age: float | None) -> PartitionLag:
    position, end = bounds
    return PartitionLag(
        topic=place[0],
        partition=place[1],
        committed=committed,
        end=end,
        records=0 if age is None else end - position,
        seconds=0.0 if age is None else age,
    )
