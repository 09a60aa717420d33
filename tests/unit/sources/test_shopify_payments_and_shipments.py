"""order_transactions/create and fulfillments/create: what is a fact, and what is not."""

from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.outcome import Nothing, Problem
from tests.unit.sources.shopify_payloads import bag, event, fulfillment, item, judged, memory_of, order, read, transaction

PAYMENTS = "order_transactions/create"
SHIPMENTS = "fulfillments/create"


@pytest.mark.parametrize("kind", ["capture", "sale"])
def test_money_received(kind: str) -> None:
    captured = event(PAYMENTS, transaction("12.34", kind=kind, authorization="ch_123"))
    event_from_json(captured)
    names = ("business_key", "payment_id", "parent_payment_id", "amount", "tender", "gateway", "gateway_reference", "test_mode")
    assert [captured[name] for name in names] == ["capture:70", "70", "69", 1_234, "CARD", "shopify_payments", "ch_123", False]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "authorization"},
        {"kind": "void"},
        {"kind": "refund"},
        {"status": "pending"},
        {"status": "failure"},
        {"status": "error"},
        {"amount": "0.00"},
    ],
)
def test_no_money_moved(fields: dict[str, Any]) -> None:
    assert isinstance(read(PAYMENTS, transaction(**fields)), Nothing)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "gift"}, "reject_malformed"),
        ({"status": "maybe"}, "reject_malformed"),
        ({"status": ["success"]}, "reject_malformed"),
        ({"amount": "-5.00"}, "reject_malformed"),
        ({"amount": None}, "reject_malformed"),
        ({"currency": ["USD"]}, "reject_malformed"),
        ({"kind": "change"}, "hold_discrepancy"),
    ],
)
def test_what_cannot_be_judged(fields: dict[str, Any], code: str) -> None:
    result = read(PAYMENTS, transaction(**fields))
    assert isinstance(result, Problem)
    assert result.code == code


@pytest.mark.parametrize("missing", ["kind", "status", "amount", "order_id", "id", "created_at"])
def test_a_partial_payload_must_be_fetched_again(missing: str) -> None:
    payload = transaction()
    del payload[missing]
    result = read(PAYMENTS, payload)
    assert isinstance(result, Problem)
    assert (result.code, result.pointer) == ("refetch", f"/{missing}")


def test_the_envelope_of_a_rest_answer_is_taken_off() -> None:
    assert event(PAYMENTS, {"transaction": transaction()}) == event(PAYMENTS, transaction())


@pytest.mark.parametrize(
    ("gateway", "tender", "slug"),
    [
        ("gift_card", "GIFT_CARD", "gift_card"),
        ("shopify_store_credit", "STORE_CREDIT", "shopify_store_credit"),
        ("Cash on Delivery (COD)", "CASH_ON_DELIVERY", "cash_on_delivery_cod"),
        ("cash", "CASH", "cash"),
        ("manual", "BANK_TRANSFER", "manual"),
        ("Bank Deposit", "BANK_TRANSFER", "bank_deposit"),
        ("paypal", "WALLET", "paypal"),
        ("shopify_payments", "CARD", "shopify_payments"),
        ("klarna", "OTHER", "klarna"),
        ("a:b|c/ñ", "OTHER", "a_b_c"),
        ("", "OTHER", "unknown"),
        (None, "OTHER", "unknown"),
    ],
)
def test_tenders_by_gateway(gateway: str | None, tender: str, slug: str) -> None:
    captured = event(PAYMENTS, transaction(gateway=gateway))
    assert (captured["tender"], captured["gateway"]) == (tender, slug)


def test_card_details_tell_a_card() -> None:
    assert event(PAYMENTS, transaction(gateway="local psp", payment_details={"credit_card_company": "Visa"}))["tender"] == "CARD"


@pytest.mark.parametrize("reference", ["jane@example.com", "4111111111111111", "4111-1111-1111-1111", "Jane Doe", "x", 5, None])
def test_what_does_not_look_like_an_id_is_no_reference(reference: object) -> None:
    assert "gateway_reference" not in event(PAYMENTS, transaction(authorization=reference))


@pytest.mark.parametrize("rounding", ["-0.02", bag("-0.02"), {"amount": "-0.02", "currency": "USD"}])
def test_cash_is_what_changed_hands(rounding: object) -> None:
    assert event(PAYMENTS, transaction("10.02", gateway="cash", amount_rounding=rounding))["amount"] == 1_000


def test_a_transaction_without_currency_takes_the_connections() -> None:
    payload = transaction("5", currency=None)
    assert event(PAYMENTS, payload, connection={"default_currency": "JPY"})["amount"] == 5
    result = read(PAYMENTS, payload)
    assert isinstance(result, Problem)
    assert "default_currency" in result.message


def test_units_that_left() -> None:
    shipped = event(
        SHIPMENTS,
        fulfillment(
            item(1, quantity=2),
            item(2, quantity=0),
            item(3, tip_payment_gateway="cash"),
            location_id=7,
            origin_address={"country_code": "ES", "zip": "28001"},
            destination={"country_code": "US", "province_code": "CA", "zip": "90210-1234"},
        ),
        connection={"locations": {7: {"name": "centro"}}},
    )
    event_from_json(shipped)
    names = ("business_key", "shipment_id", "lines", "warehouse", "ship_from", "ship_to")
    assert [shipped[name] for name in names] == [
        "shipment:60",
        "60",
        [{"line_id": "1", "quantity": "2"}],
        "centro",
        {"country": "ES", "postal_prefix": "280"},
        {"country": "US", "region": "CA", "postal_prefix": "902"},
    ]


@pytest.mark.parametrize("status", ["pending", "open", "error", "failure"])
def test_nothing_left(status: str) -> None:
    assert isinstance(read(SHIPMENTS, fulfillment(item(1), status=status)), Nothing)


def test_a_cancelled_fulfilment_ends_its_shipment_and_one_that_was_never_told_never_counts() -> None:
    cancelled = fulfillment(item(1), status="cancelled", updated_at="2026-03-02T10:00:00Z")
    assert event("fulfillments/update", cancelled)["type"] == "ShipmentCancelled"
    memory = memory_of(order(item(1), total="100.00"))
    shipped = judged(SHIPMENTS, fulfillment(item(1)), memory=memory).snapshot
    assert event("fulfillments/update", cancelled, memory=shipped)["shipment_id"] == "60"
    before = judged("fulfillments/update", cancelled, memory=memory)
    assert before.events == ()
    assert isinstance(read(SHIPMENTS, fulfillment(item(1)), memory=before.snapshot), Nothing)


def test_a_shipment_without_units_is_nothing() -> None:
    assert isinstance(read(SHIPMENTS, fulfillment()), Nothing)


def test_a_shipment_of_a_test_order_is_a_test() -> None:
    memory = memory_of(order(item(1), total="100.00", test=True))
    assert event(SHIPMENTS, fulfillment(item(1)), memory=memory)["test_mode"] is True


@pytest.mark.parametrize(
    ("code", "prefix"), [("101", "1"), ("8001", "80"), ("28001", "280"), ("K2P 1L4", "K2P"), ("12", None), ("ñ2345", None)]
)
def test_a_postal_code_never_passes_whole(code: str, prefix: str | None) -> None:
    shipped = event(SHIPMENTS, fulfillment(item(1), destination={"country_code": "XX", "zip": code}))
    assert shipped["ship_to"].get("postal_prefix") == prefix
