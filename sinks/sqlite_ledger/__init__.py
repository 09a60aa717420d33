"""The embedded ledger: one SQLite file, one writing process, append-only and balanced by the database itself."""

from sinks.sqlite_ledger.booked import BookedRow, DamagedRow
from sinks.sqlite_ledger.reader import LedgerReader
from sinks.sqlite_ledger.writer import SqliteLedger

__all__ = ["BookedRow", "DamagedRow", "LedgerReader", "SqliteLedger"]
