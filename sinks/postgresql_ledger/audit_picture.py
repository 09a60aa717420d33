"""The ledger in PostgreSQL as auditors see it."""

from functools import cache
from importlib import resources
from typing import Final

import orjson

from asiento.runtime.database_urls import place_of
from sinks.bookkeeping.rows import Row
from sinks.postgresql_ledger.connection import connect_reader
from sinks.postgresql_ledger.pictures import PostgresqlPicture

TABLES: Final = ("entry", "posting", "document", "entry_conflict", "source_offset", "ack_cursor")
PROTECTIONS: Final = "protections.json"
"""What the migrations make, as audit_schema.sql tells it; a test makes it anew and compares."""


class PostgresqlAuditPicture(PostgresqlPicture):
    """See `AuditPicture`. The server's indexes are used: whoever could bend them could as well bend its answers."""

    kind = "postgresql"

    @classmethod
    def of(cls, url: str) -> "PostgresqlAuditPicture":
        """A picture of the ledger now; raises `LedgerUnavailable`, `LedgerNotPrepared`, `ForeignLedger`."""
        picture = cls(connect_reader(url), place_of(url))
        picture.begin()
        return picture

    def index(self) -> None:
        """Nothing is to be prepared."""

    def integrity(self) -> tuple[str, ...]:
        """See `AuditPicture.integrity`."""
        return tuple(f"index {row[0]} is not valid" for row in self.rows("audit_invalid_indexes"))

    def risks(self) -> tuple[str, ...]:
        """See `AuditPicture.risks`."""
        return tuple(f"{name} is {value}" for name, value in self.rows("audit_risks"))

    def schema_differences(self) -> tuple[str, ...]:
        """Tables, columns, constraints, triggers, functions and privileges that are missing, changed or foreign, in words."""
        wanted = {(kind, name): fact for kind, name, fact in protections()}
        found = {(kind, name): fact for kind, name, fact in self.rows("audit_schema")}
        missing = [f"the ledger's own {kind} {name} is gone" for kind, name in wanted if (kind, name) not in found]
        changed = [
            f"the ledger's own {kind} {name} was changed: {found[kind, name]}"
            for kind, name in wanted
            if found.get((kind, name), wanted[kind, name]) != wanted[kind, name]
        ]
        foreign = [f"the {kind} {name} is none of the ledger's own" for kind, name in found if (kind, name) not in wanted]
        return tuple(sorted(missing) + sorted(changed) + sorted(foreign))

    def missing_tables(self) -> tuple[str, ...]:
        """See `AuditPicture.missing_tables`."""
        there = {row[0] for row in self.rows("audit_tables")}
        return tuple(name for name in TABLES if name not in there)


@cache
def protections() -> tuple[Row, ...]:
    """(kind, name, fact) of all that the newest migration leaves behind."""
    text = resources.files(__package__).joinpath(PROTECTIONS).read_bytes()
    return tuple(tuple(row) for row in orjson.loads(text))
