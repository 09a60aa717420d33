"""Entries as a ledger holds them: whole rows, not yet believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from asiento.accounting.journal import JournalEntry, UnbalancedEntry
from sinks.bookkeeping.picture import Picture
from sinks.bookkeeping.rows import Row, document_from_body, posting_from_row

ROWS_READ_MAX = 500
"""Entries read from a ledger at once; the memory bound of every pass over the ledger."""


class DamagedRow(Exception):
    """Rows of the ledger that are no entry any more: somebody went around the ledger's own checks."""


@dataclass(frozen=True, slots=True)
class BookedRow:
    """One entry as the ledger holds it, not yet believed. Times in UTC microseconds."""

    entry_no: int
    entry_id: str
    content_hash: str
    partition: int
    offset: int
    booked_at: int
    chain_hash: str
    columns: Row
    postings: tuple[Row, ...]
    document: Row | None

    def entry(self) -> JournalEntry:
        """Build the entry from nothing but these rows; raises `DamagedRow`."""
        c = self.columns
        try:
            document = None if self.document is None else document_from_body(self.document[3])
            if document is not None and (document.kind, document.document_ref) != tuple(self.document[1:3] if self.document else ()):
                raise DamagedRow(f"entry {self.entry_id}: the document's columns and body differ")
            return JournalEntry(
                entry_id=c[1],
                entry_kind=c[3],
                part=c[4],
                entry_seq=c[5],
                tenant=c[6],
                legal_entity=c[7],
                order_key=c[8],
                event_id=c[9],
                event_type=c[10],
                source=c[11],
                channel=c[12],
                occurred_at=c[13],
                business_date=c[14],
                posting_date=c[15],
                late=bool(c[16]),
                currency=c[17],
                currency_exponent=c[18],
                postings=tuple(posting_from_row(*row[1:]) for row in self.postings),
                document=document,
                reverses=c[21],
                rule=c[22],
                policy_version=c[23],
                memo=c[24],
            )
        except (UnbalancedEntry, KeyError, TypeError, ValueError, AttributeError) as error:
            raise DamagedRow(f"entry {self.entry_id}: {error}") from error


def whole_rows(picture: Picture, found: Sequence[Row]) -> tuple[BookedRow, ...]:
    """Entry rows with their postings and documents."""
    numbers = picture.array([row[0] for row in found])
    legs = picture.rows("postings_of", (numbers,)) if found else []
    postings = {number: tuple(group) for number, group in groupby(legs, key=lambda row: row[0])}
    documents = {row[0]: row for row in picture.rows("documents_of", (numbers,))} if found else {}
    return tuple(
        BookedRow(
            entry_no=row[0],
            entry_id=row[1],
            content_hash=row[2],
            partition=row[25],
            offset=row[26],
            booked_at=row[27],
            chain_hash=row[28],
            columns=row,
            postings=postings.get(row[0], ()),
            document=documents.get(row[0]),
        )
        for row in found
    )
