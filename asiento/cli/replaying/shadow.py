"""The shadow ledger: what the replay books, by the code that books the real one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sinks.bookkeeping.bookable import bookable
from sinks.ledger import Batch, OffsetRange, StreamIdentity
from sinks.sqlite_ledger import SqliteLedger
from streams.engine.processor import OutputRecord

SHADOW_TOPIC: Final = "replay:"
"""Stands before the topic's name: no sink ever goes on from a shadow ledger."""


class ShadowLedger:
    """Books entries in the order of the replay; the offsets in it count the entries of each partition."""

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        self._ledger = SqliteLedger(path, clock)
        self._next: dict[int, int] = {}
        self.entries = 0

    async def open(self, source: StreamIdentity, partitions: Sequence[int]) -> None:
        """Make it; `source` is the events topic."""
        identity = StreamIdentity(cluster_id=source.cluster_id, topic=f"{SHADOW_TOPIC}{source.topic}", topic_id=source.topic_id)
        self._next = dict(await self._ledger.open(identity, partitions))

    async def book(self, partition: int, entries: Sequence[OutputRecord]) -> None:
        """Book the entries of one chunk."""
        start = self._next[partition]
        booked = tuple(bookable(partition, start + place, entry.value or b"") for place, entry in enumerate(entries))
        if booked:
            self._next[partition] = end = start + len(booked)
            await self._ledger.book(Batch(ranges=(OffsetRange(partition=partition, start=start, end=end),), entries=booked))
            self.entries += len(booked)

    async def close(self) -> None:
        """Let go of it."""
        await self._ledger.close()
