"""Arrivals, bookings and their lag in steps of time."""

from array import array
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Final

from sinks.report.figures import Lag, Step, Timeline

STEPS_MAX: Final = 120
MICROSECONDS: Final = 1_000_000
_STEP_SECONDS: Final = (1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400)
_DAY_SECONDS: Final = 86_400


class Bookings:
    """When entries were booked, and how long after their event's arrival; 16 bytes each."""

    def __init__(self) -> None:
        self.times = array("q")
        self.lags = array("q")

    def add(self, booked_at: int, arrived_at: int | None) -> None:
        """Note one entry; a clock that was set back between the two counts as no time. -1 where the arrival is not known."""
        self.times.append(booked_at)
        self.lags.append(-1 if arrived_at is None else max(booked_at - arrived_at, 0))


def step_for(span_microseconds: int) -> int:
    """The shortest step, in seconds, that needs at most `STEPS_MAX` steps for a span; whole days beyond a day."""
    for step in _STEP_SECONDS:
        if span_microseconds < STEPS_MAX * step * MICROSECONDS:
            return step
    return next(
        days * _DAY_SECONDS
        for days in (1 << power for power in count())
        if span_microseconds < STEPS_MAX * days * _DAY_SECONDS * MICROSECONDS
    )


def origin_of(at: int, step_seconds: int) -> int:
    """The start of the step that holds a time: steps begin at whole multiples of their length, in UTC."""
    return at - at % (step_seconds * MICROSECONDS)


def timeline(origin: int, step_seconds: int, arrivals: Mapping[int, int], bookings: Bookings) -> Timeline:
    """The steps from `origin` on; `arrivals`: number of the step -> records."""
    length = step_seconds * MICROSECONDS
    booked: dict[int, list[int]] = {}
    for at, lag in zip(bookings.times, bookings.lags, strict=True):
        booked.setdefault((at - origin) // length, []).append(lag)
    last = max([*arrivals, *booked], default=-1)
    steps = tuple(
        Step(
            at=origin + place * length,
            arrived=arrivals.get(place, 0),
            booked=len(booked.get(place, ())),
            lag=lag_of(booked.get(place, ())),
        )
        for place in range(last + 1)
    )
    return Timeline(step_seconds=step_seconds, steps=steps, lag=lag_of(bookings.lags))


def lag_of(lags: Sequence[int]) -> Lag | None:
    """The percentiles of those lags that are known (0 or more); None where none is."""
    known = sorted(lag for lag in lags if lag >= 0)
    if not known:
        return None
    p50, p95, p99 = (known[-(-len(known) * percent // 100) - 1] for percent in (50, 95, 99))
    return Lag(entries=len(known), p50=p50, p95=p95, p99=p99, longest=known[-1])
