"""Figures of several rounds: the median and how far they spread."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and most of one figure over the rounds."""

    median: float
    least: float
    most: float

    def text(self, digits: int = 1) -> str:
        """`median (least-most)`; the median alone if there is nothing to spread."""
        if self.least == self.most:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.least:.{digits}f}-{self.most:.{digits}f})"


def spread(values: Iterable[float]) -> Spread:
    """Of one value or more; raises `ValueError` of none."""
    found = list(values)
    if not found:
        raise ValueError("no round, no figure")
    return Spread(statistics.median(found), min(found), max(found))


def ratios(rounds: Sequence[T], above: Callable[[T], float], below: Callable[[T], float]) -> Spread:
    """The spread of the ratio of two figures, each taken inside one round: what the machine did to a round, it did to both."""
    return spread(above(one) / below(one) for one in rounds)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of them do not exceed; raises `ValueError` of none."""
    if not values:
        raise ValueError("no value, no percentile")
    ordered = sorted(values)
    return ordered[min(round(share * (len(ordered) - 1)), len(ordered) - 1)]
