"""One event through both doors."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from asiento.accounting.order_events import EventCorrected, OrderEvent, OrderPlaced, PaymentCaptured, RefundIssued
from schemas.events import (
    decode_event,
    decode_to_json,
    encode_event,
    encode_event_json,
    event_from_json,
    event_to_json,
    parse_event_json,
)
from schemas.refusal import InvalidEvent
from tests.unit.schemas import examples, strategies


@settings(max_examples=150, deadline=None)
@given(strategies.events)
def test_both_doors_give_the_same_event(obj: dict[str, Any]) -> None:
    event = event_from_json(obj)
    assert decode_event(encode_event_json(obj)) == event
    assert decode_event(encode_event(event)) == event
    assert event_from_json(event_to_json(event)) == event
    assert parse_event_json(orjson.dumps(obj)) == event
    assert event_to_json(event_from_json(event_to_json(event))) == event_to_json(event)


def test_values_are_in_core_units() -> None:
    event = event_from_json(examples.placed(ship_to={"country": "ES"}, document_fields={"b": "2", "a": "1"}))
    assert isinstance(event, OrderPlaced)
    assert event.order_key == "acme:shopify:main:1001"
    assert event.received_at - event.occurred_at == 1_000_001 - 0
    assert event.lines[0].quantity == 2_500_000
    assert event.lines[0].taxes[0].amount == 210
    assert event.ship_to is not None
    assert event.ship_to.region is None
    assert event.document_fields == (("a", "1"), ("b", "2"))
    assert event.size_bytes > 500


def test_a_stated_empty_list_of_taxes_is_not_an_absent_one() -> None:
    def taxes(stated: Any) -> Any:
        event = event_from_json(examples.refunded(lines=[{"line_id": "L1", "quantity": "1", "scope": "AUTO", "taxes": stated}]))
        assert isinstance(event, RefundIssued)
        return event.lines[0].taxes

    assert taxes(None) is None
    assert taxes([]) == ()


def test_null_missing_and_empty_optional_text_are_all_absent() -> None:
    absent = event_from_json(examples.captured())
    assert event_from_json({**examples.captured(), "store": None}) == absent
    assert event_from_json({**examples.captured(), "store": ""}) == absent
    assert event_from_json(examples.placed(document_fields={})) == event_from_json(examples.placed())


def test_a_discount_is_funded_by_the_seller_unless_stated() -> None:
    event = event_from_json(examples.placed(order_discounts=[{"code": "PROMO", "amount": 1}]))
    assert isinstance(event, OrderPlaced)
    assert event.order_discounts[0].funded_by == "SELLER"


@pytest.mark.parametrize("tender", ["CASH", "BANK_TRANSFER", "GIFT_CARD", "STORE_CREDIT"])
def test_a_tender_without_a_gateway_may_leave_it_empty(tender: str) -> None:
    event = event_from_json(examples.captured(tender=tender, gateway=""))
    assert isinstance(event, PaymentCaptured)
    assert event.gateway == ""
    assert decode_event(encode_event(event)) == event


def test_a_correction_carries_a_whole_event() -> None:
    correction = examples.correction()
    value = encode_event_json(correction)
    assert decode_to_json(value) == correction
    event = decode_event(value)
    assert isinstance(event, EventCorrected)
    assert isinstance(event.replacement, PaymentCaptured)
    assert event.replacement.amount == 1
    assert decode_event(encode_event(event)) == event == event_from_json(event_to_json(event))
    for wrong in (examples.placed(), {**examples.captured(), "amount": -1}, {"type": "PaymentCaptured"}):
        with pytest.raises(InvalidEvent) as raised:
            encode_event_json({**correction, "replacement": wrong})
        assert raised.value.detail.startswith("replacement")


def test_what_the_producer_wrote_stays_in_the_record() -> None:
    shown = decode_to_json(encode_event_json(examples.placed(lines=[{**examples.LINE, "unit_price": "4.00"}])))
    assert isinstance(shown, dict)
    assert shown["lines"][0]["unit_price"] == "4.00"


@settings(max_examples=30, deadline=None)
@given(strategies.events)
def test_size_is_the_length_of_the_canonical_json(obj: dict[str, Any]) -> None:
    event = event_from_json(obj)
    assert isinstance(event, OrderEvent)
    assert 0 < event.size_bytes <= len(orjson.dumps(event_to_json(event))) + 100
