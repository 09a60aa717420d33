"""Topics as benchmarks look at them: where they end, and what was committed to them since a moment."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

READ_RECORDS_MAX: Final = 10_000
WAIT_SECONDS: Final = 1.0
ANSWER_SECONDS_MAX: Final = 30.0
RETRY_SECONDS: Final = 0.2


class Record(NamedTuple):
    """A committed record."""

    partition: int
    key: bytes | None
    value: bytes | None


Ends = Mapping[int, int]
"""Partition -> offset behind its last record."""


def ends_of(bootstrap_servers: str, topic: str, partitions: int) -> Ends:
    """Where the partitions of a topic end now."""
    consumer = _consumer(bootstrap_servers)
    try:
        return {number: _end(consumer, TopicPartition(topic, number)) for number in range(partitions)}
    finally:
        consumer.close()


def _end(consumer: Consumer, partition: TopicPartition) -> int:
    """A partition that was just made may have no leader for a moment."""
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    while True:
        try:
            offsets = consumer.get_watermark_offsets(partition, ANSWER_SECONDS_MAX)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
            continue
        if offsets is None:
            raise TimeoutError(f"the broker does not tell the end of {partition.topic}[{partition.partition}]")
        return int(offsets[1])


def committed_since(bootstrap_servers: str, topic: str, starts: Ends) -> Iterator[Record]:
    """The committed records from these offsets on to the end, in order per partition."""
    consumer = _consumer(bootstrap_servers)
    consumer.assign([TopicPartition(topic, number, offset) for number, offset in starts.items()])
    ended = 0
    try:
        while ended < len(starts):
            for message in consumer.consume(READ_RECORDS_MAX, WAIT_SECONDS):
                if message.error() is not None:  # the end of a partition
                    ended += 1
                    continue
                yield Record(message.partition() or 0, _bytes(message.key()), _bytes(message.value()))
    finally:
        consumer.close()


def _bytes(part: str | bytes | None) -> bytes | None:
    return part.encode() if isinstance(part, str) else part


def _consumer(bootstrap_servers: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "bench-reader",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )


def starts_of(topics: Sequence[str], bootstrap_servers: str, partitions: int) -> dict[str, Ends]:
    """`ends_of` several topics: where what is written from now on begins."""
    return {topic: ends_of(bootstrap_servers, topic, partitions) for topic in topics}
