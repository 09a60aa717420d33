"""Reads events as people keep them: JSON lines, one array, one object, or objects one after the other as jq writes them."""

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Final

from asiento.cli.exits import CommandError
from asiento.cli.json_lines import read_lines
from asiento.cli.json_places import decoded, plain, position_of, skip_blanks
from schemas.event_faults import Fault, fault_of, faults_of
from schemas.events import JSON_BYTES_MAX, parse_object
from schemas.refusal import REASONS, InvalidEvent

DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024
"""Longest input that is not JSON lines: it is read as a whole."""


@dataclass(frozen=True, slots=True)
class FaultAtLine:
    """A fault, and the line of the input where it stands, from 1."""

    line: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Judged:
    """One event of the input: the line where it starts, its JSON (None where there is none), what is wrong with it."""

    line: int
    value: Any
    faults: tuple[FaultAtLine, ...]


def judge_events(stream: BinaryIO) -> Iterator[Judged]:
    """Every event of the input with its faults; raises `CommandError` where an array is too long."""
    head, blank_lines = b"", 0
    while not head.strip() and (line := stream.readline(JSON_BYTES_MAX + 1)):
        head, blank_lines = line, blank_lines + (not line.strip())
    whole = None if _begins_json_lines(head) else head + stream.read(DOCUMENT_BYTES_MAX + 1 - len(head))
    if whole is None:
        yield from _judge_lines(_Joined(head, stream), blank_lines)
    elif head.lstrip().startswith(b"["):
        if len(whole) > DOCUMENT_BYTES_MAX:
            raise CommandError(f"the array has more than {DOCUMENT_BYTES_MAX} bytes: write one event per line instead")
        yield from _Document(whole, blank_lines).judge()
    else:
        document = _Document(whole, blank_lines)
        if len(whole) <= DOCUMENT_BYTES_MAX and document.is_well_formed():
            yield from document.judge()
        else:
            yield from _judge_lines(_Joined(whole, stream), blank_lines)


def _begins_json_lines(head: bytes) -> bool:
    """Whether the first line that is not blank is a value by itself, or is nothing that could go on in the next."""
    start = head.lstrip()
    if not start.startswith(b"{"):
        return not start.startswith(b"[")
    try:
        parse_object(head)
    except InvalidEvent:
        return False
    return True


class _Joined:
    """Bytes that were read already, and the stream behind them."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = BytesIO(head)
        self._rest = rest

    def readline(self, size: int) -> bytes:
        """The next line, or the next `size` bytes of it."""
        line = self._head.readline(size)
        return line if line.endswith(b"\n") or len(line) >= size else line + self._rest.readline(size - len(line))


def _judge_lines(stream: _Joined, blank_lines: int) -> Iterator[Judged]:
    for number, line in read_lines(stream, JSON_BYTES_MAX):
        at = number + blank_lines
        try:
            value = parse_object(line)
        except InvalidEvent as problem:
            yield Judged(at, None, (FaultAtLine(at, fault_of(problem)),))
            continue
        yield Judged(at, value, tuple(FaultAtLine(at, fault) for fault in faults_of(value)))


class _Document:
    """A whole text of JSON values; an array stands for its items."""

    def __init__(self, content: bytes, blank_lines: int) -> None:
        self._text = content.decode(errors="surrogateescape")
        self._mark, self._lines_before = 0, blank_lines + 1

    def is_well_formed(self) -> bool:
        """Whether it is JSON from start to end."""
        position = skip_blanks(self._text, 0)
        while position < len(self._text):
            try:
                _, position = decoded(self._text, position)
            except ValueError:
                return False
            position = skip_blanks(self._text, position)
        return True

    def judge(self) -> Iterator[Judged]:
        """Every event; where the text is no JSON any more, that is the last fault."""
        position = skip_blanks(self._text, 0)
        while position < len(self._text):
            try:
                if self._text[position] == "[":
                    position = yield from self._items(position)
                else:
                    position = yield from self._one(position)
            except ValueError as error:
                at = self._line(error.pos if isinstance(error, json.JSONDecodeError) else self._mark)
                yield Judged(at, None, (FaultAtLine(at, Fault("invalid_json", "", plain(error), REASONS["invalid_json"].mend.en)),))
                return
            position = skip_blanks(self._text, position)

    def _items(self, position: int) -> Generator[Judged, None, int]:
        """Judge the items of the array at a position; gives the position behind it."""
        position = skip_blanks(self._text, position + 1)
        while not self._text.startswith("]", position):
            position = skip_blanks(self._text, (yield from self._one(position)))
            if self._text.startswith(",", position):
                position = skip_blanks(self._text, position + 1)
            elif not self._text.startswith("]", position):
                raise json.JSONDecodeError("a comma or the end of the array is expected", self._text, position)
        return position + 1

    def _one(self, position: int) -> Generator[Judged, None, int]:
        """Judge the value at a position; gives the position behind it."""
        self._lines_before += self._text.count("\n", self._mark, position)
        self._mark = position
        value, end = decoded(self._text, position)
        if end - position > JSON_BYTES_MAX:
            found: tuple[Fault, ...] = (fault_of(InvalidEvent("too_large", f"at most {JSON_BYTES_MAX} bytes of JSON are looked at")),)
        else:
            found = faults_of(value)
        faults = tuple(FaultAtLine(self._line(position_of(self._text, position, fault.pointer)), fault) for fault in found)
        yield Judged(self._line(position), value, faults)
        return end

    def _line(self, position: int) -> int:
        """The line of a position behind the start of the value that is being judged."""
        return self._lines_before + self._text.count("\n", self._mark, position)
