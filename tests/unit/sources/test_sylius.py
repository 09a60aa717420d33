"""Sylius: what an order, its payments and its shipments prove."""

from typing import Any

import pytest

from sources.platforms.outcome import EventTwin, Nothing
from tests.unit.sources.deliveries import SEEDS
from tests.unit.sources.shop_lives import Delivery, booked, judged, of_type, only, orders_tie, problem, shuffled, tell
from tests.unit.sources.sylius_payloads import SYLIUS, Payload, item, order, payment, shipment

SHOP = "sylius"
KEY = "acme:sylius:main:000000007"


def placed(payload: Payload) -> EventTwin:
    events = judged(SHOP, payload).events
    assert orders_tie(events)
    return of_type(events, "OrderPlaced")[0]


def test_an_order_is_placed_under_its_number() -> None:
    (event,) = judged(SHOP, order(item(11, 2000, 3), shipping=500)).events
    assert (event["order_id"], event["total"], event["customer_ref"]) == ("000000007", 6500, "8")
    assert event["occurred_at"] == "2026-03-01T09:00:00Z"
    assert event["ship_to"] == {"country": "ES", "region": "M", "postal_prefix": "280"}
    assert [(line["line_id"], line["kind"], line["gross"]) for line in event["lines"]] == [
        ("11", "GOODS", 6000),
        ("shipping", "SHIPPING", 500),
    ]


def test_promotions_of_items_of_the_order_and_of_shipping() -> None:
    """Two mugs at 20.00 with 4.00 off, then 3.60 and 1.00 off of the order, shipping 5.00 with 2.00 off."""
    items = (item(11, 2000, 2, subtotal=3600, total=3240), item(12, 1000, total=900))
    event = placed(order(*items, shipping=300, orderPromotionTotal=-460, shippingPromotionTotal=-200))
    figures = [(line["gross"], line["discount"], line.get("order_discount")) for line in event["lines"]]
    assert figures == [(4000, 400, 360), (1000, 0, 100), (500, 200, None)]
    assert event["order_discounts"] == [{"code": "order_promotion", "amount": 460, "funded_by": "SELLER"}]


def test_added_taxes_belong_to_the_items_and_the_rest_to_shipping() -> None:
    payload = order(item(11, 1000, 2, total=2420), shipping=605, taxTotal=525, taxExcludedTotal=525, shippingTaxTotal=105)
    lines = placed(payload)["lines"]
    assert [(line["gross"], line["taxes"][0]["amount"], line["taxes"][0]["rate"]) for line in lines] == [
        (2000, 420, "0.21"),
        (500, 105, "0.21"),
    ]


def test_taxes_in_the_prices_are_spread_by_what_lines_cost() -> None:
    event = placed(order(item(11, 1210, 2), shipping=605, taxTotal=525, taxIncludedTotal=525))
    assert event["prices_include_tax"] is True
    assert [(line["gross"], line["taxes"][0]["amount"], line["taxes"][0]["included"]) for line in event["lines"]] == [
        (2420, 420, True),
        (605, 105, True),
    ]


def test_taxes_in_and_on_top_of_prices_are_all_told_on_top() -> None:
    event = placed(order(item(11, 1210), item(12, 1000, total=1210), taxTotal=420, taxIncludedTotal=210, taxExcludedTotal=210))
    assert event["prices_include_tax"] is False
    assert sum(tax["amount"] for line in event["lines"] for tax in line["taxes"]) == 420


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [({"total": 6400}, "/total"), ({"itemsTotal": 5900, "total": 5900}, "/itemsTotal"), ({"taxExcludedTotal": 700}, "/taxExcludedTotal")],
)
def test_what_does_not_add_up_is_held(fields: Payload, pointer: str) -> None:
    answer = problem(SHOP, order(item(11, 2000, 3), shipping=500) | fields)
    assert (answer.code, answer.pointer) == ("hold_discrepancy", pointer)
    assert "difference" in answer.message


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ("paid", ["PaymentCaptured"]),
        ("refunded", ["PaymentCaptured", "RefundIssued"]),
        ("partially_refunded", ["PaymentCaptured"]),
        ("authorized", []),
        ("partially_paid", []),
    ],
)
def test_the_state_of_payment(state: str, kinds: list[str]) -> None:
    events = judged(SHOP, order(item(), paymentState=state)).events
    assert [event["type"] for event in events[1:]] == kinds
    assert [(event["payment_id"], event["amount"], event["tender"]) for event in of_type(events, "PaymentCaptured")] == (
        [("70", 2000, "CARD")] if kinds else []
    )


@pytest.mark.parametrize("state", ["new", "processing", "authorized", "failed", "cancelled", "cart"])
def test_a_payment_without_money_is_nothing(state: str) -> None:
    assert isinstance(only(SHOP, payment(2000, state)), Nothing)


def test_a_payment_comes_from_the_order_and_by_itself_as_one_fact() -> None:
    paid = order(item(), paymentState="paid")
    for life in ([paid, payment(2000)], [payment(2000), paid]):
        told = tell(SHOP, [("", payload) for payload in life])
        assert [event["order_id"] for event in of_type(told.events, "PaymentCaptured")] == ["000000007"]
        assert booked(told.events) == {KEY: {"psp_clearing:stripe_checkout": 2000, "contract_liability": -2000}}


def test_shipments_take_their_units_and_the_state_of_the_order_the_rest() -> None:
    items = (item(11, 2000, 2), item(12, 1000))
    whole = order(*items, shippingState="shipped", shipments=[{"id": 60}, {"id": 61}])
    told = tell(SHOP, [("", order(*items)), ("", shipment("110", "120")), ("", whole), ("", shipment("111", identity=61))])
    assert [(event["shipment_id"], event["lines"]) for event in of_type(told.events, "ShipmentDispatched")] == [
        ("60", [{"line_id": "11", "quantity": "1"}, {"line_id": "12", "quantity": "1"}]),
        ("61", [{"line_id": "11", "quantity": "1"}]),
    ]


def test_a_shipment_by_itself_needs_its_order() -> None:
    assert problem(SHOP, shipment("110")).code == "refetch"
    assert isinstance(only(SHOP, shipment("110", state="ready")), Nothing)


def test_a_shipment_before_its_order_is_told_with_it() -> None:
    early = tell(SHOP, [("", shipment("110")), ("", shipment("110"))])
    assert early.events == []
    items = (item(11, 2000, 2),)
    whole = order(*items, shippingState="shipped", shipments=[{"id": 60}])
    for later in (order(*items), whole):
        told = tell(SHOP, [("", later), ("", shipment("110"))], memory=early.memory)
        sent = of_type(told.events, "ShipmentDispatched")
        assert sent[0]["lines"] == [{"line_id": "11", "quantity": "1"}]
        assert len({event["shipment_id"] for event in sent}) == len(sent) == (2 if later is whole else 1)


def test_digital_goods_leave_with_the_order() -> None:
    events = judged(SHOP, order(item(), shippingState="shipped", shipments=[])).events
    assert of_type(events, "ShipmentDispatched")[0]["shipment_id"] == "order"


def test_money_of_the_refund_plugin() -> None:
    refund: Payload = {"@type": "RefundPayment", "id": 9, "order": "/api/v2/admin/orders/tok1", "amount": 500, "currencyCode": "EUR"}
    refund |= {"state": "new", "paymentMethod": "/api/v2/admin/payment-methods/stripe_checkout"}
    life = [order(item(), paymentState="paid", shippingState="shipped"), refund, refund | {"state": "completed"}, refund]
    told = tell(SHOP, [("", payload) for payload in life])
    assert [event["tenders"][0]["status"] for event in of_type(told.events, "RefundIssued")] == ["PENDING", "SUCCEEDED"]
    assert booked(told.events)[KEY]["psp_clearing:stripe_checkout"] == 1500


def test_a_cancelled_order() -> None:
    told = tell(SHOP, [("", order(item())), ("", order(item(), state="cancelled", paymentState="cancelled"))])
    assert [event["type"] for event in told.events] == ["OrderPlaced", "OrderCancelled"]
    assert isinstance(only(SHOP, order(item(), state="cancelled")), Nothing)


@pytest.mark.parametrize(
    "payload",
    [
        {"@type": "Adjustment", "@id": "/api/v2/admin/adjustments/1", "amount": -500, "type": "order_promotion"},
        {"@type": "Customer", "@id": "/api/v2/admin/customers/1", "email": "ana@example.com"},
        {"@type": "hydra:Collection", "hydra:member": []},
        order(item(), state="cart"),
        order(item(11, 0)),
    ],
)
def test_what_is_nothing(payload: Payload) -> None:
    assert isinstance(only(SHOP, payload), Nothing)


def test_what_is_no_object_is_malformed() -> None:
    assert problem(SHOP, {"hello": "world"}).code == "reject_malformed"
    assert problem(SHOP, order(item(), currencyCode="XXX")).code == "reject_malformed"
    assert problem(SHOP, order(item(11, 2000) | {"unitPrice": 20.5})).code == "reject_malformed"


def test_an_order_that_is_shipped_and_refunded_owes_nothing() -> None:
    back = order(item(11, 2000), shipping=500, paymentState="refunded", shippingState="shipped", state="fulfilled")
    assert booked(judged(SHOP, back).events)["acme:sylius:main:000000007"] == {
        "revenue:sales": -2000,
        "sales_allowances": 2500,
        "shipping_revenue": -500,
    }


@pytest.mark.parametrize(("currency", "total"), [("JPY", 20), ("EUR", 2000), ("KWD", 20_000)])
def test_amounts_are_hundredths_of_every_currency(currency: str, total: int) -> None:
    (event,) = judged(SHOP, order(item(11, 2000), currencyCode=currency)).events
    assert (event["total"], event["lines"][0]["gross"], event["currency"]) == (total, total, currency)
    assert judged(SHOP, order(item(11, 2000), currencyCode="JPY", paymentState="paid")).events[1]["amount"] == 20
    assert problem(SHOP, order(item(11, 2050), currencyCode="JPY")).code == "reject_malformed"


def test_collections_are_taken_apart() -> None:
    for name in ("hydra:member", "member"):
        assert len(tell(SHOP, [("", {"@type": "Collection", name: [order(item()), payment(2000)]})]).events) == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_in_the_same_books(seed: int) -> None:
    """Order, payment and shipments in any order; the refund of the money alone after them, because only shipped goods can be credited."""
    life: list[Delivery] = [("", payload) for payload in SYLIUS[:4]]
    deliveries = [*shuffled(life, seed), ("", SYLIUS[4]), *shuffled([*life, ("", SYLIUS[4])], seed)]
    told = tell(SHOP, deliveries)
    expected: dict[str, Any] = booked(tell(SHOP, [("", payload) for payload in SYLIUS]).events)
    assert booked(told.events) == expected
    assert tell(SHOP, deliveries).events == told.events
