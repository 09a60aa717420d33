"""One entry as the tie-out compares it: what moves money, and whose it is."""

from dataclasses import dataclass
from typing import Final, TypeAlias

RANGE_BITS: Final = 11
"""Offsets of a partition are added up in ranges of 2**RANGE_BITS: what a difference is looked for in."""

Leg: TypeAlias = tuple[str, str, int]
"""(account, side, minor units)."""
RangeKey: TypeAlias = tuple[int, int]
"""(partition, offset >> RANGE_BITS)."""
Place: TypeAlias = tuple[int, int]
"""(partition, offset)."""
Fact: TypeAlias = tuple[str, str, str]
"""(event_id, entry_kind, part): what an entry is made of, whatever its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """An entry of the stream, or a row of the ledger that says it is one: nothing in a row is believed, not even its types.

    posting_date: YYYY-MM-DD. legs: line by line. entry_no: 0 for an entry of the stream.
    """

    partition: int
    offset: int
    entry_id: str
    entry_kind: str
    part: str
    order_key: str
    event_id: str
    legal_entity: str
    posting_date: str
    currency: str
    legs: tuple[Leg, ...]
    entry_no: int = 0

    @property
    def place(self) -> Place:
        """Where it stands on the stream, or says so."""
        return self.partition, self.offset

    @property
    def fact(self) -> Fact:
        """What it is made of, whatever its id."""
        return self.event_id, self.entry_kind, self.part

    @property
    def moved(self) -> dict[str, int]:
        """account -> signed minor units, debit positive."""
        found: dict[str, int] = {}
        for account, side, amount in self.legs:
            found[account] = found.get(account, 0) + (amount if side == "DEBIT" else -amount)
        return found


def range_of(partition: int, offset: int) -> RangeKey:
    """The range that a place lies in."""
    return partition, offset >> RANGE_BITS
