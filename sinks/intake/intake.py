"""Moves entries from their topic into the database of postings: planned, with the offsets, in one transaction per batch.

It knows nothing of the ledger's state: a ledger that is slow, closed or away holds up neither this nor any other connection.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sinks.batch_size import BatchSize
from sinks.delivery import IDLE_ADVANCE_SECONDS, entry_of
from sinks.entry_stream import EntryStream
from sinks.external.documents import LedgerDocument
from sinks.intake.planning import Documents, PlannedBatch, Planner
from sinks.lag import MICROSECONDS
from sinks.ledger import OffsetRange, StreamEntry
from sinks.posting.rows import Intake, TakenCounts
from sinks.posting.store import PostingStore, StoreCalls

HELD_SECONDS_MAX: Final = 10.0
"""So long an event is held back that may go on; then it is taken as it is."""


class IntakeLoop:
    """Takes entries until it is told to stop. `took` hears what became of each batch; `clock` answers UTC microseconds."""

    def __init__(
        self,
        stream: EntryStream,
        store: StoreCalls,
        planner: Planner,
        *,
        batch_entries_max: int,
        took: Callable[[TakenCounts], None],
        clock: Callable[[], int],
    ) -> None:
        self._stream = stream
        self._store = store
        self._planner = planner
        self._size = BatchSize(batch_entries_max)
        self._took = took
        self._clock = clock
        self._last_taking = clock()
        self._held: list[StreamEntry] = []
        self._held_since = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Take until `stop`. Raises `StreamBroken`, `PostingError`."""
        while not stop.is_set():
            records = await self._stream.fetch(self._size.entries)
            if not records and self._clock() - self._last_taking < IDLE_ADVANCE_SECONDS * MICROSECONDS:
                continue
            now = self._clock()
            whole, ranges = self._whole(list(map(entry_of, records)), await self._stream.ranges(), now)
            if not ranges:
                continue
            entries = tuple(entry for entry in whole if self._planner.concerns(entry.hashed))
            loop = asyncio.get_running_loop()
            started = loop.time()
            counts = await self._store(lambda store: self.take(store, entries, ranges, now))  # noqa: B023
            self._size.booked(len(entries), loop.time() - started)
            self._stream.take(ranges)
            self._last_taking = self._clock()
            self._took(counts)

    def _whole(
        self, fetched: list[StreamEntry], moved: tuple[OffsetRange, ...], now: int
    ) -> tuple[list[StreamEntry], tuple[OffsetRange, ...]]:
        """What may be taken of what was read; the rest is held back, though not for ever."""
        read, began = [*self._held, *fetched], self._held_since if self._held else now
        if now - began >= HELD_SECONDS_MAX * MICROSECONDS:
            self._held = []
            return read, moved
        whole, self._held, ranges = whole_events(read, moved)
        self._held_since = now if whole else began
        return whole, ranges

    def take(self, store: PostingStore, entries: Sequence[StreamEntry], ranges: tuple[OffsetRange, ...], now: int) -> TakenCounts:
        """Plan entries that are new and take all of them, in the store's thread."""
        batch = planned(self._planner, store, entries, now)
        return store.intake.take(Intake(ranges=ranges, entries=tuple(batch.taken), discrepancies=tuple(batch.raised)), now)


def whole_events(
    entries: Sequence[StreamEntry], ranges: Sequence[OffsetRange]
) -> tuple[list[StreamEntry], list[StreamEntry], tuple[OffsetRange, ...]]:
    """Entries of whole events, those that are held back, and the ranges without these.

    The entries of an event stand together on their partition, and go out together: which credit note an `apply` pays out is seen only
    then. The last event of a partition may go on where nothing behind it was read, not even the mark of a transaction.
    """
    by_partition: dict[int, list[StreamEntry]] = {}
    for entry in entries:
        by_partition.setdefault(entry.partition, []).append(entry)
    cuts: dict[int, int] = {}
    for moved in ranges:
        of_partition = by_partition.get(moved.partition, [])
        if not of_partition or of_partition[-1].offset + 1 < moved.end:
            continue
        event = of_partition[-1].hashed.entry.event_id
        first = len(of_partition)
        while first and of_partition[first - 1].hashed.entry.event_id == event:
            first -= 1
        cuts[moved.partition] = of_partition[first].offset
    cut = [replace(moved, end=cuts.get(moved.partition, moved.end)) for moved in ranges]
    whole = [entry for entry in entries if entry.offset < cuts.get(entry.partition, entry.offset + 1)]
    held = [entry for entry in entries if entry.offset >= cuts.get(entry.partition, entry.offset + 1)]
    return whole, held, tuple(moved for moved in cut if moved.end > moved.start)


def planned(planner: Planner, store: PostingStore, entries: Sequence[StreamEntry], now: int) -> PlannedBatch:
    """The plans of a batch; entries that are there already are taken along, so that the store compares their hashes."""
    known = store.intake.known(entry.hashed.entry.entry_id for entry in entries)
    seen: set[str] = set(known)
    fresh: list[StreamEntry] = []
    repeated: list[StreamEntry] = []
    for entry in entries:
        entry_id = entry.hashed.entry.entry_id
        (repeated if entry_id in seen else fresh).append(entry)
        seen.add(entry_id)
    waiting = store.intake.orders_that_wait(entry.hashed.entry.order_key for entry in fresh)
    batch = planner.plan(fresh, waiting, stored_documents(store), now)
    batch.repeat(repeated)
    return batch


def stored_documents(store: PostingStore) -> Documents:
    """How the planner asks for the documents of orders."""

    def ask(order_keys: Collection[str]) -> Mapping[str, Sequence[LedgerDocument]]:
        return {order: [row.document for row in rows] for order, rows in store.intake.documents_of(order_keys).items()}

    return ask
