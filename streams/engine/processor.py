"""What the engine asks of a job: pure work on one range of one partition, bytes in, bytes out."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

Headers: TypeAlias = list[tuple[str, bytes]]
"""A list: aiokafka's batch builder takes nothing else."""


class SourceRecord(Protocol):
    """A fetched record; `timestamp` in milliseconds since the epoch."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRange:
    """The records of `[first_offset, next_offset)` of one partition; offsets without a record were never delivered."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    records: Sequence[SourceRecord]

    def halves(self) -> tuple["SourceRange", "SourceRange"]:
        """Two ranges that join where the later half of the records starts; needs two records or more."""
        later = self.records[len(self.records) // 2 :]
        earlier = self.records[: len(self.records) // 2]
        middle = later[0].offset
        return (
            SourceRange(topic=self.topic, partition=self.partition, first_offset=self.first_offset, next_offset=middle, records=earlier),
            SourceRange(topic=self.topic, partition=self.partition, first_offset=middle, next_offset=self.next_offset, records=later),
        )

    def after(self, place: int) -> "SourceRange":
        """The range from where the record at index `place` starts; needs that record."""
        records, start = self.records[place:], self.records[place].offset
        return SourceRange(topic=self.topic, partition=self.partition, first_offset=start, next_offset=self.next_offset, records=records)

    def before(self, place: int) -> "SourceRange":
        """The range that ends where the record at index `place` starts; needs a record before it."""
        records, end = self.records[:place], self.records[place].offset
        return SourceRange(topic=self.topic, partition=self.partition, first_offset=self.first_offset, next_offset=end, records=records)


class OutputRecord(NamedTuple):
    """A record to write; `timestamp` in milliseconds, None or negative: the time of the transaction.

    partition: None = that of its source, which is where records belong that are about the same key.
    """

    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int | None = None
    partition: int | None = None


class StateRecord(NamedTuple):
    """The full new state of one key (None: forget it); `parked` counts what waits inside it."""

    key: bytes
    value: bytes | None
    parked: int = 0


class ChunkResult(Protocol):
    """All that one range causes; it becomes visible together or not at all."""

    @property
    def outputs(self) -> Mapping[str, Sequence[OutputRecord]]: ...
    @property
    def states(self) -> Sequence[StateRecord]: ...


class RangeTooLarge(Exception):
    """The outputs of this range exceed what one record may hold: process its halves in transactions of their own."""


class RangeWaits(Exception):
    """From the record at index `place` on, this range needs something that is not here yet.

    `until()` returns when it is worth trying again, within a bound of its own. It may be cancelled at any time.
    """

    def __init__(self, place: int, until: Callable[[], Awaitable[None]]) -> None:
        super().__init__(place)
        self.place = place
        self.until = until


ResultT = TypeVar("ResultT", bound=ChunkResult)


class ChunkProcessor(Protocol[ResultT]):
    """A job. `process` is synchronous and sees one consistent state; it may be asked again for the same range."""

    def process(self, source: SourceRange, states: Mapping[bytes, bytes]) -> ResultT:
        """Work on a range; `states` holds the encoded state per key and must not be changed.

        May raise `RangeTooLarge` or `RangeWaits`.
        """

    def give_up(self, source: SourceRange, detail: str) -> ResultT:
        """Refuse the one record of a range without looking into it: it has killed workers again and again."""

    def committed(self, source: SourceRange, result: ResultT) -> None:
        """The range is committed: count it."""
