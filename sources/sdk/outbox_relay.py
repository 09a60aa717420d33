"""Sends what waits in an outbox, in order per key, and marks it once the broker confirmed."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from sources.sdk.outbox import Connection, WaitingEvent, mark_confirmed, waiting
from sources.sdk.producer import WAIT_SECONDS_MAX, AsyncProducer, BrokerUnavailable, FailedEvent, NotConfirmed

Answer = TypeVar("Answer")
BATCH_EVENTS_MAX: Final = 500
IDLE_SECONDS: Final = 0.5
PAUSE_SECONDS_MAX: Final = 30.0
"""Longest pause after failures; it doubles from `IDLE_SECONDS`."""


@dataclass(frozen=True, slots=True)
class RelayReport:
    """One batch: events found waiting, those confirmed and marked, and those that failed; the rest was held back behind a failed one."""

    found: int
    confirmed: int
    failed: tuple[FailedEvent, ...]


class OutboxRelay:
    """An async context. One relay per outbox is enough; a second one doubles records, but neither loses nor reorders any.

    `connect` gives a connection of the relay's own; it is opened and used in one thread. No transaction is open while events
    are on their way, so that a slow broker never blocks the database.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        producer: AsyncProducer,
        *,
        batch_events_max: int = BATCH_EVENTS_MAX,
        wait_seconds_max: float = WAIT_SECONDS_MAX,
    ) -> None:
        self._connect = connect
        self._producer = producer
        self._batch_events_max = batch_events_max
        self._wait_seconds_max = wait_seconds_max
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="asiento-outbox")
        self._connection: Any = None

    async def __aenter__(self) -> Self:
        self._connection = await self._in_thread(self._connect)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._in_thread(self._connection.close)
        self._thread.shutdown()

    async def run(self, stopping: asyncio.Event, on_report: Callable[[RelayReport], None] | None = None) -> None:
        """Batch after batch until `stopping` is set; pauses while nothing waits, and longer and longer while the broker fails."""
        pause_seconds = IDLE_SECONDS
        while not stopping.is_set():
            report = await self.run_once()
            if on_report is not None and report.found:
                on_report(report)
            if report.failed:
                await _pause(stopping, pause_seconds)
                pause_seconds = min(2 * pause_seconds, PAUSE_SECONDS_MAX)
            else:
                pause_seconds = IDLE_SECONDS
                if report.found < self._batch_events_max:
                    await _pause(stopping, IDLE_SECONDS)

    async def run_once(self) -> RelayReport:
        """Send one batch and mark what was confirmed."""
        found = await self._in_thread(self._read)
        failed: list[FailedEvent] = []
        confirmed = 0
        for wave in _waves(found):
            broken = {one.order_key.encode() for one in failed}
            sent = [one for one in wave if one.message.key not in broken]
            lost = await self._send(sent)
            failed += lost
            lost_keys = {one.order_key.encode() for one in lost}
            stored = [one.position for one in sent if one.message.key not in lost_keys]
            await self._in_thread(partial(self._mark, stored))
            confirmed += len(stored)
            if lost and not stored:
                break  # the broker takes nothing now
        return RelayReport(len(found), confirmed, tuple(failed))

    async def _send(self, wave: Sequence[WaitingEvent]) -> Sequence[FailedEvent]:
        try:
            await self._producer.deliver([one.message for one in wave], wait_seconds_max=self._wait_seconds_max)
        except NotConfirmed as problem:
            return problem.report.failed
        except BrokerUnavailable as problem:  # some may be on their way: all count as failed, and go again
            return [FailedEvent(dict(one.message.headers)["ce_id"].decode(), one.message.key.decode(), str(problem)) for one in wave]
        return ()

    def _read(self) -> tuple[WaitingEvent, ...]:
        found = waiting(self._connection, self._batch_events_max)
        self._connection.commit()
        return found

    def _mark(self, positions: Sequence[int]) -> None:
        mark_confirmed(self._connection, positions)
        self._connection.commit()

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _waves(found: Sequence[WaitingEvent]) -> list[list[WaitingEvent]]:
    """The first event of each order, then the second of each, and so on: an event leaves once the one before it is confirmed."""
    waves: list[list[WaitingEvent]] = []
    seen: dict[bytes, int] = {}
    for one in found:
        number = seen.get(one.message.key, 0)
        seen[one.message.key] = number + 1
        if number == len(waves):
            waves.append([])
        waves[number].append(one)
    return waves


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
