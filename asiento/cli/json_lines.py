"""Reads JSON-lines input with a bound on the length of a line; `-` is stdin."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from asiento.cli.exits import UsageError


@contextmanager
def open_input(name: str) -> Iterator[BinaryIO]:
    """The file, or stdin for `-`; raises `UsageError` where it cannot be read."""
    if name == "-":
        yield sys.stdin.buffer
        return
    path = Path(name)
    try:
        path.open("rb").close()
    except OSError as problem:
        raise UsageError(f"{name}: {problem.strerror}") from None
    with path.open("rb") as stream:
        yield stream


class LineSource(Protocol):
    """What lines are read from."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or the next `size` bytes of it; empty at the end."""


def read_lines(stream: LineSource, line_bytes_max: int) -> Iterator[tuple[int, bytes]]:
    """(number from 1, content) of every line that is not blank.

    Of a longer line only `line_bytes_max + 1` bytes are given, so that the reader sees that it is too long; the rest is
    skipped without being kept.
    """
    number = 0
    while line := stream.readline(line_bytes_max + 1):
        number += 1
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(line_bytes_max + 1)
        content = line.removesuffix(b"\n")
        if content.strip():
            yield number, content
