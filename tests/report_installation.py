"""A synthetic day in the databases that a report reads: projected by the real writer, booked by a real ledger but for the last few."""

from collections.abc import Callable
from itertools import count

from schemas.entries import decode_entry
from schemas.topics import ACCOUNTING_ENTRIES
from sinks.ledger import Batch, Ledger, OffsetRange, StreamEntry, StreamIdentity
from tests.projected_stream import STARTED_AT, ProjectedStream

NOT_BOOKED = 4
IDENTITY = StreamIdentity(cluster_id="cluster", topic=ACCOUNTING_ENTRIES, topic_id="id")


def minute_by_minute() -> Callable[[], int]:
    """A clock that goes on by a good minute whenever it is asked."""
    minutes = count(1)
    return lambda: STARTED_AT + next(minutes) * 61_234_567


async def book(stream: ProjectedStream, ledger: Ledger) -> None:
    """Book the day in batches, each a slice of one partition; the last `NOT_BOOKED` of partition 0 are not."""
    await ledger.open(IDENTITY, tuple(range(stream.partitions)))
    for partition, records in stream.topics[ACCOUNTING_ENTRIES].items():
        wanted = records[: len(records) - NOT_BOOKED] if partition == 0 else records
        start = 0
        for first in range(0, len(wanted), 10):
            part = wanted[first : first + 10]
            end = part[-1].offset + 1
            entries = tuple(
                StreamEntry(partition=partition, offset=one.offset, hashed=decode_entry(one.value), value=one.value or b"") for one in part
            )
            await ledger.book(Batch(ranges=(OffsetRange(partition=partition, start=start, end=end),), entries=entries))
            start = end
    await ledger.close()
