"""Compressed batches: read as before, but never beyond the bound, whatever the codec."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import codec as library
from aiokafka.record import default_records as records

from asiento.runtime.kafka_codecs import MODULES, BatchNotUnpacked, bound_unpacking

MIB = 1024 * 1024
CODECS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
PACK = {"gzip": library.gzip_encode, "snappy": library.snappy_encode, "lz4": library.lz4_encode, "zstd": library.zstd_encode}


@pytest.fixture(autouse=True)
def library_as_before() -> Iterator[None]:
    """What the bound replaces is put back: other tests have bounds of their own."""
    before = [{name: getattr(module, name) for name in dir(module) if name.endswith("_decode")} for module in MODULES]
    yield
    for module, functions in zip(MODULES, before, strict=True):
        for name, function in functions.items():
            setattr(module, name, function)


def batch(codec: str, value: bytes, count: int = 1) -> bytes:
    """A batch as a producer sends it."""
    builder = records.DefaultRecordBatchBuilder(2, CODECS[codec], False, -1, -1, -1, 1 << 40)
    for offset in range(count):
        builder.append(offset, 1, b"k", value, [])
    return bytes(builder.build())


def values_of(data: bytes) -> list[bytes]:
    """The values in a batch, read by the library as the consumer does."""
    return [record.value for record in records.DefaultRecordBatch(data)]


@pytest.mark.parametrize("codec", CODECS)
def test_batch_within_the_bound_is_read(codec: str) -> None:
    bound_unpacking(MIB)
    values = [b"x" * 1000] * 50
    assert values_of(batch(codec, values[0], 50)) == values


@pytest.mark.parametrize("codec", CODECS)
def test_bomb_is_refused_in_little_memory(codec: str) -> None:
    """64 MiB in a few kilobytes, against a bound of one."""
    bomb = batch(codec, b"\x00" * (64 * MIB))
    bound_unpacking(MIB)
    tracemalloc.start()
    try:
        with pytest.raises(BatchNotUnpacked, match=f"a {codec} batch of [0-9]+ bytes is damaged or unpacks to more than {MIB} bytes"):
            values_of(bomb)
        assert tracemalloc.get_traced_memory()[1] < 6 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("place", [0, 3, -1])
def test_damaged_batch_is_refused(codec: str, place: int) -> None:
    """Whoever computes the checksum anew can send any bytes."""
    bound_unpacking(MIB)
    decode: Any = getattr(records, f"{codec}_decode")
    good = bytes(PACK[codec](bytes(range(256)) * 20))
    assert decode(good) == bytes(range(256)) * 20
    damaged = bytearray(good)
    damaged[place] ^= 0xFF
    for bad in (bytes(damaged), good[: len(good) // 2], b""):
        try:
            found = decode(bad)
        except BatchNotUnpacked:
            continue
        assert len(found) <= MIB


def test_every_place_of_the_library_is_bounded() -> None:
    """All the names that it has, in its compiled modules, too."""
    bound_unpacking(MIB)
    for module in MODULES:
        names = [one for one in dir(module) if one.endswith("_decode")]
        assert len(names) >= 3
        assert {getattr(module, one).__module__ for one in names} == {"asiento.runtime.kafka_codecs"}
