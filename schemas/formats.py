"""Texts of the JSON twin and their values: decimals, quantities, times, dates, ids.

Each `parse_` function takes text from outside and raises `ValueError` with a message for people; messages never repeat the value.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

MICRO = 1_000_000
MONEY_MAX = 10**15
"""Largest amount in minor units: the sum of an event's 1 000 lines, and of 9 000 such lines, stays within 64 bits."""
QUANTITY_MAX = 10**15
"""Largest quantity in micro-units: a thousand million units."""
COST_MAX = 10**11
"""Largest unit_cost times quantity in major units: the cost in minor units stays within `MONEY_MAX`."""
TIME_MAX = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * MICRO
"""Times lie from 1970 to 2199: beyond, a clock is wrong."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
TIME_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
TIME_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""The calendar from its first to its last microsecond."""
_DECIMAL = re.compile(r"(-?)0{0,18}([0-9]{1,18})(?:\.([0-9]{1,12}))?")
_QUANTITY = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,6}))?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@lru_cache(maxsize=4096)
def parse_decimal(text: str) -> str:
    """A decimal in its one normal form: "1.50" -> "1.5", "007" -> "7", "-0.0" -> "0"."""
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError("a decimal like 12.5 is expected: at most 18 digits, a point, at most 12 digits, no exponent")
    sign, whole, fraction = found.groups()
    digits = (fraction or "").rstrip("0")
    normal = f"{whole}.{digits}" if digits else whole
    return normal if normal == "0" else sign + normal


@lru_cache(maxsize=4096)
def parse_quantity(text: str) -> int:
    """A decimal quantity with at most 6 decimal places, in micro-units."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError('a quantity like "2.5" is expected: digits, a point, at most 6 digits')
    whole, fraction = found.groups()
    return int(whole) * MICRO + int((fraction or "").ljust(6, "0"))


@lru_cache(maxsize=4096)
def quantity_text(micro: int) -> str:
    """Micro-units as the shortest decimal: 2_500_000 -> "2.5"."""
    sign, micro = ("-", -micro) if micro < 0 else ("", micro)
    whole, fraction = divmod(micro, MICRO)
    return f"{sign}{whole}.{fraction:06d}".rstrip("0") if fraction else f"{sign}{whole}"


def parse_time(text: str) -> int:
    """RFC 3339 with an offset -> UTC microseconds; digits beyond the microsecond are cut off."""
    if _TIME.fullmatch(text) is None:
        raise ValueError("a time like 2026-01-31T09:30:00Z is expected, with Z or an offset")
    try:
        return (datetime.fromisoformat(text.upper()) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise ValueError("the calendar or the clock has no such time") from None


def is_time(micros: int) -> bool:
    """Whether the calendar has this time, UTC microseconds: the years 1 to 9999."""
    return TIME_FIRST <= micros <= TIME_LAST


def time_text(micros: int) -> str:
    """UTC microseconds -> RFC 3339 with Z; the fraction only where there is one."""
    moment = _EPOCH + timedelta(microseconds=micros)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds" if micros % MICRO else "seconds") + "Z"


@lru_cache(maxsize=1024)
def parse_date(text: str) -> str:
    """YYYY-MM-DD of a day that exists."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ValueError("a date like 2026-01-31 is expected")


def parse_uuid(text: str) -> str:
    """A UUID in canonical form; letters in upper case become lower case."""
    if _UUID.fullmatch(text) is None:
        raise ValueError("a UUID is expected: 8-4-4-4-12 hexadecimal digits")
    return text.lower()
