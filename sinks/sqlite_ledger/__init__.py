"""The embedded ledger: one SQLite file, one writing process, append-only and balanced by the database itself."""

from sinks.sqlite_ledger.audit_picture import SqliteAuditPicture
from sinks.sqlite_ledger.files import ledger_path, open_picture
from sinks.sqlite_ledger.writer import SqliteLedger

__all__ = ["SqliteAuditPicture", "SqliteLedger", "ledger_path", "open_picture"]
