"""The files of a spool: numbered segments, and the position up to which their records are in Kafka.

Only the newest segment may end in the middle of a frame: of what was written there last, nothing was acknowledged. A broken frame
anywhere else is damage, which nobody but a person may decide about.
"""

import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sources.gateway.spool.frames import SEGMENT_START, FrameBroken, decode_frame

POSITION_FILE: Final = "position"
_NAME: Final = re.compile(r"([0-9]{12})\.segment")


class SpoolDamaged(Exception):
    """Acknowledged records in a spool cannot be read; the message names file and offset, and says what can be done."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two frames: segment number and offset in its file."""

    segment: int
    offset: int


@dataclass(slots=True)
class Content:
    """What a spool holds behind a position."""

    records: int = 0
    frame_bytes: int = 0
    oldest_ms: int | None = None


def segment_path(directory: Path, number: int) -> Path:
    """The file of a segment."""
    return directory.joinpath(f"{number:012d}.segment")


def segment_numbers(directory: Path) -> list[int]:
    """The segments that are there, oldest first."""
    found = (_NAME.fullmatch(path.name) for path in directory.iterdir())
    return sorted(int(match[1]) for match in found if match)


def create_segment(directory: Path, number: int) -> int:
    """Make an empty segment that survives a power cut; returns its file descriptor, positioned at the end."""
    path = segment_path(directory, number)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        write_all(descriptor, SEGMENT_START)
        os.fsync(descriptor)
        sync_directory(directory)
    except OSError:
        os.close(descriptor)
        path.unlink()
        raise
    return descriptor


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it; raises `OSError` where the disk takes less."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(directory: Path) -> None:
    """Make names of new and removed files survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_position(directory: Path, numbers: list[int]) -> Position:
    """Up to where records are in Kafka; the start of the oldest segment where that is not known: they are then sent again."""
    first = Position(numbers[0], len(SEGMENT_START))
    try:
        text = directory.joinpath(POSITION_FILE).read_bytes()[:200]
        segment, offset, checksum = (int(word) for word in text.split())
    except (OSError, ValueError):
        return first
    if checksum != _position_checksum(segment, offset) or segment not in numbers:
        return first
    return max(first, Position(segment, offset))


def write_position(directory: Path, position: Position) -> None:
    """Note the position, whole or not at all. After a power cut an older one may be found, which only sends records again."""
    text = f"{position.segment} {position.offset} {_position_checksum(position.segment, position.offset)}\n"
    temporary = directory.joinpath(POSITION_FILE + ".new")
    temporary.write_text(text, encoding="ascii")
    temporary.replace(directory.joinpath(POSITION_FILE))


def mend_newest(directory: Path, number: int) -> int:
    """Cut a torn end off the newest segment, keep what was cut in a file beside it; returns how many bytes that were.

    Raises `SpoolDamaged` where the file is none of ours.
    """
    path = segment_path(directory, number)
    data = path.read_bytes()
    if data[: len(SEGMENT_START)] != SEGMENT_START[: len(data)]:
        raise _damaged(path, 0)
    good = len(SEGMENT_START)
    try:
        while good < len(data):
            good = decode_frame(data, good).end
    except FrameBroken as torn:
        directory.joinpath(f"{path.name}.torn-at-{torn.offset}").write_bytes(data[torn.offset :])
    if len(data) < len(SEGMENT_START):
        path.unlink()
        sync_directory(directory)
        return len(data)
    if good < len(data):
        truncate_file(path, good)
    return len(data) - good


def truncate_file(path: Path, length: int) -> None:
    """Cut a file so that the cut survives a power cut."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(descriptor, length)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def content_behind(directory: Path, position: Position, numbers: list[int]) -> Content:
    """Count what is not in Kafka yet, and check every frame of it. Raises `SpoolDamaged`."""
    content = Content()
    for number in numbers:
        if number < position.segment:
            continue
        path = segment_path(directory, number)
        data = path.read_bytes()
        if not data.startswith(SEGMENT_START):
            raise _damaged(path, 0)
        at = position.offset if number == position.segment else len(SEGMENT_START)
        if at > len(data):
            raise _damaged(path, at)
        _count(content, data, at, path)
    return content


def _count(content: Content, data: bytes, at: int, path: Path) -> None:
    while at < len(data):
        try:
            frame = decode_frame(data, at)
        except FrameBroken:
            raise _damaged(path, at) from None
        content.records += 1
        content.frame_bytes += frame.end - at
        if content.oldest_ms is None:
            content.oldest_ms = frame.record.timestamp_ms
        at = frame.end


def _damaged(path: Path, offset: int) -> SpoolDamaged:
    return SpoolDamaged(
        f"{path} is damaged at byte {offset}: records there were acknowledged and cannot be read. Restore the file, or move it away and "
        "have the platforms send that time again (docs/gateway.md)"
    )


def _position_checksum(segment: int, offset: int) -> int:
    return zlib.crc32(f"{segment} {offset}".encode())
