"""Saleor: what an order proves, as a subscription asks for it and as the webhooks before it state it."""

import json
from typing import Any

import pytest

from sources.platforms.outcome import EventTwin, Nothing
from tests.unit.sources.saleor_payloads import ONE, SALEOR, Payload, event, fulfillment, line, order, payment, price
from tests.unit.sources.shop_lives import booked, judged, of_type, only, orders_tie, problem, tell

SHOP = "saleor"
KEY = "acme:saleor:main:T3JkZXI6MQ=="
SIMPLE = order(line(), gross=24.2, net=20.0)


def placed(payload: Any) -> EventTwin:
    events = judged(SHOP, payload).events
    assert orders_tie(events)
    return of_type(events, "OrderPlaced")[0]


def test_an_order_without_tax_in_its_prices() -> None:
    found = placed(event(SIMPLE))
    assert (found["order_id"], found["total"], found["customer_ref"], found["prices_include_tax"]) == (
        "T3JkZXI6MQ==",
        2420,
        "VXNlcjo4",
        False,
    )
    tax = {"jurisdiction": "ES", "type": "VAT", "code": "tax", "rate": "0.21", "base": 2000, "amount": 420}
    assert found["lines"][0]["gross"] == 2000
    assert found["lines"][0]["taxes"] == [tax | {"included": False, "liable_party": "SELLER"}]
    assert found["ship_to"] == {"country": "ES", "region": "M", "postal_prefix": "280"}


def test_an_order_with_tax_in_its_prices_and_a_discount() -> None:
    with_tax = {"channel": {"slug": "web", "taxConfiguration": {"pricesEnteredWithTax": True}}}
    found = placed(order(line(undiscountedTotalPrice=price(30.25, 25.0)), gross=24.2, net=20.0) | with_tax)
    assert [(each["gross"], each["discount"], each["taxes"][0]["included"]) for each in found["lines"]] == [(3025, 605, True)]


def test_a_discount_of_the_order_that_no_line_shows() -> None:
    found = placed(order(line(gross=20, net=20), gross=15, net=15, discounts=[{"amount": {"amount": 5, "currency": "EUR"}}]))
    assert found["order_discounts"] == [{"code": "order_discount", "amount": 500, "funded_by": "SELLER"}]


@pytest.mark.parametrize("gross", [24.19, 34.2])
def test_what_does_not_add_up_is_held(gross: float) -> None:
    answer = problem(SHOP, event(order(line(), gross=gross, net=20.0)))
    assert (answer.code, answer.pointer) == ("hold_discrepancy", "/order/total")
    assert "computed 24.20" in answer.message


def test_a_total_without_gross_is_net_and_tax() -> None:
    total = {"net": {"amount": 20}, "tax": {"amount": 4.2}, "currency": "EUR"}
    assert placed(SIMPLE | {"total": total})["total"] == 2420


def test_the_webhooks_before_subscriptions() -> None:
    older: Payload = {"type": "Order", "id": "T3JkZXI6MQ==", "created": "2026-03-01T09:00:00Z", "status": "fulfilled"}
    older |= {"total_net_amount": "25.000", "total_gross_amount": "30.250", "shipping_price_net_amount": "5.000"}
    older |= {"shipping_price_gross_amount": "6.050", "channel": {"slug": "web", "currency_code": "EUR"}, "included_taxes_in_prices": False}
    older |= {"shipping_address": {"country": "ES", "country_area": "M", "postal_code": "28013"}}
    older |= {"payments": [{"id": "UGF5OjE=", "gateway": "stripe", "charge_status": "fully-charged", "captured_amount": "30.250"}]}
    older["payments"][0] |= {"total": "30.250", "currency": "EUR"}
    each: Payload = {
        "id": ONE,
        "product_sku": "MUG",
        "quantity": 1,
        "total_price_net_amount": "20.000",
        "total_price_gross_amount": "24.200",
    }
    older |= {"lines": [each | {"tax_rate": "0.2100"}]}
    events = judged(SHOP, [older]).events
    assert [found["type"] for found in events] == ["OrderPlaced", "PaymentCaptured", "ShipmentDispatched"]
    assert orders_tie(events)
    assert events[1]["amount"] == 3025
    assert booked(events)[KEY] == {
        "psp_clearing:stripe": 3025,
        "revenue:sales": -2000,
        "shipping_revenue": -500,
        "tax_payable:ES:VAT": -525,
    }


def test_json_numbers_are_exact() -> None:
    body = json.dumps(order(line(gross=0.3, net=0.3), gross=0.30, net=0.3)).replace("0.3,", "0.30,").encode()
    assert placed(body)["total"] == 30
    assert problem(SHOP, order(line(gross=0.30000000000000004, net=0.3), gross=0.3, net=0.3)).code == "reject_malformed"


def test_captures_and_refunds_are_told_as_their_sums_grow() -> None:
    states = [payment(10.0, status="PARTIALLY_CHARGED"), payment(24.2), payment(14.2, status="PARTIALLY_REFUNDED")]
    states += [payment(0, status="FULLY_REFUNDED"), payment(24.2)]
    told = tell(SHOP, [("", SIMPLE | {"payments": [state]}) for state in states])
    assert [found["amount"] for found in of_type(told.events, "PaymentCaptured")] == [1000, 1420]
    assert [found["tenders"][0]["amount"] for found in of_type(told.events, "RefundIssued")] == [1000, 1420]


def test_transactions() -> None:
    transaction = {
        "id": "VHJhbnM6MQ==",
        "name": "Adyen",
        "chargedAmount": {"amount": 20, "currency": "EUR"},
        "refundedAmount": {"amount": 4.2},
    }
    events = judged(SHOP, SIMPLE | {"transactions": [transaction]}).events
    assert [found.get("amount") for found in of_type(events, "PaymentCaptured")] == [2420]
    assert of_type(events, "RefundIssued")[0]["tenders"][0] | {} == {
        "tender_id": "VHJhbnM6MQ==:420",
        "payment_id": "VHJhbnM6MQ==",
        "tender": "CARD",
        "gateway": "adyen",
        "amount": 420,
        "status": "SUCCEEDED",
    }


def test_fulfillments_and_what_comes_back() -> None:
    told = tell(SHOP, [("", payload) for payload in SALEOR])
    assert [(found["type"], found["business_key"]) for found in told.events] == [
        ("OrderPlaced", "order"),
        ("PaymentCaptured", "capture:UGF5bWVudDox"),
        ("ShipmentDispatched", "shipment:RnVsOjE="),
        ("ShipmentDispatched", "shipment:RnVsOjI="),
        ("ReturnReceived", "return:RnVsOjM="),
        ("RefundIssued", "refund:UGF5bWVudDox:2420"),
    ]
    assert booked(told.events)[KEY]["psp_clearing:mirumee_payments_stripe"] == 4235


def test_a_late_payload_with_a_refund_and_what_left_before_tells_them_in_order_of_time() -> None:
    whole = tell(SHOP, [("", SALEOR[3])]).events
    assert [found["type"] for found in whole] == [
        *("OrderPlaced", "PaymentCaptured"),
        *["ShipmentDispatched"] * 3,
        "ReturnReceived",
        "RefundIssued",
    ]
    assert booked(whole) == booked(tell(SHOP, [("", payload) for payload in SALEOR]).events)


@pytest.mark.parametrize("status", ["FULFILLED", "UNFULFILLED"])
def test_a_fulfilled_order_without_fulfillments_left_whole(status: str) -> None:
    events = judged(SHOP, SIMPLE | {"status": status}).events
    assert len(of_type(events, "ShipmentDispatched")) == (status == "FULFILLED")
    assert not of_type(judged(SHOP, SIMPLE | {"fulfillments": [fulfillment((ONE, 1), status="CANCELED")]}).events, "ShipmentDispatched")


def test_a_cancelled_order() -> None:
    told = tell(SHOP, [("", SIMPLE), ("", SIMPLE | {"status": "CANCELED"})])
    assert [found["type"] for found in told.events] == ["OrderPlaced", "OrderCancelled"]
    assert isinstance(only(SHOP, SIMPLE | {"status": "EXPIRED"}), Nothing)


@pytest.mark.parametrize("payload", [SIMPLE | {"status": "DRAFT"}, {"__typename": "ProductUpdated", "product": {"id": "UDox"}}, []])
def test_what_is_nothing(payload: Any) -> None:
    assert isinstance(only(SHOP, payload), Nothing)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"order": {"id": "T3JkZXI6MQ==", "__typename": "Order"}}, "refetch"),
        ({"hello": 1}, "reject_malformed"),
        (order(line(), line(), gross=48.4, net=40), "reject_malformed"),
        (order(line(quantity=0), gross=24.2, net=20), "reject_malformed"),
        (order(line(gross=10, net=20), gross=10, net=20), "hold_discrepancy"),
    ],
)
def test_what_cannot_be_judged(payload: Payload, code: str) -> None:
    assert problem(SHOP, payload).code == code
