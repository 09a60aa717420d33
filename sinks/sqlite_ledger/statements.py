"""The SQL of the embedded ledger, read once: its own files, and those that all ledgers of ours share in the words of SQLite."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from sinks.bookkeeping.statements import shared_statement
from sinks.sql_files import read_migrations, read_sql

_WORDS: Final[Mapping[str, str]] = {
    "{among}": "IN (SELECT value FROM json_each(?))",
    "{main}": "main.",
    "{scanned}": " NOT INDEXED",
    "{held}": "temp.held",
    "{header_mark}": "header_mark(e.entry_id, e.order_key, e.event_id, e.entry_kind)",
}
"""A set of values is one parameter, a JSON array. The ledger's own indexes are not trusted: see audit_index.sql."""


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`, here or among the shared ones."""
    try:
        return read_sql(__package__, name)
    except FileNotFoundError:
        return shared_statement(name, _WORDS)


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """All migrations as (version, script), lowest version first."""
    return read_migrations(__package__)
