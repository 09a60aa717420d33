"""Pictures over time: what arrived and what was booked, and how long that took."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from asiento.cli.reporting.canvas import WIDTH, box, frame, label, nice_top, ruler
from asiento.cli.reporting.markup import Markup, element
from asiento.cli.reporting.numbers import clock_text, number_text, time_text
from asiento.cli.reporting.words import say
from schemas.wording.language import Language
from sinks.report.figures import Lag, Step, Timeline

_LEFT: Final = 84
_RIGHT: Final = WIDTH - 16
_HEIGHT: Final = 130
_DAY_SECONDS: Final = 86_400
_LINES: Final = (("p50", "median", "#1a6b4f", ""), ("p95", "95 %", "#a85400", "6 3"), ("p99", "99 %", "#7b2d8e", "2 3"))


def counts_picture(timeline: Timeline, language: Language) -> Markup:
    """Two rows of bars, one above the other, on one axis of time and one scale."""
    highest = max(max(step.arrived, step.booked) for step in timeline.steps)
    top_value = nice_top(max(highest, 1))
    pieces: list[Markup] = []
    kinds: Sequence[tuple[str, str, Callable[[Step], int]]] = (
        ("arrived", "#1f5fa8", lambda step: step.arrived),
        ("booked", "#1a6b4f", lambda step: step.booked),
    )
    for place, (name, color, value) in enumerate(kinds):
        top = 24 + place * (_HEIGHT + 34)
        bottom = top + _HEIGHT
        ticks = [(_HEIGHT * part // 2, number_text(top_value * part // 2, language)) for part in range(3) if top_value * part % 2 == 0]
        words = say("arrived", language) if name == "arrived" else f"{say('entries', language)}: {say('booked', language)}"
        pieces += [label(_LEFT, top - 8, words, kind="strong"), ruler(_LEFT, _RIGHT, top, bottom, ticks)]
        pieces += _columns(timeline, [value(step) for step in timeline.steps], top_value, bottom, color)
    bottom = 24 + _HEIGHT * 2 + 34
    pieces += _times(timeline, bottom)
    return frame(say("events_and_bookings", language), bottom + 40, language, *pieces)


def lag_picture(timeline: Timeline, language: Language) -> Markup:
    """Percentiles of the lag on a scale of powers of ten."""
    lags = [step.lag for step in timeline.steps if step.lag is not None]
    powers = range(_power(min(lag.p50 for lag in lags)), _power(max(lag.p99 for lag in lags)) + 2)
    bottom = 34 + 2 * _HEIGHT
    ticks = [((power - powers[0]) * 2 * _HEIGHT // (len(powers) - 1), _power_text(power)) for power in powers]
    pieces = [ruler(_LEFT, _RIGHT, 34, bottom, ticks)]
    x = _LEFT
    for field, words, color, dashes in _LINES:
        shown = say(words, language) if words == "median" else words
        pieces += [_line([(x, 12), (x + 30, 12)], color, dashes), label(x + 36, 16, shown)]
        x += 70 + 8 * len(shown)
        for points in _pieces(timeline, field, powers, bottom):
            pieces.append(_line(points, color, dashes))
            pieces += [element("circle", cx=px, cy=py, r=2, fill=color) for px, py in points]
    pieces += _times(timeline, bottom)
    return frame(say("lag", language), bottom + 40, language, *pieces)


def _columns(timeline: Timeline, values: Sequence[int], top_value: int, bottom: int, color: str) -> Iterator[Markup]:
    for place, value in enumerate(values):
        if value:
            x, following = _x(timeline, place), _x(timeline, place + 1)
            height = max(value * _HEIGHT // top_value, 1)
            shown = f"{time_text(timeline.steps[place].at)}: {value}"
            yield box(x + 1, bottom - height, max(following - x - 1, 1), height, color, shown)


def _x(timeline: Timeline, place: int) -> int:
    return _LEFT + place * (_RIGHT - _LEFT) // len(timeline.steps)


def _times(timeline: Timeline, bottom: int) -> Iterator[Markup]:
    """The axis of time: at most six times, and the day of the first."""
    yield element("line", x1=_LEFT, y1=bottom, x2=_RIGHT, y2=bottom, stroke="#1b1f24", stroke_width="1")
    every = -(-len(timeline.steps) // 6)
    for place in range(0, len(timeline.steps), every):
        at = timeline.steps[place].at
        shown = time_text(at)[:10] if timeline.step_seconds >= _DAY_SECONDS else clock_text(at)
        x = _x(timeline, place)
        yield element("line", x1=x, y1=bottom, x2=x, y2=bottom + 5, stroke="#1b1f24", stroke_width="1")
        yield label(x, bottom + 18, shown)
    yield label(_LEFT, bottom + 34, time_text(timeline.steps[0].at)[:10])


def _pieces(timeline: Timeline, field: str, powers: range, bottom: int) -> Iterator[list[tuple[int, int]]]:
    """Points of one percentile; a step in which nothing was booked interrupts the line."""
    points: list[tuple[int, int]] = []
    for place, step in enumerate(timeline.steps):
        if step.lag is None:
            if points:
                yield points
            points = []
        else:
            middle = (_x(timeline, place) + _x(timeline, place + 1)) // 2
            points.append((middle, bottom - _height(_value(step.lag, field), powers)))
    if points:
        yield points


def _value(lag: Lag, field: str) -> int:
    return {"p50": lag.p50, "p95": lag.p95, "p99": lag.p99}[field]


def _height(microseconds: int, powers: range) -> int:
    """The height above the lowest power of ten, whole units; by integers alone, so that every machine draws the same picture."""
    hundredths = len(str(max(microseconds, 1) ** 100)) - 1 - 100 * powers[0]
    return max(hundredths, 0) * 2 * _HEIGHT // (100 * (len(powers) - 1))


def _power(microseconds: int) -> int:
    """The power of ten that a lag reaches."""
    return len(str(max(microseconds, 1))) - 1


def _power_text(power: int) -> str:
    unit, zeros = next((unit, power - less) for unit, less in (("s", 6), ("ms", 3), ("µs", 0)) if power >= less)
    return f"1{'0' * zeros} {unit}"


def _line(points: Sequence[tuple[int, int]], color: str, dashes: str) -> Markup:
    joined = " ".join(f"{x},{y}" for x, y in points)
    more = {"stroke_dasharray": dashes} if dashes else {}
    return element("polyline", points=joined, fill="none", stroke=color, stroke_width="2", **more)
