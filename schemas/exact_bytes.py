"""Bytes that take no more memory than they say."""


def exact_copy(written: bytes) -> bytes:
    """The same bytes in a block of their own size: those orjson returns keep the room it wrote them in, 16 kB for 1.7 kB."""
    return bytes(memoryview(written))
