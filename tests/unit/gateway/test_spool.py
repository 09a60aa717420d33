"""The spool: order, bounds, torn ends, damage, positions; and that nothing is acknowledged before it is on the disk."""

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.gateway.outgoing import OutgoingRecord
from sources.gateway.spool import spool
from sources.gateway.spool.frames import SEGMENT_START, FrameBroken, decode_frame, encode_frame, frame_bytes
from sources.gateway.spool.segments import SpoolDamaged, segment_numbers, segment_path
from sources.gateway.spool.spool import Spool, SpoolRefuses, open_spool


def record(number: int, size: int = 10) -> OutgoingRecord:
    """A record that can be told from others."""
    return OutgoingRecord("orders.raw.v1", f"acme:shopify:main:{number % 7}".encode(), f"{number}:".encode() + b"x" * size, 1_000 + number)


def opened(directory: Path, bytes_max: int = 10_000_000, records_max: int = 10_000) -> Spool:
    """The spool of a directory."""
    return open_spool(directory, bytes_max=bytes_max, records_max=records_max)


async def filled(directory: Path, count: int, **words: Any) -> Spool:
    """A spool with so many records on the disk."""
    found = opened(directory, **words)
    await asyncio.gather(*(found.append((record(number),)) for number in range(count)))
    return found


async def drained(from_spool: Spool, records_max: int = 7) -> list[OutgoingRecord]:
    """All records, window by window, confirmed."""
    found: list[OutgoingRecord] = []
    while not from_spool.empty:
        window = await from_spool.window(records_max, 100_000)
        found += window.records
        await from_spool.confirm(window)
    return found


records = st.builds(
    OutgoingRecord,
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    st.binary(max_size=200),
    st.binary(max_size=3_000),
    st.integers(min_value=0, max_value=2**62),
)


@given(one=records, before=st.binary(max_size=20))
def test_a_frame_gives_its_record_back(one: OutgoingRecord, before: bytes) -> None:
    data = before + encode_frame(one)
    assert decode_frame(data, len(before)) == (one, len(data))
    assert frame_bytes(one) == len(data) - len(before)


@given(one=records, at=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_a_frame_with_a_changed_byte_is_broken(one: OutgoingRecord, at: int, flip: int) -> None:
    data = bytearray(encode_frame(one))
    data[at % len(data)] ^= flip
    with pytest.raises(FrameBroken):
        decode_frame(bytes(data), 0)


@given(one=records, cut=st.integers(min_value=1))
def test_a_frame_that_is_cut_is_broken(one: OutgoingRecord, cut: int) -> None:
    data = encode_frame(one)
    with pytest.raises(FrameBroken):
        decode_frame(data[: cut % len(data)], 0)


def test_zeros_are_no_frame() -> None:
    with pytest.raises(FrameBroken):
        decode_frame(bytes(100), 0)


async def test_records_come_back_in_order_across_segments_and_restarts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SEGMENT_BYTES_MAX", 500)
    monkeypatch.setattr(spool, "GROUP_BYTES_MAX", 200)
    first = await filled(tmp_path, 60)
    window = await first.window(25, 100_000)
    await first.confirm(window)
    await first.close()
    assert len(segment_numbers(tmp_path)) > 2
    again = opened(tmp_path)
    assert again.records == 60 - len(window.records)
    assert again.oldest_ms == 1_000 + len(window.records)
    assert window.records + await drained(again) == [record(number) for number in range(60)]
    assert again.frame_bytes == 0
    await again.close()


async def test_segments_that_are_done_with_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SEGMENT_BYTES_MAX", 500)
    monkeypatch.setattr(spool, "GROUP_BYTES_MAX", 200)
    found = await filled(tmp_path, 60)
    await drained(found)
    await found.confirm(await found.window(1, 1))
    assert len(segment_numbers(tmp_path)) == 1
    await found.close()


async def test_a_lost_position_sends_again_and_loses_nothing(tmp_path: Path) -> None:
    first = await filled(tmp_path, 10)
    await first.confirm(await first.window(4, 100_000))
    await first.close()
    for content in (b"", b"1 99 0", b"\xff", b"9 16 123", b"1 20 5 7"):
        tmp_path.joinpath("position").write_bytes(content)
        again = opened(tmp_path)
        assert again.records == 10
        await again.close()


async def test_a_record_larger_than_a_window_comes_whole(tmp_path: Path) -> None:
    found = opened(tmp_path)
    large = record(1, 300_000)
    await asyncio.gather(found.append((record(0),)), found.append((large,)), found.append((record(2),)))
    assert await drained(found) == [record(0), large, record(2)]
    await found.close()


@pytest.mark.parametrize("torn", [b"\0", b"\0\0\0\x10", bytes(5_000), encode_frame(record(99))[:-1], b"\xff" * 40])
async def test_a_torn_end_is_cut_off_and_kept_beside(tmp_path: Path, torn: bytes) -> None:
    first = await filled(tmp_path, 5)
    await first.close()
    path = segment_path(tmp_path, segment_numbers(tmp_path)[-1])
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    again = opened(tmp_path)
    assert path.read_bytes() == whole
    assert tmp_path.joinpath(f"{path.name}.torn-at-{len(whole)}").read_bytes() == torn
    await again.append((record(5),))
    assert await drained(again) == [record(number) for number in range(6)]
    await again.close()


@pytest.mark.parametrize("length", [0, 1, 15])
async def test_a_segment_that_was_only_begun_is_none(tmp_path: Path, length: int) -> None:
    first = await filled(tmp_path, 3)
    await first.close()
    segment_path(tmp_path, 7).write_bytes(SEGMENT_START[:length])
    again = opened(tmp_path)
    assert await drained(again) == [record(number) for number in range(3)]
    await again.close()


async def test_damage_where_records_were_acknowledged_stops_the_start(tmp_path: Path) -> None:
    first = await filled(tmp_path, 5)
    await first.close()
    second = opened(tmp_path)
    await second.append((record(6),))
    await second.close()
    path = segment_path(tmp_path, segment_numbers(tmp_path)[0])
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(SpoolDamaged, match=path.name):
        opened(tmp_path)


async def test_damage_found_while_draining_gives_what_came_before_it_first(tmp_path: Path) -> None:
    found = await filled(tmp_path, 5)
    path = segment_path(tmp_path, segment_numbers(tmp_path)[-1])
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(bytes(data))
    window = await found.window(100, 100_000)
    assert window.records == [record(number) for number in range(4)]
    await found.confirm(window)
    with pytest.raises(SpoolDamaged, match=path.name):
        await found.window(100, 100_000)
    await found.close()


async def test_a_file_of_somebody_else_is_no_spool(tmp_path: Path) -> None:
    segment_path(tmp_path, 1).write_bytes(b"something else altogether")
    with pytest.raises(SpoolDamaged):
        opened(tmp_path)


async def test_bounds_of_records_and_bytes(tmp_path: Path) -> None:
    found = await filled(tmp_path / "records", 3, records_max=3)
    assert not found.has_room()
    with pytest.raises(SpoolRefuses, match="full"):
        await found.append((record(4),))
    await found.confirm(await found.window(1, 100_000))
    assert found.has_room()
    await found.append((record(4),))
    await found.close()
    size = frame_bytes(record(0))
    small = await filled(tmp_path / "bytes", 2, bytes_max=2 * size + 1)
    with pytest.raises(SpoolRefuses, match="full"):
        await small.append((record(3),))
    assert (small.records, small.frame_bytes) == (2, 2 * size)
    await small.close()


async def test_nothing_is_acknowledged_before_the_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = opened(tmp_path)
    answers: list[asyncio.Future[None]] = []
    synced: list[list[bool]] = []
    real = os.fdatasync

    def watched(descriptor: int) -> None:
        synced.append([answer.done() for answer in answers])
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", watched)
    answers.extend(found.append((record(number),)) for number in range(4))
    await asyncio.gather(*answers)
    assert synced == [[False, False, False, False]], "one sync for all of them, none answered before"
    await found.close()


async def test_a_full_disk_refuses_and_takes_back_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await filled(tmp_path, 3)
    real, left = os.write, [20]

    def short(descriptor: int, data: Any) -> int:
        if left[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(descriptor, bytes(data)[: left[0]])
        left[0] = 0
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", short)
        with pytest.raises(SpoolRefuses):
            await found.append((record(7),))
    assert found.failure is None
    await found.append((record(3),))
    await found.close()
    again = opened(tmp_path)
    assert await drained(again) == [record(number) for number in range(4)]
    await again.close()


async def test_a_disk_that_fails_to_sync_is_not_believed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await filled(tmp_path, 3)

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", broken)
        with pytest.raises(SpoolRefuses):
            await found.append((record(7),))
    assert not found.has_room()
    with pytest.raises(SpoolRefuses, match="does not work"):
        await found.append((record(8),))
    assert await drained(found) == [record(number) for number in range(3)], "what was safe before is still brought to Kafka"
    await found.close()
