"""What the engine leaves out of aiokafka's work per record changes nothing of what is written and read."""

from typing import Any

from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from streams.engine.fetch_thread import read_as_is
from streams.engine.transaction import OpenBatch, Row

ROWS: list[Row] = [
    (b"o1", b"x" * 300, [], None, None),
    (None, b"", [("parked", b"3"), ("none", b"")], None, None),
    (b"", None, [], None, None),
    (b"o2", b"y" * 5_000, [], None, None),
    (b"o3", b"z", [], None, None),
]
STAMP = 1_764_000_000_000


class Batches:
    """What hands out batches as a transactional producer does."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max

    def create_batch(self) -> BatchBuilder:
        """An empty batch."""
        return BatchBuilder(self._bytes_max, 0, is_transactional=1)


def _sealed(batch: Any) -> bytes:
    batch._set_producer_state(7, 1, 0)
    return bytes(batch._build())


def _by_shortcut(bytes_max: int) -> tuple[bytes, int, bool]:
    batch = OpenBatch(Batches(bytes_max))
    for key, value, headers, _, _ in ROWS:
        if batch.append(batch.count, STAMP, key, value, headers) is None:
            break
        batch.count += 1
    closed = batch.closed()
    return _sealed(closed), closed.record_count(), closed.closed()


def _by_aiokafka(bytes_max: int) -> tuple[bytes, int, bool]:
    batch: Any = Batches(bytes_max).create_batch()
    for key, value, headers, _, _ in ROWS:
        if batch.append(timestamp=STAMP, key=key, value=value, headers=headers) is None:
            break
    batch.close()
    return _sealed(batch), batch.record_count(), batch.closed()


def test_a_batch_has_the_bytes_that_aiokafka_writes_whether_it_is_full_or_not() -> None:
    for bytes_max in (1_048_576, 1_000, 10):
        assert _by_shortcut(bytes_max) == _by_aiokafka(bytes_max)


def test_a_record_read_as_it_is_tells_what_that_of_aiokafka_tells() -> None:
    data = _by_aiokafka(1_048_576)[0]

    def read() -> PartitionRecords:
        return PartitionRecords(TopicPartition("t", 3), MemoryRecords(data), [], 0, None, None, True, READ_COMMITTED)

    theirs: Any = read()
    ours: Any = read()
    read_as_is(ours)
    records = list(ours)
    assert ours.next_fetch_offset == len(ROWS)
    assert [(one.offset, one.timestamp, one.key, one.value, tuple(one.headers)) for one in records] == [
        (one.offset, one.timestamp, one.key, one.value, tuple(one.headers)) for one in theirs
    ]
