"""What a discrepancy says beyond its code: the parameters of its message, as texts that every record of it can carry."""

from typing import TypeAlias

Parameters: TypeAlias = tuple[tuple[str, str], ...]
"""(name, value), sorted by name. Amounts are minor units, quantities micro-units, both as integers in text."""


def named(**values: str | int | None) -> Parameters:
    """The parameters of a message; what is None is left out."""
    return tuple([(name, str(value)) for name, value in sorted(values.items()) if value is not None])
