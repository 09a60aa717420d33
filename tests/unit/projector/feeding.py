"""Writing a `ProjectedStream` into an operational database without a broker: in whatever slices and order a test wants."""

from collections.abc import Iterable, Sequence

from sinks.databases.database import Database
from sinks.databases.sqlite import SqliteDatabase
from sinks.ledger import OffsetRange, StreamIdentity
from sinks.projector.database import OPERATIONAL, migrate
from sinks.projector.dump import dump_lines
from sinks.projector.topics import PROJECTED, ProjectedTopic
from sinks.projector.writer import BoundTopic, OperationalWriter, TopicPart
from tests.projected_stream import ProjectedStream

TOPICS = {name: ProjectedTopic(name, name) for name in PROJECTED}


def bind(writer: OperationalWriter, stream: ProjectedStream, topic_id: str = "id") -> dict[tuple[str, int], int]:
    """Bind all topics of the stream."""
    return writer.bind(
        BoundTopic(
            topic=topic,
            identity=StreamIdentity(cluster_id="cluster", topic=topic.on_broker, topic_id=f"{topic_id}-{name}"),
            partitions=tuple(range(stream.partitions)),
        )
        for name, topic in TOPICS.items()
    )


class Feeder:
    """Knows how far each partition is written."""

    def __init__(self, writer: OperationalWriter, stream: ProjectedStream) -> None:
        self._writer = writer
        self._stream = stream
        self.offsets = bind(writer, stream)

    @property
    def open(self) -> list[tuple[str, int]]:
        """Partitions that have more."""
        return sorted(place for place, offset in self.offsets.items() if offset < self._stream.end(*place))

    def step(self, wanted: Iterable[tuple[str, int, int]]) -> None:
        """Write one batch: of each (topic, partition) the next so many offsets."""
        parts = []
        for topic, partition, count in wanted:
            start = self.offsets[topic, partition]
            end = min(start + count, self._stream.end(topic, partition))
            if end == start:
                continue
            records = [one for one in self._stream.topics.get(topic, {}).get(partition, []) if start <= one.offset < end]
            moved = OffsetRange(partition=partition, start=start, end=end)
            parts.append(TopicPart(topic=TOPICS[topic], ranges=(moved,), records=tuple(records)))
            self.offsets[topic, partition] = end
        self._writer.write(parts)

    def finish(self, count: int = 1_000) -> None:
        """Write all that is left, so many offsets of each partition at a time."""
        while places := self.open:
            self.step([(topic, partition, count) for topic, partition in places])


def written(stream: ProjectedStream, database: Database | None = None) -> OperationalWriter:
    """A database with the whole stream in it."""
    own = database or SqliteDatabase.in_memory(OPERATIONAL)
    migrate(own)
    writer = OperationalWriter(own)
    Feeder(writer, stream).finish()
    return writer


def dumped(writer: OperationalWriter) -> Sequence[bytes]:
    """All lines of the dump."""
    writer.database.begin_picture()
    try:
        return list(dump_lines(writer.database))
    finally:
        writer.database.rollback()
