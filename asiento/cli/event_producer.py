"""Sends order events to their topic: idempotent, all replicas, bounded in flight, on the partition of the key."""

from collections import deque
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from asiento.cli.exits import CommandError, Unreachable
from asiento.runtime.broker_access import BrokerProblem, check_access
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from schemas.access_rights import PRODUCER, needs_of
from schemas.event_messages import EventMessage
from schemas.topics import EVENT_RECORD_BYTES_MAX, ORDERS_EVENTS

IN_FLIGHT_MAX = 1_000
LINGER_MS = 5


class EventProducer:
    """An async context: `await send(message)` returns when there is room in flight; leaving it waits for all.

    Raises `Unreachable` where no broker answers, `CommandError` where the topic does not exist (it is never created).
    """

    def __init__(self, settings: Settings) -> None:
        self.topic = settings.topic(ORDERS_EVENTS)
        self._settings = settings
        self.partition_count = 0
        self.sent = 0
        self._options = client_options(settings)
        self._producer: AIOKafkaProducer | None = None
        self._in_flight: deque[Any] = deque()

    async def __aenter__(self) -> Self:
        await require_events_topic(self._settings, PRODUCER)
        try:
            self.partition_count = await partition_count(self._options, self.topic)
            self._producer = AIOKafkaProducer(
                **self._options, acks="all", enable_idempotence=True, linger_ms=LINGER_MS, max_request_size=EVENT_RECORD_BYTES_MAX
            )
            await self._producer.start()
        except (KafkaError, OSError) as problem:
            await self._close()
            raise unreachable(self._options, problem) from None
        return self

    async def send(self, message: EventMessage) -> None:
        """Hand one message over; waits for the oldest one when too many are in flight."""
        if self._producer is None:
            raise RuntimeError("the producer is not started: use it as an async context")
        if len(self._in_flight) >= IN_FLIGHT_MAX:
            await self._stored()
        try:
            self._in_flight.append(
                await self._producer.send(
                    self.topic,
                    message.value,
                    key=message.key,
                    partition=message.partition(self.partition_count),
                    headers=list(message.headers),
                )
            )
        except KafkaError as problem:
            raise unreachable(self._options, problem) from None

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            while self._in_flight and error is None:
                await self._stored()
        finally:
            await self._close()

    async def _stored(self) -> None:
        try:
            await self._in_flight.popleft()
        except KafkaError as problem:
            raise unreachable(self._options, problem) from None
        self.sent += 1

    async def _close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()


async def require_events_topic(settings: Settings, component: str) -> None:
    """The broker answers, and our user has the component's rights on the events topic. Raises `Unreachable`."""
    topic = settings.topic(ORDERS_EVENTS)
    needs = [right for right in needs_of(component, settings.app_id, settings.topic_prefix) if right.name == topic]
    try:
        await check_access(settings, component, needs)
    except BrokerProblem as problem:
        raise Unreachable(str(problem)) from None


async def partition_count(options: dict[str, Any], topic: str) -> int:
    """Partitions of a topic, from the list of all topics: asking for one by name could create it."""
    admin = AIOKafkaAdminClient(**options)
    try:
        await admin.start()
        described = await admin.describe_topics()
    finally:
        await admin.close()
    for found in described:
        if found["topic"] == topic:
            return len(found["partitions"])
    raise CommandError(f"topic {topic} does not exist on this broker: `asiento topics apply` creates it")


def unreachable(options: dict[str, Any], problem: Exception) -> Unreachable:
    """The error for people when a broker does not answer."""
    servers = ",".join(options["bootstrap_servers"])
    return Unreachable(f"the broker at {servers} does not answer ({problem}); see `asiento doctor`")
