"""Fetched chunks: what one fetch brought of one partition, with the exact range of offsets that it covers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from faust.types import TP, ConsumerMessage

from streams.engine.processor import SourceRecord


class FetchedChunk(NamedTuple):
    """What the fetch thread hands over: records of `[first_offset, next_offset)`, read at seek epoch `epoch`."""

    tp: TP
    first_offset: int
    next_offset: int
    epoch: int
    records: Sequence[SourceRecord]
    size_bytes: int


class Chunk(ConsumerMessage):
    """A fetched chunk as the one channel item that Faust's conductor, streams and agents see."""

    __slots__ = ("committed", "consumer", "epoch", "next_offset", "records", "size_bytes")

    def __init__(self, fetched: FetchedChunk, *, generation_id: int, consumer: Any) -> None:
        super().__init__(
            fetched.tp.topic,
            fetched.tp.partition,
            fetched.first_offset,
            timestamp=0.0,
            timestamp_type=0,
            headers=None,
            key=None,
            value=b"",
            checksum=None,
            tp=fetched.tp,
            generation_id=generation_id,
        )
        self.next_offset = fetched.next_offset
        self.epoch = fetched.epoch
        self.records = fetched.records
        self.size_bytes = fetched.size_bytes
        self.consumer = consumer
        self.committed = False

    def finish(self, *, committed: bool) -> None:
        """Acknowledge the chunk to Faust; the acknowledged range only advances if it was committed."""
        self.committed = committed
        self.ack(self.consumer)

    def on_final_ack(self, consumer: Any) -> bool:
        """Acknowledge the whole range at once."""
        return bool(consumer.ack(self))
