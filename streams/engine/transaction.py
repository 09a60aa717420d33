"""One transactional producer per source partition: everything a chunk causes becomes visible together, or not at all."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.client import CoordinationType
from aiokafka.structs import RecordMetadata, TopicPartition

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from streams.engine.faults import Faults
from streams.engine.job import Job
from streams.engine.processor import Headers, OutputRecord, StateRecord
from streams.engine.table import changelog_headers

RECORD_BYTES_MAX: Final = 8 * 1024 * 1024
"""Largest entry, state or dead letter: key, value and headers together."""
BATCH_BYTES_MAX: Final = 1024 * 1024
"""Size at which a produce batch is closed; one larger record still makes a batch of its own."""
STOP_SECONDS_MAX: Final = 5.0
NO_BROKER: Final = -1
"""Stands for the coordinator while it is looked for."""

Row: TypeAlias = tuple[bytes | None, bytes | None, Headers, int | None, int | None]
"""An `OutputRecord`, or a plain tuple of the same."""
Sent: TypeAlias = tuple["asyncio.Future[RecordMetadata]", int]
"""What tells when a batch is written, and how many records it has."""


class OpenBatch:
    """A produce batch in the making. Records go to aiokafka's compiled builder at once: its checks per record cost more than the record."""

    __slots__ = ("_batch", "append", "count")

    def __init__(self, producer: Any) -> None:
        self._batch = producer.create_batch()
        self.append = self._batch._builder.append
        self.count = 0

    def closed(self) -> Any:
        """The batch as aiokafka sends it; nothing is appended any more."""
        self._batch._relative_offset = self.count
        self._batch.close()
        return self._batch


class PartitionProducer:
    """Commits chunks of one source partition under one transactional id.

    `start` fences the former owner of the id and ends its open transaction, so that afterwards the changelog and the committed
    offset are final. Every other method may raise any `KafkaError`; the producer is then unusable and the process must end.
    """

    def __init__(self, settings: Settings, job: Job, partition: int, faults: Faults) -> None:
        self._group_id = job.id
        self._source = TopicPartition(job.source_topic, partition)
        self._changelog_topic = job.changelog_topic
        self._written_topics = (job.changelog_topic, *job.output_topics)
        self._faults = faults
        self._options = client_options(settings) | {
            "client_id": f"{job.id}-{partition}",
            "transactional_id": transactional_id(job.id, partition, faults),
            "request_timeout_ms": round(settings.kafka_producer_request_timeout_seconds * 1000),
            "transaction_timeout_ms": round(settings.kafka_transaction_timeout_seconds * 1000),
            "linger_ms": settings.producer_linger_ms,
            "max_batch_size": BATCH_BYTES_MAX,
            "max_request_size": RECORD_BYTES_MAX + BATCH_BYTES_MAX,
        }
        self._producer: Any = None

    async def start(self) -> None:
        """Connect, take over the transactional id, and get to know the topics, so that a commit never waits for metadata."""
        self._producer = AIOKafkaProducer(**self._options)
        await self._producer.start()
        for topic in self._written_topics:
            await self._producer.partitions_for(topic)

    async def stop(self) -> None:
        """Close the connections; bounded. Only to be called while no transaction is open."""
        if self._producer is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._producer.stop(), STOP_SECONDS_MAX)

    async def commit(
        self,
        next_offset: int,
        outputs: Mapping[str, Sequence[OutputRecord]],
        states: Sequence[StateRecord],
        timestamp_ms: int,
        note: str = "",
    ) -> int | None:
        """One transaction: outputs, states and the source offset, with the breaker's note beside it.

        Returns the offset of the last changelog record, if any.
        """
        reach, producer = self._faults.reach, self._producer
        reach("before_begin")
        await producer.begin_transaction()
        reach("after_begin")
        sent: list[asyncio.Future[RecordMetadata]] = []
        for topic, records in outputs.items():
            sent += [future for future, _ in await self._send(topic, records, timestamp_ms)]
        rows = [(key, value, changelog_headers(parked), None, None) for key, value, parked in states]
        changelog = await self._send(self._changelog_topic, rows, timestamp_ms)
        offsets = asyncio.ensure_future(producer.send_offsets_to_transaction({self._source: (next_offset, note)}, self._group_id))
        await asyncio.gather(*sent, *(future for future, _ in changelog))
        reach("after_produce")
        await offsets
        reach("after_offsets")
        await producer.commit_transaction()
        reach("after_commit")
        if not changelog:
            return None
        last_batch, count = changelog[-1]
        return int((await last_batch).offset) + count - 1

    async def settle_offsets(self) -> int:
        """Make the group's coordinator know all that it has acknowledged; returns the id of the broker that is it.

        Right after a broker took the group over it may still answer with an older committed offset, or none, although the newer one
        is safe in its log: it goes by what it knows to be replicated. It acknowledges a further write only when it knows that of
        everything before, so one is made, in a transaction that is aborted: it leaves no trace.
        """
        producer = self._producer
        await producer.begin_transaction()
        await producer.send_offsets_to_transaction({self._source: 0}, self._group_id)
        coordinator = producer._sender._coordinators.get(CoordinationType.GROUP, NO_BROKER)
        await producer.abort_transaction()
        return int(coordinator)

    async def note(self, offset: int, text: str) -> None:
        """A small transaction that leaves the source offset where it is, and a note of the breaker beside it."""
        await self._producer.begin_transaction()
        await self._producer.send_offsets_to_transaction({self._source: (offset, text)}, self._group_id)
        await self._producer.commit_transaction()

    async def _send(self, topic: str, rows: Iterable[Row], timestamp_ms: int) -> list[Sent]:
        """Hand records over as full batches, in their order per partition."""
        sent: list[Sent] = []
        open_batches: dict[int, OpenBatch] = {}
        for key, value, headers, own_ms, own_partition in rows:
            stamp = timestamp_ms if own_ms is None or own_ms < 0 else own_ms
            partition = self._source.partition if own_partition is None else own_partition
            batch = open_batches.get(partition)
            if batch is None:
                batch = open_batches[partition] = OpenBatch(self._producer)
            if batch.append(batch.count, stamp, key, value, headers) is None:  # full; it would take any first record
                sent.append(await self._send_batch(batch, topic, partition))
                batch = open_batches[partition] = OpenBatch(self._producer)
                batch.append(0, stamp, key, value, headers)
            batch.count += 1
        for partition, batch in open_batches.items():
            sent.append(await self._send_batch(batch, topic, partition))
        return sent

    async def _send_batch(self, batch: OpenBatch, topic: str, partition: int) -> Sent:
        return await self._producer.send_batch(batch.closed(), topic, partition=partition), batch.count


def transactional_id(group_id: str, slot: int, faults: Faults) -> str:
    """`<group>-<slot>`, the same for every owner; without fencing (tests only) one that nobody else uses."""
    return f"{group_id}-{slot}" if faults.fencing else f"{group_id}-{slot}-{secrets.token_hex(8)}"
