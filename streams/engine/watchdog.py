"""Ends a process that does not move: an asyncio task sees chunks that wait for ever, a thread sees a loop that stands still."""

import asyncio
import threading
import time
from typing import Final

from streams.engine.failure import ExitCode, end_process
from streams.engine.slots import SlotSet

TICK_SECONDS: Final = 1.0
FROZEN_TICKS: Final = 4
"""A gap of so many ticks between two ticks means that the whole process was frozen, not that it is stuck."""


class Watchdog:
    """Watches one event loop and its slots. `seconds_max` is the longest time in work of a chunk, and of one loop turn."""

    def __init__(self, slots: SlotSet, seconds_max: float) -> None:
        self._slots = slots
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
            self._beat = now
            age = self._slots.oldest_busy_seconds(now)
            if age > self._seconds_max:
                end_process(ExitCode.STUCK, "a chunk has been in work for too long", seconds=round(age), seconds_max=self._seconds_max)
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
