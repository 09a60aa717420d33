"""The outbox: events are written in the transaction of what they tell of, and sent by a relay afterwards.

So a fact of the producer's database and its event are there together or not at all, whatever dies in between. The relation
`asiento_outbox` lies in that database, SQLite or PostgreSQL (psycopg). Sent at least once: a relay that dies between sending and
marking sends again, and the same event_id is booked once.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple, Protocol

import orjson

from schemas.event_messages import EventMessage
from sources.sdk.producer import Sendable, message_of

MICROSECONDS_PER_DAY: Final = 24 * 60 * 60 * 1_000_000
KEEP_DAYS: Final = 7


class Connection(Protocol):
    """A connection of sqlite3 or psycopg."""

    def execute(self, query: Any, parameters: Any = ..., /) -> Any:
        """Run one statement."""

    def cursor(self) -> Any:
        """A cursor."""

    def commit(self) -> None:
        """End the transaction."""


class WaitingEvent(NamedTuple):
    """An event of the outbox and its place there."""

    position: int
    message: EventMessage


class Backlog(NamedTuple):
    """How many events wait, and since when the oldest does (UTC microseconds; None: none waits)."""

    events: int
    oldest_added_at: int | None


def create_outbox(connection: Connection) -> None:
    """Make the relation where it is not there yet; the caller commits."""
    script = _sql("create_sqlite" if _is_sqlite(connection) else "create_postgresql")
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)


def add(connection: Connection, *events: Sendable) -> None:
    """Write events in the caller's transaction: they are sent if it commits. Raises `FaultyEvent` before any is written.

    Events of one order are sent in the order in which they were added. Where two transactions work on one order at a time, lock
    the order first: of two that overlap, the one that commits first is sent first.
    """
    messages = [message_of(event) for event in events]
    for message in messages:
        headers = {name: value.decode() for name, value in message.headers}
        row = (headers["ce_id"], message.key.decode(), message.value, orjson.dumps(headers).decode(), _now())
        connection.execute(_statement(connection, "add"), row)


def waiting(connection: Connection, events_max: int) -> tuple[WaitingEvent, ...]:
    """The oldest events that wait."""
    rows = connection.execute(_statement(connection, "waiting"), (events_max,)).fetchall()
    return tuple(WaitingEvent(position, _message(key, value, headers)) for position, key, value, headers in rows)


def mark_confirmed(connection: Connection, positions: Sequence[int]) -> None:
    """Note that the broker has these; the caller commits."""
    at = _now()
    connection.cursor().executemany(_statement(connection, "mark"), [(at, position) for position in positions])


def purge(connection: Connection, *, keep_days: int = KEEP_DAYS) -> int:
    """Remove what was confirmed more than `keep_days` ago; gives how many. The caller commits."""
    found: int = connection.execute(_statement(connection, "purge"), (_now() - keep_days * MICROSECONDS_PER_DAY,)).rowcount
    return found


def backlog(connection: Connection) -> Backlog:
    """What waits, for a metric or an alarm."""
    return Backlog(*connection.execute(_statement(connection, "backlog")).fetchone())


def _message(key: str, value: bytes, headers: str) -> EventMessage:
    stated: Mapping[str, str] = orjson.loads(headers)
    return EventMessage(key.encode(), bytes(value), tuple((name, text.encode()) for name, text in stated.items()))


def _now() -> int:
    return time.time_ns() // 1000


def _is_sqlite(connection: Connection) -> bool:
    return isinstance(connection, sqlite3.Connection)


def _statement(connection: Connection, name: str) -> str:
    sql = _sql(name)
    return sql if _is_sqlite(connection) else sql.replace("?", "%s")


@cache
def _sql(name: str) -> str:
    return resources.files("sources.sdk").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
