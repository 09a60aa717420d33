"""Topics as Avro container files: key, value, headers, offset and time of every committed record, one file per partition and slice.

Written and read record by record; what is held is one block. The same records give the same bytes.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import fastavro
from fastavro.write import Writer

from schemas.topics import ACCOUNTING_ACKS, catalogue
from sinks.backup.folders import FOLDER_MODE, create_private
from sinks.backup.positions import Offsets, Positions, TopicMark
from sinks.entry_stream import Record
from sinks.ledger import StreamIdentity
from sinks.stream_identity import StreamUnknown

FOLDER: Final = "topics"
BLOCK_BYTES: Final = 256 * 1024
"""Records are compressed and written when so much has come together."""
SLICE_RECORDS_MAX: Final = 500
CODEC: Final = "deflate"
SCHEMA: Final = fastavro.parse_schema(
    {
        "type": "record",
        "name": "ArchivedRecord",
        "namespace": "asiento.backup",
        "fields": [
            {"name": "offset", "type": "long"},
            {"name": "timestamp", "type": "long"},
            {"name": "key", "type": ["null", "bytes"]},
            {"name": "value", "type": ["null", "bytes"]},
            {
                "name": "headers",
                "type": {
                    "type": "array",
                    "items": {
                        "type": "record",
                        "name": "Header",
                        "fields": [{"name": "name", "type": "string"}, {"name": "value", "type": ["null", "bytes"]}],
                    },
                },
            },
        ],
    }
)


def kept_topics() -> tuple[str, ...]:
    """Topics of the catalogue that are kept for ever, but for the changelog: that can be made again from the events."""
    topics = catalogue("any", 1, 1, 1)
    return tuple(topic.name for topic in topics if topic.retention_days < 0 and topic.config["cleanup.policy"] == "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPart:
    """Offsets `[start, end)` of a partition of a topic of the catalogue."""

    topic: str
    partition: int
    start: int
    end: int

    @property
    def file(self) -> str:
        """Its file below the backup's folder."""
        return f"{FOLDER}/{self.topic}/{self.partition}-{self.start}.avro"


async def archive_partition(folder: Path, part: ArchivedPart, records: AsyncIterable[list[Record]]) -> None:
    """Write the records of a part into its file."""
    path = folder / part.file
    path.parent.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    metadata = {f"asiento.{name}": str(value) for name, value in asdict(part).items()}
    marker = sha256(repr(part).encode()).digest()[:16]
    with create_private(path) as file:
        writer = Writer(file, SCHEMA, codec=CODEC, sync_interval=BLOCK_BYTES, metadata=metadata, sync_marker=marker)
        async for found in records:
            for record in found:
                writer.write(_archived(record))
        writer.flush()


def read_partition(folder: Path, name: str, partition: int) -> Iterator[Record]:
    """The records of a partition in offset order; none where nothing was archived."""
    files = (folder / FOLDER / name).glob(f"{partition}-*.avro")
    for path in sorted(files, key=lambda one: int(one.stem.partition("-")[2])):
        with path.open("rb") as file:
            for values in fastavro.reader(file):
                yield _record(partition, values)


class PlayedBack:
    """What the broker said of the ends of a topic, said again in its order; the last answer stays."""

    def __init__(self, mark: TopicMark) -> None:
        self._ends = mark.ends
        self._asked = 0

    def next(self) -> Offsets:
        """The next answer."""
        self._asked += 1
        return self._ends[min(self._asked, len(self._ends)) - 1]


class ArchiveLog:
    """The archived topics as a log that can be verified without a broker; see `sinks.verify.log.Log`.

    The acks are not archived: their topic is shown as one whose records retention has taken.
    """

    def __init__(self, folder: Path, positions: Positions, orders_group: str) -> None:
        self._folder = folder
        self._marks = {topic.name: topic for topic in positions.topics}
        self._played = {topic.name: PlayedBack(topic) for topic in positions.topics}
        self._committed = positions.groups.get(orders_group, {})

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        """See `Log.identity`."""
        if topic not in self._marks:
            raise StreamUnknown(f"the backup has no topic {topic}")
        return self._marks[topic].identity, tuple(sorted(self._marks[topic].starts))

    async def starts(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """See `Log.starts`."""
        if topic == ACCOUNTING_ACKS:
            return {number: max(1, self._marks[topic].ends[-1][number]) for number in partitions}
        return {number: self._marks[topic].starts[number] for number in partitions}

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """See `Log.ends`."""
        ends = self._played[topic].next()
        return {number: ends[number] for number in partitions}

    async def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        """See `Log.read`."""
        for number, start in starts.items():
            found: list[Record] = []
            for record in read_partition(self._folder, topic, number) if start < ends[number] else ():
                if start <= record.offset < ends[number]:
                    found.append(record)
                if len(found) == SLICE_RECORDS_MAX:
                    yield found
                    found = []
            if found:
                yield found

    async def committed(self, topic: str) -> Mapping[int, int]:
        """See `Log.committed`."""
        return self._committed.get(self._marks[topic].identity.topic, {})


def _archived(record: Record) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in record.headers]
    return {"offset": record.offset, "timestamp": record.timestamp, "key": record.key, "value": record.value, "headers": headers}


def _record(partition: int, values: Any) -> Record:
    headers = tuple((header["name"], header["value"]) for header in values["headers"])
    return Record(partition, values["offset"], values["timestamp"], values["key"], values["value"], headers)
