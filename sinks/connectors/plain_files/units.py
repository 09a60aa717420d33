"""Which file a transaction stands in: its month's, and where that has grown too long its day's, and then one of a day's parts.

A unit is a beginning of the text `YYYY-MM-DD-key`: `2025-06`, `2025-06-15`, `2025-06-15-a`, `2025-06-15-a3`. It is split once it would
hold more than its bound, and never joined again, so that the files depend on the transactions alone and not on how they came.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from sinks.connectors.plain_files.blocks import Block

MONTH_CHARACTERS = 7
DAY_CHARACTERS = 10
PART_CHARACTERS_MAX = DAY_CHARACTERS + 1 + 4
"""A day has at most 16**4 parts; only these may grow beyond the bound."""

_UNIT = re.compile(r"\d{4}(?:/\d\d)?/(\d{4}-\d\d(?:-\d\d(?:-[0-9a-f]{1,4})?)?)\.[a-z]+")


def unit_path(unit: str, suffix: str) -> str:
    """The file of a unit below the book's folder: months in the folder of their year, days in one of their month."""
    folder = unit[:4] if len(unit) == MONTH_CHARACTERS else f"{unit[:4]}/{unit[5:7]}"
    return f"{folder}/{unit}.{suffix}"


def unit_of_path(path: str) -> str | None:
    """The unit whose file this is; None for any other file."""
    found = _UNIT.fullmatch(path)
    return found[1] if found else None


def unit_for(block: Block, split: frozenset[str]) -> str:
    """The unit that a transaction belongs to now."""
    length = MONTH_CHARACTERS
    while block.place[:length] in split:
        length = _longer(length)
    return block.place[:length]


def split_units(units: Iterable[str]) -> frozenset[str]:
    """The units that have been split, where these are the ones with files."""
    lengths = (MONTH_CHARACTERS, DAY_CHARACTERS, *range(DAY_CHARACTERS + 2, PART_CHARACTERS_MAX))
    return frozenset(unit[:length] for unit in units for length in lengths if length < len(unit))


def divided(unit: str, blocks: Sequence[Block], blocks_max: int) -> Mapping[str, Sequence[Block]]:
    """These transactions of a unit by the units that they fill, each in its order."""
    if len(blocks) <= blocks_max or len(unit) >= PART_CHARACTERS_MAX:
        return {unit: sorted(blocks, key=lambda block: block.order)}
    parts: dict[str, list[Block]] = {}
    length = _longer(len(unit))
    for block in blocks:
        parts.setdefault(block.place[:length], []).append(block)
    return {name: ones for part, inside in parts.items() for name, ones in divided(part, inside, blocks_max).items()}


def _longer(length: int) -> int:
    if length == MONTH_CHARACTERS:
        return DAY_CHARACTERS
    return length + (2 if length == DAY_CHARACTERS else 1)
