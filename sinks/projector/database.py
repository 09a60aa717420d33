"""The operational database, SQLite or PostgreSQL: where it is and which version it has."""

from typing import Final

from sinks.databases.kind import DatabaseKind
from sinks.projector.errors import ForeignOperational, OperationalMissing, OperationalUnavailable

OPERATIONAL: Final = DatabaseKind(
    name="operational database",
    variable="ASIENTO_OPERATIONAL_URL",
    makes="`asiento sinks run projector`",
    updates="start the projector once to bring it up to date",
    package=__package__,
    version_table="operational_version",
    application_id=0x61736F70,
    durable=False,
    busy_seconds=10,
    unavailable=OperationalUnavailable,
    missing=OperationalMissing,
    foreign=ForeignOperational,
)
"""A crash of the machine may take its last transactions, rows and offsets together: the projector reads them again."""

sqlite_path = OPERATIONAL.sqlite_path
open_database = OPERATIONAL.open
newest_version = OPERATIONAL.newest_version
present_version = OPERATIONAL.present_version
migrate = OPERATIONAL.migrate
require_current = OPERATIONAL.require_current
