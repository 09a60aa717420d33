"""A consistent copy of a SQLite database that another process writes to."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sinks.backup.errors import BackupRefused
from sinks.backup.folders import create_private, sync

BUSY_WAIT_SECONDS_MAX = 10


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy page by page, from one picture: SQLite's own backup, in one step, which no writer waits for.

    The copy has no write-ahead log beside it: one file is the whole database. Raises `BackupRefused`.
    """
    create_private(target).close()
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_WAIT_SECONDS_MAX)) as original,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            original.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.Error as error:
        raise BackupRefused(f"{source} cannot be copied to {target}: {error}; has the disk room?") from error
    sync(target)


def user_version(path: Path) -> int:
    """The migration version in the header of a file that nobody writes to."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def publish(partial: Path, final: Path) -> None:
    """Give a finished file its name."""
    partial.replace(final)
    sync(final.parent)
