"""The two databases of a synthetic day: projected by the real writer, booked by the real ledger but for the last few entries."""

import asyncio
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from schemas.entries import decode_entry
from schemas.topics import ACCOUNTING_ENTRIES
from sinks.ledger import Batch, OffsetRange, StreamEntry, StreamIdentity
from sinks.projector.writer import OperationalWriter
from sinks.sqlite_ledger import SqliteLedger
from tests.projected_stream import STARTED_AT, ProjectedStream, projected_stream
from tests.unit.projector.feeding import Feeder

NOT_BOOKED = 4
IDENTITY = StreamIdentity(cluster_id="cluster", topic=ACCOUNTING_ENTRIES, topic_id="id")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the databases are."""

    directory: Path

    @property
    def operational(self) -> Path:
        """The operational database."""
        return self.directory / "operational.sqlite"

    @property
    def ledger(self) -> Path:
        """The ledger."""
        return self.directory / "ledger.sqlite"


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A day; not to be changed."""
    made = Installation(tmp_path_factory.mktemp("report"))
    stream = projected_stream(orders=40)
    writer = OperationalWriter.open(f"sqlite:///{made.operational}")
    Feeder(writer, stream).finish()
    writer.close()
    asyncio.run(_book(stream, made.ledger))
    return made


async def _book(stream: ProjectedStream, path: Path) -> None:
    """One batch a minute, each of a slice of one partition."""
    minutes = count(1)
    ledger = SqliteLedger(path, lambda: STARTED_AT + next(minutes) * 61_234_567)
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
