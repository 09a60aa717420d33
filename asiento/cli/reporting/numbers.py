"""Figures as people read them in their language: exact, never through a float."""

from datetime import UTC, datetime, timedelta
from typing import Final

from asiento.accounting.money import grouped_units_text
from schemas.wording.language import Language

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SWAPPED: Final = str.maketrans(",.", ".,")
_MILLISECONDS: Final = 3


def number_text(number: int, language: Language) -> str:
    """A count, its thousands grouped."""
    return amount_text(number, 0, language)


def amount_text(amount: int, exponent: int, language: Language) -> str:
    """Minor units in major units, to the last one."""
    shown = grouped_units_text(amount, exponent)
    return shown.translate(_SWAPPED) if language == "es" else shown


def lag_text(microseconds: int, language: Language) -> str:
    """A lag in milliseconds, to the microsecond."""
    return f"{amount_text(microseconds, _MILLISECONDS, language)} ms"


def time_text(microseconds: int) -> str:
    """A time in UTC, to the second; what no calendar holds is told in microseconds."""
    try:
        return (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%d %H:%M:%SZ")
    except OverflowError:
        return f"{microseconds} µs"


def clock_text(microseconds: int) -> str:
    """The time of day of a time in UTC."""
    return time_text(microseconds)[11:19]


def age_text(microseconds: int) -> str:
    """An age in its two largest units, cut off; what lies in the future is 0."""
    seconds = max(microseconds, 0) // 1_000_000
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def step_text(seconds: int) -> str:
    """The length of a step."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
