"""The desk's Kafka: reads single records, sends records and actions in one transaction."""

import asyncio
import time
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from asiento.runtime.broker_access import BrokerProblem, check_access
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from schemas.access_rights import OPERATOR, needs_of
from schemas.dead_letters import DeadLetter, decode_dead_letter
from schemas.operator_actions import encode_action
from schemas.output_codec import DecodeError
from schemas.partitioning import partition_for
from schemas.topics import ACCOUNTING_ACTIONS, EVENT_RECORD_BYTES_MAX, ORDERS_DLQ, ORDERS_EVENTS, ORDERS_RAW, OUTPUT_RECORD_BYTES_MAX
from sinks.desk.errors import DeskRefused, DeskUnavailable
from sinks.desk.outgoing import Bundle, OriginalRecord, OutgoingRecord, Target
from sinks.stream_identity import StreamUnknown, identify

TRANSACTION_TIMEOUT_MS: Final = 10_000
"""A desk that dies in the middle holds readers of the partitions it wrote to for so long; then the broker takes it all back."""
READ_SECONDS_MAX: Final = 15.0
POLL_MS: Final = 500

Answer = TypeVar("Answer")


class KafkaBroker:
    """See `sinks.desk.outgoing.Broker`. One connection per question: a command asks a few.

    Every run has a transactional id of its own, `<app id>-desk-...`: two operators at once never fence each other.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._targets: dict[Target, str] = {"events": settings.topic(ORDERS_EVENTS), "raw": settings.topic(ORDERS_RAW)}
        self._actions, self._letters = settings.topic(ACCOUNTING_ACTIONS), settings.topic(ORDERS_DLQ)

    @property
    def _options(self) -> dict[str, Any]:
        """Asked late: who only reads the database needs no broker. Raises `SettingsError` where none is named."""
        return client_options(self._settings)

    def partition_count(self, target: Target = "events") -> int:
        """See `Broker.partition_count`."""
        return len(self._run(self._partitions(self._targets[target])))

    def letters(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], DeadLetter]:
        """See `Broker.letters`."""
        found = self._run(self._read(self._letters, sorted(places)))
        return {place: _decoded(self._letters, record) for place, record in found.items()}

    def raw_records(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], OriginalRecord]:
        """See `Broker.raw_records`."""
        found = self._run(self._read(self._targets["raw"], sorted(places)))
        return {place: OriginalRecord(key=record.key, value=record.value, headers=tuple(record.headers)) for place, record in found.items()}

    def action_ends(self) -> Mapping[int, int]:
        """See `Broker.action_ends`."""
        return self._run(self._ends())

    def send(self, bundles: Sequence[Bundle]) -> None:
        """See `Broker.send`."""
        self._run(self._send(bundles))

    def _run(self, question: Coroutine[Any, Any, Answer]) -> Answer:
        try:
            return asyncio.run(question)
        except StreamUnknown as problem:
            raise DeskUnavailable(str(problem)) from None
        except MessageSizeTooLargeError as problem:
            raise DeskRefused(f"the record is longer than its topic takes ({problem}); nothing was sent") from None
        except (KafkaError, OSError, TimeoutError) as problem:
            raise DeskUnavailable(self._trouble(problem)) from None

    def _trouble(self, problem: Exception) -> str:
        settings = self._settings
        try:
            asyncio.run(check_access(settings, OPERATOR, needs_of(OPERATOR, settings.app_id, settings.topic_prefix)))
        except BrokerProblem as found:
            return str(found)
        return f"the broker at {settings.kafka_bootstrap_servers} does not answer ({problem!r}); see `asiento doctor`"

    async def _partitions(self, topic: str) -> tuple[int, ...]:
        return (await identify(topic, dict(self._options)))[1]

    async def _ends(self) -> dict[int, int]:
        partitions = [TopicPartition(self._actions, number) for number in await self._partitions(self._actions)]
        consumer = AIOKafkaConsumer(**self._options, isolation_level="read_committed", enable_auto_commit=False)
        await consumer.start()
        try:
            return {partition.partition: end for partition, end in (await consumer.end_offsets(partitions)).items()}
        finally:
            await consumer.stop()

    async def _read(self, topic: str, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], ConsumerRecord]:
        consumer = AIOKafkaConsumer(
            **self._options,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=OUTPUT_RECORD_BYTES_MAX,
        )
        await identify(topic, dict(self._options))
        await consumer.start()
        try:
            found: dict[tuple[int, int], ConsumerRecord] = {}
            for number in sorted({partition for partition, _ in places}):
                partition = TopicPartition(topic, number)
                consumer.assign([partition])
                first = (await consumer.beginning_offsets([partition]))[partition]
                end = (await consumer.end_offsets([partition]))[partition]
                for offset in (offset for one, offset in places if one == number and first <= offset < end):
                    record = await self._record(consumer, partition, offset)
                    if record is not None:
                        found[number, offset] = record
            return found
        finally:
            await consumer.stop()

    async def _record(self, consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> ConsumerRecord | None:
        consumer.seek(partition, offset)
        deadline = time.monotonic() + READ_SECONDS_MAX
        while time.monotonic() < deadline:
            for record in (await consumer.getmany(partition, timeout_ms=POLL_MS, max_records=1)).get(partition, ()):
                return record if record.offset == offset else None
        place = f"{partition.topic}/{partition.partition}/{offset}"
        raise DeskUnavailable(f"{place} could not be read within {READ_SECONDS_MAX:.0f} s: try again")

    async def _send(self, bundles: Sequence[Bundle]) -> None:
        wanted: dict[Target, list[OutgoingRecord]] = {
            "events": [record for bundle in bundles for record in bundle.events],
            "raw": [record for bundle in bundles for record in bundle.raw],
        }
        partitions = {target: len(await self._partitions(self._targets[target])) for target, records in wanted.items() if records}
        action_partitions = len(await self._partitions(self._actions))
        producer = AIOKafkaProducer(
            **self._options,
            transactional_id=f"{self._settings.app_id}-desk-{uuid4()}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            max_request_size=OUTPUT_RECORD_BYTES_MAX if wanted["raw"] else EVENT_RECORD_BYTES_MAX,
        )
        await producer.start()
        try:
            async with producer.transaction():
                for target, records in wanted.items():
                    for one in records:
                        place = {"key": one.key, "partition": partition_for(one.key, partitions[target])}
                        await producer.send(self._targets[target], one.value, **place, headers=list(one.headers))
                for action in (action for bundle in bundles for action in bundle.actions):
                    partition = partition_for(action.key, action_partitions)
                    await producer.send(self._actions, encode_action(action), key=action.key, partition=partition)
        finally:
            await producer.stop()


def _decoded(topic: str, record: ConsumerRecord) -> DeadLetter:
    try:
        return decode_dead_letter(record.value)
    except DecodeError as problem:
        raise DeskUnavailable(f"{topic}/{record.partition}/{record.offset} is no dead letter: {problem}") from None
