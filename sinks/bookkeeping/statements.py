"""The SQL that every ledger of ours runs, written once; a word in braces is spelled by each database in its own way.

`{among}`: is one of a set of values, which is one parameter. `{main}`: before a table that no temporary one may hide.
`{scanned}`: after a table whose indexes are not to be believed. `{held}`: entry ids and numbers for an audit.
`{header_mark}`: `header_mark` of the entry `e`.
"""

from collections.abc import Mapping

from sinks.sql_files import read_sql


def shared_statement(name: str, words: Mapping[str, str]) -> str:
    """The text of `sql/<name>.sql` in the words of a database."""
    text = read_sql(__package__, name)
    for word, spelled in words.items():
        text = text.replace(word, spelled)
    return text
