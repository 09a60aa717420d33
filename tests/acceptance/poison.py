"""Records that must not reach the core, and some that the core must refuse, each with the class it must end in."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.avro_types import Array, AvroType, Enumeration, Mapping, OneOf, Primitive, Record
from schemas.events import EVENT_BYTES_MAX, encode_event_json
from schemas.framed_values import frame_object_with, frame_values
from schemas.partitioning import partition_for
from schemas.registry import registry
from tests.unit.schemas import examples

SEED = 17
COUNTS = (2**27, 2**25, 2**62, -(2**27), -(2**62))
BIG_RECORD_BYTES = 600 * 1024
HEADERS: list[tuple[str, str | bytes | None]] = [("ce_id", b"7"), ("traceparent", b"\x00\xff"), ("empty", b""), ("none", None)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """One record and its one right end; `shift` partitions away from where its key belongs."""

    name: str
    value: bytes | None
    outcome: str
    code: str
    key: bytes | None = b"acme:shopify:main:poison"
    shift: int = 0

    def partition(self, partitions: int) -> int:
        """Where it is sent."""
        return (partition_for(self.key or b"", partitions) + self.shift) % partitions


def poison() -> tuple[Poison, ...]:
    """One of each kind. The rejected and the conflicting ones follow the good record that they contradict."""
    return (*_unreadable(), *_bombs(), *_misplaced(), *_refused_by_the_core())


def placed_before() -> tuple[bytes, bytes]:
    """Key and value of the good order that the conflict contradicts."""
    return _key("contradicted"), encode_event_json(examples.placed(order_id="contradicted"))


def _dead(name: str, value: bytes | None, reason: str, **more: Any) -> Poison:
    return Poison(name=name, value=value, outcome="dead_letter", code=reason, **more)


def _key(order_id: str) -> bytes:
    return f"acme:shopify:main:{order_id}".encode()


def _unreadable() -> Iterator[Poison]:
    chance = random.Random(SEED)
    good = encode_event_json(examples.placed(order_id="poison"))
    yield _dead("empty", b"", "empty_value")
    yield _dead("tombstone", None, "empty_value")
    yield _dead("text", b'{"type": "OrderPlaced"}', "bad_magic")
    for number, length in enumerate((1, 4, 333, 65_536)):
        yield _dead(f"random bytes {number}", b"\x01" + chance.randbytes(length), "bad_magic")
        yield _dead(f"random body {number}", good[:5] + b"\xff" * 11 + chance.randbytes(length), "undecodable")
    for length in (1, 4):
        yield _dead(f"truncated to {length}", good[:length], "bad_magic")
    for length in (5, 6, len(good) // 3, len(good) // 2, len(good) - 1):
        yield _dead(f"truncated to {length}", good[:length], "undecodable")
    yield _dead("unknown schema", b"\x00\x7f\xff\xff\xff" + good[5:], "unknown_schema_id")
    yield _dead("entry", frame_object_with("JournalEntry", examples.INVOICE, "content_hash", "0" * 64), "wrong_record_type")
    yield _dead("trailing byte", good + b"\x00", "trailing_bytes")
    yield _dead("two records", good + good, "trailing_bytes")
    yield _dead("600 KiB", good + b"\x00" * BIG_RECORD_BYTES, "too_large")
    yield _dead("one byte too long", good + b"\x00" * (EVENT_BYTES_MAX + 1 - len(good)), "too_large")


def _bombs() -> Iterator[Poison]:
    """For each list of each event: six bytes that claim to be very many items."""
    for known in registry().latest.values():
        for field in known.record.fields if known.record.is_event else ():
            if isinstance(field.type, Array):
                before = _up_to(known.record, field.name)
                for count in COUNTS:
                    claim = _long(count) + (_long(0) if count < 0 else b"")
                    yield _dead(f"{known.record.name}.{field.name} {count}", before + claim.ljust(6, b"\x00"), "undecodable")


def _misplaced() -> Iterator[Poison]:
    good = encode_event_json(examples.captured(order_id="misplaced"))
    key = _key("misplaced")
    yield _dead("no key", good, "wrong_key", key=None)
    yield _dead("empty key", good, "wrong_key", key=b"")
    yield _dead("other key", good, "wrong_key", key=_key("another"))
    yield _dead("key that is no text", good, "wrong_key", key=b"\xff\xfe")
    yield _dead("other partition", good, "wrong_partition", key=key, shift=1)


def _refused_by_the_core() -> Iterator[Poison]:
    wrong_total = encode_event_json(examples.placed(order_id="wrong-total", total=9_999))
    yield Poison(name="wrong total", value=wrong_total, outcome="rejected", code="D01", key=_key("wrong-total"))
    other = encode_event_json(examples.placed(order_id="contradicted", channel="marketplace"))
    yield Poison(name="other content", value=other, outcome="conflict", code="D21", key=_key("contradicted"))


def _up_to(record: Record, name: str) -> bytes:
    """A framed record up to the list `name`: what its encodings with an empty list and with one item share."""
    empty, one = (frame_values(record.name, _smallest(record, {name: items})) for items in ([], [None]))
    return empty[: next(place for place, (left, right) in enumerate(zip(empty, one, strict=False)) if left != right)]


def _smallest(record: Record, lists: dict[str, list[None]]) -> dict[str, Any]:
    """The least avro values of a record; `lists` names those that are written, with so many items."""
    values = {}
    for field in record.fields:
        if field.name in lists and isinstance(field.type, Array):
            values[field.name] = [_least(field.type.items) for _ in lists[field.name]]
        elif not field.nullable:
            values[field.name] = _least(field.type)
    return values


def _least(avro_type: AvroType) -> Any:
    match avro_type:
        case Primitive(kind="string"):
            return "x"
        case Primitive(kind="bytes"):
            return b""
        case Primitive(kind="boolean"):
            return False
        case Primitive():
            return 0
        case Enumeration():
            return avro_type.symbols[1]
        case Array():
            return []
        case Mapping():
            return {}
        case OneOf():
            return _smallest(avro_type.branches[0], {}) | {"type": avro_type.branches[0].name}
        case Record():
            return _smallest(avro_type, {})


def _long(value: int) -> bytes:
    """A zigzag varint."""
    rest, out = (value << 1) ^ (value >> 63), bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*out, rest])
