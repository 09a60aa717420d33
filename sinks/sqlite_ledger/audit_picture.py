"""The embedded ledger as auditors see it."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sinks.bookkeeping.picture import Values
from sinks.bookkeeping.rows import Row
from sinks.sqlite_ledger.files import open_reader
from sinks.sqlite_ledger.picture import SqlitePicture
from sinks.sqlite_ledger.statements import migrations, statement

INTEGRITY_MESSAGES_MAX = 100
VALUE_BYTES_MAX = 64 * 1024 * 1024
"""A longer text or blob in the file is refused by SQLite: the longest record of ours has 8 MiB."""

CACHE_KIB = 64 * 1024
TABLES = ("entry", "posting", "document", "entry_conflict", "source_offset", "ack_cursor")


class SqliteAuditPicture(SqlitePicture):
    """See `AuditPicture`. Neither the file's triggers nor its indexes are relied on; any method may raise `sqlite3.Error`.

    Values may be of any type; text that is no UTF-8 comes with its bytes escaped.
    """

    kind = "sqlite"

    @classmethod
    def of(cls, path: Path) -> "SqliteAuditPicture":
        """A picture of a ledger's file now; raises `LedgerUnavailable`, `ForeignLedger`."""
        connection = open_reader(path)
        picture = cls(connection, str(path))
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)
            for pragma in (f"cache_size = -{CACHE_KIB}", "trusted_schema = OFF", "cell_size_check = ON", "temp_store = FILE"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("BEGIN")
            picture.rows("audit_cursor")
        except BaseException:
            connection.close()
            raise
        return picture

    def rows(self, name: str, values: Values = ()) -> list[Row]:
        """See `Picture.rows`; where a text is no UTF-8, once more with its bytes escaped."""
        with suppress(sqlite3.OperationalError):
            return super().rows(name, values)
        self._connection.text_factory = _escaped
        try:
            return super().rows(name, values)
        finally:
            self._connection.text_factory = str

    def index(self) -> None:
        """Index the ids by a scan of the table."""
        for part in statement("audit_index").split(";"):
            if part.strip():
                self._connection.execute(part)

    def integrity(self) -> tuple[str, ...]:
        """What SQLite itself finds wrong with the file."""
        rows = self._connection.execute(f"PRAGMA integrity_check({INTEGRITY_MESSAGES_MAX})").fetchall()
        return tuple(str(row[0]) for row in rows if row[0] != "ok")

    def risks(self) -> tuple[str, ...]:
        """None: the writer sets them itself."""
        return ()

    def schema_differences(self) -> tuple[str, ...]:
        """Tables, views, triggers and indexes that are missing, changed or foreign, in words."""
        with closing(sqlite3.connect(":memory:")) as pristine:
            for _, script in migrations():
                pristine.executescript(script)
            wanted = _schema(pristine)
        found = _schema(self._connection)
        changed = [key for key, text in wanted.items() if found.get(key) != text]
        missing = [f"the ledger's own {kind} {name} is gone or was changed" for kind, name in changed]
        foreign = [f"the {kind} {name} is none of the ledger's own" for kind, name in found if (kind, name) not in wanted]
        return tuple(sorted(missing) + sorted(foreign))

    def missing_tables(self) -> tuple[str, ...]:
        """See `AuditPicture.missing_tables`."""
        found = _schema(self._connection)
        return tuple(name for name in TABLES if ("table", name) not in found)


def _escaped(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _schema(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {(str(row[0]), str(row[1])): tuple(row[2:]) for row in connection.execute(statement("audit_schema"))}
