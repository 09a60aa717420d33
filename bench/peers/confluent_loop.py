"""A plain confluent-kafka loop, well tuned, and weaker guarantees: at least once, state in memory only.

It reads in batches, keeps decoded states in a dict, produces with lingering, flushes and then commits offsets. No transaction, no
fencing, no recovery of its state.
"""

import signal
from collections import defaultdict
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from bench.peers.work import Folded, PeerPlace, peer_place, tune_gc
from streams.engine.processor import SourceRange

BATCH_RECORDS_MAX: Final = 8_000
WAIT_SECONDS: Final = 0.2


class Fetched(NamedTuple):
    """A confluent-kafka message under the names of the fold; times in milliseconds."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class ConfluentLoop:
    """Consume, fold, produce, flush, commit."""

    def __init__(self, place: PeerPlace) -> None:
        self._place = place
        self._work = place.work()
        self._states: dict[bytes, Any] = {}
        self._stopping = False
        self._consumer = Consumer(
            {
                "bootstrap.servers": place.bootstrap_servers,
                "group.id": place.group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "fetch.min.bytes": 262_144,
                "fetch.wait.max.ms": 100,
                "max.partition.fetch.bytes": 4_194_304,
                "queued.max.messages.kbytes": 65_536,
            }
        )
        self._producer = Producer(
            {
                "bootstrap.servers": place.bootstrap_servers,
                "linger.ms": 50,
                "batch.num.messages": 100_000,
                "batch.size": 1_000_000,
                "enable.idempotence": True,
                "message.max.bytes": 9_000_000,
                "queue.buffering.max.messages": 1_000_000,
                "queue.buffering.max.kbytes": 262_144,
            }
        )

    def stop(self, *_: object) -> None:
        """End after the batch in work."""
        self._stopping = True

    def run(self) -> None:
        """Until it is stopped."""
        self._consumer.assign([TopicPartition(self._place.source, number, 0) for number in range(self._place.partitions)])
        while not self._stopping:
            batch = self._consumer.consume(BATCH_RECORDS_MAX, WAIT_SECONDS)
            by_partition: defaultdict[int, list[Fetched]] = defaultdict(list)
            for message in batch:
                by_partition[_partition(message)].append(_fetched(message))
            for partition, fetched in by_partition.items():
                self._fold(partition, fetched)
            if batch:
                self._producer.flush()
                self._consumer.commit(asynchronous=False)
        self._consumer.close()

    def _fold(self, partition: int, fetched: list[Fetched]) -> None:
        source = SourceRange(
            topic=self._place.source,
            partition=partition,
            first_offset=fetched[0].offset,
            next_offset=fetched[-1].offset + 1,
            records=fetched,
        )
        folded = self._work.fold(source, self._states.get)
        self._states.update(folded.decoded)
        self._produce(partition, folded)

    def _produce(self, partition: int, folded: Folded) -> None:
        produce = self._producer.produce
        for topic, records in folded.outputs.items():
            for record in records:
                produce(topic, record.value, record.key, partition)
        for state in folded.states:
            produce(self._place.changelog, state.value, state.key, partition)


def _partition(message: Message) -> int:
    told: Any = message
    if told.error() is not None:
        raise RuntimeError(f"the broker answers: {told.error()}")
    return int(told.partition())


def _fetched(message: Message) -> Fetched:
    told: Any = message
    return Fetched(told.offset(), told.timestamp()[1], told.key(), told.value(), told.headers() or [])


def main() -> None:
    """Run until SIGTERM."""
    loop = ConfluentLoop(peer_place("python -m bench.peers.confluent_loop", __doc__))
    signal.signal(signal.SIGTERM, loop.stop)
    tune_gc()
    loop.run()


if __name__ == "__main__":
    main()
