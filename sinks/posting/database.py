"""The database of postings, SQLite or PostgreSQL: one connection's session in it, and the lock that makes it the only one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import islice
from typing import Final, Self, TypeVar

from asiento.runtime.file_lock import LockHeld, locked
from sinks.databases.database import Database, Parameters, Row, placeholders, transaction
from sinks.databases.kind import DatabaseKind
from sinks.posting.errors import ForeignPostings, PostingInUse, PostingsMissing, PostingsUnavailable, UnknownConnection
from sinks.posting.rows import ENTRY_COLUMNS, POSTING_COLUMNS
from sinks.sql_files import read_sql

POSTINGS: Final = DatabaseKind(
    name="database of postings",
    variable="ASIENTO_POSTINGS_URL",
    makes="`asiento sinks run CONNECTION`",
    updates="start `asiento sinks run CONNECTION` once to bring it up to date",
    package=__package__,
    version_table="posting_version",
    application_id=0x6173706F,
    durable=True,
    busy_seconds=60,
    unavailable=PostingsUnavailable,
    missing=PostingsMissing,
    foreign=ForeignPostings,
)
IDS_ASKED_MAX: Final = 500
"""Ids in one question to the database."""

Id = TypeVar("Id")


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    text = read_sql(__package__, name)
    return text.replace("{entry_columns}", ENTRY_COLUMNS).replace("{posting_columns}", POSTING_COLUMNS)


class PostingSession:
    """One connection's rows. `only`: this process is the one that serves the connection; operators' commands are not.

    Not for two threads at once.
    """

    def __init__(self, database: Database, connection: str, release: Callable[[], None] = lambda: None) -> None:
        self.database = database
        self.connection = connection
        self._release = release

    @classmethod
    def serve(cls, url: str, connection: str) -> Self:
        """Connect, become the only process that serves this connection, and bring the tables up to date.

        Raises `PostingInUse`, `ForeignPostings`, `PostingsUnavailable`.
        """
        with ExitStack() as undo:
            release = undo.enter_context(ExitStack())
            path = POSTINGS.sqlite_path(url)
            if path is not None:
                try:
                    release.enter_context(locked(path.with_name(f"{path.name}.{connection}.lock"), wait_seconds_max=0))
                except LockHeld:
                    raise _in_use(str(path), connection) from None
                except OSError as error:
                    raise PostingsUnavailable(f"{path}: {error.strerror}") from None
            database = POSTINGS.open(url, for_writing=True)
            undo.callback(database.close)
            session = cls(database, connection, release.close)
            session.prepare()
            undo.pop_all()
        return session

    @classmethod
    def command(cls, url: str, connection: str) -> Self:
        """Connect beside the process that serves, for an operator's command.

        Raises `PostingsMissing`, `PostingsUnavailable`, `ForeignPostings`, `UnknownConnection`.
        """
        path = POSTINGS.sqlite_path(url)
        if path is not None and not path.is_file():
            raise PostingsMissing(f"{path}: no {POSTINGS.name} there yet; {POSTINGS.makes} makes it, {POSTINGS.variable} names another")
        database = POSTINGS.open(url, for_writing=True)
        try:
            with database.explained():
                POSTINGS.require_current(database)
                known = [row[0] for row in database.query(statement("connections"))]
            if connection not in known:
                raise UnknownConnection(
                    f"{database.place}: there is no connection {connection}; there are: {', '.join(known) or 'none'}; "
                    f"{POSTINGS.makes} begins one"
                )
        except BaseException:
            database.close()
            raise
        return cls(database, connection)

    @classmethod
    def beginning(cls, url: str, connection: str) -> Self:
        """Connect beside a process, or before there ever was one: the tables and the connection's row are made where they are missing."""
        database = POSTINGS.open(url, for_writing=True)
        session = cls(database, connection)
        try:
            session.migrate()
        except BaseException:
            database.close()
            raise
        return session

    def prepare(self) -> None:
        """Take the lock where the database has it, then as `migrate`."""
        with self.database.explained():
            if self.database.dialect == "postgresql":
                self._take_advisory_lock()
        self.migrate()

    def migrate(self) -> None:
        """Bring the tables up to date and write the connection's row."""
        with self.database.explained():
            POSTINGS.migrate(self.database)
            with transaction(self.database):
                self.database.change(statement("insert_connection"), {"connection": self.connection})

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """A transaction that writes: all or nothing, one writer of a connection after another."""
        with self.database.explained(), transaction(self.database):
            self.database.change(statement("touch_connection"), {"connection": self.connection})
            yield self.database

    def query(self, name: str, parameters: dict[str, object] | None = None) -> list[Row]:
        """The rows of a statement; `connection` is among its parameters."""
        with self.database.explained():
            return self.database.query(statement(name), self.values(parameters))

    def ask(self, name: str, ids: Iterable[str]) -> Iterator[Row]:
        """The rows of a statement about `{ids}`, whose only other parameter is the connection, before them."""
        wanted = iter(ids)
        while asked := list(islice(wanted, IDS_ASKED_MAX)):
            with self.database.explained():
                found = self.database.query(statement(name).replace("{ids}", placeholders(asked)), (self.connection, *asked))
            yield from found

    def change(self, name: str, parameters: dict[str, object]) -> int:
        """Run a statement inside `writing`; answers how many rows it changed."""
        return self.database.change(statement(name), self.values(parameters))

    def change_many(self, name: str, rows: Sequence[Row]) -> None:
        """Run a statement inside `writing` for each row; the connection comes before its values."""
        if rows:
            self.database.change_many(statement(name), [(self.connection, *row) for row in rows])

    def values(self, parameters: dict[str, object] | None) -> Parameters:
        """These parameters and the connection."""
        return {"connection": self.connection, **(parameters or {})}

    def close(self) -> None:
        """Let go of the database and the lock; safe to call twice."""
        self.database.close()
        self._release()

    def _take_advisory_lock(self) -> None:
        question = "SELECT pg_try_advisory_lock(?, hashtext(current_schema() || '/' || ?))"
        if self.database.query(question, (POSTINGS.application_id, self.connection)) != [(True,)]:
            raise _in_use(self.database.place, self.connection)


def _in_use(place: str, connection: str) -> PostingInUse:
    return PostingInUse(f"{place}: another process serves the connection {connection}: stop that one first")
