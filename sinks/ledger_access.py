"""The ledger that a URL names (ASIENTO_LEDGER_URL), as its writer, its readers and its auditors need it."""

from collections.abc import Callable
from typing import Final

from asiento.runtime.database_urls import POSTGRESQL_PREFIX, SQLITE_PREFIX
from sinks.bookkeeping.audit import LedgerAudit
from sinks.bookkeeping.booked import BookedRow, DamagedRow
from sinks.bookkeeping.picture import Picture
from sinks.bookkeeping.reader import LedgerReader
from sinks.ledger import Ledger, LedgerUnavailable

__all__ = ["BookedRow", "DamagedRow", "LedgerAudit", "LedgerReader", "audit_at", "is_postgresql", "picture_at", "reader_at", "writer_at"]

_NO_LEDGER: Final = f"no ledger; ASIENTO_LEDGER_URL must be {SQLITE_PREFIX}PATH or {POSTGRESQL_PREFIX}..."


def is_postgresql(ledger_url: str) -> bool:
    """Whether the ledger is in PostgreSQL; else it is a file. Raises `LedgerUnavailable` for any other kind of URL."""
    if ledger_url.startswith(POSTGRESQL_PREFIX):
        return True
    if ledger_url.startswith(SQLITE_PREFIX):
        return False
    raise LedgerUnavailable(f"{ledger_url.split(':', 1)[0]}: {_NO_LEDGER}")


def writer_at(ledger_url: str, clock: Callable[[], int]) -> Ledger:
    """A writer, not open yet; `clock` answers UTC microseconds. Raises `LedgerUnavailable`."""
    if is_postgresql(ledger_url):
        from sinks.postgresql_ledger import PostgresqlLedger

        return PostgresqlLedger(ledger_url, clock)
    from sinks.sqlite_ledger import SqliteLedger, ledger_path

    return SqliteLedger(ledger_path(ledger_url), clock)


def reader_at(ledger_url: str) -> LedgerReader:
    """A picture of the ledger now; raises `LedgerError`."""
    return LedgerReader(picture_at(ledger_url))


def picture_at(ledger_url: str) -> Picture:
    """The same, for statements that `LedgerReader` has no words for; raises `LedgerError`."""
    if is_postgresql(ledger_url):
        from sinks.postgresql_ledger.pictures import PostgresqlPicture

        return PostgresqlPicture.of(ledger_url)
    from sinks.sqlite_ledger import ledger_path, open_picture

    return open_picture(ledger_path(ledger_url))


def audit_at(ledger_url: str) -> LedgerAudit:
    """A picture of the ledger now, of which nothing is believed; raises `LedgerError`."""
    if is_postgresql(ledger_url):
        from sinks.postgresql_ledger.audit_picture import PostgresqlAuditPicture

        return LedgerAudit(PostgresqlAuditPicture.of(ledger_url))
    from sinks.sqlite_ledger import SqliteAuditPicture, ledger_path

    return LedgerAudit(SqliteAuditPicture.of(ledger_path(ledger_url)))
