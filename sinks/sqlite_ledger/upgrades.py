"""What a migration fills in for rows that are older than it: steps that SQL alone cannot do."""

import sqlite3
from collections.abc import Callable, Mapping
from itertools import islice

from schemas.entries import content_hash, encode_entry
from sinks.bookkeeping.booked import ROWS_READ_MAX, BookedRow, DamagedRow
from sinks.bookkeeping.reader import LedgerReader
from sinks.bookkeeping.rows import cursor_seal
from sinks.chain import EMPTY_CHAIN, START, ChainHead, entry_seal, next_link, seal
from sinks.ledger import LedgerRefused
from sinks.sqlite_ledger.picture import SqlitePicture
from sinks.sqlite_ledger.statements import statement


def chain_older_entries(connection: sqlite3.Connection) -> None:
    """Version 2: compute the chain of what was booked before there was one, and seal all rows.

    An entry of that time stands on the topic in the one form that version 1 of JournalEntry has, so its record is made
    again from its rows. Raises `LedgerRefused` where rows do not give the content hash they were booked with.
    """
    heads: dict[int, ChainHead] = {}
    offsets: dict[int, int] = {}
    before = START
    rows = LedgerReader(SqlitePicture(connection, "")).all_rows()
    while slice_of_rows := tuple(islice(rows, ROWS_READ_MAX)):
        sealed = []
        for row in slice_of_rows:
            if row.offset <= offsets.get(row.partition, -1):
                raise _refused(row, "it does not follow the entry of its partition that was booked before it")
            head = heads.get(row.partition, EMPTY_CHAIN)
            link = next_link(head.link, row.partition, row.offset, _record_value(row))
            before = entry_seal(before, link, row.entry_no, row.booked_at)
            heads[row.partition], offsets[row.partition] = ChainHead(length=head.length + 1, link=link), row.offset
            sealed.append((link, before, row.entry_no))
        connection.executemany(statement("link_entry"), sealed)
    for values in connection.execute(statement("offsets")).fetchall():
        head = heads.get(values[3], EMPTY_CHAIN)
        sealed_offset = seal(*values[:5], head.length, head.link)
        connection.execute(statement("head_offset"), (head.length, head.link, sealed_offset, values[3]))
    for conflict in connection.execute(statement("whole_conflicts")).fetchall():
        after = connection.execute(statement("last_booked_before"), (conflict[7],)).fetchone()[0]
        connection.execute(statement("seal_conflict"), (after, seal(*conflict[:8], after), conflict[0]))
    connection.execute(statement("insert_cursor"), (cursor_seal(START, 0, 0),))


def _record_value(row: BookedRow) -> bytes:
    try:
        entry = row.entry()
    except DamagedRow as error:
        raise _refused(row, str(error)) from error
    if content_hash(entry) != row.content_hash:
        raise _refused(row, "its rows do not give the content hash it was booked with")
    return encode_entry(entry)


def _refused(row: BookedRow, reason: str) -> LedgerRefused:
    return LedgerRefused(
        f"the ledger cannot be brought to version 2, its hash chain would start from altered books: entry {row.entry_id} "
        f"(entry_no {row.entry_no}): {reason}. Nothing was changed; restore the file, or book a new ledger from the stream"
    )


UPGRADES: Mapping[int, Callable[[sqlite3.Connection], None]] = {2: chain_older_entries}
"""By the version whose script they follow, in its transaction."""
