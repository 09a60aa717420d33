"""Text that PostgreSQL cannot hold: U+0000. It is written as MARK and `0`, and MARK itself as MARK and `1`, and read back."""

from collections.abc import Sequence
from typing import Any, Final

from sinks.bookkeeping.rows import Row

MARK: Final = "\ue000"
"""A code point of the private use area: no keyboard makes it."""


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
