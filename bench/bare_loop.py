"""The yardstick: a plain confluent-kafka loop with the same core and codecs, well tuned, and weaker guarantees.

It reads in batches, keeps decoded states in a dict, produces with lingering, flushes and then commits offsets. No transaction, no
fencing, no recovery of its state: at least once, and only as long as it lives. Prints one JSON line when `--records` are consumed.
"""

import argparse
import gc
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psutil
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES, ORDERS_DLQ, ORDERS_EVENTS, changelog_name
from streams.chunk import Workplace, fold_chunk
from streams.engine.processor import SourceRange

BATCH_RECORDS_MAX = 2_000
WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A confluent-kafka message under the names of the fold."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def _fetched(message: Message) -> _Fetched:
    told: Any = message
    return _Fetched(told.offset(), told.timestamp()[1], told.key(), told.value(), told.headers() or ())


class BareLoop:
    """Consume, fold, produce, flush, commit."""

    def __init__(self, bootstrap: str, *, source_topic: str, prefix: str, app_id: str, partitions: int) -> None:
        self._source_topic = source_topic
        self._prefix = prefix
        self._changelog = prefix + changelog_name(app_id)
        self._partitions = partitions
        self.states: dict[bytes, OrderState] = {}
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"{prefix}bare",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "fetch.min.bytes": 65_536,
            }
        )
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "linger.ms": 20,
                "batch.num.messages": 20_000,
                "enable.idempotence": True,
                "message.max.bytes": 9_000_000,
                "queue.buffering.max.messages": 1_000_000,
            }
        )

    def run(self, records: int) -> None:
        """Until so many records are consumed."""
        self._consumer.assign([TopicPartition(self._source_topic, number, 0) for number in range(self._partitions)])
        consumed = 0
        while consumed < records:
            batch = self._consumer.consume(BATCH_RECORDS_MAX, WAIT_SECONDS)
            by_partition: defaultdict[int, list[_Fetched]] = defaultdict(list)
            for message in batch:
                by_partition[message.partition() or 0].append(_fetched(message))
            for partition, fetched in by_partition.items():
                self._fold(partition, fetched)
            if batch:
                self._producer.flush()
                self._consumer.commit(asynchronous=False)
                consumed += len(batch)
        self._consumer.close()

    def _fold(self, partition: int, fetched: list[_Fetched]) -> None:
        source = SourceRange(
            topic=self._source_topic,
            partition=partition,
            first_offset=fetched[0].offset,
            next_offset=fetched[-1].offset + 1,
            records=fetched,
        )
        workplace = Workplace(
            partition_count=self._partitions,
            policies=DEFAULT_POLICIES,
            worker="bare",
            worker_version="0",
            decided_at=time.time_ns() // 1000,
        )
        output = fold_chunk(source, self.states.get, workplace)
        self.states.update(output.new_states)
        outputs = {
            ACCOUNTING_ENTRIES: output.entries,
            ACCOUNTING_DISCREPANCIES: output.discrepancies,
            ORDERS_DLQ: output.dead_letters,
            ACCOUNTING_DECISIONS: output.decisions,
        }
        produce = self._producer.produce
        for topic, records in outputs.items():
            name = self._prefix + topic
            for record in records:
                produce(name, record.value, record.key, partition)
        for state in output.states:
            produce(self._changelog, state.value, state.key, partition)


def main() -> None:
    """Read the arguments, run, print what it cost."""
    parser = argparse.ArgumentParser(prog="python -m bench.bare_loop", description=__doc__)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--source-topic", default=ORDERS_EVENTS)
    parser.add_argument("--prefix", required=True, help="prefix of the topics it writes")
    parser.add_argument("--app-id", default="asiento")
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--records", type=int, required=True)
    arguments = parser.parse_args()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    loop = BareLoop(
        arguments.bootstrap_servers,
        source_topic=arguments.source_topic,
        prefix=arguments.prefix,
        app_id=arguments.app_id,
        partitions=arguments.partitions,
    )
    process = psutil.Process()
    before, started, memory = process.cpu_times(), time.monotonic(), process.memory_info().rss
    loop.run(arguments.records)
    after, wall = process.cpu_times(), time.monotonic() - started
    told = {
        "cpu_seconds": after.user + after.system - before.user - before.system,
        "wall_seconds": wall,
        "memory_bytes": process.memory_info().rss - memory,
        "orders": len(loop.states),
    }
    sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
