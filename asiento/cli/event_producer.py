"""Sends order events for commands: the SDK's producer, with its errors as those of the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from asiento.cli.exits import CommandError, Unreachable
from asiento.runtime.broker_access import BrokerProblem, check_access
from asiento.runtime.settings import Settings
from schemas.access_rights import needs_of
from schemas.event_messages import EventMessage
from schemas.topics import ORDERS_EVENTS
from sources.sdk.producer import AsyncProducer, BrokerUnavailable, NotConfirmed, TopicMissing, topic_partitions


class EventProducer:
    """An async context: `await send(message)` returns when there is room in flight; leaving it waits for all.

    Raises `Unreachable` where no broker answers, `CommandError` where the topic does not exist (it is never created).
    """

    def __init__(self, settings: Settings) -> None:
        self._producer = AsyncProducer(settings)
        self.topic = self._producer.topic
        self.sent = 0

    @property
    def partition_count(self) -> int:
        """Partitions of the events topic; 0 before the start."""
        return self._producer.partition_count

    async def __aenter__(self) -> Self:
        with _command_errors():
            await self._producer.start()
        return self

    async def send(self, message: EventMessage) -> None:
        """Hand one message over; waits while too many are in flight."""
        with _command_errors():
            await self._producer.send(message)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                with _command_errors():
                    report = await self._producer.flush()
                    self.sent += report.confirmed
                    if report.failed:
                        raise NotConfirmed(report)
        finally:
            await self._producer.stop()


@contextmanager
def _command_errors() -> Iterator[None]:
    try:
        yield
    except TopicMissing as problem:
        raise CommandError(str(problem)) from None
    except (BrokerUnavailable, NotConfirmed) as problem:
        raise Unreachable(f"{problem}; see `asiento doctor`") from None


async def require_events_topic(settings: Settings, component: str) -> None:
    """The broker answers, and our user has the component's rights on the events topic. Raises `Unreachable`."""
    topic = settings.topic(ORDERS_EVENTS)
    needs = [right for right in needs_of(component, settings.app_id, settings.topic_prefix) if right.name == topic]
    try:
        await check_access(settings, component, needs)
    except BrokerProblem as problem:
        raise Unreachable(str(problem)) from None


async def partition_count(options: dict[str, Any], topic: str) -> int:
    """Partitions of a topic; raises `CommandError` where it is not there."""
    with _command_errors():
        return await topic_partitions(options, topic)


def unreachable(options: dict[str, Any], problem: Exception) -> Unreachable:
    """The error for people when a broker does not answer."""
    servers = ",".join(options["bootstrap_servers"])
    return Unreachable(f"the broker at {servers} does not answer ({problem}); see `asiento doctor`")
