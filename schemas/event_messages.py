"""Order events as Kafka messages: key, framed Avro value, CloudEvents 1.0 headers (binary mode)."""

from dataclasses import dataclass
from typing import Any

from asiento.accounting.order_events import OrderEvent
from schemas.events import CheckedEvent, encode_checked, encode_event
from schemas.formats import time_text
from schemas.partitioning import partition_for
from schemas.registry import registry

CONTENT_TYPE = b"application/avro"


@dataclass(frozen=True, slots=True)
class EventMessage:
    """What goes to the events topic for one event."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    def partition(self, partition_count: int) -> int:
        """Where it belongs among `partition_count` partitions (murmur2)."""
        return partition_for(self.key, partition_count)


def message_from_json(obj: Any) -> EventMessage:
    """The message of a JSON event of any type of the contract; raises `InvalidEvent`."""
    return message_of_checked(encode_checked(obj))


def message_of_checked(checked: CheckedEvent) -> EventMessage:
    """The message of a JSON event that was checked."""
    return _message(checked.record_name, checked.value, checked.stated)


def message_of(event: OrderEvent) -> EventMessage:
    """The message of an event."""
    stated = {name: getattr(event, name) for name in ("event_id", "tenant", "source", "order_id", "occurred_at")}
    return _message(type(event).__name__, encode_event(event), stated)


def _message(record_name: str, value: bytes, stated: dict[str, Any]) -> EventMessage:
    key = f"{stated['tenant']}:{stated['source']}:{stated['order_id']}".encode()
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", stated["event_id"].lower().encode()),
        ("ce_type", registry().latest[record_name].locked.subject.encode()),
        ("ce_source", stated["source"].encode()),
        ("ce_subject", key),
        ("ce_time", time_text(stated["occurred_at"]).encode()),
        ("content-type", CONTENT_TYPE),
    )
    return EventMessage(key, value, headers)
