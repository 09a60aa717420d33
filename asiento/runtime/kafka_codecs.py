"""Compressed batches of Kafka are unpacked within a bound: a short batch may otherwise become any number of bytes.

The client library unpacks a batch at once and without limit. `bound_unpacking` puts functions in the place of its own, in every module
that holds them; a test compares the places with what is installed.
"""

import struct
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import cramjam
from aiokafka.errors import KafkaError
from aiokafka.record import default_records, legacy_records

try:
    from aiokafka.record._crecords import default_records as compiled_default
    from aiokafka.record._crecords import legacy_records as compiled_legacy
except ImportError:  # no compiled extension on this machine: the library itself falls back
    _COMPILED: tuple[ModuleType, ...] = ()
else:
    _COMPILED = (compiled_default, compiled_legacy)

MODULES: Final[tuple[ModuleType, ...]] = (default_records, legacy_records, *_COMPILED)
"""Where the library's decoders are called."""
_FIRST_BYTES: Final = 64 * 1024
_XERIAL: Final = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES: Final = 16


class BatchNotUnpacked(KafkaError):  # type: ignore[misc]
    """A compressed batch is damaged, or unpacks to more than the bound; the message says which codec and bound."""


def bound_unpacking(bytes_max: int) -> None:
    """From now on no compressed batch of this process unpacks to more than so many bytes; it raises `BatchNotUnpacked` instead."""
    decoders = {name: _bounded(name, decode, bytes_max) for name, decode in _DECODERS.items()}
    for module in MODULES:
        for name, decode in decoders.items():
            if hasattr(module, name):
                setattr(module, name, decode)


def _bounded(name: str, decode: Callable[[bytes, int], bytes], bytes_max: int) -> Callable[[Any], bytes]:
    codec = name.removesuffix("_decode")

    def bounded(payload: Any) -> bytes:
        try:
            return decode(bytes(payload), bytes_max)
        except (_TooLong, zlib.error, struct.error, cramjam.DecompressionError):
            raise BatchNotUnpacked(
                f"a {codec} batch of {len(payload)} bytes is damaged or unpacks to more than {bytes_max} bytes"
            ) from None

    return bounded


class _TooLong(Exception):
    """More than the bound."""


def _gunzip(payload: bytes, bytes_max: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    found = unpacker.decompress(payload, bytes_max + 1)
    if len(found) > bytes_max or not unpacker.eof:
        raise _TooLong
    return found


def _unsnap(payload: bytes, bytes_max: int) -> bytes:
    """Snappy says the length of what it packed in front; Java's form of it is a row of such blocks."""
    if not payload.startswith(_XERIAL):
        return _unsnap_block(payload, bytes_max)
    found, at = bytearray(), _XERIAL_HEADER_BYTES
    while at < len(payload):
        (size,) = struct.unpack_from("!I", payload, at)
        found += _unsnap_block(payload[at + 4 : at + 4 + size], bytes_max - len(found))
        at += 4 + size
    return bytes(found)


def _unsnap_block(block: bytes, bytes_max: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(block) > bytes_max:
        raise _TooLong
    return bytes(cramjam.snappy.decompress_raw(block))


def _into(codec: Any) -> Callable[[bytes, int], bytes]:
    """Unpacks into buffers that grow to the bound; a codec that does not say a length cannot be trusted with one."""

    def decode(payload: bytes, bytes_max: int) -> bytes:
        size = min(max(4 * len(payload), _FIRST_BYTES), bytes_max)
        while True:
            buffer = bytearray(size)
            try:
                return bytes(memoryview(buffer)[: codec.decompress_into(payload, buffer)])
            except cramjam.DecompressionError:
                if size == bytes_max:
                    raise
            size = min(4 * size, bytes_max)

    return decode


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "gzip_decode": _gunzip,
    "snappy_decode": _unsnap,
    "lz4_decode": _into(cramjam.lz4),
    "zstd_decode": _into(cramjam.zstd),
}
