"""Confluent framing: byte 0, schema id (4 bytes, big endian), Avro body."""

HEADER_BYTES = 5


class BadFrame(ValueError):
    """The bytes do not start with a frame header."""


def frame_header(schema_id: int) -> bytes:
    """The five bytes before a body."""
    return b"\x00" + schema_id.to_bytes(4, "big")


def schema_id_of(value: bytes) -> int:
    """The schema id of a framed value; raises `BadFrame`."""
    if len(value) < HEADER_BYTES or value[0] != 0:
        raise BadFrame("the value does not start with byte 0 and a schema id")
    return int.from_bytes(value[1:HEADER_BYTES], "big")
