"""Which records a replay is about: offsets of the events topic, per partition."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from asiento.cli.exits import UsageError
from asiento.runtime.settings import Settings
from schemas.formats import parse_time
from sinks.topic_scan import TopicScan
from sinks.verify.log import BrokerLog, Log

MICROSECONDS_IN_MS: Final = 1_000
OFFSET_MAX: Final = 2**63 - 1
_OFFSETS = re.compile(r"([0-9]{1,9}):([0-9]{1,18})-([0-9]{1,18})")


class ReplayLog(Log, Protocol):
    """A log that can say where a time begins."""

    async def first_at(self, topic: str, times: Mapping[int, int]) -> Mapping[int, int | None]:
        """Per partition the first offset of this time (UTC milliseconds) or later; None where there is none."""
        ...


class ReplayBroker(BrokerLog):
    """The topics of a running broker; see `ReplayLog`."""

    def __init__(self, settings: Settings, scan: TopicScan) -> None:
        super().__init__(settings, scan)
        self.first_at = scan.first_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for: times of the records (UTC milliseconds), or offsets `[start, end)` of some partitions."""

    from_ms: int | None = None
    to_ms: int | None = None
    offsets: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def parse(cls, from_time: str | None, to_time: str | None, offsets: Sequence[str]) -> "Wanted":
        """Read the options; raises `UsageError`."""
        if offsets and (from_time or to_time):
            raise UsageError("--offsets and --from, --to exclude each other")
        ranges: dict[int, tuple[int, int]] = {}
        for text in offsets:
            found = _OFFSETS.fullmatch(text)
            if found is None or int(found[2]) >= int(found[3]):
                raise UsageError(f"--offsets {text}: PARTITION:START-END is expected, like 3:0-500; END is the first offset behind")
            if int(found[1]) in ranges:
                raise UsageError(f"--offsets {text}: partition {found[1]} is named twice")
            ranges[int(found[1])] = (int(found[2]), int(found[3]))
        return cls(from_ms=_ms(from_time, "--from"), to_ms=_ms(to_time, "--to"), offsets=ranges)

    async def on(self, log: ReplayLog, topic: str, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        """The offsets `[start, end)` that were asked for, per partition; partitions that were not are left out."""
        strangers = sorted(set(self.offsets) - set(partitions))
        if strangers:
            raise UsageError(f"--offsets: topic {topic} has no partition {strangers[0]}")
        if self.offsets:
            return dict(self.offsets)
        starts = await self._at(log, topic, partitions, self.from_ms, 0)
        ends = await self._at(log, topic, partitions, self.to_ms, OFFSET_MAX)
        return {number: (starts[number], ends[number]) for number in partitions if starts[number] < ends[number]}

    async def _at(self, log: ReplayLog, topic: str, partitions: Sequence[int], time: int | None, without: int) -> dict[int, int]:
        if time is None:
            return dict.fromkeys(partitions, without)
        found = await log.first_at(topic, dict.fromkeys(partitions, time))
        return {number: OFFSET_MAX if (offset := found[number]) is None else offset for number in partitions}


@dataclass(slots=True)
class TakenRanges:
    """The ranges as they are taken: whole batches of decisions that overlap what was wanted.

    A batch says which parked events were healed in it, not by which of its records: only whole batches can be compared.
    """

    wanted: Mapping[int, tuple[int, int]]
    taken: dict[int, tuple[int, int]] = field(default_factory=dict)

    def take(self, partition: int, first: int, next_offset: int) -> bool:
        """Whether the batch `[first, next_offset)` belongs to the range; batches of a partition come in their order."""
        start, end = self.wanted.get(partition, (0, 0))
        if not (first < end and start < next_offset):
            return False
        self.taken[partition] = (self.taken.get(partition, (first, 0))[0], next_offset)
        return True


def _ms(text: str | None, option: str) -> int | None:
    """Rounded up: a record of an earlier millisecond is before it."""
    if text is None:
        return None
    try:
        return -(-parse_time(text) // MICROSECONDS_IN_MS)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from None
