"""The SQL of the ledger in PostgreSQL, read once: its own files, and those that all ledgers of ours share in its words.

Every session of ours has `asiento_ledger` first on its search path and temporary tables last, so that no other table is met.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from sinks.bookkeeping.statements import shared_statement
from sinks.sql_files import for_psycopg, read_migrations, read_sql

SCHEMA: Final = "asiento_ledger"

_WORDS: Final[Mapping[str, str]] = {
    "{among}": "= ANY (?)",
    "{main}": "",
    "{scanned}": "",
    "{held}": "(SELECT entry_id, entry_no FROM entry) AS held",
    "{header_mark}": "CAST(CAST('x' || encode(substr(sha256(convert_to("
    "concat_ws('|', e.entry_id, e.order_key, e.event_id, e.entry_kind), 'UTF8')), 1, 4), 'hex') AS bit(32)) AS bigint)",
}


@cache
def statement(name: str) -> bytes:
    """The text of `sql/<name>.sql`, here or among the shared ones, as psycopg wants it."""
    try:
        text = read_sql(__package__, name)
    except FileNotFoundError:
        text = shared_statement(name, _WORDS)
    return for_psycopg(text).encode()


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """All migrations as (version, script), lowest version first."""
    return read_migrations(__package__)
