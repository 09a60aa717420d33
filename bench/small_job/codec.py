"""Avro of the small job by fastavro: five bytes of head (0 and the schema id), then the record."""

import io
import struct
from typing import Any, Final

from fastavro import parse_schema, schemaless_reader, schemaless_writer

from bench.small_job.event import Event, Posting

EVENT_SCHEMA_ID: Final = 1
ENTRY_SCHEMA_ID: Final = 2
KINDS: Final = ("PLACED", "CAPTURED", "SHIPPED", "REFUNDED", "CANCELLED")


def _record(name: str, fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "bench.avro", "fields": [_field(*field) for field in fields]}


def _field(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": kind} | ({"default": None} if isinstance(kind, list) else {})


LINE = _record("Line", [("no", "int"), ("sku", "string"), ("qty", "int"), ("unit_price", "long"), ("unit_cost", "long"), ("tax_bp", "int")])
EVENT = parse_schema(
    _record(
        "OrderEvent",
        [
            ("event_id", "string"),
            ("kind", {"type": "enum", "name": "Kind", "symbols": list(KINDS)}),
            ("order_id", "string"),
            ("event_time", "long"),
            ("source", "string"),
            ("channel", "string"),
            ("customer_id", "string"),
            ("currency", "string"),
            ("country", "string"),
            ("warehouse", ["null", "string"]),
            ("payment_method", "string"),
            ("payment_ref", ["null", "string"]),
            ("amount", "long"),
            ("shipping", "long"),
            ("lines", {"type": "array", "items": LINE}),
            ("attributes", {"type": "map", "values": "string"}),
        ],
    )
)
ENTRY = parse_schema(
    _record(
        "Entry",
        [
            ("entry_id", "string"),
            ("order_id", "string"),
            ("kind", "string"),
            ("event_time", "long"),
            ("currency", "string"),
            ("postings", {"type": "array", "items": _record("Posting", [("account", "string"), ("debit", "long"), ("credit", "long")])}),
        ],
    )
)


def decode_event(value: bytes) -> Event:
    """What the job reads of an event. Raises on anything else."""
    told: Any = schemaless_reader(io.BytesIO(value[5:]), EVENT, None)
    return Event(
        told["event_id"],
        told["kind"],
        told["order_id"],
        told["event_time"],
        told["currency"],
        told["payment_method"],
        told["amount"],
        told["shipping"],
        [(line["no"], line["qty"], line["unit_price"], line["unit_cost"], line["tax_bp"]) for line in told["lines"]],
    )


def encode_event(event: dict[str, Any]) -> bytes:
    """An event with its head."""
    return _encode(EVENT_SCHEMA_ID, EVENT, event)


def decode_entry(value: bytes) -> Any:
    """An entry as a dict."""
    return schemaless_reader(io.BytesIO(value[5:]), ENTRY, None)


def encode_entry(event: Event, postings: list[Posting]) -> bytes:
    """The entry of an event, with its head."""
    entry = {
        "entry_id": "e" + event.event_id,
        "order_id": event.order_id,
        "kind": event.kind,
        "event_time": event.event_time,
        "currency": event.currency,
        "postings": [{"account": account, "debit": debit, "credit": credit} for account, debit, credit in postings],
    }
    return _encode(ENTRY_SCHEMA_ID, ENTRY, entry)


def _encode(schema_id: int, schema: Any, record: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    out.write(struct.pack(">bI", 0, schema_id))
    schemaless_writer(out, schema, record)
    return out.getvalue()
