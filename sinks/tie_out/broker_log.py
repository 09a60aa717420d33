"""The topics of a running broker, as the tie-out reads and writes them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from schemas.discrepancies import encode_discrepancy
from schemas.topics import EVENT_RECORD_BYTES_MAX
from sinks.ledger import StreamIdentity
from sinks.posting.rows import RaisedDiscrepancy
from sinks.stream_identity import identify
from sinks.tie_out.telling import NotTold
from sinks.topic_scan import TopicScan

TRANSACTION_TIMEOUT_MS: Final = 10_000
"""A tie-out that dies in the middle holds readers of the partitions it wrote to for so long, or until the next one writes."""


class TieOutLog:
    """See `EntryLog` and `DiscrepancyLog`."""

    def __init__(self, settings: Settings, scan: TopicScan) -> None:
        self._options: dict[str, Any] = client_options(settings)
        self._transactional_id = f"{settings.app_id}-tie-out"
        self.starts = scan.starts
        self.ends = scan.ends
        self.stable_ends = scan.stable_ends
        self.read = scan.read

    @classmethod
    @asynccontextmanager
    async def of(cls, settings: Settings) -> AsyncIterator[Self]:
        """Connected for as long as the context lasts; raises `KafkaError`."""
        async with TopicScan.of(settings) as scan:
            yield cls(settings, scan)

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        """See `EntryLog.identity`."""
        return await identify(topic, self._options)

    @asynccontextmanager
    async def writing(self, topic: str) -> AsyncIterator["_Writer"]:
        """See `DiscrepancyLog.writing`."""
        producer = AIOKafkaProducer(
            **self._options,
            transactional_id=self._transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            max_request_size=EVENT_RECORD_BYTES_MAX,
        )
        try:
            await producer.start()
            yield _Writer(producer, topic)
        except (ProducerFenced, InvalidProducerEpoch) as error:
            raise NotTold(f"another tie-out tells the same just now ({type(error).__name__})") from error
        finally:
            await producer.stop()


class _Writer:
    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def write(self, raised: Sequence[RaisedDiscrepancy]) -> None:
        async with self._producer.transaction():
            for one in raised:
                place = {"key": one.value.order_key.encode(), "partition": one.partition}
                await self._producer.send(self._topic, encode_discrepancy(one.value), **place)
