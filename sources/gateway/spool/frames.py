"""The bytes of a spool: a segment is its first line and then frames, `length, CRC-32 of length and content, content`.

The content of a frame is a record: time, topic, key and value.
"""

import struct
import zlib
from typing import Final, NamedTuple

from sources.gateway.outgoing import OutgoingRecord

SEGMENT_START: Final = b"asiento spool 1\n"
FRAME_BYTES_MAX: Final = 16 * 1024 * 1024
_FRAME: Final = struct.Struct(">II")
_RECORD: Final = struct.Struct(">qHH")
_LENGTH: Final = struct.Struct(">I")
OVERHEAD_BYTES: Final = _FRAME.size + _RECORD.size


class FrameBroken(Exception):
    """What stands at an offset is no whole frame."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"no whole frame at offset {offset}")
        self.offset = offset


class Frame(NamedTuple):
    """A record and where its frame ends."""

    record: OutgoingRecord
    end: int


def encode_frame(record: OutgoingRecord) -> bytes:
    """The frame of a record."""
    topic = record.topic.encode()
    content = _RECORD.pack(record.timestamp_ms, len(topic), len(record.key)) + topic + record.key + record.value
    return _FRAME.pack(len(content), _checksum(len(content), content)) + content


def frame_bytes(record: OutgoingRecord) -> int:
    """How long the frame of a record is."""
    return OVERHEAD_BYTES + len(record.topic.encode()) + len(record.key) + len(record.value)


def decode_frame(data: bytes | memoryview, at: int) -> Frame:
    """The frame that begins at an offset of some bytes. Raises `FrameBroken`."""
    start = at + _FRAME.size
    if len(data) < start:
        raise FrameBroken(at)
    length, checksum = _FRAME.unpack_from(data, at)
    end = start + length
    if not _RECORD.size <= length <= FRAME_BYTES_MAX or len(data) < end:
        raise FrameBroken(at)
    content = bytes(data[start:end])
    if _checksum(length, content) != checksum:
        raise FrameBroken(at)
    timestamp_ms, topic_length, key_length = _RECORD.unpack_from(content)
    key_at = _RECORD.size + topic_length
    value_at = key_at + key_length
    if value_at > length:
        raise FrameBroken(at)
    topic = content[_RECORD.size : key_at].decode("utf-8", "replace")
    return Frame(OutgoingRecord(topic, content[key_at:value_at], content[value_at:], timestamp_ms), end)


def next_frame_end(data: bytes | memoryview, at: int) -> int | None:
    """Where the frame at an offset says that it ends, None where these bytes do not reach so far; nothing is checked."""
    if len(data) < at + _FRAME.size:
        return None
    end = at + _FRAME.size + int(_FRAME.unpack_from(data, at)[0])
    return end if end <= len(data) else None


def _checksum(length: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(_LENGTH.pack(length)))
