"""Entries as JSON lines: all fields, as `simulate` prints them inside its `entry`."""

from collections.abc import Iterable, Iterator

import orjson

from schemas.entries import HashedEntry, entry_to_json


def render_json_lines(entries: Iterable[HashedEntry]) -> Iterator[str]:
    """One line per entry; `content_hash` is the one it was booked with."""
    for hashed in entries:
        yield orjson.dumps(entry_to_json(hashed.entry) | {"content_hash": hashed.content_hash}).decode() + "\n"
