"""The spool: takes records in order, answers once they are on the disk, gives them back in order until they are confirmed.

All methods are called on one event loop; the disk is touched in one thread. Records that are appended together, or while the disk is
busy, share one fsync. Nothing is acknowledged before it, and a confirmed record is at worst sent again.
"""

import asyncio
import contextlib
import errno
import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from asiento.runtime import log_events
from asiento.runtime.file_lock import locked
from asiento.runtime.logging import get_logger
from sources.gateway.outgoing import OutgoingRecord
from sources.gateway.spool.frames import (
    FRAME_BYTES_MAX,
    SEGMENT_START,
    FrameBroken,
    decode_frame,
    encode_frame,
    frame_bytes,
    next_frame_end,
)
from sources.gateway.spool.segments import (
    Content,
    Position,
    SpoolDamaged,
    content_behind,
    create_segment,
    mend_newest,
    read_position,
    segment_numbers,
    segment_path,
    sync_directory,
    write_all,
    write_position,
)

SEGMENT_BYTES_MAX: Final = 16 * 1024 * 1024
GROUP_BYTES_MAX: Final = 4 * 1024 * 1024
LOCK_SECONDS_MAX: Final = 5.0
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)


class SpoolRefuses(Exception):
    """A record was not taken: the spool is full, or its disk does not work. The message says which."""


class _Group(NamedTuple):
    frames: bytes
    records: int
    oldest_ms: int
    done: "asyncio.Future[None]"


class Window(NamedTuple):
    """The oldest records that are not confirmed, and the position behind them."""

    records: list[OutgoingRecord]
    end: Position
    frame_bytes: int


class Spool:
    """A spool in a directory of its own; `open_spool` makes one."""

    def __init__(self, directory: Path, position: Position, newest: int, content: Content, *, bytes_max: int, records_max: int) -> None:
        self._directory = directory
        self._bytes_max = bytes_max
        self._records_max = records_max
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._queue: deque[_Group] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._position = position
        self._end = Position(newest, len(SEGMENT_START))
        self._descriptor = create_segment(directory, newest)
        self._content = content
        self._failure: str | None = None

    @property
    def records(self) -> int:
        """Records that are taken and not confirmed, those included whose fsync is under way."""
        return self._content.records

    @property
    def frame_bytes(self) -> int:
        """The bytes of those records."""
        return self._content.frame_bytes

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest of them arrived, UTC milliseconds."""
        return self._content.oldest_ms

    @property
    def empty(self) -> bool:
        """Whether everything that was taken is confirmed."""
        return self._content.records == 0

    @property
    def failure(self) -> str | None:
        """Why the disk is not used any more, None while it works."""
        return self._failure

    def has_room(self) -> bool:
        """Whether a record of usual size would be taken."""
        return self._failure is None and self.records < self._records_max and self.frame_bytes < self._bytes_max

    def append(self, records: Sequence[OutgoingRecord]) -> "asyncio.Future[None]":
        """Take the records, all or none, behind all that were taken before; the answer comes once they are on the disk.

        Raises `SpoolRefuses` at once where there is no room; the answer may be it as well.
        """
        size = sum(frame_bytes(record) for record in records)
        if self._failure is not None:
            raise SpoolRefuses(self._failure)
        if self.records + len(records) > self._records_max or self.frame_bytes + size > self._bytes_max:
            raise SpoolRefuses("the spool is full")
        done = asyncio.get_running_loop().create_future()
        oldest = records[0].timestamp_ms
        self._queue.append(_Group(b"".join(map(encode_frame, records)), len(records), oldest, done))
        self._content.records += len(records)
        self._content.frame_bytes += size
        if self._content.oldest_ms is None:
            self._content.oldest_ms = oldest
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_all())
        return done

    async def settled(self) -> None:
        """Wait until what was taken so far is on the disk or refused."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def window(self, records_max: int, bytes_max: int) -> Window:
        """The oldest records on the disk that are not confirmed; none where there are none. Raises `SpoolDamaged`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, self._position, self._end, records_max, bytes_max)

    async def confirm(self, window: Window) -> None:
        """The records of a window are in Kafka: they are not given again, and segments that are done with are removed."""
        self._position = window.end
        self._content.records -= len(window.records)
        self._content.frame_bytes -= window.frame_bytes
        self._content.oldest_ms = None if self.empty else window.records[-1].timestamp_ms if window.records else self.oldest_ms
        await asyncio.get_running_loop().run_in_executor(self._thread, self._note_position, window.end)

    async def close(self) -> None:
        """Finish what was taken and let go of the file."""
        await self.settled()
        self._thread.shutdown()
        os.close(self._descriptor)

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._queue:
            groups: list[_Group] = []
            size = 0
            while self._queue and (not groups or size + len(self._queue[0].frames) <= GROUP_BYTES_MAX):
                groups.append(self._queue.popleft())
                size += len(groups[-1].frames)
            try:
                self._end = await loop.run_in_executor(self._thread, self._write, b"".join(group.frames for group in groups))
            except OSError as error:
                self._refuse(groups, error)
                continue
            for group in groups:
                if not group.done.done():
                    group.done.set_result(None)

    def _refuse(self, groups: list[_Group], error: OSError) -> None:
        for group in groups:
            self._content.records -= group.records
            self._content.frame_bytes -= len(group.frames)
            if not group.done.done():
                group.done.set_exception(SpoolRefuses("the disk of the spool does not take more"))
        if self.empty:
            self._content.oldest_ms = None
        get_logger().error(log_events.SPOOL_REFUSES, directory=str(self._directory), problem=os.strerror(error.errno or 0))

    def _write(self, frames: bytes) -> Position:
        """In the thread: write and sync; what cannot be written whole is taken back, or the disk is not used any more."""
        if self._failure is not None:
            raise OSError(errno.EIO, self._failure)
        if self._end.offset > SEGMENT_BYTES_MAX:
            self._end = self._rotated(self._end)
        try:
            write_all(self._descriptor, frames)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._take_back(error)
            raise
        return Position(self._end.segment, self._end.offset + len(frames))

    def _rotated(self, end: Position) -> Position:
        descriptor = create_segment(self._directory, end.segment + 1)
        os.close(self._descriptor)
        self._descriptor = descriptor
        return Position(end.segment + 1, len(SEGMENT_START))

    def _take_back(self, error: OSError) -> None:
        """After a write without room the file is cut to what was safe; after any other failure nothing more is believed of the disk."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._end.offset)
            os.fsync(self._descriptor)
            if error.errno in _NO_ROOM:
                return
        self._failure = f"the disk of the spool does not work ({os.strerror(error.errno or 0)})"

    def _read(self, start: Position, end: Position, records_max: int, bytes_max: int) -> Window:
        """In the thread: whole frames from `start` on, out of one segment."""
        at = start
        while at < end:
            data = self._bytes_at(at, end, bytes_max)
            if data:
                return self._decoded(data, at, records_max, bytes_max)
            at = Position(self._next_segment(at.segment), len(SEGMENT_START))
        return Window([], at, 0)

    def _bytes_at(self, at: Position, end: Position, bytes_max: int) -> bytes:
        with segment_path(self._directory, at.segment).open("rb") as stream:
            stream.seek(at.offset)
            left = end.offset - at.offset if at.segment == end.segment else SEGMENT_BYTES_MAX + FRAME_BYTES_MAX + GROUP_BYTES_MAX
            data = stream.read(min(bytes_max, left))
            if data and next_frame_end(data, 0) is None:
                data += stream.read(min(FRAME_BYTES_MAX, left - len(data)))
        return data

    def _decoded(self, data: bytes, at: Position, records_max: int, bytes_max: int) -> Window:
        records: list[OutgoingRecord] = []
        used = 0
        while used < len(data) and len(records) < records_max and used < bytes_max:
            if records and next_frame_end(data, used) is None:
                break
            try:
                frame = decode_frame(data, used)
            except FrameBroken:
                if records:
                    break  # what came before is given first
                path = segment_path(self._directory, at.segment)
                raise SpoolDamaged(f"{path} is damaged at byte {at.offset}: see docs/gateway.md") from None
            records.append(frame.record)
            used = frame.end
        return Window(records, Position(at.segment, at.offset + used), used)

    def _next_segment(self, number: int) -> int:
        return next(other for other in segment_numbers(self._directory) if other > number)

    def _note_position(self, position: Position) -> None:
        write_position(self._directory, position)
        done = [number for number in segment_numbers(self._directory) if number < position.segment]
        for number in done:
            segment_path(self._directory, number).unlink()
        if done:
            sync_directory(self._directory)


def open_spool(directory: Path, *, bytes_max: int, records_max: int) -> Spool:
    """Open the spool of a directory, made if need be: a torn end is cut off, everything not confirmed is counted and checked.

    Raises `SpoolDamaged`, `OSError`. The caller holds `spool_lock`.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    numbers = segment_numbers(directory)
    if numbers:
        torn = mend_newest(directory, numbers[-1])
        if torn:
            get_logger().warning(log_events.SPOOL_TORN, directory=str(directory), torn_bytes=torn)
    numbers = segment_numbers(directory)
    newest = (numbers[-1] if numbers else 0) + 1
    if not numbers:
        position = Position(newest, len(SEGMENT_START))
        return Spool(directory, position, newest, Content(), bytes_max=bytes_max, records_max=records_max)
    position = read_position(directory, numbers)
    content = content_behind(directory, position, numbers)
    return Spool(directory, position, newest, content, bytes_max=bytes_max, records_max=records_max)


def spool_lock(directory: Path) -> contextlib.AbstractContextManager[None]:
    """Held by the one gateway that uses a directory; raises `LockHeld` where another does."""
    return locked(directory.joinpath("lock"), LOCK_SECONDS_MAX)
