"""Mutations, all drawn from one `random.Random`: of plain bytes, of framed Avro, of JSON and of YAML.

Each takes a good record and makes something of it that a broken, foreign or malicious program could send.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from schemas.avro_pieces import UnwritableValue
from schemas.avro_types import Array, AvroType, Mapping, OneOf, Primitive, Record
from schemas.framed_values import frame_values
from schemas.framing import HEADER_BYTES
from schemas.registry import registry
from schemas.strict_reader import MalformedAvro, compile_reader, read_body

Mutate: TypeAlias = Callable[[random.Random, Sequence[bytes]], bytes]
"""A hostile record made of the good ones."""

IDS = sorted(registry().by_id)
LONG_MIN, LONG_MAX = -(1 << 63), (1 << 63) - 1


def varint(number: int) -> bytes:
    """Avro's spelling of a long, zigzag; also of numbers that no long holds."""
    number = (number << 1) ^ (number >> 63) if number < 0 else number << 1
    written = bytearray()
    while True:
        written.append((number & 0x7F) | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(written)


LENGTHS = [varint(number) for number in (-1, -5, 2**16, 2**20, 2**27, 2**31 - 1, 2**31, 2**40, 2**62, LONG_MAX, LONG_MIN, 2**70)]
"""Lengths and counts that promise more than there is."""
BOMBS = [*LENGTHS, b"\xff" * 11, b"\x80" * 200 + b"\x00", b"\xff" * 5000, varint(-(2**31)) + varint(2**40), varint(2**27) + b"\x00" * 64]


def spoil_bytes(rng: random.Random, records: Sequence[bytes]) -> bytes:
    """Bits flipped, bytes set, cut out, doubled, spliced with another record, or truncated; bombs put in."""
    data = bytearray(rng.choice(records))
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(data):
                data[at] = rng.choice((0, 1, 2, 127, 128, 255))
            case 2:
                del data[at : at + rng.randrange(1, 16)]
            case 3:
                data[at:at] = data[at : at + rng.randrange(1, 80)]
            case 4:
                other = rng.choice(records)
                data[at:] = other[rng.randrange(len(other) + 1) :]
            case 5:
                del data[at:]
            case 6:
                data[at:at] = rng.choice(BOMBS)
            case _:
                bomb = rng.choice(BOMBS)
                data[at : at + len(bomb)] = bomb
    return bytes(data)


def spoil_frame(rng: random.Random, records: Sequence[bytes]) -> bytes:
    """Framed Avro: the bytes, the values under their schema, the schema id, or noise under a good frame."""
    kind = rng.random()
    if kind < 0.35:
        return _swapped_values(rng, rng.choice(records))
    if kind < 0.45:
        return b"\x00" + rng.choice(IDS).to_bytes(4, "big") + rng.choice(records)[HEADER_BYTES:]
    if kind < 0.5:
        return rng.choice(records)[:HEADER_BYTES] + rng.randbytes(rng.randrange(300))
    return spoil_bytes(rng, records)


def _swapped_values(rng: random.Random, record: bytes) -> bytes:
    """The same schema with other values: whatever the types allow, however little sense it makes."""
    known = registry().by_id[int.from_bytes(record[1:HEADER_BYTES], "big")].record
    try:
        values = read_body(compile_reader(known, 10**6), record, HEADER_BYTES)
        for _ in range(rng.randrange(1, 4)):
            _swap(rng, known, values)
        return frame_values(known.name, values)
    except (MalformedAvro, UnwritableValue, KeyError, TypeError, ValueError, OverflowError):
        return spoil_bytes(rng, [record])


def _swap(rng: random.Random, record: Record, values: dict[str, Any]) -> None:
    field = rng.choice(record.fields)
    if field.nullable and rng.random() < 0.3:
        values.pop(field.name, None)
        return
    values[field.name] = _any_value(rng, field.type, values.get(field.name))


def _any_value(rng: random.Random, avro_type: AvroType, now: Any) -> Any:
    match avro_type:
        case Primitive(kind="string"):
            return rng.choice(("", "\x00", "é" * 300, "x" * 70_000, "9" * 400, "-0", "1e400", "NaN", "2026-02-30", "\u202e", "' OR 1=1 --"))
        case Primitive(kind="boolean"):
            return rng.random() < 0.5
        case Primitive(kind="bytes"):
            return rng.randbytes(rng.choice((0, 1, 300)))
        case Primitive():
            return rng.choice((0, 1, -1, 2**31 - 1, -(2**31), LONG_MAX, LONG_MIN, 10**15))
        case Array() if isinstance(now, list) and now:
            return now * rng.choice((0, 2, 60, 1200))
        case Mapping():
            return {str(number): "v" for number in range(rng.choice((0, 1, 1200)))}
        case Record() if isinstance(now, dict):
            _swap(rng, avro_type, now)
            return now
        case OneOf() if isinstance(now, dict):
            _swap(rng, next(branch for branch in avro_type.branches if branch.name == now["type"]), now)
            return now
        case _:
            return now


JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 0.5, -0.0, 1e308, 2**63, -(2**63) - 1, 10**30, 10**400, float("nan"), float("inf")),
    *("", "x", "\x00", "\ud800", "x" * 70_000, "9" * 5000, "1e400", "NaN", "-0.00", "9999-12-31T23:59:59-12:00", "0000-00-00"),
    *([], {}, [None], [[[]]], {"a": 1}, {"type": "OrderPlaced"}, {"": {"": ""}}),
)
"""Values of the wrong kind or size."""
TEXTUAL = (
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'"\\ud800"',
    b"NaN",
    b"Infinity",
    b"1" * 5000,
    b"-",
    b"1e99999",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
)


def spoil_json(rng: random.Random, records: Sequence[bytes]) -> bytes:
    """JSON: values and names replaced, lists grown, names doubled, text that is no JSON."""
    record = rng.choice(records)
    if rng.random() < 0.3:
        return _spoil_text(rng, record, records)
    value = json.loads(record)
    for _ in range(rng.randrange(1, 4)):
        value = _spoil_value(rng, value)
    written = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    if rng.random() < 0.1 and written.startswith(b"{") and len(written) > 2:
        return b"{" + written[1:-1] + b"," + written[1:]  # every name twice
    return written


def _spoil_text(rng: random.Random, record: bytes, records: Sequence[bytes]) -> bytes:
    if rng.random() < 0.5:
        return spoil_bytes(rng, records)
    at = rng.randrange(len(record) + 1)
    return record[:at] + rng.choice(TEXTUAL) + record[at + rng.randrange(3) :]


def _spoil_value(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(sorted(value))
        match rng.randrange(12):
            case 0:
                return {other: part for other, part in value.items() if other != name}
            case 1:
                return {**value, rng.choice(("x", "\ud800", "type", "", "v", "__class__")): value[name]}
            case _:
                return {**value, name: _spoil_value(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        if rng.random() < 0.1:
            return value * rng.choice((2, 60, 1200))
        return [*value[:at], _spoil_value(rng, value[at]), *value[at + 1 :]]
    return rng.choice(JUNK)


YAML_BITS = (
    *(
        "&a ",
        "*a",
        "!!python/object/apply:os.system [x]",
        "<<: *a",
        "? ",
        "- ",
        "[" * 2000,
        "{a: " * 500,
        "!!binary ",
        "'",
        '"\\ud800"',
        "\t",
    ),
    *(
        "1_000_000",
        "0x" + "f" * 5000,
        "9" * 5000,
        "1:2:3",
        "2026-02-30",
        ".nan",
        ".inf",
        "~",
        "|",
        ">",
        "%YAML 1.1",
        "---",
        "...",
        "\u2028",
        "\x07",
    ),
)
"""Pieces with a meaning in YAML."""


def spoil_yaml(rng: random.Random, records: Sequence[bytes]) -> bytes:
    """YAML: lines moved, doubled and cut, values replaced, pieces of syntax put in, bytes spoilt."""
    if rng.random() < 0.2:
        return spoil_bytes(rng, records)
    lines = rng.choice(records).decode().splitlines()
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(lines))
        line = lines[at]
        match rng.randrange(6):
            case 0:
                lines[at:at] = rng.sample(lines, min(3, len(lines)))
            case 1 if len(lines) > 1:
                del lines[at]
            case 2:
                lines[at] = " " * rng.randrange(9) + line.strip()
            case 3:
                lines[at] = f"{line.partition(':')[0]}: {rng.choice(YAML_BITS)}"
            case 4:
                lines[at] = f"{line.partition(':')[0]}: {json.dumps(rng.choice(JUNK))}"
            case _:
                place = rng.randrange(len(line) + 1)
                lines[at] = line[:place] + rng.choice(YAML_BITS) + line[place:]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def mutations(mutate: Mutate, rng: random.Random, records: Sequence[bytes]) -> Iterator[bytes]:
    """Hostile records without end."""
    while True:
        yield mutate(rng, records)
