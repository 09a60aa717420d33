"""The SQL of the operational database, read once from the .sql files beside this module.

It is written in what SQLite and PostgreSQL share. Only three things differ: how a parameter is marked, how text is
compared by its bytes, and how a table of short rows is kept in the order of its key.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal, TypeAlias

from sinks.sql_files import read_migrations, read_sql

Dialect: TypeAlias = Literal["sqlite", "postgresql"]

_WORDS: Final[Mapping[Dialect, Mapping[str, str]]] = {
    "sqlite": {"{text}": "TEXT", "{clustered}": "WITHOUT ROWID"},
    "postgresql": {"{text}": 'TEXT COLLATE "C"', "{clustered}": ""},
}


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return read_sql(__package__, name)


@cache
def migrations(dialect: Dialect) -> tuple[tuple[int, str], ...]:
    """All migrations as (version, script), lowest version first."""
    return tuple((version, _in(dialect, script)) for version, script in read_migrations(__package__))


def _in(dialect: Dialect, script: str) -> str:
    for word, spelled in _WORDS[dialect].items():
        script = script.replace(word, spelled)
    return script
