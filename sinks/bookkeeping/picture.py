"""One unmoving picture of a ledger: all that reading and auditing need of a database."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from sinks.bookkeeping.rows import Row

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


class Picture(Protocol):
    """A read-only transaction that sees one moment; statements are named, see `sinks.bookkeeping.statements`."""

    @property
    def place(self) -> str:
        """Where the ledger is, for messages; never with a password."""
        ...

    def rows(self, name: str, values: Values = ()) -> list[Row]:
        """All rows of one statement. Raises `LedgerUnavailable`; on SQLite `sqlite3.Error`."""
        ...

    def array(self, values: Sequence[Any]) -> Any:
        """A set of values as the one parameter that `{among}` asks for."""
        ...

    def close(self) -> None:
        """Let go of the picture; safe to call twice."""
        ...


class AuditPicture(Picture, Protocol):
    """A picture that trusts nothing, and knows what is wrong with the database itself."""

    @property
    def kind(self) -> str:
        """The name that the acks of such a ledger carry."""
        ...

    def index(self) -> None:
        """Prepare whatever the ids are looked up with."""
        ...

    def integrity(self) -> tuple[str, ...]:
        """What the database itself finds wrong with its files."""
        ...

    def risks(self) -> tuple[str, ...]:
        """Settings of the database with which a power cut could take what is booked, in words."""
        ...

    def schema_differences(self) -> tuple[str, ...]:
        """What the ledger is made of and protected with, where that is missing, changed or foreign, in words."""
        ...

    def missing_tables(self) -> tuple[str, ...]:
        """Tables without which nothing can be read."""
        ...
