"""Rows as COPY reads them, and text that PostgreSQL cannot hold.

That is U+0000. It is written as MARK and `0`, and MARK itself as MARK and `1`, and read back.
"""

from collections.abc import Sequence
from typing import Any, Final

from sinks.bookkeeping.rows import Row

MARK: Final = "\ue000"
"""A code point of the private use area: no keyboard makes it."""


def copy_text(rows: Sequence[Row], nullable: Sequence[int]) -> str | None:
    """The rows in COPY's text format; None where a value holds a character that COPY or PostgreSQL take for something else.

    Only values in the columns `nullable` may be None. It is half the work of the driver, which escapes value by value: nearly always
    nothing is to be escaped, and a few counts over the text show it, as every tab stands between values and every backslash is of a NULL.
    """
    lines = ["\t".join([value if type(value) is str else "\\N" if value is None else str(value) for value in row]) for row in rows]
    text = "\n".join(lines)
    nulls = sum([row[column] is None for row in rows for column in nullable])
    plain = (text.count("\t"), text.count("\n"), text.count("\\")) == ((len(rows[0]) - 1) * len(rows), len(rows) - 1, nulls)
    return text if plain and "\r" not in text and "\0" not in text and MARK not in text else None


def storable(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows as PostgreSQL can hold them; nearly always they are."""
    whole = "".join([value for row in rows for value in row if type(value) is str])
    if "\0" not in whole and MARK not in whole:
        return rows
    return [tuple(storable_text(value) for value in row) for row in rows]


def storable_text(value: Any) -> Any:
    """One value as PostgreSQL can hold it."""
    return value.replace(MARK, f"{MARK}1").replace("\0", f"{MARK}0") if isinstance(value, str) else value


def read_back(rows: list[Row]) -> list[Row]:
    """The rows as they were before `storable`."""
    if not any(MARK in value for row in rows for value in row if type(value) is str):
        return rows
    return [tuple(_original(value) for value in row) for row in rows]


def _original(value: Any) -> Any:
    return value.replace(f"{MARK}0", "\0").replace(f"{MARK}1", MARK) if isinstance(value, str) else value
