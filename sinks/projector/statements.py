"""The SQL of the operational database, read once from the .sql files beside this module.

It is written in what SQLite and PostgreSQL share. Only three things differ: how a parameter is marked, how text is
compared by its bytes, and how a table of short rows is kept in the order of its key.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final, Literal, TypeAlias

from sinks.sql_files import read_sql

Dialect: TypeAlias = Literal["sqlite", "postgresql"]

_WORDS: Final[Mapping[Dialect, Mapping[str, str]]] = {
    "sqlite": {"{text}": "TEXT", "{clustered}": "WITHOUT ROWID"},
    "postgresql": {"{text}": 'TEXT COLLATE "C"', "{clustered}": ""},
}
_NAMED = re.compile(r"(?<!:):([a-z_]+)")


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return read_sql(__package__, name)


@cache
def migrations(dialect: Dialect) -> tuple[tuple[int, str], ...]:
    """All migrations as (version, script), lowest version first."""
    folder = resources.files(__package__).joinpath("migrations")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    return tuple((int(name.split("_", 1)[0]), _in(dialect, folder.joinpath(name).read_text(encoding="utf-8"))) for name in names)


def _in(dialect: Dialect, script: str) -> str:
    for word, spelled in _WORDS[dialect].items():
        script = script.replace(word, spelled)
    return script


@cache
def for_psycopg(sql: str) -> str:
    """A statement with `?` and `:name` as psycopg marks them; no statement of ours holds a percent sign or a literal `?`."""
    return _NAMED.sub(r"%(\1)s", sql).replace("?", "%s")
