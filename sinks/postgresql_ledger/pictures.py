"""The ledger in PostgreSQL as readers and auditors see it."""

from collections.abc import Mapping, Sequence
from typing import Any

from asiento.runtime.database_urls import place_of
from sinks.bookkeeping.picture import Values
from sinks.bookkeeping.rows import Row
from sinks.postgresql_ledger.connection import Connection, connect_reader, explained
from sinks.postgresql_ledger.schema import require_current
from sinks.postgresql_ledger.statements import statement
from sinks.postgresql_ledger.text import read_back, storable_text


class PostgresqlPicture:
    """See `Picture`; whoever opens the connection has begun its transaction."""

    def __init__(self, connection: Connection, place: str) -> None:
        self._connection = connection
        self.place = place

    @classmethod
    def of(cls, url: str) -> "PostgresqlPicture":
        """A picture of the ledger now; raises `LedgerUnavailable`, `LedgerNotPrepared`, `ForeignLedger`."""
        picture = cls(connect_reader(url), place_of(url))
        picture.begin()
        return picture

    def begin(self) -> None:
        """See one moment from here on; the connection is closed where that cannot be."""
        try:
            with explained(self.place, "while opening the ledger"):
                require_current(self._connection, self.place)
                self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                self._connection.execute(statement("offsets")).fetchall()
        except BaseException:
            self._connection.close()
            raise

    def rows(self, name: str, values: Values = ()) -> list[Row]:
        """See `Picture.rows`."""
        given = (
            {key: storable_text(value) for key, value in values.items()}
            if isinstance(values, Mapping)
            else tuple(storable_text(value) for value in values)
        )
        with explained(self.place, "while reading the ledger"):
            return read_back(self._connection.execute(statement(name), given or None).fetchall())

    def array(self, values: Sequence[Any]) -> Any:
        """See `Picture.array`."""
        return list(values)

    def close(self) -> None:
        """See `Picture.close`."""
        self._connection.close()
