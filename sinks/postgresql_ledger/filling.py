"""An empty database filled with the rows of another ledger."""

from contextlib import closing

from asiento.runtime.database_urls import place_of
from sinks.bookkeeping.picture import Picture
from sinks.bookkeeping.rows import Row, offset_row
from sinks.bookkeeping.transfer import conflict_slices, entry_slices
from sinks.chain import EMPTY_CHAIN, START
from sinks.ledger import LedgerRefused, StreamIdentity
from sinks.postgresql_ledger.connection import Connection, connect_writer, explained
from sinks.postgresql_ledger.schema import prepare, take_writer_lock
from sinks.postgresql_ledger.statements import statement
from sinks.postgresql_ledger.writer import copy_rows


def fill_database(url: str, picture: Picture) -> None:
    """Write every row of a picture into the ledger of an empty database, in one transaction, past all of its own checks.

    What moves, moves as a sink moves it: forward, from the start. Raises `LedgerError`; then nothing was written.
    """
    place = place_of(url)
    with closing(connect_writer(url)) as connection, explained(place, "while restoring"):
        take_writer_lock(connection, place)
        prepare(connection, place)
        if connection.execute(statement("offsets")).fetchall() or connection.execute(statement("last_entry")).fetchall():
            raise LedgerRefused(f"{place}: there is a ledger already, nothing was changed; name an empty database")
        with connection.transaction():
            connection.execute("SET LOCAL statement_timeout = 0")  # the commit adds up every entry
            _fill(connection, picture)


def _fill(connection: Connection, picture: Picture) -> None:
    offsets = picture.rows("offsets")
    with connection.cursor() as cursor:
        bound = [offset_row(StreamIdentity(cluster_id=row[0], topic=row[1], topic_id=row[2]), row[3], 0, EMPTY_CHAIN) for row in offsets]
        cursor.executemany(statement("insert_offset"), bound)
    for rows in entry_slices(picture):
        for table, found in (("entry", rows.entries), ("posting", rows.postings), ("document", rows.documents)):
            copy_rows(connection, table, found)
    for conflicts in conflict_slices(picture):
        copy_rows(connection, "entry_conflict", conflicts)
    if offsets:
        moves: list[Row] = [(row[3], 0, 0, START, *row[4:]) for row in offsets]
        connection.execute(statement("advance_offsets"), (offsets[0][1], *map(list, zip(*moves, strict=True))))
    for _, entry_no, conflict_no, own_seal in picture.rows("audit_cursor"):
        connection.execute(statement("move_cursor"), (entry_no, conflict_no, own_seal, 0, 0))
