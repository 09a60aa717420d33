"""A batch worked out as rows, before any of them is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from schemas.entries import decode_entry
from sinks.bookkeeping.rows import Row, conflict_row
from sinks.chain import START, entry_seal, next_link
from sinks.ledger import BookableEntry, BookResult, StreamIdentity

Head: TypeAlias = tuple[int, str]
"""A `ChainHead` as it moves with every entry: (length, link)."""


@dataclass(slots=True)
class Standing:
    """Where a ledger stands: its stream, the head of each partition's chain, number and seal of the entry booked last."""

    stream: StreamIdentity = field(default_factory=lambda: StreamIdentity(cluster_id="", topic="", topic_id=""))
    heads: dict[int, Head] = field(default_factory=dict)
    last_entry: tuple[int, str] = (0, START)


class Draft:
    """The rows of a batch in the order of booking, and where the ledger stands after it.

    `now` in UTC microseconds stamps `booked_at`; `last_conflict_no` is asked only where there is a conflict.
    """

    def __init__(self, standing: Standing, now: int, last_conflict_no: Callable[[], int]) -> None:
        self.last_entry = standing.last_entry
        self.heads = dict(standing.heads)
        self.results: list[BookResult] = []
        self.entries: list[Row] = []
        self.postings: list[Row] = []
        self.documents: list[Row] = []
        self.conflicts: list[Row] = []
        self._now = now
        self._last_conflict_no = last_conflict_no

    def take(self, found: Sequence[BookableEntry], booked: Mapping[str, str]) -> None:
        """Sort a batch into booked, known and conflicting; `booked` are the content hashes of those ids that the ledger has."""
        known = dict(booked)
        for item in found:
            entry_id, content_hash = item.entry_id, item.content_hash
            there = known.get(entry_id)
            if there is None:
                known[entry_id] = content_hash
                self._book(item)
            elif there == content_hash:
                self.results.append(BookResult.EXISTS)
            else:
                self._conflict(item, there)

    def settle(self, standing: Standing) -> None:
        """The batch is committed: move on to where it leads."""
        standing.heads |= self.heads
        standing.last_entry = self.last_entry

    def _book(self, item: BookableEntry) -> None:
        """The next entry, chained and sealed."""
        (number, before), (length, link) = self.last_entry, self.heads[item.partition]
        number += 1
        link = next_link(link, item.partition, item.offset, item.value)
        own_seal = entry_seal(before, link, number, self._now)
        self.heads[item.partition] = (length + 1, link)
        self.last_entry = (number, own_seal)
        self.entries.append((number, *item.columns, self._now, link, own_seal))
        self.postings += [(number, *leg) for leg in item.legs]
        if item.document is not None:
            self.documents.append((number, *item.document))
        self.results.append(BookResult.BOOKED)

    def _conflict(self, item: BookableEntry, booked_hash: str) -> None:
        """An entry that came again with other content."""
        number = self.conflicts[-1][0] if self.conflicts else self._last_conflict_no()
        place = (item.partition, item.offset)
        found = decode_entry(item.value)
        self.conflicts.append(conflict_row(place, found, booked_hash, self._now, (number + 1, self.last_entry[0])))
        self.results.append(BookResult.CONFLICT)
