"""What a replay answers: counts, totals, and a list of what differs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asiento.accounting.journal import JournalEntry
from asiento.cli.replaying.notes import DifferingOutcome, Side
from schemas.entries import HashedEntry, entry_to_json

DIFFERENCES_LISTED_MAX: Final = 200
"""Differences of each kind that are listed in full; all are counted."""

Json = dict[str, Any]


@dataclass(slots=True)
class ReplayReport:
    """The replay (here) beside the books (there), over the same records.

    ranges: partition -> offsets `[start, end)` of the events topic. pending: entries of the books that the sink has not booked
    yet, compared as they stand on the topic. totals: side -> (currency, account) -> signed minor units, debit positive.
    """

    ranges: Mapping[int, tuple[int, int]]
    records: int = 0
    here: int = 0
    there: int = 0
    equal: int = 0
    pending: int = 0
    only_here: int = 0
    only_there: int = 0
    differing: int = 0
    differing_outcomes: int = 0
    outcomes: Mapping[Side, Mapping[str, int]] = field(default_factory=dict)
    totals: dict[Side, Counter[tuple[str, str]]] = field(default_factory=lambda: {"here": Counter(), "there": Counter()})
    listed: dict[str, list[Json]] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether the books are what the replay says, to the byte."""
        return not (self.only_here or self.only_there or self.differing or self.differing_outcomes)

    def add(self, side: Side, entry: JournalEntry) -> None:
        """Add an entry to the totals of its side."""
        for leg in entry.postings:
            self.totals[side][entry.currency, leg.account] += leg.amount if leg.side == "DEBIT" else -leg.amount

    def alone(self, side: Side, entry: JournalEntry) -> None:
        """An entry that only this side has."""
        if side == "here":
            self.only_here += 1
        else:
            self.only_there += 1
        self._list(f"only_{side}", entry_to_json(entry))

    def differs(self, here: HashedEntry, there: HashedEntry) -> None:
        """An entry that both sides have, otherwise here than there."""
        self.differing += 1
        self._list(
            "differing",
            {
                "entry_id": there.entry.entry_id,
                "order_key": there.entry.order_key,
                "content_hash_equal": here.content_hash == there.content_hash,
                "fields": _fields(entry_to_json(here.entry), entry_to_json(there.entry)),
            },
        )

    def outcome(self, found: DifferingOutcome) -> None:
        """A record that ended otherwise."""
        self.differing_outcomes += 1
        self._list("outcomes", found._asdict())

    def differing_totals(self) -> list[Json]:
        """Accounts that hold something else, by currency and account."""
        return [row for row in self.all_totals() if row["here"] != row["there"]]

    def all_totals(self) -> list[Json]:
        """What the entries of the range come to, by currency and account."""
        here, there = self.totals["here"], self.totals["there"]
        return [
            {"currency": currency, "account": account, "here": here[currency, account], "there": there[currency, account]}
            for currency, account in sorted(here.keys() | there.keys())
        ]

    def to_json(self) -> Json:
        """The form for programs."""
        return {
            "same": self.same,
            "ranges": [{"partition": number, "start": start, "end": end} for number, (start, end) in sorted(self.ranges.items())],
            "records": self.records,
            "entries": {
                "here": self.here,
                "there": self.there,
                "equal": self.equal,
                "only_here": self.only_here,
                "only_there": self.only_there,
                "differing": self.differing,
                "pending": self.pending,
            },
            "outcomes": {"differing": self.differing_outcomes, **self.outcomes},
            "totals": self.all_totals(),
            "listed": self.listed,
        }

    def _list(self, kind: str, row: Json) -> None:
        rows = self.listed.setdefault(kind, [])
        if len(rows) < DIFFERENCES_LISTED_MAX:
            rows.append(row)


def _fields(here: Json, there: Json) -> dict[str, Json]:
    """Fields with another value, the values of both sides."""
    names = sorted(here.keys() | there.keys())
    return {name: {"here": here.get(name), "there": there.get(name)} for name in names if here.get(name) != there.get(name)}
