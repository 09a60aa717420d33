"""Ranges in which stream and ledger differ, entry by entry: missing, foreign, doubled, altered.

Pure: whoever calls hands over the entries of the stream and the rows of the ledger, slice by slice. What could not be matched
within its slice is kept until the end, for a row may say that it came from elsewhere.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sinks.tie_out.facts import EntryFacts, Place
from sinks.verify.spelling import spell, spell_id

NAMED_MAX: Final = 10_000
"""Differences that are named one by one; those beyond are only counted, and nothing is called over until they are fewer."""


class DifferenceKind(StrEnum):
    """How the ledger differs from the stream in one entry; the label set of the metric."""

    MISSING = "missing"
    """It stands on the stream and not in the ledger."""
    FOREIGN = "foreign"
    """It stands in the ledger and never stood on the stream."""
    DOUBLED = "doubled"
    """It stands in the ledger once more, under another id or the same."""
    ALTERED = "altered"
    """What the ledger holds of it is something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One entry that differs. `changed`: what of it, in words; account with the amounts that it should have moved by and has.

    expected, actual: signed minor units, debit positive. partition: that of the stream, else the one that the row states.
    """

    kind: DifferenceKind
    entry_id: str
    order_key: str
    event_id: str
    partition: int
    offset: int
    currency: str
    changed: str
    account: str | None = None
    expected: int | None = None
    actual: int | None = None


@dataclass(slots=True)
class Found:
    """What differs: all counted, the first `NAMED_MAX` named; `repeats` came again on the stream and were rightly not booked."""

    differences: list[Difference] = field(default_factory=list)
    counts: dict[DifferenceKind, int] = field(default_factory=lambda: dict.fromkeys(DifferenceKind, 0))
    repeats: list[EntryFacts] = field(default_factory=list)

    def note(self, difference: Difference) -> None:
        """Count one, and name it where there is room."""
        self.counts[difference.kind] += 1
        if len(self.differences) < NAMED_MAX:
            self.differences.append(difference)

    @property
    def total(self) -> int:
        """How many entries differ."""
        return sum(self.counts.values())

    @property
    def all_named(self) -> bool:
        """Whether none was only counted."""
        return self.total == len(self.differences)


@dataclass(slots=True)
class DrillDown:
    """Feed it every differing range once with `slice`, ask for what `unmatched` names, then call `finish`.

    booked_to: the ledger's places; what stands on the stream from there on is on its way and not missing. repeats: places of
    entries that came again on the stream and are known as such.
    """

    booked_to: Mapping[int, int]
    repeats: Collection[Place] = ()
    beyond: int = 0
    _sent: dict[str, list[EntryFacts]] = field(default_factory=lambda: defaultdict(list))
    _held: dict[str, list[tuple[EntryFacts, EntryFacts | None]]] = field(default_factory=lambda: defaultdict(list))
    _found: Found = field(default_factory=Found)

    def slice(self, sent: Iterable[EntryFacts], held: Iterable[EntryFacts]) -> None:
        """Compare the entries of some ranges with the rows that say they came from there."""
        rows: dict[str, list[EntryFacts]] = defaultdict(list)
        for row in held:
            rows[row.entry_id].append(row)
        standing: dict[Place, EntryFacts] = {}
        for entry in sent:
            standing[entry.place] = entry
            if entry.place in self.repeats:
                continue
            if (found := rows.get(entry.entry_id)) is not None and found:
                self._judge(entry, _likest(entry, found))
                self.beyond += not self._is_booked(entry)
            elif self._is_booked(entry):
                self._sent[entry.entry_id].append(entry)
        for row in (row for left in rows.values() for row in left):
            self._held[row.entry_id].append((row, standing.get(row.place)))

    @property
    def unmatched_ids(self) -> tuple[str, ...]:
        """Entries whose rows are to be looked up wherever they are."""
        return tuple(self._sent.keys() - self._held.keys())

    @property
    def unmatched_orders(self) -> tuple[str, ...]:
        """Orders whose rows are to be looked up, as one of them stands there too much."""
        return tuple({str(row.order_key) for rows in self._held.values() for row, _ in rows})

    def finish(self, of_ids: Collection[str], of_orders: Iterable[EntryFacts]) -> Found:
        """of_ids: those of `unmatched_ids` that the ledger has; of_orders: the rows of `unmatched_orders`."""
        missing: dict[str, EntryFacts] = {}
        for entry_id, entries in self._sent.items():
            first, *again = entries
            if self._held.get(entry_id):
                row = _likest(first, [row for row, _ in self._held[entry_id]])
                self._held[entry_id] = [pair for pair in self._held[entry_id] if pair[0] is not row]
                self._judge(first, row)
            elif entry_id in of_ids:
                self._found.repeats.append(first)
            else:
                missing[entry_id] = first
            self._found.repeats.extend(again)
        self._rows_too_many(missing, of_orders)
        for entry in missing.values():
            self._found.note(_missing(entry))
        return self._found

    def _rows_too_many(self, missing: dict[str, EntryFacts], of_orders: Iterable[EntryFacts]) -> None:
        left = {row.entry_no: (row, at) for rows in self._held.values() for row, at in rows}
        facts = {(row.order_key, row.fact) for row in of_orders if row.entry_no not in left}
        lost = {entry.fact: entry for entry in missing.values()}
        for row, at in left.values():
            renamed = lost.pop(row.fact, None)
            if renamed is not None and missing.pop(renamed.entry_id, None) is not None:
                self._judge(renamed, row)
            elif (row.order_key, row.fact) in facts or (at is not None and at.fact == row.fact):
                self._found.note(_too_many(DifferenceKind.DOUBLED, row))
            else:
                self._found.note(_too_many(DifferenceKind.FOREIGN, row))

    def _is_booked(self, entry: EntryFacts) -> bool:
        return entry.offset < self.booked_to.get(entry.partition, 0)

    def _judge(self, entry: EntryFacts, row: EntryFacts) -> None:
        if difference := _altered(entry, row):
            self._found.note(difference)


def _likest(entry: EntryFacts, rows: list[EntryFacts]) -> EntryFacts:
    """Takes out the row that is most like the entry: the others stand there too much."""
    at = min(range(len(rows)), key=lambda number: (len(list(_changes(entry, rows[number]))), rows[number].entry_no))
    return rows.pop(at)


_HEADERS: Final = {
    "entry_id": "entry id",
    "legal_entity": "entity",
    "posting_date": "date",
    "currency": "currency",
    "order_key": "order",
    "event_id": "event",
    "entry_kind": "kind",
    "place": "place on the stream",
}


def _changes(entry: EntryFacts, row: EntryFacts) -> Iterator[str]:
    for name, word in _HEADERS.items():
        wanted, found = getattr(entry, name), getattr(row, name)
        if wanted != found:
            yield f"{word} {_short(found)} instead of {_short(wanted)}"
    if entry.legs != row.legs:
        yield from _changed_legs(entry, row)


def _changed_legs(entry: EntryFacts, row: EntryFacts) -> Iterator[str]:
    if len(entry.legs) != len(row.legs):
        yield f"{len(row.legs)} postings instead of {len(entry.legs)}"
        return
    for wanted, found in zip(entry.legs, row.legs, strict=True):
        for name, before, now in zip(("account", "side", "amount"), wanted, found, strict=True):
            if before != now:
                of = "" if name == "account" else f" of {_short(wanted[0])}"
                yield f"{name}{of} {_short(now)} instead of {_short(before)}"


def _short(value: Any) -> str:
    return spell_id(value) if isinstance(value, str) else spell(value)


CHANGES_SPELLED_MAX: Final = 4


def _altered(entry: EntryFacts, row: EntryFacts) -> Difference | None:
    changes = list(_changes(entry, row))
    if not changes:
        return None
    said = [*changes[:CHANGES_SPELLED_MAX], *(["and more"] if len(changes) > CHANGES_SPELLED_MAX else [])]
    account, expected, actual = _first_moved(entry, row)
    return Difference(
        kind=DifferenceKind.ALTERED,
        entry_id=entry.entry_id,
        order_key=entry.order_key,
        event_id=entry.event_id,
        partition=entry.partition,
        offset=entry.offset,
        currency=entry.currency,
        changed="; ".join(said),
        account=account,
        expected=expected,
        actual=actual,
    )


def _first_moved(entry: EntryFacts, row: EntryFacts) -> tuple[str | None, int | None, int | None]:
    """The first account that moved otherwise, and how; nothing where none did, or where an amount is no whole number."""
    wanted = entry.moved
    if not all(type(amount) is int for _, _, amount in row.legs):
        account = next(iter(wanted), None)
        return account, wanted.get(account or ""), None
    found = row.moved
    for account in [*wanted, *found]:
        if wanted.get(account, 0) != found.get(account, 0):
            return account, wanted.get(account, 0), found.get(account, 0)
    return None, None, None


def _missing(entry: EntryFacts) -> Difference:
    account, expected = _largest(entry.legs)
    return Difference(
        kind=DifferenceKind.MISSING,
        entry_id=entry.entry_id,
        order_key=entry.order_key,
        event_id=entry.event_id,
        partition=entry.partition,
        offset=entry.offset,
        currency=entry.currency,
        changed=f"{entry.entry_kind} of {entry.posting_date}",
        account=account,
        expected=expected,
        actual=0,
    )


def _too_many(kind: DifferenceKind, row: EntryFacts) -> Difference:
    account, actual = _largest(row.legs)
    return Difference(
        kind=kind,
        entry_id=row.entry_id,
        order_key=row.order_key,
        event_id=row.event_id,
        partition=row.partition,
        offset=row.offset,
        currency=row.currency,
        changed=f"{_short(row.entry_kind)} of {_short(row.posting_date)}, row {row.entry_no}",
        account=account,
        expected=0,
        actual=actual,
    )


def _largest(legs: Sequence[tuple[Any, Any, Any]]) -> tuple[str | None, int | None]:
    """The account of the largest leg and what it moves; amounts that are no whole numbers are left out."""
    whole = [leg for leg in legs if type(leg[2]) is int]
    if not whole:
        return None, None
    account, side, amount = max(whole, key=lambda leg: leg[2])
    return str(account), amount if side == "DEBIT" else -amount
