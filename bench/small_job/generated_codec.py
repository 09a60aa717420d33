"""The small job's Avro by code generated for its two schemas: one flat function that reads an event, one that writes an entry.

Fields that the job does not read are stepped over; texts and times that only travel on are copied as the bytes they are. The entries
are those of fastavro, byte for byte.
"""

import struct
import textwrap
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from bench.small_job import codec
from bench.small_job.codec import ENTRY_SCHEMA_ID, EVENT_SCHEMA_ID, LINE
from bench.small_job.event import Event, Posting
from schemas.compiled import FunctionWriter

EVENT_HEAD: Final = struct.pack(">bI", 0, EVENT_SCHEMA_ID)
ENTRY_HEAD: Final = struct.pack(">bI", 0, ENTRY_SCHEMA_ID)
TEXTS_KEPT: Final = 1024
"""Names of accounts and kinds whose encoded form is kept."""
BYTES: Final = tuple(bytes((value,)) for value in range(256))
UNZIGZAG: Final = tuple((value >> 1) ^ -(value & 1) for value in range(128))
SHORT_TEXT: Final = tuple(0 if value & 0x81 else (value >> 1) + 1 for value in range(256))
"""By its first byte: the length of a text with that byte; 0 of one whose length takes more bytes, or is negative."""


def _long(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag number of any length and where it ends."""
    byte = data[at]
    value, shift, at = byte & 0x7F, 7, at + 1
    while byte & 0x80:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
    return (value >> 1) ^ -(value & 1), at


def _long_text(data: bytes, at: int) -> tuple[int, int]:
    """Where a text starts and ends. Raises ValueError for a negative length."""
    size, at = _long(data, at)
    if size < 0:
        raise ValueError("a text of the small job's event has a negative length")
    return at, at + size


READ_LONG: Final = """\
byte = data[at]
if byte < 128:
    {name} = UNZIGZAG[byte]
    at += 1
else:
    more = data[at + 1]
    if more < 128:
        more = byte & 127 | more << 7
        {name} = (more >> 1) ^ -(more & 1)
        at += 2
    else:
        {name}, at = _long(data, at)
"""
COPY_LONG: Final = """\
start = at
while data[at] > 127:
    at += 1
at += 1
{name} = data[start:at]
"""
READ_TEXT: Final = """\
size = SHORT_TEXT[data[at]]
if size:
    {name} = data[at + 1:at + size]
    at += size
else:
    start, at = _long_text(data, at)
    {name} = data[start:at]
"""
SKIP_TEXT: Final = """\
size = SHORT_TEXT[data[at]]
if size:
    at += size
else:
    _, at = _long_text(data, at)
"""
READ_LINES: Final = """\
lines = []
{count}
while count:
    if count < 0:
        count = -count
        _, at = _long(data, at)
    for _ in range(count):
{line}
        lines.append((line_no, line_qty, line_unit_price, line_unit_cost, line_tax_bp))
{next}
"""
READ: Final = frozenset(("event_id", "kind", "order_id", "currency", "payment_method", "amount", "shipping"))


def _step(name: str, kind: Any) -> str:
    """The code for one field; after the lines nothing is read any more."""
    if isinstance(kind, list):  # null or a text
        return "byte = data[at]\nat += 1\nif byte:\n" + textwrap.indent(_step(name, kind[1]), "    ")
    if kind == "string":
        return (READ_TEXT if name in READ else SKIP_TEXT).format(name=name)
    if name == "event_time":
        return COPY_LONG.format(name=name)
    if name == "lines":
        line = "".join(_step(f"line_{field['name']}", field["type"]) for field in LINE["fields"])
        count = READ_LONG.format(name="count")
        return READ_LINES.format(count=count, line=textwrap.indent(line, " " * 8), next=textwrap.indent(count, " " * 4))
    return READ_LONG.format(name=name)


def _generated_reader() -> Callable[[bytes], Event]:
    names = {"KINDS": codec.KINDS, "SHORT_TEXT": SHORT_TEXT, "UNZIGZAG": UNZIGZAG, "make": Event._make}
    writer = FunctionWriter("read_event", "data", names | {"_long": _long, "_long_text": _long_text})
    schema: Any = codec.EVENT
    writer.add("at = 5")
    for field in schema["fields"]:
        if field["name"] != "attributes":
            writer.add(*_step(field["name"], field["type"]).splitlines())
    writer.add("if at >= len(data):", "    raise ValueError('the event ends too early')")
    told = "event_id.decode(), KINDS[kind], order_id, event_time, currency, payment_method.decode(), amount, shipping, lines"
    writer.add(f"return make(({told}))")
    return writer.compile()


_read_event: Final = _generated_reader()


def decode_event(value: bytes) -> Event:
    """What the job reads of an event. Raises IndexError or ValueError on anything else."""
    if value[:5] != EVENT_HEAD:
        raise ValueError("the record is no event of the small job")
    return _read_event(value)


def _encoded_long(value: int) -> bytes:
    value = value << 1 if value >= 0 else (-value << 1) - 1
    if value < 0x80:
        return BYTES[value]
    if value < 0x4000:
        return BYTES[value & 0x7F | 0x80] + BYTES[value >> 7]
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


@lru_cache(TEXTS_KEPT)
def _encoded_text(text: str) -> bytes:
    raw = text.encode()
    return _encoded_long(len(raw)) + raw


def encode_entry(event: Event, postings: list[Posting]) -> bytes:
    """The entry of an event, with its head."""
    event_id, order_id, currency = event.event_id.encode(), event.order_id, event.currency
    pieces = [ENTRY_HEAD, _encoded_long(len(event_id) + 1), b"e", event_id, _encoded_long(len(order_id)), order_id]
    pieces += (_encoded_text(event.kind), event.event_time, _encoded_long(len(currency)), currency)
    if postings:
        pieces.append(_encoded_long(len(postings)))
        for account, debit, credit in postings:
            pieces += (_encoded_text(account), _encoded_long(debit), _encoded_long(credit))
    pieces.append(b"\0")
    return b"".join(pieces)
