"""One connection to the operational database, SQLite or PostgreSQL: what its writer and its readers need, and no more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from asiento.runtime.database_urls import POSTGRESQL_PREFIX, SQLITE_PREFIX
from sinks.projector.errors import ForeignOperational, OperationalMissing, OperationalUnavailable
from sinks.projector.statements import Dialect, migrations

Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]

VERSION_TABLE = "operational_version"


class Database(Protocol):
    """A connection; statements are those of `sinks.projector.statements`, values int, str or None."""

    @property
    def dialect(self) -> Dialect:
        """Which of the two it is."""
        ...

    @property
    def place(self) -> str:
        """Where it is, for messages; without a password."""
        ...

    def query(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a SELECT."""
        ...

    def stream(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """The rows of a SELECT, fetched in slices."""
        ...

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; answers how many rows it changed."""
        ...

    def change_many(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement for each row of parameters."""
        ...

    def append(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows of which none is there yet."""
        ...

    def begin(self) -> None:
        """Start a transaction that writes."""
        ...

    def begin_picture(self) -> None:
        """Start a transaction that only reads and sees one unmoving picture."""
        ...

    def commit(self) -> None:
        """End the transaction; what it wrote stays."""
        ...

    def rollback(self) -> None:
        """End the transaction, if there is one; what it wrote is gone."""
        ...

    def tables(self) -> frozenset[str]:
        """Names of the tables that are there."""
        ...

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of a table in their order."""
        ...

    def run_script(self, script: str) -> None:
        """Run several statements inside the transaction that is open."""
        ...

    def close(self) -> None:
        """Let go of the database; safe to call twice."""
        ...

    def explained(self) -> "Explained":
        """A context in which the driver's errors become `OperationalUnavailable`."""
        ...


class Explained(Protocol):
    """A context manager without a value."""

    def __enter__(self) -> None:
        """Begin."""
        ...

    def __exit__(self, *problem: Any) -> bool | None:
        """End; raises the error that people can read."""
        ...


def sqlite_path(url: str) -> Path | None:
    """The file that `sqlite:///path` names; None for another kind of URL. Raises `OperationalUnavailable` without a path."""
    if not url.startswith(SQLITE_PREFIX):
        return None
    if url == SQLITE_PREFIX:
        raise OperationalUnavailable(f"{url} names no file; ASIENTO_OPERATIONAL_URL must be {SQLITE_PREFIX}PATH or {POSTGRESQL_PREFIX}...")
    return Path(url.removeprefix(SQLITE_PREFIX))


def open_database(url: str, *, for_writing: bool) -> Database:
    """Connect; raises `OperationalUnavailable`. For reading, the database must be there already."""
    path = sqlite_path(url)
    if path is not None:
        from sinks.projector.sqlite_database import open_sqlite

        return open_sqlite(path, for_writing=for_writing)
    if url.startswith(POSTGRESQL_PREFIX):
        from sinks.projector.postgresql_database import open_postgresql

        return open_postgresql(url)
    raise OperationalUnavailable(
        f"{url.split(':', 1)[0]}: no operational database; ASIENTO_OPERATIONAL_URL must start with {SQLITE_PREFIX} or {POSTGRESQL_PREFIX}"
    )


def newest_version(dialect: Dialect) -> int:
    """The version that this program knows."""
    return migrations(dialect)[-1][0]


def present_version(database: Database) -> int:
    """The version the database has; 0 before it is made. Raises `ForeignOperational`."""
    tables = database.tables()
    if VERSION_TABLE not in tables:
        if database.dialect == "sqlite" and tables:
            raise ForeignOperational(
                f"{database.place}: a database, but no operational database of asiento; name another file in ASIENTO_OPERATIONAL_URL"
            )
        return 0
    rows = database.query("SELECT coalesce(max(version), 0) FROM operational_version")
    version: int = rows[0][0]
    newest = newest_version(database.dialect)
    if version > newest:
        raise ForeignOperational(
            f"{database.place}: operational database version {version}, this program knows up to {newest}; run the newer program"
        )
    return version


def migrate(database: Database) -> None:
    """Run what is missing, in one transaction; the caller is the only writer."""
    present = present_version(database)
    missing = [(version, script) for version, script in migrations(database.dialect) if version > present]
    if not missing:
        return
    with transaction(database):
        for version, script in missing:
            database.run_script(script)
            database.change("INSERT INTO operational_version (version) VALUES (?)", (version,))


def require_current(database: Database) -> None:
    """The database is there and has our version; raises `OperationalUnavailable` or `ForeignOperational`."""
    version, newest = present_version(database), newest_version(database.dialect)
    if version == 0:
        raise OperationalMissing(f"{database.place}: no operational database there yet; `asiento sinks run projector` makes it")
    if version < newest:
        raise OperationalUnavailable(
            f"{database.place}: operational database version {version}, expected {newest}; start the projector once to bring it up to date"
        )


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """All or nothing of what is written inside."""
    database.begin()
    try:
        yield
    except BaseException:
        database.rollback()
        raise
    database.commit()


def placeholders(items: Iterable[Any]) -> str:
    """As many `?` as there are items, with commas."""
    return ", ".join("?" for _ in items)
