"""One record on its way to Kafka."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """topic: a name of the catalogue, without the installation's prefix. timestamp_ms: UTC milliseconds, the arrival."""

    topic: str
    key: bytes
    value: bytes
    timestamp_ms: int
