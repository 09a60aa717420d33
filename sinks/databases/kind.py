"""A kind of database: what it is called, where its scripts are, how it is opened and brought up to date, and how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from asiento.runtime.database_urls import POSTGRESQL_PREFIX, SQLITE_PREFIX
from sinks.databases.database import Database, Dialect, transaction
from sinks.sql_files import read_migrations

_WORDS: Final[Mapping[Dialect, Mapping[str, str]]] = {
    "sqlite": {
        "{text}": "TEXT",
        "{bytes}": "BLOB",
        "{clustered}": "WITHOUT ROWID",
        "{number}": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
    },
    "postgresql": {
        "{text}": 'TEXT COLLATE "C"',
        "{bytes}": "BYTEA",
        "{clustered}": "",
        "{number}": "BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    },
}
"""Where the scripts differ: text compared by its bytes, bytes, short rows kept in the order of their key, rows numbered as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseKind:
    """One kind of database.

    name: as messages call it; variable: the setting that names it; makes, updates: what people do so that it is there, or of this version.
    package: has its `migrations`; version_table: which of them were run. application_id: in the header of a SQLite file.
    durable: what is committed outlives a crash of the machine. busy_seconds: longest wait for another writer of a SQLite file. Errors
    take one message.
    """

    name: str
    variable: str
    makes: str
    updates: str
    package: str
    version_table: str
    application_id: int
    durable: bool
    busy_seconds: int
    unavailable: type[Exception]
    missing: type[Exception]
    foreign: type[Exception]

    def sqlite_path(self, url: str) -> Path | None:
        """The file that `sqlite:///path` names; None for another kind of URL. Raises `unavailable` without a path."""
        if not url.startswith(SQLITE_PREFIX):
            return None
        if url == SQLITE_PREFIX:
            raise self.unavailable(f"{url} names no file; {self.variable} must be {SQLITE_PREFIX}PATH or {POSTGRESQL_PREFIX}...")
        return Path(url.removeprefix(SQLITE_PREFIX))

    def open(self, url: str, *, for_writing: bool) -> Database:
        """Connect; raises `unavailable`. For reading, the database must be there already: else raises `missing`."""
        path = self.sqlite_path(url)
        if path is not None:
            from sinks.databases.sqlite import open_sqlite

            return open_sqlite(path, self, for_writing=for_writing)
        if url.startswith(POSTGRESQL_PREFIX):
            from sinks.databases.postgresql import open_postgresql

            return open_postgresql(url, self.unavailable)
        raise self.unavailable(
            f"{url.split(':', 1)[0]}: no {self.name}; {self.variable} must start with {SQLITE_PREFIX} or {POSTGRESQL_PREFIX}"
        )

    def migrations(self, dialect: Dialect) -> tuple[tuple[int, str], ...]:
        """All migrations as (version, script), lowest version first."""
        return _migrations(self.package, dialect)

    def newest_version(self, dialect: Dialect) -> int:
        """The version that this program knows."""
        return self.migrations(dialect)[-1][0]

    def present_version(self, database: Database) -> int:
        """The version the database has; 0 before it is made. Raises `foreign`."""
        tables = database.tables()
        if self.version_table not in tables:
            if database.dialect == "sqlite" and tables:
                raise self.foreign(f"{database.place}: a database, but no {self.name} of asiento; name another file in {self.variable}")
            return 0
        rows = database.query(f"SELECT coalesce(max(version), 0) FROM {self.version_table}")  # noqa: S608
        version: int = rows[0][0]
        newest = self.newest_version(database.dialect)
        if version > newest:
            raise self.foreign(f"{database.place}: {self.name} version {version}, this program knows up to {newest}; run the newer program")
        return version

    def migrate(self, database: Database) -> None:
        """Run what is missing, in one transaction; several processes may do so at once, one of them does it."""
        if self.present_version(database) == self.newest_version(database.dialect):
            return
        with transaction(database):
            if database.dialect == "postgresql":
                database.query("SELECT pg_advisory_xact_lock(?, hashtext(current_schema()))", (self.application_id - 1,))
            present = self.present_version(database)
            for version, script in self.migrations(database.dialect):
                if version > present:
                    database.run_script(script)
                    database.change(f"INSERT INTO {self.version_table} (version) VALUES (?)", (version,))  # noqa: S608

    def require_current(self, database: Database) -> None:
        """The database is there and has our version; raises `missing`, `unavailable` or `foreign`."""
        version, newest = self.present_version(database), self.newest_version(database.dialect)
        if version == 0:
            raise self.missing(f"{database.place}: no {self.name} there yet; {self.makes} makes it")
        if version < newest:
            raise self.unavailable(f"{database.place}: {self.name} version {version}, expected {newest}; {self.updates}")


@cache
def _migrations(package: str, dialect: Dialect) -> tuple[tuple[int, str], ...]:
    return tuple((version, _in(dialect, script)) for version, script in read_migrations(package))


def _in(dialect: Dialect, script: str) -> str:
    for word, spelled in _WORDS[dialect].items():
        script = script.replace(word, spelled)
    return script
