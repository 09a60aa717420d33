"""A wall clock that does not run backwards."""

from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]
"""Answers UTC microseconds."""

MICROSECONDS = 1_000_000


class ClockSteppedBack(Exception):
    """The machine's clock was set back further than is allowed; the message says how far and how to mend it."""


class ForwardClock:
    """Stands still while the clock beneath it is behind what it said before; raises `ClockSteppedBack` beyond the limit."""

    __slots__ = ("_clock", "_latest", "_step_back_max")

    def __init__(self, clock: Clock, step_back_seconds_max: int) -> None:
        self._clock = clock
        self._step_back_max = step_back_seconds_max * MICROSECONDS
        self._latest = clock()

    def __call__(self) -> int:
        """The time, UTC microseconds; never less than before."""
        now = self._clock()
        if self._latest - now > self._step_back_max:
            seconds = (self._latest - now) // MICROSECONDS
            raise ClockSteppedBack(
                f"this machine's clock went back by {seconds} s: deadlines may have been told too early. Look at its time synchronization; "
                "the next start takes the clock as it is"
            )
        self._latest = max(self._latest, now)
        return self._latest
