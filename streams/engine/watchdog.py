"""Ends a worker that does not move: an asyncio task sees commits and recoveries that wait for ever, a thread a loop that stands still."""

import asyncio
import time

from asiento.runtime.loop_watchdog import FROZEN_TICKS, TICK_SECONDS, LoopWatchdog
from streams.engine.app import Engine
from streams.engine.failure import ExitCode, end_process


class Watchdog:
    """Watches one event loop and its engine. `seconds_max`: longest time in work of a chunk, of one loop turn, of recovery at rest."""

    def __init__(self, engine: Engine, seconds_max: float, tick_seconds: float = TICK_SECONDS) -> None:
        self._engine = engine
        self._slots = engine.slots
        self._seconds_max = seconds_max
        self._tick_seconds = tick_seconds
        self._loop = LoopWatchdog(seconds_max, self._end_still_loop, tick_seconds)

    def start(self) -> None:
        """Start the thread; the caller runs `watch_chunks` on the loop."""
        self._loop.start()

    def stop(self) -> None:
        """Let the thread end."""
        self._loop.stop()

    async def watch_chunks(self) -> None:
        """Run for ever: beat, and end the process when a chunk has been in work for too long.

        The loop turns, so the chunk is not being judged: it waits for the broker, and nothing speaks against its records.
        """
        last = time.monotonic()
        while True:
            now = time.monotonic()
            if now - last > FROZEN_TICKS * self._tick_seconds:
                self._slots.restart_ages(now)
                self._engine.moved_at = now
            last = now
            self._loop.beat()
            age = self._slots.oldest_busy_seconds(now)
            if age > self._seconds_max:
                self._end(ExitCode.TRANSACTION_FAILED, "the brokers have not ended the transaction of a chunk for too long", age)
            rest = now - self._engine.moved_at
            if self._engine.taking_over and rest > self._seconds_max:  # Faust's recovery gives up silently when a request times out
                self._end(ExitCode.NOT_RECOVERED, "recovery does not move", rest)
            await asyncio.sleep(self._tick_seconds)

    def _end_still_loop(self, seconds: float) -> None:
        self._end(ExitCode.STUCK, "the event loop stands still", seconds)

    def _end(self, code: ExitCode, reason: str, seconds: float) -> None:
        end_process(code, reason, seconds=round(seconds, 1), seconds_max=self._seconds_max)
