"""The short way to an event gives what the strict reader and the builder give, or gives up."""

from typing import Any

import pytest
from hypothesis import given, settings

from asiento.accounting.order_events import OrderEvent
from schemas.event_reader import compile_event_reader
from schemas.events import decode_event, encode_event_json, open_value
from schemas.framing import HEADER_BYTES
from schemas.refusal import InvalidEvent, Refusal
from schemas.registry import registry
from tests.unit.schemas import examples, strategies

READERS = {known.locked.id: compile_event_reader(known.record) for known in registry().latest.values() if known.record.is_event}
USUAL = [
    examples.placed(ship_to={"country": "ES"}, document_fields={"b": "2", "a": "1"}, store="centro"),
    examples.captured(),
    examples.shipped(),
    examples.refunded(),
    examples.cancelled(),
    examples.adjusted(),
    examples.delivered(),
]


def short_way(value: bytes) -> OrderEvent | None:
    reader = READERS.get(int.from_bytes(value[1:HEADER_BYTES], "big"))
    try:
        return reader(value, HEADER_BYTES, len(value)) if reader is not None else None
    except (LookupError, ValueError):
        return None


def long_way(value: bytes) -> OrderEvent | Refusal:
    opened = open_value(value)
    if isinstance(opened, Refusal):
        return opened
    try:
        event: OrderEvent = opened.schema.build(opened.values)
    except InvalidEvent as problem:
        return problem.refusal(opened.schema_id)
    return event


@pytest.mark.parametrize("obj", USUAL, ids=lambda obj: obj["type"])
def test_a_usual_event_goes_the_short_way(obj: dict[str, Any]) -> None:
    value = encode_event_json(obj)
    assert short_way(value) == long_way(value)


@pytest.mark.parametrize("obj", USUAL, ids=lambda obj: obj["type"])
def test_a_wrong_byte_anywhere_is_judged_as_the_long_way_judges_it(obj: dict[str, Any]) -> None:
    value = encode_event_json(obj)
    for place in range(HEADER_BYTES, len(value)):
        for byte in {0, 1, 2, 4, 58, 127, 128, 255, value[place] ^ 1, value[place] ^ 32, value[place] + 2 & 255}:
            changed = value[:place] + bytes((byte,)) + value[place + 1 :]
            found, expected = short_way(changed), long_way(changed)
            assert found in (None, expected), changed.hex()
            assert decode_event(changed) == expected
        assert short_way(value[:place]) is None


@settings(max_examples=200, deadline=None)
@given(strategies.events)
def test_any_event_is_the_same_or_left_to_the_long_way(obj: dict[str, Any]) -> None:
    value = encode_event_json(obj)
    assert short_way(value) in (None, long_way(value))


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "x" * 70},
        {"gateway": "x" * 100},
        {"payment_id": "P" * 1_900},
        {"store": "é" * 40},
        {"tender": "CASH", "gateway": ""},
    ],
)
def test_long_texts_and_tenders_without_a_gateway_are_usual(changes: dict[str, Any]) -> None:
    value = encode_event_json(examples.captured(**changes))
    assert short_way(value) == long_way(value)
