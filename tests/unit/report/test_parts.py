"""Parts of the report by themselves: steps, percentiles, money taken back, pictures, what Prometheus answers."""

import pytest

from asiento.cli.exits import CommandError
from asiento.cli.reporting.flow_picture import COLORS
from asiento.cli.reporting.numbers import age_text, amount_text, lag_text, time_text
from asiento.cli.reporting.prometheus import Seen, ask_prometheus
from sinks.report.money import MoneySums
from sinks.report.timeline import STEPS_MAX, Bookings, lag_of, step_for, timeline
from tests.answering import answering
from tests.report_facts import nearest_rank


@pytest.mark.parametrize("kind", ["capture_reversed", "reversal"])
def test_money_that_is_taken_back_is_not_money_in(kind: str) -> None:
    sums = MoneySums()
    sums.add("stream", "EUR", 2, "capture", None, 1_000)
    sums.add("stream", "EUR", 2, kind, "capture" if kind == "reversal" else None, 400)
    sums.add("ledger", "EUR", 2, "refund", None, 70)
    (line,) = sums.result()
    assert (line.stream_captured, line.ledger_captured, line.ledger_paid_back) == (600, 0, 70)


@pytest.mark.parametrize("span", [0, 119_999_999, 120_000_000, 10**9, 10**12, 2**62])
def test_a_span_of_any_length_has_few_steps(span: int) -> None:
    assert span // (step_for(span) * 1_000_000) < STEPS_MAX


@pytest.mark.parametrize("number", [1, 2, 19, 20, 21, 100, 101])
def test_percentiles_are_those_of_the_nearest_rank(number: int) -> None:
    found = lag_of(list(range(number, 0, -1)))
    assert found is not None
    assert (found.p50, found.p95, found.p99) == tuple(nearest_rank(list(range(1, number + 1)), percent) for percent in (50, 95, 99))


def test_a_booking_without_a_known_arrival_has_no_lag() -> None:
    bookings = Bookings()
    bookings.add(5_000_000, None)
    bookings.add(5_500_000, 5_600_000)
    (step,) = timeline(5_000_000, 1, {}, bookings).steps
    assert (step.booked, step.lag and step.lag.entries, step.lag and step.lag.longest) == (2, 1, 0)


def test_numbers_are_exact_in_both_languages() -> None:
    assert amount_text(-123_456_789_012_345_678, 2, "en") == "-1,234,567,890,123,456.78"
    assert amount_text(1_234_567, 3, "es") == "1.234,567"
    assert amount_text(5, 0, "es") == "5"
    assert lag_text(1_590_126, "en") == "1,590.126 ms"
    assert (time_text(0), time_text(2**62)) == ("1970-01-01 00:00:00Z", f"{2**62} µs")
    assert [age_text(seconds * 1_000_000) for seconds in (-5, 59, 61, 7_260, 90_000)] == [
        "0 s",
        "59 s",
        "1 min 1 s",
        "2 h 1 min",
        "1 d 1 h",
    ]


def _contrast_to_white(color: str) -> tuple[int, int]:
    """The contrast of WCAG as a ratio of two whole numbers, good to a thousandth."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1_050, int(1_000 * (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])) + 50


@pytest.mark.parametrize("color", [*COLORS.values(), "#1b1f24", "#424a53"])
def test_colors_stand_out_from_white(color: str) -> None:
    above, below = _contrast_to_white(color)
    assert above * 2 >= below * 9


def _found(label: str, **values: str) -> dict[str, object]:
    return {"data": {"result": [{"metric": {label: name}, "value": [1.5, value]} for name, value in values.items()]}}


def test_prometheus_is_asked_about_the_time_of_the_report() -> None:
    bodies: dict[str, object] = {
        "sum+by+%28job%29": _found("job", worker="1", ledger="1"),
        "count+by": _found("job", worker="2", ledger="1"),
        "lag_records": _found("group", orders="12"),
        "lag_seconds": _found("group", orders="0.25"),
        "time=1.500000": _found("process", worker="3"),
    }
    with answering(bodies) as url:
        seen = ask_prometheus(url, 1_500_000)
    jobs = (("ledger", "1", "1"), ("worker", "1", "2"))
    assert seen == Seen(url=url, jobs=jobs, lags=(("orders", "12", "0.25"),), restarts=(("worker", "3"),))


def test_what_is_no_prometheus_is_said() -> None:
    with answering({"query": {"hello": 1}}) as url, pytest.raises(CommandError, match="not that of a Prometheus"):
        ask_prometheus(url, 0)
