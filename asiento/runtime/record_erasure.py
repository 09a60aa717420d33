"""Takes the beginning of a topic's partitions away, as far as a consumer group has read and records are old enough."""

from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings

TIMEOUT_MS: Final = 20_000


class ErasureFailed(Exception):
    """The broker did not do it, or did not answer; the message has its reason."""


class ErasedRange(NamedTuple):
    """Of one partition: its first offset, the offset up to which records go (not itself), and what of it the group has not read."""

    partition: int
    first: int
    up_to: int
    unread: int


async def erase_read_records(
    settings: Settings, topic: str, group: str, before_ms: int | None, *, dry_run: bool
) -> tuple[ErasedRange, ...]:
    """Erase what the group has read, of that only what is older than `before_ms` (UTC milliseconds; None: all). Raises `ErasureFailed`."""
    options = client_options(settings)
    consumer = AIOKafkaConsumer(**options, isolation_level="read_committed", enable_auto_commit=False)
    admin = AIOKafkaAdminClient(**options)
    try:
        await consumer.start()
        await admin.start()
        partitions = [TopicPartition(topic, number) for number in range(settings.partitions)]
        ranges = await _ranges(consumer, admin, partitions, group, before_ms)
        wanted = {TopicPartition(topic, one.partition): RecordsToDelete(one.up_to) for one in ranges if one.up_to > one.first}
        if wanted and not dry_run:
            await admin.delete_records(wanted, TIMEOUT_MS)
        return ranges
    except (KafkaError, OSError, TimeoutError) as problem:
        raise ErasureFailed(f"{topic}: {type(problem).__name__}: {problem}") from None
    finally:
        await consumer.stop()
        await admin.close()


async def _ranges(
    consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient, partitions: list[TopicPartition], group: str, before_ms: int | None
) -> tuple[ErasedRange, ...]:
    first, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    read = await admin.list_consumer_group_offsets(group, partitions=partitions)
    young = await consumer.offsets_for_times(dict.fromkeys(partitions, before_ms)) if before_ms is not None else {}
    ranges = []
    for one in partitions:
        position = max(read[one].offset, first[one]) if one in read else first[one]
        old = young.get(one)
        up_to = min(position, old.offset) if old is not None else position
        ranges.append(ErasedRange(one.partition, first[one], max(up_to, first[one]), max(ends[one] - position, 0)))
    return tuple(ranges)
