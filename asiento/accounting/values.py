"""How the values of a journal are declared: immutable for the type checker, without its price at run time.

A frozen dataclass sets each field through `object.__setattr__`; an entry with its postings and document has about sixty
fields, which was a seventh of the time of a decision.
"""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def value(cls: type[_T]) -> type[_T]:
    """A dataclass with slots, equality and hash; that nobody sets a field is checked by mypy."""
    return dataclass(slots=True, unsafe_hash=True)(cls)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event_value(cls: type[_T]) -> type[_T]:
    """The same for values of many optional fields, like the order events: their fields are named when they are made."""
    return dataclass(slots=True, unsafe_hash=True, kw_only=True)(cls)
