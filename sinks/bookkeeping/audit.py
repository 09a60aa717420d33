"""A ledger as an auditor reads it: one unmoving picture, raw rows, nothing in it believed.

Memory: `AUDIT_ROWS_MAX` entries.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType
from typing import Any, Self

from sinks.bookkeeping.picture import AuditPicture
from sinks.bookkeeping.rows import Row

AUDIT_ROWS_MAX = 2_000
"""Entries read from the ledger at once."""

_FIRST = -(2**63)


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry's rows as they are: `columns` as insert_entry.sql names them, legs and documents likewise."""

    columns: Row
    postings: Sequence[Row]
    documents: Sequence[Row]


class LedgerAudit:
    """A read-only view of one ledger; use as a context manager. `sinks.ledger_access.audit_at` opens the one that a URL names."""

    def __init__(self, picture: AuditPicture) -> None:
        self._picture = picture

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._picture.close()

    @property
    def place(self) -> str:
        """Where the ledger is, for messages."""
        return self._picture.place

    @property
    def kind(self) -> str:
        """The name that the ledger's acks carry."""
        return self._picture.kind

    def prepare(self) -> int:
        """Index the ids; answers how many entries the table holds. To be called before anything looks ids up."""
        self._picture.index()
        return int(self._picture.rows("audit_total")[0][0])

    def integrity(self) -> tuple[str, ...]:
        """See `AuditPicture.integrity`."""
        return self._picture.integrity()

    def risks(self) -> tuple[str, ...]:
        """See `AuditPicture.risks`."""
        return self._picture.risks()

    def schema_differences(self) -> tuple[str, ...]:
        """See `AuditPicture.schema_differences`."""
        return self._picture.schema_differences()

    def missing_tables(self) -> tuple[str, ...]:
        """See `AuditPicture.missing_tables`."""
        return self._picture.missing_tables()

    def offsets(self) -> list[Row]:
        """All rows of source_offset."""
        return self._picture.rows("offsets")

    def reached(self, ends: Mapping[int, int]) -> Mapping[int, int]:
        """The offset behind the furthest place below `ends` that an entry says it came from, per partition."""
        ordered = [ends.get(number, 0) for number in range(max(ends, default=-1) + 1)]
        return {row[0]: row[1] + 1 for row in self._picture.rows("audit_reached", (self._picture.array(ordered),))}

    def cursor(self) -> list[Row]:
        """The rows of ack_cursor, three at most."""
        return self._picture.rows("audit_cursor")

    def conflicts(self) -> Iterator[Row]:
        """All rows of entry_conflict."""
        for rows in self._slices("audit_conflicts"):
            yield from rows

    def seals(self) -> Iterator[Row]:
        """(entry_no, entry_id, chain_hash, seal, booked_at, partition) in order of booking."""
        for rows in self._slices("audit_seals"):
            yield from rows

    def held(self) -> Iterator[list[Row]]:
        """(entry_no, entry_id, partition, offset) in order of booking, in slices."""
        yield from self._slices("audit_held")

    def with_ids(self, entry_ids: Sequence[str]) -> Mapping[str, Sequence[RawEntry]]:
        """The rows of these ids; unknown ids are left out, doubled ones have several."""
        picture = self._picture
        rows = picture.rows("audit_entries", (picture.array(entry_ids),))
        numbers = picture.array([row[0] for row in rows])
        legs = {number: list(group) for number, group in groupby(picture.rows("audit_postings", (numbers,)), key=_entry_no)}
        documents = {number: list(group) for number, group in groupby(picture.rows("audit_documents", (numbers,)), key=_entry_no)}
        found: dict[str, list[RawEntry]] = {}
        for row in rows:
            found.setdefault(row[1], []).append(RawEntry(row, legs.get(row[0], ()), documents.get(row[0], ())))
        return found

    def places(self, entry_ids: Sequence[str]) -> Mapping[str, Row]:
        """(entry_id, entry_no, booked_at, chain_hash) of these ids; the first of a doubled one."""
        rows = self._picture.rows("audit_places", (self._picture.array(entry_ids),))
        return {row[0]: row for row in reversed(rows)}

    def doubled(self) -> Iterator[Row]:
        """(entry_id, times, first entry_no, last entry_no) of ids that are booked more than once."""
        yield from self._picture.rows("audit_doubled")

    def ownerless(self) -> Iterator[tuple[str, Any]]:
        """(table, entry_no) of postings and documents without an entry."""
        yield from ((table, entry_no) for table, entry_no in self._picture.rows("audit_ownerless"))

    def _slices(self, name: str) -> Iterator[list[Row]]:
        last = _FIRST
        while rows := self._picture.rows(name, (last, AUDIT_ROWS_MAX)):
            yield rows
            last = rows[-1][0]


def _entry_no(row: Row) -> Any:
    return row[0]
