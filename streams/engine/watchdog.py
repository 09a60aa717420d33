"""Ends a process that does not move: an asyncio task sees chunks that wait for ever, a thread sees a loop that stands still."""

import asyncio
import threading
import time
from typing import Final

from streams.engine.app import Engine
from streams.engine.failure import ExitCode, end_process

TICK_SECONDS: Final = 1.0
FROZEN_TICKS: Final = 4
"""A gap of so many ticks between two ticks means that the whole process was frozen, not that it is stuck."""


class Watchdog:
    """Watches one event loop and its engine. `seconds_max`: longest time in work of a chunk, of one loop turn, of recovery at rest."""

    def __init__(self, engine: Engine, seconds_max: float) -> None:
        self._engine = engine
        self._slots = engine.slots
        self._seconds_max = seconds_max
        self._beat = time.monotonic()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start the thread; the caller runs `watch_chunks` on the loop."""
        self._beat = time.monotonic()
        threading.Thread(target=self._watch_loop, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped.set()

    async def watch_chunks(self) -> None:
        """Run for ever: beat, and end the process when a chunk has been in work for too long."""
        while True:
            now = time.monotonic()
            if now - self._beat > FROZEN_TICKS * TICK_SECONDS:
                self._slots.restart_ages(now)
                self._engine.moved_at = now
            self._beat = now
            age = self._slots.oldest_busy_seconds(now)
            if age > self._seconds_max:
                end_process(ExitCode.STUCK, "a chunk has been in work for too long", seconds=round(age), seconds_max=self._seconds_max)
            rest = now - self._engine.moved_at
            if self._engine.taking_over and rest > self._seconds_max:  # Faust's recovery gives up silently when a request times out
                end_process(ExitCode.CRASHED, "recovery does not move", seconds=round(rest), seconds_max=self._seconds_max)
            await asyncio.sleep(TICK_SECONDS)

    def _watch_loop(self) -> None:
        last = time.monotonic()
        while not self._stopped.wait(TICK_SECONDS):
            now = time.monotonic()
            if now - last > FROZEN_TICKS * TICK_SECONDS:
                self._beat = now
            last = now
            if now - self._beat > self._seconds_max:
                end_process(ExitCode.STUCK, "the event loop stands still", seconds=round(now - self._beat), seconds_max=self._seconds_max)
