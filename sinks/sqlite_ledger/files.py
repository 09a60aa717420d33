"""Opening the ledger's file: where it is, whose it is, which version it has, and the lock of its one writer."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from asiento.runtime.database_urls import SQLITE_PREFIX
from sinks.ledger import ForeignLedger, LedgerInUse, LedgerMissing, LedgerUnavailable
from sinks.sqlite_ledger.picture import SqlitePicture
from sinks.sqlite_ledger.statements import migrations, statement
from sinks.sqlite_ledger.upgrades import UPGRADES

APPLICATION_ID = 0x61736E74
"""Stands in the file's header ("asnt"), so that another program's database is never taken for a ledger."""

BUSY_WAIT_SECONDS_MAX = 10.0
"""Longest wait for a reader that checkpoints; there is never a second writer."""

_HEADER = statement("header")


def ledger_path(url: str) -> Path:
    """The file that `sqlite:///path` names; raises `LedgerUnavailable` for any other kind of ledger."""
    if not url.startswith(SQLITE_PREFIX) or url == SQLITE_PREFIX:
        raise LedgerUnavailable(f"{url.split(':', 1)[0]}: no embedded ledger; ASIENTO_LEDGER_URL must be {SQLITE_PREFIX}PATH")
    return Path(url.removeprefix(SQLITE_PREFIX))


class WriterLock:
    """The right to write one ledger, held by one process through a lock on `<ledger>.lock`.

    The kernel drops the lock with the process, however it dies; the file stays and holds the last owner's pid.
    """

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_name(ledger.name + ".lock")
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock or raise `LedgerInUse` naming the process that has it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+", encoding="ascii")
        except OSError as error:
            raise LedgerUnavailable(f"{self._path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read(20).strip() or "unknown"
            file.close()
            raise LedgerInUse(f"{self._path}: process {owner} writes this ledger; it has one sink at a time, stop that one first") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back; safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the ledger for writing, made or brought to the newest version; the caller holds the lock.

    WAL with synchronous FULL: a committed batch is on disk. The connection may be used from any one thread at a time.
    """
    with _explained(path):
        connection = sqlite3.connect(path, timeout=BUSY_WAIT_SECONDS_MAX, isolation_level=None, check_same_thread=False)
        with _closed_on_error(connection):
            _require_ours(connection, path, empty_is_ours=True)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _migrate(connection)
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open an existing ledger for reading only; raises `LedgerUnavailable` or `ForeignLedger`."""
    if not path.is_file():
        raise LedgerMissing(f"{path}: no ledger there yet; `asiento sinks run ledger` makes it, ASIENTO_LEDGER_URL names another")
    with _explained(path):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_WAIT_SECONDS_MAX, isolation_level=None)
        with _closed_on_error(connection):
            _require_ours(connection, path, empty_is_ours=False)
    return connection


def open_picture(path: Path) -> SqlitePicture:
    """A picture of an existing ledger now; raises `LedgerUnavailable` or `ForeignLedger`."""
    connection = open_reader(path)
    connection.execute("BEGIN")
    picture = SqlitePicture(connection, str(path))
    picture.rows("offsets")
    return picture


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter: SQLite's message quotes bytes of a spoilt schema
        raise LedgerUnavailable(f"{path}: {error}") from error


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """A connection that is left open would keep the ledger from folding its write-ahead log into the file."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _require_ours(connection: sqlite3.Connection, path: Path, *, empty_is_ours: bool) -> None:
    application, version, tables = connection.execute(_HEADER).fetchone()
    newest = migrations()[-1][0]
    if tables == 0:
        if empty_is_ours:
            return
        raise LedgerMissing(f"{path}: the ledger is just being made; try again")
    if application != APPLICATION_ID:
        raise ForeignLedger(f"{path}: a database, but no ledger of asiento; name another file in ASIENTO_LEDGER_URL")
    if version > newest:
        raise ForeignLedger(f"{path}: ledger version {version}, this program knows up to {newest}; run the newer program")
    if version < newest and not empty_is_ours:
        raise LedgerUnavailable(f"{path}: ledger version {version}, expected {newest}; start the sink once to bring it up to date")


def _migrate(connection: sqlite3.Connection) -> None:
    """Run what is missing; a version's script, what is filled in for older rows, and its number become durable together."""
    present = connection.execute("PRAGMA user_version").fetchone()[0]
    for version, script in migrations():
        if version > present:
            connection.executescript(f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID};\n{script}")
            try:
                if version in UPGRADES:
                    UPGRADES[version](connection)
                connection.execute(f"PRAGMA user_version = {version}")
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
