"""The small job in a plain confluent-kafka loop, the yardstick of engines: at least once, its state in memory only.

It reads in batches, produces with lingering, flushes and then commits offsets. Prints one JSON line when `--records` are consumed:
CPU per event between 20 and 95 % of them, and events per second.
"""

import argparse
import gc
import sys
import time
from collections import defaultdict

import orjson
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from bench.small_job.processor import CODECS, SmallJob
from streams.engine.processor import SourceRange

BATCH_RECORDS_MAX = 2_000
WAIT_SECONDS = 0.5


class Fetched:
    """A confluent-kafka message under the names of the job."""

    __slots__ = ("headers", "key", "offset", "timestamp", "value")

    def __init__(self, message: Message) -> None:
        self.offset = message.offset() or 0
        self.timestamp = message.timestamp()[1]
        self.key: bytes | None = message.key()
        self.value: bytes | None = message.value()
        self.headers: tuple[tuple[str, bytes], ...] = ()


class BareLoop:
    """Consume, work, produce, flush, commit."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._changelog: str = arguments.changelog
        self._job = SmallJob(arguments.output, CODECS[arguments.codec])
        self._states: dict[bytes, bytes] = {}
        self._consumer = Consumer(
            {
                "bootstrap.servers": arguments.bootstrap_servers,
                "group.id": arguments.app_id,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "fetch.min.bytes": 65_536,
            }
        )
        self._producer = Producer(
            {
                "bootstrap.servers": arguments.bootstrap_servers,
                "linger.ms": 20,
                "batch.num.messages": 20_000,
                "enable.idempotence": True,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._consumer.assign([TopicPartition(arguments.input, number, 0) for number in range(arguments.partitions)])

    def turn(self) -> int:
        """One batch; how many records it had."""
        by_partition: defaultdict[tuple[str, int], list[Fetched]] = defaultdict(list)
        batch = self._consumer.consume(BATCH_RECORDS_MAX, WAIT_SECONDS)
        for message in batch:
            by_partition[message.topic() or "", message.partition() or 0].append(Fetched(message))
        produce = self._producer.produce
        for (topic, partition), records in by_partition.items():
            ends = records[0].offset, records[-1].offset + 1
            source = SourceRange(topic=topic, partition=partition, first_offset=ends[0], next_offset=ends[1], records=records)
            result = self._job.process(source, self._states)
            for output, entries in result.outputs.items():
                for entry in entries:
                    produce(output, entry.value, entry.key, partition)
            for state in result.states:
                produce(self._changelog, state.value, state.key, partition)
                self._states[state.key] = state.value or b""
        if batch:
            self._producer.flush()
            self._consumer.commit(asynchronous=False)
        return len(batch)


def main() -> None:
    """Read the arguments, run, print what it cost."""
    parser = argparse.ArgumentParser(prog="python -m bench.small_job.bare", description=__doc__)
    for name in ("bootstrap-servers", "input", "output", "changelog", "app-id"):
        parser.add_argument(f"--{name}", required=True, help=f"as of python -m bench.small_job: {name}")
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--codec", choices=sorted(CODECS), default="generated")
    parser.add_argument("--records", type=int, required=True, help="records to consume before it ends")
    arguments = parser.parse_args()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    loop, done = BareLoop(arguments), 0
    samples = [(0, time.process_time(), time.monotonic())]
    while done < arguments.records:
        done += loop.turn()
        samples.append((done, time.process_time(), time.monotonic()))
    first, last = (next(sample for sample in samples if sample[0] >= arguments.records * share) for share in (0.2, 0.95))
    work = last[0] - first[0]
    told = {"steady_us": (last[1] - first[1]) / work * 1e6, "per_second": work / (last[2] - first[2])}
    sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
