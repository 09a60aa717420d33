"""The settlement report as a file: tab separated, header driven, numbers and dates as the marketplace writes them."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from sources.platforms.outcome import Unjudged
from sources.platforms.payload import PAYLOAD_BYTES_MAX, Node

FIRST_COLUMN: Final = "settlement-id"
ROWS: Final = "rows"
"""Field of the report that holds the rows: header -> text."""

_PLAIN = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_OFFSET = re.compile(r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})$")


class Report(dict[str, list[dict[str, str]]]):
    """The content of a settlement file; no JSON payload can be one."""


def is_settlement_file(body: bytes) -> bool:
    """Whether the first line is the header of a settlement report."""
    first = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip().strip(b'"')
    return first.startswith(FIRST_COLUMN.encode())


def parse_settlement(body: bytes) -> Node:
    """The rows as objects of texts; empty fields are left out. Files that are not UTF-8 are read byte for byte: what counts is ASCII."""
    if len(body) > PAYLOAD_BYTES_MAX:
        raise Unjudged("reject_malformed", f"the file has {len(body)} bytes, at most {PAYLOAD_BYTES_MAX} are read", "")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
    columns = [name.strip().strip('"').lower() for name in lines[0].split("\t")]
    if len(set(columns)) != len(columns):
        raise Unjudged("reject_malformed", "a column is named twice in the header", "")
    rows = []
    for number, line in enumerate(lines[1:]):
        fields = [value.strip().strip('"') for value in line.split("\t")]
        if len(fields) > len(columns):
            raise Unjudged("reject_malformed", f"row {number} has more fields than the header", f"/{ROWS}/{number}")
        rows.append({name: value for name, value in zip(columns, fields, strict=False) if value})
    return Node(Report({ROWS: rows}), "")


def decimal_comma(texts: Iterable[str]) -> bool:
    """Whether the file writes 1.234,56; raises `Unjudged` where it writes both ways."""
    comma = point = False
    for text in texts:
        last = max(text.rfind(","), text.rfind("."))
        if last >= 0 and not re.fullmatch(r"-?[0-9]{1,3}([.,][0-9]{3})+", text):
            comma, point = comma or text[last] == ",", point or text[last] == "."
    if comma and point:
        raise Unjudged("reject_malformed", "amounts with decimal points and with decimal commas in one file", f"/{ROWS}")
    return comma


def plain_amount(node: Node, *, comma: bool) -> Node:
    """An amount as a plain decimal: grouping taken out, a decimal comma made a point; raises `Unjudged`."""
    text = node.value
    grouping = "." if comma else ","
    if grouping in text and not re.fullmatch(rf"-?[0-9]{{1,3}}({re.escape(grouping)}[0-9]{{3}})+([.,][0-9]+)?", text):
        raise node.malformed("a decimal amount")
    plain = text.replace(grouping, "").replace(",", ".")
    if not _PLAIN.fullmatch(plain):
        raise node.malformed("a decimal amount")
    return Node(plain, node.pointer)


def file_time(node: Node, zone: tzinfo | None) -> datetime:
    """A time of any of the report's spellings as UTC: ISO, or day first. A day without a time begins at midnight UTC."""
    text = node.value
    iso, day_first, clock, offset = _ISO.match(text), _DAY_FIRST.match(text), _CLOCK.search(text), _OFFSET.search(text)
    if iso is not None:
        year, month, day = (int(part) for part in iso.groups())
    elif day_first is not None:
        day, month, year = (int(part) for part in day_first.groups())
        year += 2000 if year < 100 else 0
    else:
        raise node.malformed("a date")
    hour, minute, second = (int(part or 0) for part in clock.groups()) if clock is not None else (0, 0, 0)
    try:
        if clock is None:
            return datetime(year, month, day, tzinfo=UTC)
        word = offset.group(1) if offset is not None else ""
        suffix = "+00:00" if word in {"Z", "UTC", "GMT"} else word
        local = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{suffix}"
    except (ValueError, OverflowError):
        raise node.malformed("a time that exists") from None
    return Node(local, node.pointer).time(zone)


def field_of(row: Node, names: Iterable[str]) -> Node | None:
    """The first of these columns that the row fills."""
    values: Mapping[str, str] = row.value
    return next((Node(values[name], f"{row.pointer}/{name}") for name in names if name in values), None)
