"""All checks before a record of the events topic reaches the core."""

from asiento.accounting.order_events import OrderEvent
from schemas.events import SchemaLookup, decode_event, refuse_unknown
from schemas.partitioning import partition_for
from schemas.refusal import Refusal


def accept_record(
    *, key: bytes | None, value: bytes | None, partition: int, partition_count: int, look_up: SchemaLookup = refuse_unknown
) -> OrderEvent | Refusal:
    """The event of a record, or the first reason against it: its value, then its key, then its partition.

    `look_up` is asked for schema ids that the lock file does not have, and may raise `SchemaUndecided`.
    """
    event = decode_event(value, look_up)
    if isinstance(event, Refusal):
        return event
    expected = event.order_key.encode()
    if key != expected:
        return Refusal("wrong_key", "the record's key is not the order key of its event")
    if partition_for(expected, partition_count) != partition:
        return Refusal("wrong_partition", f"partition {partition} of {partition_count} is not the key's")
    return event
