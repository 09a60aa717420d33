"""Times as sources write them, to UTC."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Final

from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

WORDS: Final = ("iso", "epoch_ms", "epoch_s", "rfc2822")
_TOKENS: Final = {
    "YYYY": "(?P<year>[0-9]{4})",
    "MM": "(?P<month>[0-9]{1,2})",
    "DD": "(?P<day>[0-9]{1,2})",
    "HH": "(?P<hour>[0-9]{1,2})",
    "mm": "(?P<minute>[0-9]{2})",
    "ss": "(?P<second>[0-9]{2})",
}
_TOKEN: Final = re.compile("|".join(_TOKENS))
_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,12}))?)?)?"
    r"\s?([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_MICROS_MAX: Final = 10**16


class BadPattern(ValueError):
    """A text that is no way to write times; the message says how to mend it."""


@cache
def parse_pattern(text: str) -> re.Pattern[str] | None:
    """What a time of a pattern looks like; None for the words. Raises `BadPattern`."""
    if text in WORDS:
        return None
    tokens = _TOKEN.findall(text)
    if not {"YYYY", "MM", "DD"} <= set(tokens) or len(tokens) != len(set(tokens)):
        raise BadPattern(f"{', '.join(WORDS)}, or a pattern with YYYY, MM and DD once each (HH, mm, ss) is expected")
    places, literals = list(_TOKEN.finditer(text)), _TOKEN.split(text)
    pattern = re.escape(literals[0])
    for place, literal in zip(places, literals[1:], strict=True):
        pattern += _TOKENS[place.group()] + re.escape(literal)
    return re.compile(pattern)


def time_of(node: Node, written: str, zone: tzinfo | None) -> datetime:
    """The UTC time of a value; digits beyond the microsecond are cut off, times without offset are read in `zone`. Raises `Unjudged`."""
    try:
        if written in {"epoch_ms", "epoch_s"}:
            return _of_epoch(node, 1_000 if written == "epoch_ms" else 1_000_000)
        if written == "rfc2822":
            return _of_mail(node, zone)
        pattern = parse_pattern(written)
        return _of_iso(node, zone) if pattern is None else _of_pattern(node, pattern, zone)
    except (ValueError, TypeError, OverflowError):
        raise node.malformed("a time that exists") from None


def _of_epoch(node: Node, micros_per_unit: int) -> datetime:
    micros = int(node.decimal() * micros_per_unit)
    if not 0 <= micros < _EPOCH_MICROS_MAX:
        raise node.malformed("a number of seconds or milliseconds since 1970")
    return _EPOCH + timedelta(microseconds=micros)


def _of_mail(node: Node, zone: tzinfo | None) -> datetime:
    moment = parsedate_to_datetime(node.value if isinstance(node.value, str) else "")
    return _in_zone(node, moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def _of_iso(node: Node, zone: tzinfo | None) -> datetime:
    found = _ISO.fullmatch(node.value) if isinstance(node.value, str) else None
    if found is None:
        raise node.malformed("a time like 2026-01-05T22:07:55+00:00")
    *numbers, fraction, offset = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    moment = datetime(year, month, day, hour, minute, second, int((fraction or "").ljust(6, "0")[:6]))  # noqa: DTZ001 - the zone follows
    if offset is None:
        return _in_zone(node, moment, zone)
    if offset in {"Z", "z"}:
        return moment.replace(tzinfo=UTC)
    sign, digits = (-1 if offset[0] == "-" else 1), offset[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise node.malformed("a time that exists")
    return moment.replace(tzinfo=UTC) - sign * timedelta(hours=hours, minutes=minutes)


def _of_pattern(node: Node, pattern: re.Pattern[str], zone: tzinfo | None) -> datetime:
    found = pattern.fullmatch(node.value) if isinstance(node.value, str) else None
    if found is None:
        raise node.malformed("a time in the mapper's pattern")
    numbers = {name: int(text) for name, text in found.groupdict().items()}
    return _in_zone(node, datetime(**numbers), zone)  # type: ignore[arg-type]  # noqa: DTZ001 - the zone follows


def _in_zone(node: Node, moment: datetime, zone: tzinfo | None) -> datetime:
    if zone is None:
        message = f"{node.pointer}: the time has no offset; set zone in the mapper or time_zone in the connection file"
        raise Unjudged("reject_malformed", message, node.pointer)
    return moment.replace(tzinfo=zone).astimezone(UTC)
