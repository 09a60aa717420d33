"""The SQL of the operational database, read once from the .sql files beside this module.

It is written in what SQLite and PostgreSQL share; how a parameter is marked is all that differs.
"""

from functools import cache

from sinks.sql_files import read_sql


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return read_sql(__package__, name)
