"""Reads the events topic as its consumers see it: committed records only, decoded or with the reason against them.

A schema id that the lock file does not have is asked for once at the registry, if one is set.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from asiento.cli.event_producer import partition_count, require_events_topic, unreachable
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings
from schemas.access_rights import READER
from schemas.events import SchemaUndecided, decode_to_json
from schemas.partitioning import partition_for
from schemas.refusal import Refusal
from schemas.topics import ORDERS_EVENTS
from streams.schema_ids import SchemaIds, schema_ids_of

POLL_MS = 500


async def tail(settings: Settings, *, key: str | None, from_beginning: bool, limit: int | None) -> AsyncGenerator[dict[str, Any]]:
    """One object per record, as it arrives; ends after `limit` records. Raises `Unreachable`, `CommandError`."""
    seen = 0
    schema_ids = schema_ids_of(settings.model_copy(update={"registry_wait_seconds_max": 0.0}), Metrics())
    async with aclosing(_records(settings, key, from_beginning)) as records:
        async for record in records:
            if key is not None and record.key != key.encode():
                continue
            yield shown(record, await _decoded(record.value, schema_ids))
            seen += 1
            if seen == limit:
                return


async def _decoded(value: bytes | None, schema_ids: SchemaIds | None) -> dict[str, Any] | Refusal:
    if schema_ids is None:
        return decode_to_json(value)
    try:
        return decode_to_json(value, schema_ids.look_up)
    except SchemaUndecided as undecided:
        await schema_ids.decide((undecided.schema_id,), 0)
        return decode_to_json(value, schema_ids.look_up)


def shown(record: "ConsumerRecord[bytes, bytes]", decoded: dict[str, Any] | Refusal) -> dict[str, Any]:
    """A record for people: where it is, its key, and its event or the reason against it."""
    place = {
        "partition": record.partition,
        "offset": record.offset,
        "key": None if record.key is None else record.key.decode(errors="replace"),
    }
    if isinstance(decoded, Refusal):
        return {**place, "refused": {"reason": decoded.reason, "detail": decoded.detail}}
    return {**place, "event": decoded}


async def _records(settings: Settings, key: str | None, from_beginning: bool) -> AsyncGenerator["ConsumerRecord[bytes, bytes]"]:
    options, topic = client_options(settings), settings.topic(ORDERS_EVENTS)
    await require_events_topic(settings, READER)
    consumer = AIOKafkaConsumer(**options, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none")
    try:
        count = await partition_count(options, topic)
        wanted = range(count) if key is None else [partition_for(key.encode(), count)]
        partitions = [TopicPartition(topic, number) for number in wanted]
        await consumer.start()
        consumer.assign(partitions)
        await (consumer.seek_to_beginning if from_beginning else consumer.seek_to_end)(*partitions)
        while True:
            for batch in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in batch:
                    yield record
    except (KafkaError, OSError) as problem:
        raise unreachable(options, problem) from None
    finally:
        await consumer.stop()
