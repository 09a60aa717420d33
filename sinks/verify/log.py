"""The topics that a verification reads: a broker's, or a capture of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, Self

from aiokafka.admin import AIOKafkaAdminClient

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from sinks.entry_stream import Record
from sinks.ledger import StreamIdentity
from sinks.stream_identity import identify
from sinks.topic_scan import TopicScan


class Log(Protocol):
    """Topics by name; partitions by number; offsets as on the log."""

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        """Who the topic is, and its partitions; raises `StreamUnknown` where it is not there."""
        ...

    async def starts(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The first offset that the log still has, per partition."""
        ...

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """The offset after the last record written so far, per partition."""
        ...

    def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        """Committed records in [start, end) of each partition, in slices; a partition's in offset order."""
        ...

    async def committed(self, topic: str) -> Mapping[int, int]:
        """The workers' committed offsets on the source topic; empty before their first commit."""
        ...


class BrokerLog:
    """The topics of a running broker."""

    def __init__(self, settings: Settings, scan: TopicScan) -> None:
        self._options: dict[str, Any] = client_options(settings)
        self._group = settings.orders_id
        self._scan = scan
        self.starts = scan.starts
        self.ends = scan.ends
        self.read = scan.read

    @classmethod
    @asynccontextmanager
    async def of(cls, settings: Settings) -> AsyncIterator[Self]:
        """Connected for as long as the context lasts; raises `KafkaError`."""
        async with TopicScan.of(settings) as scan:
            yield cls(settings, scan)

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        """See `Log.identity`."""
        return await identify(topic, self._options)

    async def committed(self, topic: str) -> Mapping[int, int]:
        """See `Log.committed`."""
        admin = AIOKafkaAdminClient(**self._options)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(self._group)
        finally:
            await admin.close()
        return {partition.partition: value.offset for partition, value in offsets.items() if partition.topic == topic and value.offset >= 0}
