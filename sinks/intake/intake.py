"""Moves entries from their topic into the database of postings: planned, with the offsets, in one transaction per batch.

It knows nothing of the ledger's state: a ledger that is slow, closed or away holds up neither this nor any other connection.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

from sinks.batch_size import BatchSize
from sinks.delivery import IDLE_ADVANCE_SECONDS, entry_of
from sinks.entry_stream import EntryStream
from sinks.external.documents import LedgerDocument
from sinks.intake.planning import Documents, PlannedBatch, Planner
from sinks.lag import MICROSECONDS
from sinks.ledger import OffsetRange, StreamEntry
from sinks.posting.rows import Intake, TakenCounts
from sinks.posting.store import PostingStore, StoreCalls


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

    async def run(self, stop: asyncio.Event) -> None:
        """Take until `stop`. Raises `StreamBroken`, `PostingError`."""
        while not stop.is_set():
            records = await self._stream.fetch(self._size.entries)
            if not records and self._clock() - self._last_taking < IDLE_ADVANCE_SECONDS * MICROSECONDS:
                continue
            ranges = await self._stream.ranges()
            if not ranges:
                continue
            entries = tuple(entry for entry in map(entry_of, records) if self._planner.concerns(entry.hashed))
            loop = asyncio.get_running_loop()
            started, now = loop.time(), self._clock()
            counts = await self._store(lambda store: self.take(store, entries, ranges, now))  # noqa: B023
            self._size.booked(len(entries), loop.time() - started)
            self._stream.take(ranges)
            self._last_taking = self._clock()
            self._took(counts)

    def take(self, store: PostingStore, entries: Sequence[StreamEntry], ranges: tuple[OffsetRange, ...], now: int) -> TakenCounts:
        """Plan entries that are new and take all of them, in the store's thread."""
        batch = planned(self._planner, store, entries, now)
        return store.intake.take(Intake(ranges=ranges, entries=tuple(batch.taken), discrepancies=tuple(batch.raised)), now)


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
