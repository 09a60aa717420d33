"""The embedded ledger as readers see it."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

from sinks.bookkeeping.picture import Values
from sinks.bookkeeping.rows import Row
from sinks.header_mark import header_mark
from sinks.sqlite_ledger.statements import statement


class SqlitePicture:
    """See `Picture`; whoever opens the connection has begun its transaction."""

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._connection = connection
        self.place = place
        connection.create_function("header_mark", 4, _mark, deterministic=True)

    def rows(self, name: str, values: Values = ()) -> list[Row]:
        """See `Picture.rows`."""
        return self._connection.execute(statement(name), values).fetchall()

    def array(self, values: Sequence[Any]) -> Any:
        """See `Picture.array`."""
        return orjson.dumps(values).decode()

    def close(self) -> None:
        """See `Picture.close`."""
        self._connection.close()


def _mark(*values: Any) -> int:
    """Of whatever somebody has put there."""
    return header_mark(*(str(value) for value in values if value is not None))
