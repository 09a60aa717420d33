"""Every way to be refused, at both doors, and nothing but a refusal comes of it."""

import tracemalloc
from typing import Any

import orjson
import pytest

from schemas.event_rules import DUE_DAYS_MAX, TAXES_MAX, TEXT_LENGTH_MAX
from schemas.events import EVENT_BYTES_MAX, JSON_BYTES_MAX, decode_event, encode_event_json, event_from_json, parse_event_json
from schemas.framed_values import frame_object_with, frame_values
from schemas.json_twin import read_object
from schemas.refusal import REASONS, InvalidEvent, Refusal
from schemas.registry import registry
from tests.unit.schemas import examples

PLACED = encode_event_json(examples.placed())
CAPTURED = encode_event_json(examples.captured())
ORDER_PLACED_ID = registry().latest["OrderPlaced"].locked.id


def reason(value: bytes | None) -> str:
    answer = decode_event(value)
    assert isinstance(answer, Refusal)
    return answer.reason


def framed(obj: dict[str, Any]) -> bytes:
    """The Avro value of an object that keeps the types of its schema, whatever its rules say."""
    record = registry().latest[obj["type"]].record
    return frame_values(record.name, read_object(record, obj, items_max=10_000))


def long(value: int) -> bytes:
    """A zigzag varint of any size."""
    rest, out = value << 1 if value >= 0 else (-value << 1) - 1, bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*out, rest])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "empty_value"),
        (b"", "empty_value"),
        (b"\x00", "bad_magic"),
        (b"\x00\x00\x00\x00", "bad_magic"),
        (b"\x01" + PLACED[1:], "bad_magic"),
        (b'{"type": "OrderPlaced"}', "bad_magic"),
        (b"\x00\xff\xff\xff\xff" + PLACED[5:], "unknown_schema_id"),
        (b"\x00\x00\x00\x00\x00" + PLACED[5:], "unknown_schema_id"),
        (b"\x00" * (EVENT_BYTES_MAX + 1), "too_large"),
        (PLACED[:5], "undecodable"),
        (PLACED[:-1], "undecodable"),
        (PLACED + b"\x00", "trailing_bytes"),
        (PLACED + PLACED, "trailing_bytes"),
    ],
)
def test_the_frame(value: bytes | None, expected: str) -> None:
    assert reason(value) == expected


def test_every_truncation_is_undecodable() -> None:
    assert {reason(PLACED[:length]) for length in range(5, len(PLACED))} == {"undecodable"}


def test_a_known_schema_that_is_no_event() -> None:
    assert reason(frame_object_with("JournalEntry", examples.INVOICE, "content_hash", "0" * 64)) == "wrong_record_type"


def body(position: int, patch: bytes) -> bytes:
    """CAPTURED with `patch` in place of the byte at `position` of its body."""
    return CAPTURED[: 5 + position] + patch + CAPTURED[5 + position + 1 :]


def place_of(mark: bytes) -> int:
    return CAPTURED.index(mark) - 5


BOMBS = {
    "string of 2^31 bytes": (b"\x00\x00\x00\x00" + bytes([ORDER_PLACED_ID]) + long(2**31), "a length"),
    "string of 2^62 bytes": (b"\x00\x00\x00\x00" + bytes([ORDER_PLACED_ID]) + long(2**62), "a length"),
    "string of -1 bytes": (body(0, long(-1)), "a length"),
    "number of 2 MB": (body(0, b"\xff" * 400_000 + b"\x01"), "10 bytes"),
    "number of 65 bits": (body(0, b"\xff" * 9 + b"\x7f"), "64 bits"),
    "text that is not UTF-8": (CAPTURED.replace(b"acme", b"ac\xffe"), "UTF-8"),
    "text with half a character": (CAPTURED.replace(b"shopify:main", b"shopify:m\xed\xa0\x80"), "UTF-8"),
    "boolean 7": (body(place_of(b"\x00\x02\x06EUR"), b"\x07"), "boolean"),
    "union index -1": (body(place_of(b"\x06EUR") - 1, b"\x01"), "union"),
    "union index 2": (body(place_of(b"\x06EUR") - 1, b"\x04"), "union"),
    "enumeration index -1": (body(place_of(b"\x0cstripe") - 1, b"\x01"), "enumeration"),
    "enumeration index 10": (body(place_of(b"\x0cstripe") - 1, b"\x14"), "enumeration"),
    "32-bit number of 33 bits": (body(place_of(b"\x06EUR") + 5, long(2**31)), "32 bits"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bytes_that_break_readers(name: str) -> None:
    value, problem = BOMBS[name]
    refusal = decode_event(value)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "undecodable"
    assert problem in refusal.detail


@pytest.mark.parametrize("count", [2**27, 2**25, 2**62, -(2**27), -(2**62)])
def test_an_array_bomb_of_few_bytes_allocates_nothing(count: int) -> None:
    """The lines of a shipment claim millions of items: refused before the first is made."""
    shipment = framed(examples.shipped(lines=[]))
    position = shipment.index(b"\x04s1") + 3
    bomb = shipment[:position] + long(count) + (long(4) if count < 0 else b"") + b"\x00" * 6
    tracemalloc.start()
    try:
        assert reason(bomb) == "undecodable"
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_thousand_lines_pass_and_one_more_does_not() -> None:
    def lines(count: int) -> list[dict[str, Any]]:
        return [{"line_id": f"L{number}", "quantity": "1"} for number in range(count)]

    assert not isinstance(decode_event(framed(examples.shipped(lines=lines(1000)))), Refusal)
    assert not isinstance(parse_event_json(orjson.dumps(examples.shipped(lines=lines(1000)))), Refusal)
    assert reason(framed(examples.shipped(lines=lines(1001)))) == "too_many_lines"
    refusal = parse_event_json(orjson.dumps(examples.shipped(lines=lines(1001))))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "too_many_lines"


def test_the_lists_of_an_event_are_bounded_together() -> None:
    """Else the sum of what one event states could leave 64 bits."""
    taxes = [{"jurisdiction": "ES", "type": "V", "code": "1", "amount": 10**15, "liable_party": "SELLER"}] * 8
    fees = [{"kind": "RETURN_FEE", "amount": 10**15, "taxes": taxes}] * 900
    refund = parse_event_json(orjson.dumps(examples.refunded(adjustments=fees[:880], lines=[], tenders=[])))
    assert not isinstance(refund, Refusal)
    too_many = examples.refunded(adjustments=fees)
    refusal = parse_event_json(orjson.dumps(too_many))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason(framed(too_many)) == "too_many_lines"


LINE = examples.LINE
RULES: list[tuple[dict[str, Any], str, str]] = [
    (examples.placed(total=-1), "invalid_field", "total"),
    (examples.placed(total=10**15 + 1), "invalid_field", "total"),
    (examples.placed(tenant=""), "invalid_field", "tenant"),
    (examples.placed(tenant="a:b"), "invalid_field", "tenant"),
    (examples.placed(source="shopify"), "invalid_field", "source"),
    (examples.placed(source="shopify:"), "invalid_field", "source"),
    (examples.placed(source=":main"), "invalid_field", "source"),
    (examples.placed(source="shopify:main:2"), "invalid_field", "source"),
    (examples.placed(order_id=""), "invalid_field", "order_id"),
    (examples.placed(event_id="not-a-uuid"), "invalid_field", "event_id"),
    (examples.placed(event_id="{1d9a6e0c-2f5b-5a53-9f0e-5d2b1c7a4e11}"), "invalid_field", "event_id"),
    (examples.placed(event_id=examples.EVENT_ID + "\n"), "invalid_field", "event_id"),
    (examples.placed(currency=None), "missing_field", "currency"),
    (examples.placed(currency=""), "missing_field", "currency"),
    (examples.placed(currency_exponent=None), "missing_field", "currency_exponent"),
    (examples.placed(source_sequence=0), "invalid_field", "source_sequence"),
    (examples.placed(terms="UNKNOWN"), "invalid_field", "terms"),
    (examples.placed(occurred_at="1969-12-31T23:59:59Z"), "invalid_field", "occurred_at"),
    (examples.placed(received_at="2200-01-01T00:00:00Z"), "invalid_field", "received_at"),
    (examples.placed(document_fields={"": "x"}), "invalid_field", "document_fields"),
    (examples.placed(document_fields={"note": "x" * (TEXT_LENGTH_MAX + 1)}), "invalid_field", "document_fields"),
    (examples.placed(document_fields={"note": "4111 1111-1111 1111"}), "card_number", "document_fields"),
    (examples.placed(document_fields={"4111111111111111": "x"}), "card_number", "document_fields"),
    (examples.placed(lines=[{**LINE, "quantity": "0"}]), "invalid_field", "lines[0].quantity"),
    (examples.placed(lines=[LINE, {**LINE, "discount": -1}]), "invalid_field", "lines[1].discount"),
    (examples.placed(lines=[{**LINE, "gross": -(10**15) - 1}]), "invalid_field", "lines[0].gross"),
    (examples.placed(lines=[{**LINE, "unit_price": "1e3"}]), "invalid_field", "lines[0].unit_price"),
    (examples.placed(lines=[{**LINE, "unit_price": "NaN"}]), "invalid_field", "lines[0].unit_price"),
    (examples.placed(lines=[{**LINE, "unit_price": "1" * 400_000}]), "invalid_field", "lines[0].unit_price"),
    (examples.placed(lines=[{**LINE, "unit_price": "0" * 400_000}]), "invalid_field", "lines[0].unit_price"),
    (examples.placed(lines=[{**LINE, "unit_price": "-4"}]), "invalid_field", "lines[0].unit_price"),
    (examples.placed(lines=[{**LINE, "unit_cost": "-1"}]), "invalid_field", "lines[0].unit_cost"),
    (examples.placed(lines=[{**LINE, "unit_cost": "999999999999", "quantity": "100"}]), "invalid_field", "lines[0].unit_cost"),
    (examples.placed(lines=[{**LINE, "taxes": [{**examples.TAX, "rate": "-0.1"}]}]), "invalid_field", "lines[0].taxes[0].rate"),
    (examples.placed(lines=[{**LINE, "taxes": [{**examples.TAX, "rate": "+0.1"}]}]), "invalid_field", "lines[0].taxes[0].rate"),
    (examples.placed(lines=[{**LINE, "taxes": [{**examples.TAX, "rate": "٠.١"}]}]), "invalid_field", "lines[0].taxes[0].rate"),
    (examples.placed(lines=[{**LINE, "taxes": [{**examples.TAX, "rate": "1000"}]}]), "invalid_field", "lines[0].taxes[0].rate"),
    (examples.placed(lines=[{**LINE, "taxes": [examples.TAX] * (TAXES_MAX + 1)}]), "too_many_lines", "lines[0].taxes"),
    (examples.placed(lines=[{**LINE, "sku": "x" * (TEXT_LENGTH_MAX + 1)}]), "invalid_field", "lines[0].sku"),
    (examples.placed(order_id="x" * (TEXT_LENGTH_MAX + 1)), "invalid_field", "order_id"),
    (examples.placed(document_fields={"x" * (TEXT_LENGTH_MAX + 1): "1"}), "invalid_field", "document_fields"),
    (examples.placed(ship_to={"country": "x" * (TEXT_LENGTH_MAX + 1)}), "invalid_field", "ship_to.country"),
    (examples.placed(due_days=-1), "invalid_field", "due_days"),
    (examples.adjusted(kind="WITHHOLDING"), "missing_field", "jurisdiction"),
    (examples.placed(due_days=DUE_DAYS_MAX + 1), "invalid_field", "due_days"),
    (examples.placed(lines=[{**LINE, "taxes": [{**examples.TAX, "amount": -1}]}]), "invalid_field", "lines[0].taxes[0].amount"),
    (examples.placed(lines=[{**LINE, "taxes": [{**examples.TAX, "code": ""}]}]), "invalid_field", "lines[0].taxes[0].code"),
    (
        examples.placed(fx={"book_currency": "USD", "rate": "1", "rate_date": "2026-02-30", "rate_source": "ECB"}),
        "invalid_field",
        "fx.rate_date",
    ),
    (examples.captured(gateway=""), "invalid_field", "gateway"),
    (examples.captured(fee=-1), "invalid_field", "fee"),
    (examples.cancelled(reason="paid with 4111111111111111 again"), "card_number", "reason"),
    (examples.cancelled(reason="x" * (TEXT_LENGTH_MAX + 1)), "invalid_field", "reason"),
    (examples.delivered(tenant="a:b"), "invalid_field", "tenant"),
]


@pytest.mark.parametrize(("obj", "expected", "place"), RULES, ids=lambda part: part if isinstance(part, str) else "")
def test_a_rule_holds_at_both_doors(obj: dict[str, Any], expected: str, place: str) -> None:
    at_the_json_door = parse_event_json(orjson.dumps(obj))
    at_the_avro_door = decode_event(framed(obj))
    for refusal in (at_the_json_door, at_the_avro_door):
        assert isinstance(refusal, Refusal)
        assert (refusal.reason, refusal.detail.partition(": ")[0]) == (expected, place)


@pytest.mark.parametrize(
    ("obj", "expected", "place"),
    [
        (examples.placed(total="1210"), "invalid_field", "total"),
        (examples.placed(total=1210.0), "invalid_field", "total"),
        (examples.placed(total=True), "invalid_field", "total"),
        (examples.placed(total=2**63), "invalid_field", "total"),
        (examples.placed(currency_exponent=2**31), "invalid_field", "currency_exponent"),
        (examples.placed(test_mode=0), "invalid_field", "test_mode"),
        (examples.placed(test_mode="false"), "invalid_field", "test_mode"),
        (examples.placed(tenant=7), "invalid_field", "tenant"),
        (examples.placed(lines=None), "missing_field", "lines"),
        (examples.placed(lines={}), "invalid_field", "lines"),
        (examples.placed(lines=["x"]), "invalid_field", "lines[0]"),
        (examples.placed(email="x"), "unknown_field", "email"),
        (examples.placed(lines=[{**LINE, "color": "red"}]), "unknown_field", "lines[0].color"),
        (examples.placed(lines=[{**LINE, "kind": "goods"}]), "invalid_field", "lines[0].kind"),
        (examples.placed(lines=[{**LINE, "kind": ["GOODS"]}]), "invalid_field", "lines[0].kind"),
        (examples.placed(lines=[{**LINE, "quantity": 2}]), "invalid_field", "lines[0].quantity"),
        (examples.placed(lines=[{**LINE, "quantity": "1.0000001"}]), "invalid_field", "lines[0].quantity"),
        (examples.placed(lines=[{**LINE, "quantity": "-1"}]), "invalid_field", "lines[0].quantity"),
        (examples.placed(lines=[{**LINE, "quantity": "9" * 30}]), "invalid_field", "lines[0].quantity"),
        (examples.placed(occurred_at="2026-01-05T09:39:59"), "invalid_field", "occurred_at"),
        (examples.placed(occurred_at="2026-01-05"), "invalid_field", "occurred_at"),
        (examples.placed(occurred_at="2026-02-30T09:39:59Z"), "invalid_field", "occurred_at"),
        (examples.placed(occurred_at="0001-01-01T00:00:00+14:00"), "invalid_field", "occurred_at"),
        (examples.placed(occurred_at=1_767_605_999), "invalid_field", "occurred_at"),
        (examples.placed(document_fields={"a": 1}), "invalid_field", "document_fields"),
        (examples.placed(type="OrderPlaced2"), "unknown_type", "type"),
        (examples.placed(type=None), "unknown_type", "type"),
        (examples.placed(type=["OrderPlaced"]), "unknown_type", "type"),
        (examples.placed(type="JournalEntry"), "unknown_type", "type"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_types_of_the_json_door(obj: dict[str, Any], expected: str, place: str) -> None:
    refusal = parse_event_json(orjson.dumps(obj))
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.detail.partition(": ")[0]) == (expected, place)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{",
        b'{"type": NaN}',
        b'{"type": Infinity}',
        b'{"type": "\\ud800"}',
        b'{"type": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda line: line[:12].decode("latin-1"),
)
def test_lines_that_are_no_object(line: bytes) -> None:
    refusal = parse_event_json(line)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "invalid_json"


def test_huge_numbers_are_no_money() -> None:
    line = orjson.dumps(examples.placed()).replace(b'"total":1210', b'"total":' + b"9" * 40)
    refusal = parse_event_json(line)
    assert isinstance(refusal, Refusal)
    assert refusal.detail.startswith("total: ")


def test_sizes() -> None:
    lines = [{**LINE, "description": "x" * TEXT_LENGTH_MAX}] * (EVENT_BYTES_MAX // TEXT_LENGTH_MAX)
    for line in (orjson.dumps(examples.placed(lines=lines)), b" " * (JSON_BYTES_MAX + 1)):
        refusal = parse_event_json(line)
        assert isinstance(refusal, Refusal)
        assert refusal.reason == "too_large"
    with pytest.raises(InvalidEvent, match="too_large"):
        encode_event_json(examples.placed(lines=lines))


def test_a_lone_surrogate_in_an_object_is_refused() -> None:
    for obj in (examples.placed(tenant="a\ud800"), examples.placed(document_fields={"a\ud800": "x"}), {**examples.placed(), "\ud800": 1}):
        with pytest.raises(InvalidEvent):
            event_from_json(obj)


def test_a_negative_line_is_for_the_core_to_reject() -> None:
    event = event_from_json(examples.placed(lines=[{**LINE, "gross": -1, "unit_price": "-0.01"}]))
    assert decode_event(encode_event_json(examples.placed(lines=[{**LINE, "gross": -1, "unit_price": "-0.01"}]))) == event


def test_details_never_repeat_the_content() -> None:
    secret = "Mrs-Secret"
    objects = [
        examples.placed(event_id=secret),
        examples.placed(occurred_at=secret),
        examples.placed(terms=secret),
        examples.placed(source=secret),
        examples.placed(lines=[{**LINE, "unit_price": secret}]),
        examples.cancelled(reason=f"{secret} 4111111111111111"),
    ]
    for obj in objects:
        refusal = parse_event_json(orjson.dumps(obj))
        assert isinstance(refusal, Refusal)
        assert secret not in refusal.detail


def test_reasons_are_a_closed_set_with_words_for_people() -> None:
    with pytest.raises(ValueError, match="no refusal reason"):
        Refusal("because", "")
    for name, texts in REASONS.items():
        assert name.replace("_", "").isalpha()
        assert all(text.endswith(".") for words in (texts.meaning, texts.mend) for text in words)
