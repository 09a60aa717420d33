"""Brings records to Kafka, or to the spool while that is not possible; in order per key, and answers once they are safe.

Direct: every record goes over the link. At the first failure, or when one is not confirmed in time, the link is given up, and all
records that were not confirmed go to the spool in the order of their arrival, newer ones behind them. Spooling: everything goes to
the spool; a new link takes its records to Kafka. When few are left, new records are held for the moment that it takes to send those:
otherwise the spool would never be empty under load. Then they go over the link, in order. A record whose confirmation was lost is in
Kafka twice; the first time, it is in order.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeAlias

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from sources.gateway.broker_link import BrokerLink, LinkFailed
from sources.gateway.outgoing import OutgoingRecord
from sources.gateway.spool.segments import SpoolDamaged
from sources.gateway.spool.spool import Spool, SpoolRefuses, Window

WINDOW_RECORDS_MAX: Final = 2_000
WINDOW_BYTES_MAX: Final = 4 * 1024 * 1024
HOLD_RECORDS_MAX: Final = 500
WINDOW_SECONDS_MAX: Final = 15.0
CHECK_SECONDS: Final = 0.1
CONNECT_SECONDS_MAX: Final = 10.0
RETRY_SECONDS: Final = 0.5
RETRY_SECONDS_MAX: Final = 5.0

Safe: TypeAlias = Literal["stored", "spooled"]
Connect: TypeAlias = Callable[[Callable[[str], None]], Awaitable[BrokerLink]]
"""Makes a link that calls the given function at its first failure; raises `LinkFailed`."""


class NotSafe(Exception):
    """A record is neither in Kafka nor in the spool: whoever sent it has to send it again."""


@dataclass(slots=True)
class _Unconfirmed:
    record: OutgoingRecord
    safe: "asyncio.Future[Safe]"
    since: float


class Dispatcher:
    """One per process. `run` keeps a link while it runs; `deliver` may be called from the start."""

    def __init__(
        self, spool: Spool, connect: Connect, *, seconds_max: float, stored: Callable[[float], None], broker_there: Callable[[bool], None]
    ) -> None:
        self._spool = spool
        self._connect = connect
        self._seconds_max = seconds_max
        self._stored = stored
        self._broker_there = broker_there
        self._link: BrokerLink | None = None
        self._direct = False
        self._holding = False
        self._number = 0
        self._unconfirmed: dict[int, _Unconfirmed] = {}
        self._checking: asyncio.TimerHandle | None = None
        self._lost = asyncio.Event()
        self._moving: set[asyncio.Future[None]] = set()
        self._first_try = asyncio.Event()
        self._damage: str | None = None

    @property
    def direct(self) -> bool:
        """Whether records go to Kafka without a detour."""
        return self._direct

    def reasons(self) -> tuple[str, ...]:
        """Why requests would not be answered with 200 now."""
        found = []
        if self._damage:
            found.append(self._damage)
        if self._spool.failure:
            found.append(self._spool.failure)
        elif not self._direct and not self._spool.has_room():
            found.append("the broker is away and the spool is full")
        return tuple(found)

    async def deliver(self, record: OutgoingRecord) -> Safe:
        """Bring a record to safety. Raises `NotSafe`."""
        if not (self._direct or self._holding):
            try:
                await self._spool.append((record,))
            except SpoolRefuses as refused:
                raise NotSafe(str(refused)) from None
            return "spooled"
        loop = asyncio.get_running_loop()
        self._number += 1
        number, waiting = self._number, _Unconfirmed(record, loop.create_future(), loop.time())
        self._unconfirmed[number] = waiting
        if self._link is not None:
            self._link.send(record, partial(self._confirmed, number))
        if self._checking is None:
            self._checking = loop.call_later(CHECK_SECONDS, self._check_age)
        return await waiting.safe

    async def tried(self, seconds_max: float) -> None:
        """Wait until the broker was tried once, or for so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._first_try.wait(), seconds_max)

    async def run(self) -> None:
        """Keep a link, empty the spool through it, go direct when it is empty; until cancelled. Raises `SpoolDamaged`."""
        pause = RETRY_SECONDS
        try:
            while True:
                self._lost.clear()
                problem = await self._connected_and_drained()
                self._first_try.set()
                if problem is None:
                    pause = RETRY_SECONDS
                    await self._lost.wait()
                    continue
                get_logger().warning(log_events.SPOOL_NOT_DRAINING, problem=problem, records=self._spool.records, retry_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_SECONDS_MAX)
        except SpoolDamaged as damage:
            self._damage = str(damage)
            raise
        finally:
            self._lose("the gateway stops")
            await asyncio.gather(*self._moving, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until everything that is on its way to the spool has got there."""
        await asyncio.gather(*self._moving, return_exceptions=True)
        await self._spool.settled()

    async def _connected_and_drained(self) -> str | None:
        """Make a link and empty the spool through it; answers why that did not work."""
        await asyncio.gather(*self._moving, return_exceptions=True)  # nothing of the former link is on its way any more
        try:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):  # wait_for would lose a cancellation that comes as the attempt ends
                link = await self._connect(self._lose)
        except LinkFailed as error:
            return str(error)
        except TimeoutError:
            return f"no answer within {CONNECT_SECONDS_MAX:.0f} s"
        begun, before = time.monotonic(), self._spool.records
        try:
            drained = await self._drained(link)
        except BaseException:
            await link.abandon()
            raise
        if drained:
            self._go_direct(link)
            if before:
                seconds = round(time.monotonic() - begun, 3)
                get_logger().info(log_events.SPOOL_DRAINED, records=before, seconds=seconds)
            return None
        self._lose("the spool's records were not stored")
        await link.abandon()
        return f"the broker did not store the spool's records within {WINDOW_SECONDS_MAX:.0f} s, or the connection broke"

    async def _drained(self, link: BrokerLink) -> bool:
        """Whether the spool was emptied; from some point on new records are held, so that it can be."""
        while not self._lost.is_set():
            if self._spool.records <= HOLD_RECORDS_MAX:
                self._holding = True
                await self._spool.settled()
            window = await self._spool.window(WINDOW_RECORDS_MAX, WINDOW_BYTES_MAX)
            if window.records and not await self._sent(link, window):
                return False
            await self._spool.confirm(window)
            if self._spool.empty and self._holding:
                return not self._lost.is_set()
        return False

    def _go_direct(self, link: BrokerLink) -> None:
        """Nothing is left on the disk: what was held, and whatever comes, goes over the link."""
        self._link, self._direct, self._holding = link, True, False
        self._broker_there(True)
        for number, waiting in self._unconfirmed.items():
            link.send(waiting.record, partial(self._confirmed, number))

    async def _sent(self, link: BrokerLink, window: Window) -> bool:
        """Whether all records of a window were stored in time."""
        left, done = len(window.records), asyncio.get_running_loop().create_future()

        def confirmed() -> None:
            nonlocal left
            left -= 1
            if left == 0 and not done.done():
                done.set_result(None)

        for record in window.records:
            link.send(record, confirmed)
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait((done, lost), timeout=WINDOW_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
        return left == 0

    def _confirmed(self, number: int) -> None:
        waiting = self._unconfirmed.pop(number, None)
        if waiting is not None and not waiting.safe.done():
            self._stored(asyncio.get_running_loop().time() - waiting.since)
            waiting.safe.set_result("stored")

    def _check_age(self) -> None:
        """The oldest record stands first, as all come in order."""
        self._checking = None
        if not self._unconfirmed:
            return
        loop = asyncio.get_running_loop()
        oldest = next(iter(self._unconfirmed.values()))
        if loop.time() - oldest.since > self._seconds_max:
            self._lose(f"a record was not stored within {self._seconds_max:g} s")
        else:
            self._checking = loop.call_later(CHECK_SECONDS, self._check_age)

    def _lose(self, why: str) -> None:
        """Give the link up; what was not confirmed goes to the spool before anything newer."""
        self._lost.set()
        if not (self._direct or self._holding):
            return
        link, self._link, self._direct, self._holding = self._link, None, False, False
        self._broker_there(False)
        waiting, self._unconfirmed = list(self._unconfirmed.values()), {}
        get_logger().warning(log_events.SPOOL_BEGUN, problem=why, records=len(waiting))
        for one in waiting:
            self._move(one)
        if link is not None:
            self._keep(asyncio.ensure_future(link.abandon()))

    def _move(self, one: _Unconfirmed) -> None:
        try:
            moving = self._spool.append((one.record,))
        except SpoolRefuses as refused:
            if not one.safe.done():
                one.safe.set_exception(NotSafe(str(refused)))
            return
        moving.add_done_callback(lambda done: _tell(one, done))

    def _keep(self, task: "asyncio.Future[None]") -> None:
        self._moving.add(task)
        task.add_done_callback(self._moving.discard)


def _tell(one: _Unconfirmed, done: "asyncio.Future[None]") -> None:
    """The one who waits for a record hears what the spool says."""
    if one.safe.done():
        done.exception()
        return
    if done.exception() is not None:
        one.safe.set_exception(NotSafe(str(done.exception())))
    else:
        one.safe.set_result("spooled")
