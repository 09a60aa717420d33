"""A synthetic day in the databases that a report reads: projected by the real writer, booked by a real ledger but for the last few."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from schemas.topics import ACCOUNTING_ENTRIES
from sinks.bookkeeping.bookable import bookable
from sinks.ledger import Batch, Ledger, OffsetRange, StreamIdentity
from sinks.projector.writer import OperationalWriter
from sinks.sqlite_ledger import SqliteLedger
from tests.projected_stream import STARTED_AT, ProjectedStream, projected_stream
from tests.unit.projector.feeding import Feeder

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
            entries = tuple(bookable(partition, one.offset, one.value or b"") for one in part)
            await ledger.book(Batch(ranges=(OffsetRange(partition=partition, start=start, end=end),), entries=entries))
            start = end
    await ledger.close()


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the databases are: a data directory."""

    directory: Path

    @property
    def operational(self) -> Path:
        """The operational database."""
        return self.directory / "operational.sqlite"

    @property
    def ledger(self) -> Path:
        """The ledger."""
        return self.directory / "ledger.sqlite"


def made_in(directory: Path, orders: int) -> Installation:
    """A day of so many orders."""
    made = Installation(directory)
    stream = projected_stream(orders=orders)
    writer = OperationalWriter.open(f"sqlite:///{made.operational}")
    Feeder(writer, stream).finish()
    writer.close()
    asyncio.run(book(stream, SqliteLedger(made.ledger, minute_by_minute())))
    return made
