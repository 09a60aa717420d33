"""Connections to the ledger in PostgreSQL: how they are made, what they are told first, and what their errors mean to us."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import errors

from asiento.runtime.database_urls import place_of
from sinks.bookkeeping.rows import Row
from sinks.ledger import LedgerNotPrepared, LedgerRefused, LedgerUnavailable, LedgerUnreachable, OffsetMoved
from sinks.postgresql_ledger.statements import SCHEMA

Connection: TypeAlias = "psycopg.Connection[Row]"

VERSION_MIN: Final = 150_000
"""PostgreSQL 15: the oldest that the tests have run on."""

CONNECT_SECONDS_MAX: Final = 5
TCP_UNANSWERED_MS_MAX: Final = 10_000
"""A cut network is noticed within so long, by us and by the server, which then lets go of the writer's lock."""

KEEPALIVE_IDLE_SECONDS: Final = 5
KEEPALIVE_PAUSE_SECONDS: Final = 2
KEEPALIVES_MAX: Final = 3
STATEMENT_SECONDS_MAX: Final = 60
"""Longest statement of the writer; a batch takes milliseconds."""

LOCK_SECONDS_MAX: Final = 10
IDLE_IN_TRANSACTION_SECONDS_MAX: Final = 60
"""A writer that stands still inside a transaction for longer has lost it: the server ends its session."""

IDLE_SECONDS_MAX: Final = 60
"""A writer asks for acks several times a second; one that is silent for longer is frozen, and another may take over."""

READ_SECONDS_MAX: Final = 3_600
"""Longest statement, and longest pause between two, of a reader, whose picture may be compared with a long stream."""

_CLIENT: Final[Mapping[str, Any]] = {
    "connect_timeout": CONNECT_SECONDS_MAX,
    "keepalives": 1,
    "keepalives_idle": KEEPALIVE_IDLE_SECONDS,
    "keepalives_interval": KEEPALIVE_PAUSE_SECONDS,
    "keepalives_count": KEEPALIVES_MAX,
    "tcp_user_timeout": TCP_UNANSWERED_MS_MAX,
    "client_encoding": "UTF8",
}
_SERVER: Final[Mapping[str, str]] = {
    "search_path": f"{SCHEMA}, pg_temp",
    "tcp_keepalives_idle": str(KEEPALIVE_IDLE_SECONDS),
    "tcp_keepalives_interval": str(KEEPALIVE_PAUSE_SECONDS),
    "tcp_keepalives_count": str(KEEPALIVES_MAX),
    "tcp_user_timeout": str(TCP_UNANSWERED_MS_MAX),
    "client_connection_check_interval": "5s",
    "lock_timeout": f"{LOCK_SECONDS_MAX}s",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
}
_WRITER: Final[Mapping[str, str]] = {
    "statement_timeout": f"{STATEMENT_SECONDS_MAX}s",
    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS_MAX}s",
    "idle_session_timeout": f"{IDLE_SECONDS_MAX}s",
}
_READER: Final[Mapping[str, str]] = {
    "statement_timeout": f"{READ_SECONDS_MAX}s",
    "idle_in_transaction_session_timeout": f"{READ_SECONDS_MAX}s",
}
_DURABLE: Final = frozenset({"on", "remote_apply"})
"""What synchronous_commit must be: with anything less a booked entry could be lost although its ack is published."""


def connect_writer(url: str) -> Connection:
    """A session that may write: it goes to a primary where the URL names several servers, and commits durably.

    Raises `LedgerUnavailable`, `LedgerNotPrepared`.
    """
    connection = _connect(url, "asiento ledger sink", _WRITER, {"target_session_attrs": "read-write"})
    with _closed_on_error(connection), explained(place_of(url), "while its settings were made"):
        if setting(connection, "synchronous_commit") not in _DURABLE:
            connection.execute("SET synchronous_commit = on")
        connection.execute("SET default_transaction_read_only = off")
    return connection


def connect_reader(url: str) -> Connection:
    """A session for reading; a standby will do. Raises `LedgerUnavailable`, `LedgerNotPrepared`."""
    return _connect(url, "asiento ledger reader", _READER, {})


def setting(connection: Connection, name: str) -> str:
    """What a setting of the server is in this session."""
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return "" if row is None else str(row[0])


@contextmanager
def explained(place: str, doing: str) -> Iterator[None]:
    """The driver's errors as ours: only what the database itself refused is `LedgerRefused`, all else may end with another try."""
    try:
        yield
    except errors.UniqueViolation as error:
        raise _not_once(place, doing, error) from None
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise LedgerRefused(f"{place}: the ledger refused {doing}: {_said(error)}") from None
    except (errors.InsufficientPrivilege, errors.UndefinedTable, errors.UndefinedFunction, errors.InvalidSchemaName) as error:
        raise LedgerNotPrepared(
            f"{place}: {_said(error)} {doing}; whoever owns the ledger runs `asiento ledger migrate --writer ROLE --reader ROLE`"
        ) from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise LedgerUnreachable(f"{place}: {_said(error)} {doing}") from None
    except psycopg.Error as error:
        raise LedgerUnavailable(f"{place}: {_said(error)} {doing}") from None


def _not_once(place: str, doing: str, error: errors.UniqueViolation) -> OffsetMoved | LedgerRefused:
    match error.diag.constraint_name:
        case "entry_no_once" | "conflict_no_once" | "entry_once":
            return OffsetMoved(f"{place}: another process has booked {doing}; nothing of this batch was kept")
        case "entry_reversed_once":
            return LedgerRefused(f"{place}: the ledger refused {doing}: an entry was reversed already: {error.diag.message_detail}")
        case name:
            return LedgerRefused(f"{place}: the ledger refused {doing}: {name}: {_said(error)}")


def _said(error: psycopg.Error) -> str:
    """What the server or the driver says, on one line, without the statement and its values."""
    return " ".join((error.diag.message_primary or str(error) or type(error).__name__).split())


def _connect(url: str, name: str, settings: Mapping[str, str], wanted: Mapping[str, str]) -> Connection:
    place = place_of(url)
    try:
        parameters = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:  # its message may quote pieces of the password
        raise LedgerUnavailable(
            f"{place}: ASIENTO_LEDGER_URL is no URL of PostgreSQL (postgresql://user@host:port/database); "
            "special characters in user and password must be percent-encoded"
        ) from None
    merged = {**_CLIENT, "application_name": name, **wanted, **parameters}
    with explained(place, "while connecting"):
        connection: Connection = psycopg.connect(autocommit=True, **merged)
    with _closed_on_error(connection), explained(place, "while its settings were made"):
        if connection.info.server_version < VERSION_MIN:
            raise LedgerUnavailable(
                f"{place}: PostgreSQL {connection.info.server_version // 10_000}; the ledger needs {VERSION_MIN // 10_000} or newer"
            )
        for key, value in {**_SERVER, **settings}.items():
            connection.execute("SELECT set_config(%s, %s, false)", (key, value))
        if setting(connection, "server_encoding") != "UTF8":
            raise LedgerUnavailable(f"{place}: the database's encoding is not UTF8; make one with ENCODING 'UTF8' for the ledger")
    return connection


@contextmanager
def _closed_on_error(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
