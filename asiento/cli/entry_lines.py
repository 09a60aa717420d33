"""Entries as JSON lines, of `entries export --format jsonl` or `simulate`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import orjson

from asiento.cli.exits import CommandError
from asiento.cli.json_lines import open_input, read_lines

if TYPE_CHECKING:
    from asiento.accounting.journal import JournalEntry
    from schemas.entries import HashedEntry

LINE_BYTES_MAX: Final = 16 * 1024 * 1024


def entries_in(name: str) -> "Iterator[JournalEntry]":
    """The entries of a file, or of stdin for `-`; lines that say other things are skipped.

    Raises `UsageError` where there is no such file, `CommandError` at a line that is no JSON, or no entry though it says so.
    """
    for number, told in entry_lines(name):
        if isinstance(told, str):
            raise CommandError(f"{name}:{number}: {told}")
        yield told.entry


def entry_lines(name: str) -> "Iterator[tuple[int, HashedEntry | str]]":
    """(number, entry) of the lines of a file, or of stdin for `-`; a text says why a line cannot be read. As `entries_in`."""
    from schemas.entries import entry_from_json
    from schemas.output_codec import DecodeError

    with open_input(name) as stream:
        for number, line in read_lines(stream, LINE_BYTES_MAX):
            try:
                told = _entry_in(line)
                if told is not None:
                    yield number, entry_from_json(told)
            except (DecodeError, orjson.JSONDecodeError) as problem:
                yield number, str(problem)


def _entry_in(line: bytes) -> Any | None:
    value = orjson.loads(line)
    if not isinstance(value, dict):
        return None
    return value.get("entry", value if "entry_id" in value and "postings" in value else None)
