"""The ledger's copy in a backup: always one file, whichever database the ledger is in, and back from there.

A ledger in PostgreSQL has the same rows as one in a file, so its copy is an embedded ledger, with the same chain, seals and heads:
every check of a backup works on it without a server.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sinks.backup.errors import BackupRefused
from sinks.backup.folders import create_private, sync
from sinks.backup.sqlite_copy import copy_sqlite
from sinks.ledger import LedgerMissing
from sinks.ledger_access import is_postgresql, reader_at
from sinks.sqlite_ledger import ledger_path, open_picture
from sinks.sqlite_ledger.filling import fill_file


def copy_ledger(ledger_url: str, target: Path) -> None:
    """Copy one unmoving picture of the ledger into a new file; raises `BackupRefused`, `LedgerError`."""
    if not is_postgresql(ledger_url):
        copy_sqlite(ledger_path(ledger_url), target)
        return
    from sinks.postgresql_ledger.pictures import PostgresqlPicture

    with closing(PostgresqlPicture.of(ledger_url)) as picture:
        create_private(target).close()
        try:
            fill_file(target, picture)
        except sqlite3.Error as error:
            raise BackupRefused(f"{picture.place} cannot be copied to {target}: {error}; run `asiento verify`") from error
    sync(target)


def require_empty_database(ledger_url: str) -> None:
    """The database that a ledger shall be restored into holds none; raises `BackupRefused`, `LedgerError`."""
    if not is_postgresql(ledger_url):
        raise BackupRefused("--ledger-url names a database; a ledger in a file is restored into the data directory")
    try:
        with reader_at(ledger_url) as reader:
            started, place = reader.stream() is not None, reader.place
    except LedgerMissing:
        return
    if started:
        raise BackupRefused(f"{place}: there is a ledger already, nothing was changed; name an empty database")


def restore_into_database(ledger: Path, ledger_url: str) -> None:
    """Write the ledger of a file into an empty database; raises `LedgerError`."""
    from sinks.postgresql_ledger.filling import fill_database

    with closing(open_picture(ledger)) as picture:
        fill_database(ledger_url, picture)
