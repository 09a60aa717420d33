"""The ledger in PostgreSQL: a schema of its own, one writing session, append-only and balanced by the database itself."""

from sinks.postgresql_ledger.writer import PostgresqlLedger

__all__ = ["PostgresqlLedger"]
