"""Making the ledger's schema and bringing it up to date, and the roles that may use it."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from asiento.runtime.database_urls import place_of
from sinks.ledger import ForeignLedger, LedgerInUse, LedgerMissing, LedgerNotPrepared, LedgerUnavailable
from sinks.postgresql_ledger.connection import Connection, connect_writer, explained
from sinks.postgresql_ledger.statements import SCHEMA, migrations, statement

WRITER_LOCK: Final = (0x61736E74, 1)
"""The advisory lock of the one writer, as two numbers ("asnt"); a database holds one ledger."""

MIGRATE: Final = "`asiento ledger migrate --writer ROLE --reader ROLE`, run by a role that may create in the database,"


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationPlan:
    """What `migrate` does: versions from and to, and who is granted what (roles that had it keep it)."""

    present: int
    newest: int
    writers: tuple[str, ...]
    readers: tuple[str, ...]


def newest_version() -> int:
    """The version that this program knows."""
    return migrations()[-1][0]


def present_version(connection: Connection, place: str) -> int:
    """The version of the schema; 0 before it is made. Raises `ForeignLedger`."""
    there, has_version, holds_something, _ = _state(connection)
    if not has_version:
        if there and holds_something:
            raise ForeignLedger(f"{place}: its schema {SCHEMA} is none of ours; name another database in ASIENTO_LEDGER_URL")
        return 0
    row = connection.execute(statement("ledger_version")).fetchone()
    version = 0 if row is None else int(row[0])
    if version > newest_version():
        raise ForeignLedger(f"{place}: ledger version {version}, this program knows up to {newest_version()}; run the newer program")
    return version


def require_current(connection: Connection, place: str) -> None:
    """The schema is there and has our version; raises `LedgerMissing`, `LedgerNotPrepared`, `ForeignLedger`."""
    version = present_version(connection, place)
    if version == 0:
        raise LedgerMissing(f"{place}: no ledger there yet; `asiento sinks run ledger` or `asiento ledger migrate` makes it")
    if version < newest_version():
        raise LedgerNotPrepared(f"{place}: ledger version {version}, expected {newest_version()}: {MIGRATE} brings it up to date")


def prepare(connection: Connection, place: str) -> None:
    """Make or update the schema where this user may; the caller holds the writer's lock. Raises `LedgerNotPrepared`."""
    present = present_version(connection, place)
    if present == newest_version():
        return
    there, _, _, may_create = _state(connection)
    if (not there and not may_create) or (there and not _owns_schema(connection)):
        missing = "no ledger there yet" if present == 0 else f"ledger version {present}, expected {newest_version()}"
        raise LedgerNotPrepared(f"{place}: {missing}, and this user may not change that: {MIGRATE} does")
    _migrate(connection, present)


def take_writer_lock(connection: Connection, place: str) -> None:
    """Become the one writer for as long as the session lasts; raises `LedgerInUse` naming the session that is."""
    row = connection.execute(statement("take_writer_lock"), WRITER_LOCK).fetchone()
    if row is None or row[0] is not True:
        owner = connection.execute(statement("writer_lock_owner"), WRITER_LOCK).fetchone()
        who = "another session" if owner is None else f"session {owner[0]} of the server ({owner[2]}, from {owner[1]})"
        raise LedgerInUse(f"{place}: {who} writes this ledger; it has one sink at a time, stop that one first")


def plan_migration(url: str, *, writer: str | None, reader: str | None) -> MigrationPlan:
    """What `migrate` would do; changes nothing. Raises `LedgerError`."""
    place = place_of(url)
    with closing(connect_writer(url)) as connection, explained(place, "while planning the migration"):
        return _plan(connection, place, writer, reader)


def migrate(url: str, *, writer: str | None, reader: str | None) -> MigrationPlan:
    """Make or update the schema and grant it to the roles, in one transaction. Raises `LedgerError`."""
    place = place_of(url)
    with closing(connect_writer(url)) as connection, explained(place, "while migrating"):
        plan = _plan(connection, place, writer, reader)
        if plan.present < plan.newest:
            take_writer_lock(connection, place)
        with connection.transaction():
            if plan.present < plan.newest:
                prepare(connection, place)
            _grant(connection, plan)
    return plan


def _state(connection: Connection) -> tuple[bool, bool, bool, bool]:
    row = connection.execute(statement("schema_state")).fetchone()
    if row is None:
        raise LedgerUnavailable("the server does not answer what it holds")
    return bool(row[0]), bool(row[1]), bool(row[2]), bool(row[3])


def _owns_schema(connection: Connection) -> bool:
    return connection.execute(statement("owns_schema")).fetchone() == (True,)


def _migrate(connection: Connection, present: int) -> None:
    """Run what is missing; all of it becomes durable together."""
    with connection.transaction():
        connection.execute(statement("create_schema"))
        for version, script in migrations():
            if version > present:
                connection.execute(script.encode())
                connection.execute(statement("insert_version"), (version,))


def _plan(connection: Connection, place: str, writer: str | None, reader: str | None) -> MigrationPlan:
    present = present_version(connection, place)
    writers, readers = _grantees(connection) if present else ((), ())
    for role in (writer, reader):
        if role is not None:
            _require_restricted(connection, place, role)
    return MigrationPlan(
        present=present,
        newest=newest_version(),
        writers=tuple(sorted({*writers, *([writer] if writer else [])})),
        readers=tuple(sorted({*readers, *([reader] if reader else [])})),
    )


def _grantees(connection: Connection) -> tuple[Sequence[str], Sequence[str]]:
    rows = connection.execute(statement("grantees")).fetchall()
    writers = [row[0] for row in rows if row[1]]
    return writers, [row[0] for row in rows if not row[1]]


def _require_restricted(connection: Connection, place: str, role: str) -> None:
    """The role is there and cannot become the ledger's owner; else it would be no separation."""
    row = connection.execute(statement("role_is_separate"), (role,)).fetchone()
    if row is None:
        raise LedgerNotPrepared(f"{place}: there is no role {role}; make it first: CREATE ROLE {role} LOGIN")
    if row[0] is not True:
        raise LedgerNotPrepared(f"{place}: role {role} is a superuser, or is or can become the owner of the ledger: name a role of its own")


def _grant(connection: Connection, plan: MigrationPlan) -> None:
    for kind, roles in (("writer", plan.writers), ("reader", plan.readers)):
        for role in roles:
            for line in statement(f"grant_{kind}").decode().split(";"):
                if line.strip():
                    database = connection.info.dbname
                    text = sql.SQL(line).format(role=sql.Identifier(role), database=sql.Identifier(database))
                    connection.execute(text)
