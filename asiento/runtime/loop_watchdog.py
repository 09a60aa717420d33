"""A thread that ends the process when its event loop stands still: nothing that runs on the loop could notice that."""

import threading
import time
from collections.abc import Callable
from typing import Final

TICK_SECONDS: Final = 1.0
FROZEN_TICKS: Final = 4
"""A gap of so many ticks between two ticks means that the whole process was frozen, not that it is stuck."""
STUCK_EXIT_CODE: Final = 77
"""Exit code of a process that ended itself because it stood still."""


class LoopWatchdog:
    """Calls `end` with the seconds of standstill, in its own thread, when `beat` was not called for `seconds_max`."""

    def __init__(self, seconds_max: float, end: Callable[[float], None], tick_seconds: float = TICK_SECONDS) -> None:
        self.beaten_at = time.monotonic()
        self._seconds_max = seconds_max
        self._end = end
        self._tick_seconds = tick_seconds
        self._stopped = threading.Event()

    def start(self) -> None:
        """Watch from now on."""
        self.beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped.set()

    def beat(self) -> None:
        """The loop moves; to be called on it every tick."""
        self.beaten_at = time.monotonic()

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._stopped.wait(self._tick_seconds):
            now = time.monotonic()
            if now - last > FROZEN_TICKS * self._tick_seconds:
                self.beat()
            last = now
            if now - self.beaten_at > self._seconds_max:
                self._end(now - self.beaten_at)
