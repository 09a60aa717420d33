"""The events topic of one test on a real broker: makes it, and reads it back as workers would."""

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from asiento.accounting.order_events import OrderEvent
from asiento.runtime import topic_admin
from asiento.runtime.settings import Settings
from schemas.acceptance import accept_record
from schemas.refusal import Refusal
from schemas.topics import ORDERS_EVENTS, catalogue

PARTITIONS = 4
READ_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A record that workers accept: where it lies, its event, its value."""

    partition: int
    offset: int
    event: OrderEvent
    value: bytes


async def make_topic(settings: Settings) -> None:
    """The events topic with four partitions."""
    await topic_admin.apply(settings, [spec for spec in catalogue("asiento", PARTITIONS, 1, 1) if spec.name == ORDERS_EVENTS])


async def stored_events(settings: Settings) -> list[StoredEvent]:
    """All committed records, partition by partition; fails where one would not be accepted."""
    topic = settings.topic(ORDERS_EVENTS)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers, isolation_level="read_committed")
    found: list[StoredEvent] = []
    async with consumer, asyncio.timeout(READ_SECONDS_MAX):
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            while await consumer.position(partition) < end:
                for record in (await consumer.getmany(partition, timeout_ms=500)).get(partition, ()):
                    event = accept_record(key=record.key, value=record.value, partition=record.partition, partition_count=PARTITIONS)
                    assert not isinstance(event, Refusal), event
                    assert dict(record.headers)["ce_id"] == event.event_id.encode()
                    found.append(StoredEvent(record.partition, record.offset, event, record.value))
    return found
