"""Mappings that are part of the program: one for each kind of ledger, to try it out and to begin one's own file with."""

from functools import cache
from pathlib import Path
from typing import Final

from sinks.mapping.ledger_mapping import LedgerMapping, load_mapping
from sinks.mapping.rules import GENERIC, NAMED_AFTER_ROLES, PLAIN_TEXT

_SUFFIX: Final = ".yaml"
_EXAMPLES: Final = Path(__file__).with_name("examples")


def example_kinds() -> tuple[str, ...]:
    """The kinds that have an example, and `generic`."""
    return tuple(sorted(path.stem for path in _EXAMPLES.glob(f"*{_SUFFIX}")))


def example_file(kind: str) -> Path:
    """The file of a kind's example; the generic one where it has none."""
    name = PLAIN_TEXT if kind in NAMED_AFTER_ROLES else kind
    return _EXAMPLES.joinpath(f"{name if name in example_kinds() else GENERIC}{_SUFFIX}")


@cache
def example_mapping(kind: str) -> LedgerMapping:
    """The mapping of a kind's example: it maps every posting there can be."""
    return load_mapping(example_file(kind))
