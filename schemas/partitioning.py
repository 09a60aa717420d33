"""Which partition a key belongs to: Kafka's default partitioner, 32-bit murmur2."""

from functools import lru_cache
from struct import unpack
from typing import Final

KEYS_REMEMBERED_MAX: Final = 65_536
"""The events of an order come close together: most keys were hashed a moment ago (30 microseconds against 0.1)."""
_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit hash of Kafka's Java client, as an unsigned number."""
    length = len(data)
    value = _SEED ^ length
    whole = length & ~3
    for word in unpack(f"<{length >> 2}I", data[:whole]):
        k = word * _M & _MASK
        value = (value * _M ^ (k ^ k >> 24) * _M) & _MASK
    if whole < length:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    value = (value ^ (value >> 13)) * _M & _MASK
    return value ^ (value >> 15)


@lru_cache(maxsize=KEYS_REMEMBERED_MAX)
def partition_for(key: bytes, partition_count: int) -> int:
    """The partition of a key among `partition_count`."""
    return (murmur2(key) & 0x7FFFFFFF) % partition_count
