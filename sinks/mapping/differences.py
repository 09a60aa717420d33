"""What past entries would become under another mapping: which postings go elsewhere, and what that moves."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from asiento.accounting.journal import JournalEntry, Posting
from sinks.external.targets import Target, Unmapped
from sinks.mapping.ledger_mapping import LedgerMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedPosting:
    """A posting that goes elsewhere: `place` in its entry; None = waits for a rule."""

    place: int
    posting: Posting
    old: Target | None
    new: Target | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedEntry:
    """An entry of which something goes elsewhere; customers: of its documents, both None where it has none."""

    entry: JournalEntry
    postings: tuple[MovedPosting, ...]
    old_contact: str | None
    new_contact: str | None


@dataclass(slots=True)
class Comparison:
    """Counts and sums of a comparison as far as it went.

    moved: (account, currency) -> [old, new] signed minor units (debit positive) of all postings, not only of those that move.
    unmapped, mapped: what waits under the new mapping and did not under the old one, and the other way -> postings.
    """

    old: LedgerMapping
    new: LedgerMapping
    entries: int = 0
    entries_moved: int = 0
    postings_moved: int = 0
    sums: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    exponents: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    mapped: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def moved(self, entries: Iterable[JournalEntry]) -> Iterator[MovedEntry]:
        """The entries of which something goes elsewhere, in their order; each entry is counted once it was passed."""
        for entry in entries:
            found = self._compare(entry)
            self.entries += 1
            if found is not None:
                self.entries_moved += 1
                yield found

    def _compare(self, entry: JournalEntry) -> MovedEntry | None:
        self.exponents[entry.currency] = entry.currency_exponent
        moved = tuple(found for place, posting in enumerate(entry.postings) if (found := self._posting(entry, place, posting)) is not None)
        self.postings_moved += len(moved)
        contacts = self._contacts(entry)
        if not moved and contacts[0] == contacts[1]:
            return None
        return MovedEntry(entry=entry, postings=moved, old_contact=contacts[0], new_contact=contacts[1])

    def _posting(self, entry: JournalEntry, place: int, posting: Posting) -> MovedPosting | None:
        old, old_about = _target(self.old, entry, posting)
        new, new_about = _target(self.new, entry, posting)
        amount = posting.amount if posting.side == "DEBIT" else -posting.amount
        for side, target in enumerate((old, new)):
            if target is not None:
                self.sums[target.account, entry.currency][side] += amount
        if old is not None and new is None:
            self.unmapped[new_about] += 1
        if old is None and new is not None:
            self.mapped[old_about] += 1
        return None if old == new else MovedPosting(place=place, posting=posting, old=old, new=new)

    def _contacts(self, entry: JournalEntry) -> tuple[str | None, str | None]:
        if entry.document is None:
            return None, None
        return _contact(self.old, entry), _contact(self.new, entry)

    def changed_sums(self) -> list[tuple[str, str, int, int]]:
        """(account, currency, old, new) of the accounts that hold something else, by account and currency."""
        return sorted((account, currency, old, new) for (account, currency), (old, new) in self.sums.items() if old != new)


def _target(mapping: LedgerMapping, entry: JournalEntry, posting: Posting) -> tuple[Target | None, str]:
    try:
        return mapping.target(entry, posting), ""
    except Unmapped as unmapped:
        return None, unmapped.about


def _contact(mapping: LedgerMapping, entry: JournalEntry) -> str | None:
    try:
        return mapping.contact(entry)
    except Unmapped:
        return None


def moved_values(moved: MovedEntry) -> dict[str, Any]:
    """A moved entry as plain values."""
    entry = moved.entry
    postings = [
        {
            "posting": one.place,
            "account": one.posting.account,
            "side": one.posting.side,
            "amount": one.posting.amount,
            "old": _target_values(one.old),
            "new": _target_values(one.new),
        }
        for one in moved.postings
    ]
    return {
        "entry_id": entry.entry_id,
        "order_key": entry.order_key,
        "posting_date": entry.posting_date,
        "currency": entry.currency,
        "postings": postings,
        **({"contact": {"old": moved.old_contact, "new": moved.new_contact}} if moved.old_contact != moved.new_contact else {}),
    }


def _target_values(target: Target | None) -> dict[str, str] | None:
    if target is None:
        return None
    parts = {"account": target.account, "tax_code": target.tax_code, "item": target.item, "contact": target.contact}
    return {name: value for name, value in parts.items() if value is not None}


def summary_values(comparison: Comparison) -> dict[str, Any]:
    """Counts and sums as plain values; amounts in signed minor units, debit positive."""
    return {
        "old": {"version": comparison.old.rules.version, "digest": comparison.old.digest},
        "new": {"version": comparison.new.rules.version, "digest": comparison.new.digest},
        "entries": comparison.entries,
        "entries_moved": comparison.entries_moved,
        "postings_moved": comparison.postings_moved,
        "accounts": [
            {"account": account, "currency": currency, "old": old, "new": new, "change": new - old}
            for account, currency, old, new in comparison.changed_sums()
        ],
        "unmapped": dict(sorted(comparison.unmapped.items())),
        "mapped": dict(sorted(comparison.mapped.items())),
    }
