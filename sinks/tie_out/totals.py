"""Control totals of entries: per cell for people, per range of offsets for finding what differs.

All numbers are exact. A range is one number, linear in what its entries hold, so that it can be made leg by leg from the
stream and group by group from the ledger's own sums; two ranges that differ in anything have the same number once in 2**61.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from sinks.header_mark import header_mark
from sinks.tie_out.facts import EntryFacts, RangeKey, range_of

CellKey: TypeAlias = tuple[str, str, str, str]
"""(legal_entity, posting_date, account, currency)."""

WEIGHT_MODULUS: Final = 65_521
"""Amounts are weighed by their offset, so that two that are exchanged within a cell show: a prime that keeps sums within 64 bits."""
_MODULUS: Final = (1 << 61) - 1
CAPTURE: Final = "capture"
"""Entry kind by which money comes in."""


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % _MODULUS


_DEBITS, _CREDITS, _LEGS, _WEIGHED, _ENTRIES, _MARK = (
    _number(word) for word in ("debits", "credits", "legs", "weighed", "entries", "mark")
)


@dataclass(slots=True)
class Movement:
    """What a cell comes to: sums in minor units, and how many legs."""

    debits: int = 0
    credits: int = 0
    legs: int = 0

    @property
    def balance(self) -> int:
        """Debits less credits."""
        return self.debits - self.credits


class LedgerGroup(NamedTuple):
    """One row of `tie_out_groups.sql`: the legs of one cell in one range. `captured`: debits of entries by which money comes in."""

    range: RangeKey
    cell: CellKey
    debits: int
    credits: int
    legs: int
    weighed: int
    captured: int


class LedgerMarks(NamedTuple):
    """One row of `tie_out_marks.sql`: the entries of one range."""

    range: RangeKey
    entries: int
    mark: int


@dataclass(slots=True)
class ControlTotals:
    """The totals of some entries.

    Memory: a cell per entity, day, account and currency, and a number per 2 048 offsets; nothing per entry or order.
    """

    cells: dict[CellKey, Movement] = field(default_factory=dict)
    ranges: dict[RangeKey, int] = field(default_factory=dict)
    captured: dict[str, int] = field(default_factory=dict)
    entries: int = 0
    _numbers: dict[CellKey, int] = field(default_factory=dict)

    def add(self, entry: EntryFacts, times: int = 1) -> None:
        """Add an entry of the stream; -1 takes it out again."""
        weight, folded = entry.offset % WEIGHT_MODULUS + 1, 0
        for account, side, amount in entry.legs:
            key = (entry.legal_entity, entry.posting_date, account, entry.currency)
            debit, credit = (amount, 0) if side == "DEBIT" else (0, amount)
            self._move(key, debit * times, credit * times, times)
            folded += self._fold(key, debit, credit, 1, amount % WEIGHT_MODULUS * weight)
            if debit and entry.entry_kind == CAPTURE:
                self.captured[entry.currency] = self.captured.get(entry.currency, 0) + debit * times
        mark = header_mark(entry.entry_id, entry.order_key, entry.event_id, entry.entry_kind)
        self._note(range_of(entry.partition, entry.offset), (folded + _ENTRIES + mark * _MARK) * times)
        self.entries += times

    def add_groups(self, groups: Iterable[LedgerGroup], marks: Iterable[LedgerMarks]) -> None:
        """Add what the ledger's own sums say."""
        for group in groups:
            self._move(group.cell, group.debits, group.credits, group.legs)
            self._note(group.range, self._fold(group.cell, group.debits, group.credits, group.legs, group.weighed))
            if group.captured:
                currency = group.cell[3]
                self.captured[currency] = self.captured.get(currency, 0) + group.captured
        for one in marks:
            self._note(one.range, one.entries * _ENTRIES + one.mark * _MARK)
            self.entries += one.entries

    def _move(self, key: CellKey, debited: int, credited: int, legs: int) -> None:
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Movement()
        cell.debits += debited
        cell.credits += credited
        cell.legs += legs

    def _fold(self, key: CellKey, debited: int, credited: int, legs: int, weighed: int) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = _number("|".join(map(str, key)))
        return number * (debited * _DEBITS + credited * _CREDITS + legs * _LEGS + weighed * _WEIGHED)

    def _note(self, key: RangeKey, folded: int) -> None:
        self.ranges[key] = (self.ranges.get(key, 0) + folded) % _MODULUS


def differing_ranges(sent: ControlTotals, held: ControlTotals) -> tuple[RangeKey, ...]:
    """The ranges in which stream and ledger differ, in order."""
    return tuple(sorted(key for key in sent.ranges.keys() | held.ranges.keys() if sent.ranges.get(key, 0) != held.ranges.get(key, 0)))


class CellDifference(NamedTuple):
    """A cell in which stream and ledger differ."""

    cell: CellKey
    sent: Movement
    held: Movement


def differing_cells(sent: ControlTotals, held: ControlTotals) -> tuple[CellDifference, ...]:
    """The cells in which stream and ledger differ, in order."""
    nothing = Movement()
    pairs = ((key, sent.cells.get(key, nothing), held.cells.get(key, nothing)) for key in sent.cells.keys() | held.cells.keys())
    return tuple(sorted(CellDifference(*pair) for pair in pairs if pair[1] != pair[2]))


def trial_balance_differences(cells: Mapping[CellKey, Movement]) -> dict[str, int]:
    """currency -> debits less credits of all accounts: 0 in books that are whole."""
    found: dict[str, int] = {}
    for (_, _, _, currency), movement in cells.items():
        found[currency] = found.get(currency, 0) + movement.balance
    return found
