"""What all pictures share: frame, text, axes, bars. Lengths are whole units of a frame `WIDTH` wide."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from asiento.cli.reporting.markup import Markup, element, together
from asiento.cli.reporting.words import say
from schemas.wording.language import Language

WIDTH: Final = 960
CHARACTER: Final = 8
"""Width of a character of the pictures' text, on the safe side."""
AGE_COLORS: Final = ("#9ecae1", "#4292c6", "#08519c", "#06264d")
_EDGE: Final = "#1b1f24"


def frame(what: str, height: int, language: Language, *content: str) -> Markup:
    """A picture with its name for those who cannot see it."""
    title = element("title", say("picture_of", language, what=what))
    return element("svg", title, *content, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=what, class_="picture")


def label(x: int, y: int, content: str, anchor: str = "start", kind: str = "") -> Markup:
    """A piece of text; `y` is its base line."""
    more = {"class_": kind} if kind else {}
    return element("text", content, x=x, y=y, text_anchor=anchor, **more)


def box(x: int, y: int, width: int, height: int, color: str, title: str = "") -> Markup:  # noqa: PLR0917 - a rectangle
    """A filled rectangle with an edge that shows on any ground; too small ones are drawn one unit wide, so that nothing vanishes."""
    inside = element("title", title) if title else Markup("")
    shape = element("rect", x=x, y=y, width=max(width, 1), height=max(height, 1), fill=color, stroke=_EDGE, stroke_width="0.5")
    return element("g", shape, inside)


def ruler(left: int, right: int, top: int, bottom: int, ticks: Iterable[tuple[int, str]]) -> Markup:
    """A vertical axis: light lines across, each with its figure at the left."""
    pieces: list[str] = []
    for place, shown in ticks:
        y = bottom - place
        pieces += [element("line", x1=left, y1=y, x2=right, y2=y, stroke="#d0d7de", stroke_width="1"), label(left - 6, y + 4, shown, "end")]
    pieces.append(element("line", x1=left, y1=top, x2=left, y2=bottom, stroke=_EDGE, stroke_width="1"))
    return together(*pieces)


def nice_top(highest: int) -> int:
    """The next 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= highest:
                return digit * power
        power *= 10


def bars(
    what: str, rows: Sequence[tuple[str, Sequence[int], str]], colors: Sequence[str], language: Language, legend: Sequence[str] = ()
) -> Markup:
    """Lying bars, one for each row (name, parts, figure at the end); parts have the colors in turn, which the legend explains."""
    left = min(max(len(name) for name, _, _ in rows) * CHARACTER + 16, WIDTH // 2)
    room = WIDTH - left - max(len(figure) for _, _, figure in rows) * CHARACTER - 24
    longest = max(sum(parts) for _, parts, _ in rows) or 1
    top = 28 if legend else 6
    pieces = [*_legend(legend, colors)]
    for place, (name, parts, figure) in enumerate(rows):
        y, x = top + place * 28, left
        pieces.append(label(left - 8, y + 16, name, "end"))
        for part, color in zip(parts, colors, strict=False):
            if part:
                width = max(part * room // longest, 2)
                pieces.append(box(x, y, width, 22, color, f"{name}: {part}"))
                x += width
        pieces.append(label(x + 8, y + 16, figure))
    return frame(what, top + len(rows) * 28 + 4, language, *pieces)


def _legend(names: Sequence[str], colors: Sequence[str]) -> Iterator[Markup]:
    x = 8
    for name, color in zip(names, colors, strict=False):
        yield box(x, 4, 14, 14, color)
        yield label(x + 20, 16, name)
        x += 44 + len(name) * CHARACTER
