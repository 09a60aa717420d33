"""Positions noted on the broker under the group's name, every few seconds: for lag tools, nothing depends on them."""

import asyncio
from typing import Final, Protocol

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger

POSITIONS_NOTED_SECONDS: Final = 5.0


class NotedStream(Protocol):
    """A stream that knows how far it was taken."""

    async def note_positions(self) -> str | None:
        """Commit the positions under the group's name; answer what went wrong."""


async def keep_noting(stream: NotedStream) -> None:
    """Note them again and again, until cancelled."""
    while True:
        await asyncio.sleep(POSITIONS_NOTED_SECONDS)
        await note_once(stream)


async def note_once(stream: NotedStream) -> None:
    """Note them now; what goes wrong is logged only."""
    problem = await stream.note_positions()
    if problem is not None:
        get_logger().warning(log_events.POSITIONS_NOT_NOTED, problem=problem)
