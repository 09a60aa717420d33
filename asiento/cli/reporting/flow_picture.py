"""The flow as a picture: records that arrived, what became of them, the entries they made, and what of these is booked."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from asiento.cli.reporting.canvas import box, frame, label
from asiento.cli.reporting.markup import Markup, element
from asiento.cli.reporting.numbers import number_text
from asiento.cli.reporting.words import say
from schemas.wording.language import Language
from sinks.report.figures import WAITS, Figures, Outcome

COLORS: Final = {
    "posted": "#1a6b4f",
    "posted_later": "#3f7d20",
    "deferred": "#a85400",
    "rejected": "#b3261e",
    "duplicate": "#57606a",
    "conflict": "#7b2d8e",
    "ignored": "#6e7781",
    "dead_letter": "#5d1049",
    WAITS: "#1f5fa8",
}
"""Each with a contrast of at least 4.5 to white; in the order in which they are drawn."""
_HEIGHT: Final = 300
_TOP: Final = 30
_GAP: Final = 22
_BOX: Final = 26


class Band(NamedTuple):
    """One box of a column: its name, how many it stands for, its place and height."""

    name: str
    number: int
    y: int
    height: int


def group_of(outcome: Outcome) -> str:
    """Where a record stands today: those that waited count where they came to stand."""
    if outcome.outcome == "deferred":
        return {"posted": "posted_later", "": "deferred"}.get(outcome.now, outcome.now)
    return outcome.outcome


def groups(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Group -> records, in the order of `COLORS`; groups without one are left out, words that this program does not know come last."""
    found: dict[str, int] = {}
    for outcome in outcomes:
        found[group_of(outcome)] = found.get(group_of(outcome), 0) + outcome.records
    known = {name: found.pop(name) for name in COLORS if name in found}
    return {**known, **found}


def flow_picture(figures: Figures, language: Language) -> Markup:
    """The picture of `figures.flow` and `figures.outcomes`."""
    flow = figures.flow
    middle = _bands(groups(figures.outcomes), flow.arrived)
    waiting = flow.committed - flow.booked
    right = _bands({name: number for name, number in (("booked", flow.booked), ("not_booked", waiting)) if number}, flow.committed)
    columns = (150, 430, 760)
    shown = number_text(flow.arrived, language)
    pieces = [
        label(columns[0] - 8, _TOP + _HEIGHT // 2 - 6, shown, "end", "strong"),
        label(columns[0] - 8, _TOP + _HEIGHT // 2 + 12, say("arrived", language), "end"),
    ]
    y = _TOP
    for band in middle:
        pieces.append(_ribbon(columns[0] + _BOX, y, columns[1], band))
        y += band.height
    pieces.append(box(columns[0], _TOP, _BOX, y - _TOP, "#1b1f24"))
    posted = [band for band in middle if band.name in {"posted", "posted_later"}]
    pieces += _entries(posted, right, columns[1] + _BOX, columns[2])
    pieces += [box(columns[1], band.y, _BOX, band.height, _color(band.name)) for band in middle]
    pieces += _labels(middle, columns[1] + _BOX + 8, "", language)
    pieces += [box(columns[2], band.y, _BOX, band.height, "#1a6b4f" if band.name == "booked" else "#1f5fa8") for band in right]
    pieces += _labels(right, columns[2] + _BOX + 8, say("entries", language) + " ", language)
    height = max([_TOP + _HEIGHT, *(band.y + band.height for band in (*middle, *right))]) + 24
    return frame(say("flow", language), height, language, *pieces)


def _color(name: str) -> str:
    return COLORS.get(name, "#57606a")


def _bands(numbers: dict[str, int], whole: int) -> list[Band]:
    bands: list[Band] = []
    y = _TOP
    for name, number in numbers.items():
        height = max(number * _HEIGHT // whole, 2)
        bands.append(Band(name, number, y, height))
        y += max(height, 14) + _GAP - 14 if height < 14 else height + _GAP - 8
    return bands


def _labels(bands: Sequence[Band], x: int, unit: str, language: Language) -> list[Markup]:
    words = [(band, f"{number_text(band.number, language)} {unit}{_name(band.name, language)}") for band in bands]
    return [label(x, band.y + band.height // 2 + 5, shown) for band, shown in words]


def _name(name: str, language: Language) -> str:
    return say(name, language) if name in COLORS or name in {"booked", "not_booked"} else name


def _entries(posted: Sequence[Band], right: Sequence[Band], x: int, end: int) -> list[Markup]:
    """From the records that posted to the entries that they made: one ribbon, as it is not told which record made which."""
    if not posted or not right:
        return []
    top, bottom = posted[0].y, posted[-1].y + posted[-1].height
    last = right[-1]
    return [_shape(x, top, bottom, end, right[0].y, last.y + last.height, "#1a6b4f")]


def _ribbon(x: int, y: int, end: int, band: Band) -> Markup:
    return _shape(x, y, y + band.height, end, band.y, band.y + band.height, _color(band.name))


def _shape(x: int, top: int, bottom: int, end: int, end_top: int, end_bottom: int, color: str) -> Markup:  # noqa: PLR0917 - four corners
    middle = (x + end) // 2
    there = f"M{x} {top} C{middle} {top} {middle} {end_top} {end} {end_top}"
    back = f"L{end} {end_bottom} C{middle} {end_bottom} {middle} {bottom} {x} {bottom} Z"
    return element("path", d=f"{there} {back}", fill=color, fill_opacity="0.28")


def in_order(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes in the order in which the picture of the flow has their groups, then by code."""
    places = list(COLORS)
    return sorted(outcomes, key=lambda one: (places.index(group_of(one)) if group_of(one) in COLORS else len(places), one.code))
