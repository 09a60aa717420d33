"""Values out of a ledger that nobody vouches for, in words: short, printable, whatever they are."""

from typing import Any

VALUE_LENGTH_MAX = 100
ID_LENGTH_MAX = 64


def spell(value: Any) -> str:
    """A value as Python writes it, cut; control characters and broken text come escaped."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= VALUE_LENGTH_MAX else text[:VALUE_LENGTH_MAX] + "..."


def spell_id(value: Any) -> str:
    """An entry id as it is where it is a plain short text, else spelled."""
    return value if isinstance(value, str) and value.isprintable() and 0 < len(value) <= ID_LENGTH_MAX else spell(value)


def place_of(partition: int, offset: int) -> str:
    """A place on the stream."""
    return f"partition {partition} offset {offset}"
