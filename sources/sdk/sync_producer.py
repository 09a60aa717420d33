"""The producer for programs without asyncio: the same, in a thread of its own, every wait bounded."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import TimeoutError as WaitedTooLong
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from asiento.runtime.settings import Settings
from sources.sdk.producer import (
    STOP_SECONDS_MAX,
    WAIT_SECONDS_MAX,
    AsyncProducer,
    BrokerUnavailable,
    FlushReport,
    NotConfirmed,
    ProducerError,
    Sendable,
    message_of,
)

Answer = TypeVar("Answer")
BEYOND_SECONDS: Final = 10.0
"""How much longer the calling thread waits than the wait inside, before it takes the thread for stuck."""


class SyncProducer:
    """A context: `send(event)` returns when there is room in flight, `flush()` tells what became of all. Safe from several threads.

    Raises what `AsyncProducer` raises. Leaving the context flushes and raises `NotConfirmed` if an event failed.
    """

    def __init__(self, settings: Settings, *, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        self._settings = settings
        self._wait_seconds_max = wait_seconds_max
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="asiento-producer", daemon=True)
        self._producer: AsyncProducer | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._producer = self._wait(self._started())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None and (report := self.flush()).failed:
                raise NotConfirmed(report)
        finally:
            try:
                if self._producer is not None:
                    self._wait(self._producer.stop(), STOP_SECONDS_MAX)
            finally:
                self._producer = None
                self._end()

    def send(self, event: Sendable) -> None:
        """Check an event here and hand it over; raises `FaultyEvent` or `BrokerUnavailable`, and then it was not sent."""
        message = message_of(event)
        self._wait(self._running().send(message, wait_seconds_max=self._wait_seconds_max))

    def deliver(self, events: Sequence[Sendable]) -> None:
        """Send all and wait for each confirmation; raises as `AsyncProducer.deliver`."""
        messages = [message_of(event) for event in events]
        self._wait(self._running().deliver(messages, wait_seconds_max=self._wait_seconds_max), 2 * self._wait_seconds_max)

    def flush(self) -> FlushReport:
        """Wait for all in flight, bounded, and tell what became of the events since the last flush."""
        return self._wait(self._running().flush(wait_seconds_max=self._wait_seconds_max))

    async def _started(self) -> AsyncProducer:
        producer = AsyncProducer(self._settings)
        await producer.start()
        return producer

    def _running(self) -> AsyncProducer:
        if self._producer is None:
            raise ProducerError("the producer is not started: use it as a context")
        return self._producer

    def _wait(self, work: Coroutine[Any, Any, Answer], seconds: float | None = None) -> Answer:
        waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        bound = (self._wait_seconds_max if seconds is None else seconds) + BEYOND_SECONDS
        try:
            return waiting.result(bound)
        except WaitedTooLong:
            if waiting.done():
                raise  # from inside, not from the wait
            waiting.cancel()
            raise BrokerUnavailable(f"nothing was heard of the broker for {bound:.0f} s") from None

    def _live(self) -> None:
        """The thread: runs until it is told to end, then ends whatever still runs in it."""
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left))
        self._loop.close()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(BEYOND_SECONDS)
