"""A vendor's quota, kept without ever exceeding it, however its windows lie and however often the process starts again. Pure.

Per second and per minute by the virtual scheduling algorithm: one number, the time at which the next call would be due at the highest
even rate, lets a small burst through and no more calls than the limit in any window of that length. Per day by a count of the UTC day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sinks.external.capabilities import CallLimits
from sinks.posting.clock import DAY, SECOND

MARGIN_SHARE: Final = 0.02
"""Windows are taken so much longer than they are: calls arrive at the vendor less evenly than they leave."""
BURST_SHARE: Final = 10
"""One in so many calls of a window may come at once."""
_WINDOWS: Final = {"second": SECOND, "minute": 60 * SECOND}


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter as it is stored: of `day`, its first moment and its calls; of the others, when the next call is due at an even rate."""

    at: int
    calls: int


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a call may leave now: `wait_seconds` 0 = it may, with `counters` after it. window: which one makes it wait."""

    wait_seconds: float
    window: str | None
    counters: Mapping[str, Counter]


def permit(limits: CallLimits, counters: Mapping[str, Counter], now: int) -> Permission:
    """Ask for one call now."""
    waits: dict[str, int] = {}
    after: dict[str, Counter] = {}
    for window, calls_max in (("second", limits.per_second), ("minute", limits.per_minute)):
        if calls_max is not None:
            waits[window], after[window] = _even(_WINDOWS[window], calls_max, counters.get(window), now)
    if limits.per_day is not None:
        waits["day"], after["day"] = _daily(limits.per_day, counters.get("day"), now)
    if not waits or max(waits.values()) <= 0:
        return Permission(0, None, after)
    window = max(waits, key=waits.__getitem__)
    return Permission(waits[window] / SECOND, window, {})


def remaining_of_day(limits: CallLimits, counters: Mapping[str, Counter], now: int) -> int | None:
    """Calls that are left until the UTC day ends; None without such a limit."""
    if limits.per_day is None:
        return None
    return max(limits.per_day - _of_today(counters.get("day"), now), 0)


def next_day(now: int) -> int:
    """When the next UTC day begins."""
    return now - now % DAY + DAY


def _even(length: int, calls_max: int, counter: Counter | None, now: int) -> tuple[int, Counter]:
    burst = max(1, calls_max // BURST_SHARE)
    step = -(-round(length * (1 + MARGIN_SHARE)) // (calls_max - burst + 1))
    due = max(counter.at if counter is not None else now, now)
    return due - step * (burst - 1) - now, Counter(due + step, 0)


def _daily(calls_max: int, counter: Counter | None, now: int) -> tuple[int, Counter]:
    calls = _of_today(counter, now)
    wait = next_day(now) - now if calls >= calls_max else 0
    return wait, Counter(now - now % DAY, calls + 1)


def _of_today(counter: Counter | None, now: int) -> int:
    return counter.calls if counter is not None and counter.at == now - now % DAY else 0
