"""The quota is never exceeded, in any window, however calls are asked for and however often counters are read back."""

from bisect import bisect_left
from collections import Counter as Count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinks.external.capabilities import CallLimits
from sinks.posting.clock import DAY, SECOND
from sinks.posting.limits import Counter, permit, remaining_of_day

START = 1_750_000_000 * SECOND


def _calls(limits: CallLimits, pauses: list[int]) -> list[int]:
    """When calls left that were asked for after these pauses, each as soon as it was permitted."""
    now, counters, left = START, dict[str, Counter](), []
    for pause in pauses:
        now += pause
        permission = permit(limits, counters, now)
        while permission.window is not None:
            assert permission.wait_seconds > 0
            now += round(permission.wait_seconds * SECOND)
            permission = permit(limits, counters, now)
        counters.update(permission.counters)
        left.append(now)
    return left


def _most_within(left: list[int], length: int) -> int:
    return max(number + 1 - bisect_left(left, at - length + 1) for number, at in enumerate(left))


PAUSES = st.lists(st.one_of(st.just(0), st.integers(0, 90 * SECOND), st.integers(0, SECOND // 3)), min_size=1, max_size=150)


@settings(max_examples=60, deadline=None)
@given(PAUSES, st.integers(1, 12), st.integers(1, 60), st.integers(1, 40))
def test_no_window_has_more_calls_than_the_vendor_allows(pauses: list[int], second: int, minute: int, day: int) -> None:
    left = _calls(CallLimits(per_second=second, per_minute=minute, per_day=day), pauses)
    assert _most_within(left, SECOND) <= second
    assert _most_within(left, 60 * SECOND) <= minute
    assert max(Count(at // DAY for at in left).values()) <= day


def test_the_quota_is_used_nearly_whole() -> None:
    left = _calls(CallLimits(per_minute=60), [0] * 600)
    assert (left[-1] - left[0]) / SECOND / 600 < 1.15


@pytest.mark.parametrize("calls_max", [1, 2, 9, 10, 11, 20, 60, 500])
def test_a_burst_and_the_even_rate_after_it_fit_into_one_window(calls_max: int) -> None:
    left = _calls(CallLimits(per_minute=calls_max), [0] * (calls_max * 3))
    assert _most_within(left, 60 * SECOND) <= calls_max


def test_without_limits_nothing_waits_and_nothing_is_counted() -> None:
    permission = permit(CallLimits(), {}, START)
    assert (permission.wait_seconds, permission.window, permission.counters) == (0, None, {})
    assert remaining_of_day(CallLimits(), {}, START) is None


def test_a_new_day_has_a_new_quota() -> None:
    limits = CallLimits(per_day=2)
    today = START - START % DAY
    counters = {"day": Counter(today, 2)}
    assert permit(limits, counters, START).window == "day"
    assert remaining_of_day(limits, counters, START) == 0
    assert remaining_of_day(limits, counters, today + DAY) == 2
    assert permit(limits, counters, today + DAY).window is None
