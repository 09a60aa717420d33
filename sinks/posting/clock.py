"""Time as the posting state machine sees it: handed in, so that tests let days pass in seconds."""

import asyncio
import time
from typing import Final, Protocol

SECOND: Final = 1_000_000
"""Microseconds."""
DAY: Final = 86_400 * SECOND


class Clock(Protocol):
    """What time it is, and how it is waited for."""

    def now(self) -> int:
        """UTC microseconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after so long."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """See `Clock.now`."""
        return time.time_ns() // 1_000

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)
