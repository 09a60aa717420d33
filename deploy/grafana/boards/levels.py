"""From where on a figure is no longer well: each level has a word, so that nobody needs to see its color."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from grafana_foundation_sdk.models import dashboard

Color: TypeAlias = Literal["green", "yellow", "orange", "red", "purple", "blue", "text"]

NOT_MEASURED: Final = -1
"""What a verdict answers where nothing measures it."""


@dataclass(frozen=True, slots=True)
class Level:
    """From `at` on (in the unit of the figure) it is called `word`."""

    at: float
    word: str
    color: Color


Levels: TypeAlias = tuple[Level, ...]
"""Ascending; the first one also holds below its `at`."""


def verdict_levels(*levels: Level) -> Levels:
    """Levels of a figure that is never negative, with a word for where nothing measures it."""
    return (Level(NOT_MEASURED, "UNKNOWN", "purple"), *levels)


def thresholds_of(levels: Levels) -> dashboard.ThresholdsConfig:
    """The colors."""
    first, *others = levels
    steps = [dashboard.Threshold(value=None, color=first.color), *[dashboard.Threshold(value=one.at, color=one.color) for one in others]]
    return dashboard.ThresholdsConfig(mode=dashboard.ThresholdsMode.ABSOLUTE, steps=steps)


def words_of(levels: Levels) -> list[dashboard.ValueMapping]:
    """The words; ranges are closed at both ends and the first that fits counts, so the highest stands first."""
    mappings: list[dashboard.ValueMapping] = []
    until: float | None = None
    for number, level in enumerate(reversed(levels)):
        from_ = None if level is levels[0] else level.at
        result = dashboard.ValueMappingResult(text=level.word, color=level.color, index=number)
        mappings.append(dashboard.RangeMap(dashboard.DashboardRangeMapOptions(from_val=from_, to=until, result=result)))
        until = level.at
    return mappings


def told(levels: Levels, unit: str = "") -> str:
    """The levels in one line, for a description."""
    well, *others = [level for level in levels if level.at != NOT_MEASURED]
    return "; ".join([well.word, *[f"{level.word} from {level.at:g}{unit}" for level in others]])
