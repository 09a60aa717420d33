"""One connection to a database, SQLite or PostgreSQL: what its writer and its readers need, and no more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Protocol, TypeAlias

Dialect: TypeAlias = Literal["sqlite", "postgresql"]
Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]


class Database(Protocol):
    """A connection; statements are what SQLite and PostgreSQL share, values int, str, bytes or None."""

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
        """A context in which the driver's errors become the one that people can read."""
        ...


class Explained(Protocol):
    """A context manager without a value."""

    def __enter__(self) -> None:
        """Begin."""
        ...

    def __exit__(self, *problem: Any) -> bool | None:
        """End; raises the error that people can read."""
        ...


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
