"""A plain aiokafka loop with batches made by hand, uvloop and a tuned collector: at least once, state in memory only.

It reads what was fetched, keeps decoded states in a dict, hands over one batch per topic and partition, awaits all of them and then
commits offsets. No transaction, no fencing, no recovery of its state.
"""

import asyncio
import signal
import time
from collections.abc import Iterable
from typing import Any, Final

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from bench.peers.work import PeerPlace, peer_place, tune_gc
from streams.engine.processor import OutputRecord, SourceRange

POLL_MS: Final = 200
POLL_RECORDS_MAX: Final = 8_000
FETCH_BYTES_MAX: Final = 1_048_576
BATCH_BYTES_MAX: Final = 1_048_576
REQUEST_BYTES_MAX: Final = 9_437_184


class AiokafkaLoop:
    """Read, fold, send batches, await them, commit."""

    def __init__(self, place: PeerPlace) -> None:
        self._place = place
        self._work = place.work()
        self._states: dict[bytes, Any] = {}
        self._stopping = asyncio.Event()
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=place.bootstrap_servers,
            group_id=place.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=FETCH_BYTES_MAX,
            fetch_max_wait_ms=100,
        )
        self._producer = AIOKafkaProducer(
            bootstrap_servers=place.bootstrap_servers,
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=REQUEST_BYTES_MAX,
        )

    async def run(self) -> None:
        """Until SIGTERM."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stopping.set)
        await self._consumer.start()
        await self._producer.start()
        self._consumer.assign([TopicPartition(self._place.source, number) for number in range(self._place.partitions)])
        while not self._stopping.is_set():
            fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS_MAX)
            sent: list[asyncio.Future[Any]] = []
            ends: dict[TopicPartition, int] = {}
            for partition, records in fetched.items():
                sent += await self._fold(partition, records)
                ends[partition] = records[-1].offset + 1
            if ends:
                await asyncio.gather(*sent)
                await self._consumer.commit(ends)
        await self._producer.stop()
        await self._consumer.stop()

    async def _fold(self, partition: TopicPartition, records: list[Any]) -> list["asyncio.Future[Any]"]:
        source = SourceRange(
            topic=partition.topic,
            partition=partition.partition,
            first_offset=records[0].offset,
            next_offset=records[-1].offset + 1,
            records=records,
        )
        folded = self._work.fold(source, self._states.get)
        self._states.update(folded.decoded)
        sent: list[asyncio.Future[Any]] = []
        for topic, outputs in folded.outputs.items():
            sent += await self._send(topic, partition.partition, outputs)
        states = (OutputRecord(state.key, state.value, []) for state in folded.states)
        return sent + await self._send(self._place.changelog, partition.partition, states)

    async def _send(self, topic: str, partition: int, records: Iterable[OutputRecord]) -> list["asyncio.Future[Any]"]:
        sent: list[asyncio.Future[Any]] = []
        now_ms = time.time_ns() // 1_000_000
        batch = self._producer.create_batch()
        for record in records:
            if batch.append(timestamp=now_ms, key=record.key, value=record.value) is None:
                sent.append(await self._producer.send_batch(batch, topic, partition=partition))
                batch = self._producer.create_batch()
                batch.append(timestamp=now_ms, key=record.key, value=record.value)
        if batch.record_count():
            sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        return sent


async def _run(place: PeerPlace) -> None:
    await AiokafkaLoop(place).run()


def main() -> None:
    """Run until SIGTERM."""
    place = peer_place("python -m bench.peers.aiokafka_loop", __doc__)
    tune_gc()
    uvloop.run(_run(place))


if __name__ == "__main__":
    main()
