"""A whole ledger as rows, to be written into another database: numbers, times, chain, seals and cursor stay what they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from sinks.bookkeeping.booked import ROWS_READ_MAX
from sinks.bookkeeping.picture import Picture
from sinks.bookkeeping.rows import Row

CONFLICTS_READ_MAX = 500
_FIRST = -(2**63)


@dataclass(frozen=True, slots=True)
class RowSlice:
    """Entries in order of booking, with all that stands under them; at most `ROWS_READ_MAX`."""

    entries: list[Row]
    postings: list[Row]
    documents: list[Row]


def entry_slices(picture: Picture) -> Iterator[RowSlice]:
    """Every entry of a ledger."""
    last = _FIRST
    while entries := picture.rows("entries_after", (last, ROWS_READ_MAX)):
        numbers = picture.array([row[0] for row in entries])
        yield RowSlice(entries, picture.rows("audit_postings", (numbers,)), picture.rows("audit_documents", (numbers,)))
        last = entries[-1][0]


def conflict_slices(picture: Picture) -> Iterator[list[Row]]:
    """Every conflict of a ledger."""
    last = _FIRST
    while rows := picture.rows("audit_conflicts", (last, CONFLICTS_READ_MAX)):
        yield rows
        last = rows[-1][0]
