"""Sends order events to their topic: checked before they leave, idempotent, on all replicas, on the partition of their key.

ProducerError
  BrokerUnavailable  no broker answers, or it does not take this user: as it is, later or never
  TopicMissing       the events topic is not there; it is never created by sending
  NotConfirmed       some events were not confirmed; it names each, and why
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, KafkaTimeoutError

from asiento.runtime.broker_access import BrokerProblem, check_access
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from schemas.access_rights import PRODUCER, needs_of
from schemas.event_faults import check_event
from schemas.event_messages import EventMessage, message_of_checked
from schemas.topics import EVENT_RECORD_BYTES_MAX, ORDERS_EVENTS
from sources.sdk.envelope import Event

IN_FLIGHT_EVENTS_MAX: Final = 1_000
LINGER_MS: Final = 5
WAIT_SECONDS_MAX: Final = 60.0
"""Longest wait for room in flight, and for the confirmation of what is in flight."""
STOP_SECONDS_MAX: Final = 5.0
ABANDON_TRIES: Final = 20
ABANDON_SECONDS: Final = 0.1
FAILURES_TOLD_MAX: Final = 10_000
"""Most failed events that one flush names; further ones are counted."""

Sendable: TypeAlias = Event | Mapping[str, Any] | EventMessage
"""A typed event, a JSON twin, or a message that was made of one before."""


class ProducerError(Exception):
    """Events could not be sent; see this module."""


class BrokerUnavailable(ProducerError):
    """No broker can be used; the message says why and how to mend it."""


class TopicMissing(ProducerError):
    """The events topic does not exist."""


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """An event without confirmation, and why. It may have arrived: sent again as it is, it is booked once."""

    event_id: str
    order_key: str
    why: str


@dataclass(frozen=True, slots=True)
class FlushReport:
    """What became of the events since the last flush; `failed_more` counts failed ones that are not named."""

    confirmed: int
    failed: tuple[FailedEvent, ...]
    failed_more: int = 0


class NotConfirmed(ProducerError):
    """Events without confirmation; `report` names them."""

    def __init__(self, report: FlushReport) -> None:
        count = len(report.failed) + report.failed_more
        first = report.failed[0]
        super().__init__(f"{count} events are not confirmed, first {first.event_id} of {first.order_key}: {first.why}; send them again")
        self.report = report


def message_of(event: Sendable) -> EventMessage:
    """The message of an event, checked; raises `schemas.event_faults.FaultyEvent`."""
    if isinstance(event, EventMessage):
        return event
    return event.message() if isinstance(event, Event) else message_of_checked(check_event(dict(event)))


class AsyncProducer:
    """An async context: `await send(event)` returns when there is room in flight, `await flush()` tells what became of all.

    Leaving the context flushes and raises `NotConfirmed` if an event failed. Events of one order keep the order in which they
    are sent, except around one that failed.
    """

    def __init__(self, settings: Settings, *, in_flight_events_max: int = IN_FLIGHT_EVENTS_MAX) -> None:
        self.topic = settings.topic(ORDERS_EVENTS)
        self.partition_count = 0
        self._settings = settings
        self._options = client_options(settings)
        self._producer: AIOKafkaProducer | None = None
        self._room = asyncio.Semaphore(in_flight_events_max)
        self._in_flight: dict[asyncio.Future[Any], EventMessage] = {}
        self._confirmed = self._failed_more = 0
        self._failed: list[FailedEvent] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None and (report := await self.flush()).failed:
                raise NotConfirmed(report)
        finally:
            await self.stop()

    async def start(self) -> None:
        """Connect; raises `BrokerUnavailable` or `TopicMissing`."""
        settings = self._settings
        needs = [right for right in needs_of(PRODUCER, settings.app_id, settings.topic_prefix) if right.name == self.topic]
        try:
            await check_access(settings, PRODUCER, needs)
            self.partition_count = await topic_partitions(self._options, self.topic)
            self._producer = AIOKafkaProducer(
                **self._options, acks="all", enable_idempotence=True, linger_ms=LINGER_MS, max_request_size=EVENT_RECORD_BYTES_MAX
            )
            await self._producer.start()
            await self._producer.partitions_for(self.topic)  # else the first send asks, and waits where nobody answers
        except BrokerProblem as problem:
            raise BrokerUnavailable(str(problem)) from None
        except (KafkaError, OSError) as problem:
            await self.stop()
            raise BrokerUnavailable(f"the broker does not answer ({problem})") from None

    async def send(self, event: Sendable, *, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        """Check an event and hand it over; raises `FaultyEvent` or `BrokerUnavailable`, and then it was not sent."""
        (await self._hand_over(message_of(event), wait_seconds_max)).add_done_callback(self._settled)

    async def deliver(self, events: Sequence[Sendable], *, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        """Send all and wait for each confirmation; raises `FaultyEvent` before any is sent, `BrokerUnavailable`, `NotConfirmed`."""
        messages = [message_of(event) for event in events]
        futures: dict[asyncio.Future[Any], EventMessage] = {}
        for message in messages:
            future = await self._hand_over(message, wait_seconds_max)
            future.add_done_callback(self._left)
            futures[future] = message
        if futures:
            await asyncio.wait(futures, timeout=wait_seconds_max)
        reasons = [(message, _why(future, wait_seconds_max)) for future, message in futures.items()]
        failed = tuple(_failed(message, why) for message, why in reasons if why)
        if failed:
            raise NotConfirmed(FlushReport(len(messages) - len(failed), failed))

    async def flush(self, *, wait_seconds_max: float = WAIT_SECONDS_MAX) -> FlushReport:
        """Wait for all in flight, bounded, and tell what became of the events since the last flush."""
        waiting = dict(self._in_flight)
        if waiting:
            await asyncio.wait(waiting, timeout=wait_seconds_max)
        for future, message in waiting.items():
            if not future.done() and future.remove_done_callback(self._settled):
                future.add_done_callback(self._left)
                self._note_failure(message, _why(future, wait_seconds_max))
        report = FlushReport(self._confirmed, tuple(self._failed), self._failed_more)
        self._confirmed = self._failed_more = 0
        self._failed = []
        return report

    async def stop(self) -> None:
        """Let go of the connection, bounded; what is in flight without confirmation is given up."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        stopping = asyncio.ensure_future(producer.stop())
        await asyncio.wait({stopping}, timeout=STOP_SECONDS_MAX)
        if not stopping.done():
            await _abandon(producer, stopping)

    async def _hand_over(self, message: EventMessage, wait_seconds_max: float) -> "asyncio.Future[Any]":
        producer = self._producer
        if producer is None:
            raise ProducerError("the producer is not started: use it as a context, or call start()")
        if self._room.locked():
            await self._wait_for_room(wait_seconds_max)
        else:
            await self._room.acquire()
        partition = message.partition(self.partition_count)
        headers = list(message.headers)
        try:
            async with asyncio.timeout(wait_seconds_max):
                sending = producer.send(self.topic, message.value, key=message.key, partition=partition, headers=headers)
                future: asyncio.Future[Any] = await sending
        except BaseException as problem:
            self._room.release()
            if isinstance(problem, KafkaError | TimeoutError):
                raise BrokerUnavailable(f"the event was not taken for sending ({problem!r}): send it again") from None
            raise
        self._in_flight[future] = message
        return future

    async def _wait_for_room(self, wait_seconds_max: float) -> None:
        try:
            async with asyncio.timeout(wait_seconds_max):  # wait_for would lose a cancellation that comes with the room
                await self._room.acquire()
        except TimeoutError:
            raise BrokerUnavailable(f"the broker confirmed nothing for {wait_seconds_max:.0f} s: see `asiento doctor`") from None

    def _left(self, future: "asyncio.Future[Any]") -> EventMessage:
        """An event is in flight no longer, whoever tells of it."""
        self._room.release()
        if not future.cancelled():
            future.exception()  # somebody has looked at it
        return self._in_flight.pop(future)

    def _settled(self, future: "asyncio.Future[Any]") -> None:
        """An event is in flight no longer, and the next flush tells of it."""
        message, why = self._left(future), _why(future, 0)
        if why:
            self._note_failure(message, why)
        else:
            self._confirmed += 1

    def _note_failure(self, message: EventMessage, why: str) -> None:
        if len(self._failed) < FAILURES_TOLD_MAX:
            self._failed.append(_failed(message, why))
        else:
            self._failed_more += 1


async def _abandon(producer: AIOKafkaProducer, stopping: "asyncio.Future[None]") -> None:
    """End a producer that waits: its own stop waits for batches and requests as long as they take."""
    producer._message_accumulator.fail_all(KafkaTimeoutError("given up without confirmation"))
    for _ in range(ABANDON_TRIES):
        if producer._sender.sender_task is not None:
            producer._sender.sender_task.cancel()  # the second time ends the request it waits for
        await asyncio.wait({stopping}, timeout=ABANDON_SECONDS)
        if stopping.done():
            break
    stopping.cancel()
    await asyncio.wait({stopping, asyncio.ensure_future(producer.client.close())}, timeout=STOP_SECONDS_MAX)


def _failed(message: EventMessage, why: str) -> FailedEvent:
    return FailedEvent(dict(message.headers)["ce_id"].decode(), message.key.decode(), why)


def _why(future: "asyncio.Future[Any]", waited_seconds: float) -> str:
    """Why an event is not confirmed; empty where it is."""
    if not future.done():
        return f"no confirmation within {waited_seconds:.0f} s; it may still arrive"
    if future.cancelled():
        return "given up without confirmation"
    problem = future.exception()
    return repr(problem) if problem is not None else ""


async def topic_partitions(options: Mapping[str, Any], topic: str) -> int:
    """Partitions of a topic, from the list of all topics: asking for one by name could create it. Raises `TopicMissing`."""
    admin = AIOKafkaAdminClient(**options)
    try:
        await admin.start()
        described = await admin.describe_topics()
    finally:
        await admin.close()
    for found in described:
        if found["topic"] == topic:
            return len(found["partitions"])
    raise TopicMissing(f"topic {topic} does not exist on this broker: `asiento topics apply` creates it")
