"""A new file filled with the rows of another ledger."""

from contextlib import closing
from pathlib import Path

from sinks.bookkeeping.picture import Picture
from sinks.bookkeeping.transfer import conflict_slices, entry_slices
from sinks.sqlite_ledger.files import open_writer
from sinks.sqlite_ledger.statements import statement


def fill_file(path: Path, picture: Picture) -> None:
    """Write every row of a picture into a new ledger at `path`, in one transaction, past all of its own checks.

    One file is the whole ledger afterwards, without a write-ahead log. Raises `LedgerError`, `sqlite3.Error`.
    """
    with closing(open_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for rows in entry_slices(picture):
            connection.executemany(statement("insert_posting"), rows.postings)
            connection.executemany(statement("insert_document"), rows.documents)
            connection.executemany(statement("insert_entry"), rows.entries)
        for conflicts in conflict_slices(picture):
            connection.executemany(statement("insert_conflict"), conflicts)
        connection.executemany(statement("insert_offset"), picture.rows("offsets"))
        for _, entry_no, conflict_no, own_seal in picture.rows("audit_cursor"):
            connection.execute(statement("move_cursor"), (entry_no, conflict_no, own_seal, 0, 0))
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
