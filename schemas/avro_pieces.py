"""The Avro bytes of scalars and short maps; what comes again and again is kept."""

from typing import Any, Final

from schemas.avro_types import Field, Primitive
from schemas.kept import Kept

LONG_MIN, LONG_MAX = -(1 << 63), (1 << 63) - 1

_REPEATED: Final = frozenset(
    {"account", "business_date", "category", "channel", "code", "country", "currency", "description", "due_date", "entry_kind"}
    | {"event_type", "gateway", "jurisdiction", "legal_entity", "line_id", "outcome", "part", "posting_date", "rate", "reason"}
    | {"revenue_category", "rule", "sku", "source", "store", "tenant", "topic", "type", "unit_cost", "unit_price", "warehouse", "worker"}
)
_PAIRS: Final = [bytes((rest & 127 | 128, rest >> 7 | 128)) for rest in range(1 << 14)]


class UnwritableValue(ValueError):
    """A value does not fit the type of its field; the message names record and problem."""


def is_repeated(field: Field) -> bool:
    """Whether a field holds few texts, again and again, so that keeping them pays."""
    return isinstance(field.type, Primitive) and field.type.kind == "string" and field.name in _REPEATED


def long_bytes(value: int) -> bytes:
    """A zigzag long; raises `UnwritableValue` beyond 64 bits, `TypeError` for what is no whole number."""
    if not LONG_MIN <= value <= LONG_MAX:
        raise UnwritableValue("a number does not fit 64 bits")
    rest = (value << 1) ^ (value >> 63)
    encoded = b""
    while rest >> 14:
        encoded += _PAIRS[rest & 16383]
        rest >>= 14
    return encoded + (bytes((rest,)) if rest < 128 else bytes((rest & 127 | 128, rest >> 7)))


def text_bytes(text: str) -> bytes:
    """Length and UTF-8; raises `UnicodeEncodeError`, and `AttributeError` for what is no text."""
    encoded = text.encode()
    return LONGS[len(encoded)] + encoded


def optional_text_bytes(text: str | None) -> bytes:
    """The branch of a nullable text, and the text."""
    return b"\x00" if text is None else b"\x02" + text_bytes(text)


def map_bytes(items: Any) -> bytes:
    """A map of texts, given as a dict or as pairs, in one block."""
    pairs = items.items() if isinstance(items, dict) else items
    if not pairs:
        return b"\x00"
    return b"".join([LONGS[len(pairs)], *[text_bytes(name) + text_bytes(text) for name, text in pairs], b"\x00"])


LONGS: Final = Kept[int, bytes](long_bytes, items_max=16_384, length_max=10)
TEXTS: Final = Kept[str, bytes](text_bytes, items_max=8_192, length_max=64)
OPTIONAL_TEXTS: Final = Kept[str | None, bytes](optional_text_bytes, items_max=8_192, length_max=64)
MAPS: Final = Kept[tuple[tuple[str, str], ...], bytes](map_bytes, items_max=2_048, length_max=256)
