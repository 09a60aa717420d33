"""Explained figures: where each stands, how much it is, and what it is made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from asiento.accounting.blocks import part_of

Scale: TypeAlias = Literal["units", "value"]


class Place(NamedTuple):
    """Where a figure stands: line or posting `number` of its entry from 0, or note `number` of the event.

    component: "net", "discount" or "tax:0", "tax:1", ... of a line; the account of a posting; what a note is about.
    """

    of: Literal["line", "posting", "event"]
    number: int
    component: str


class Part(NamedTuple):
    """R(`whole` * (`taken` + `takes`) / `units`) - R(`whole` * `taken` / `units`), all integers.

    scale: what the units are: micro-units of a line, or minor units of the value that a charge follows.
    """

    whole: int
    units: int
    taken: int
    takes: int
    scale: Scale = "units"

    @property
    def amount(self) -> int:
        """What the part comes to."""
        return part_of((self.whole,), self.units, self.taken, self.takes)[0]


class Cost(NamedTuple):
    """R(unit_cost * quantity): a decimal in major units, micro-units, and what it comes to in minor units."""

    unit_cost: str
    quantity: int
    amount: int


Term: TypeAlias = Part | Cost | int
"""What a figure adds up: a part of a block, the cost of units, or an amount in minor units."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`amount` in minor units, and how it came about.

    name: which text explains it. terms: what adds up to the amount, where it is a sum. values: further figures and names of
    the text; amounts in minor units, quantities in micro-units.
    """

    place: Place
    amount: int
    name: str
    terms: tuple[Term, ...] = ()
    values: tuple[tuple[str, str | int], ...] = ()


def total(terms: Iterable[Term]) -> int:
    """What terms add up to."""
    return sum([term if isinstance(term, int) else term.amount for term in terms])


def summed(place: Place, amount: int, name: str, terms: Iterable[Term], **values: str | int) -> Figure | None:
    """The figure, where its terms add up to it; else None, and nothing is explained."""
    kept = tuple(terms)
    return Figure(place, amount, name, kept, tuple(values.items())) if total(kept) == amount else None
