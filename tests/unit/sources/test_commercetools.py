"""commercetools: what orders, payments and messages prove."""

from typing import Any

import pytest

from sources.platforms.outcome import EventTwin, Nothing, Problem
from tests.unit.sources.commercetools_payloads import (
    COMMERCETOOLS,
    PAYS,
    Payload,
    delivery,
    line,
    message,
    money,
    order,
    payment,
    rate,
    shipping,
    taxed,
    transaction,
)
from tests.unit.sources.deliveries import SEEDS
from tests.unit.sources.shop_lives import booked, judged, of_type, only, orders_tie, problem, shuffled, tell

SHOP = "commercetools"
KEY = "acme:commercetools:main:order-1"


def placed(payload: Any, **connection: Any) -> EventTwin:
    events = judged(SHOP, payload, **connection).events
    assert orders_tie(events)
    return of_type(events, "OrderPlaced")[0]


def test_added_taxes_are_owed_on_top_of_the_total() -> None:
    event = placed(order(line("line-a", 2000, 2, total=3600, tax=756), total=4100, shippingInfo=shipping(500, 105)))
    figures = [(each["line_id"], each["kind"], each["gross"], each["discount"]) for each in event["lines"]]
    assert figures == [("line-a", "GOODS", 4000, 400), ("shipping", "SHIPPING", 500, 0)]
    tax = {"jurisdiction": "ES", "type": "VAT", "code": "IVA", "rate": "0.21", "base": 3600, "amount": 756}
    assert event["lines"][0]["taxes"] == [tax | {"included": False, "liable_party": "SELLER"}]
    assert (event["total"], event["prices_include_tax"], event["customer_ref"]) == (4961, False, "customer-8")
    assert (event["lines"][0]["description"], event["lines"][0]["sku"]) == ("Mug", "MUG")
    assert event["ship_to"] == {"country": "ES", "region": "M", "postal_prefix": "280"}


def test_taxes_in_the_prices() -> None:
    event = placed(order(line("line-a", 1210, 2, included=True, tax=420), total=2420))
    assert (event["total"], event["prices_include_tax"]) == (2420, True)
    assert (event["lines"][0]["gross"], event["lines"][0]["taxes"][0]["base"]) == (2420, 2000)


def test_mixed_prices_are_all_told_without_tax() -> None:
    event = placed(order(line("line-a", 1210, included=True, tax=210), line("line-b", 1000), total=2210))
    assert (event["total"], event["prices_include_tax"]) == (2420, False)
    assert [each["gross"] for each in event["lines"]] == [1000, 1000]


def test_a_discount_on_the_total_lowers_the_taxes() -> None:
    off = {"discountedAmount": money(500), "discountedNetAmount": money(500), "discountedGrossAmount": money(605)}
    event = placed(order(line("line-a", 2500), total=2000, discountOnTotalPrice=off, taxedPrice=taxed(2000, 2420)))
    assert event["order_discounts"] == [{"code": "discount_on_total", "amount": 500, "funded_by": "SELLER"}]
    (tax,) = event["lines"][0]["taxes"]
    assert (event["total"], tax["amount"], tax["rate"], tax["base"]) == (2420, 420, "0.21", 2000)
    off = {"discountedAmount": money(242)}
    inside = line("line-a", 2420, included=True, tax=420)
    (tax,) = placed(order(inside, total=2178, discountOnTotalPrice=off, taxedPrice=taxed(1800, 2178)))["lines"][0]["taxes"]
    assert (tax["amount"], tax["rate"], tax["base"]) == (378, "0.21", 1800)


def test_a_negative_custom_line_is_a_discount() -> None:
    off = {"id": "off", "name": {"en": "Loyalty"}, "money": money(-500), "quantity": 1, "slug": "off", "totalPrice": money(-500)}
    off |= {"taxRate": rate(False), "taxedPrice": taxed(-500, -605)}
    event = placed(order(line("line-a", 2500), total=2000, customLineItems=[off]))
    assert (event["total"], event["order_discounts"][0]["amount"], event["lines"][0]["taxes"][0]["amount"]) == (2420, 500, 420)


def test_a_tax_that_only_the_order_states_is_spread() -> None:
    bare = {name: value for name, value in line("line-a", 2000).items() if name not in {"taxedPrice", "taxRate"}}
    event = placed(order(bare, bare | {"id": "line-b"}, total=4000, taxedPrice=taxed(4000, 4840)))
    assert [each["taxes"][0]["amount"] for each in event["lines"]] == [420, 420]


def test_an_import_has_an_order_number_only() -> None:
    draft: Payload = {"orderNumber": "100000001", "totalPrice": money(4200), "lineItems": []}
    draft |= {"customLineItems": [{"name": {"de": "Gravur"}, "quantity": 2, "money": money(2100), "slug": "engraving"}]}
    event = placed(draft)
    assert (event["order_id"], event["lines"][0]["line_id"], event["lines"][0]["quantity"]) == ("100000001", "engraving", "2")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"totalPrice": money(1999)}, "/totalPrice"),
        ({"taxedPrice": taxed(2000, 2421)}, "/taxedPrice/totalGross"),
        ({"lineItems": [line("line-a", 2000) | {"taxedPrice": taxed(1990, 2410)}]}, "/lineItems/0/taxedPrice/totalNet"),
    ],
)
def test_what_does_not_add_up_is_held(fields: Payload, pointer: str) -> None:
    answer = problem(SHOP, order(line("line-a", 2000), total=2000) | fields)
    assert (answer.code, answer.pointer) == ("hold_discrepancy", pointer)
    assert "difference" in answer.message


def test_a_portion_that_disagrees_is_reported() -> None:
    odd = line("7297c742-d8b0", 1000, tax=100)
    odd["taxedPrice"]["taxPortions"][0]["amount"] = money(634)
    result = judged(SHOP, order(odd, total=1000))
    assert result.notices == ("line tax 7297c742: stated 1.00 EUR, computed 6.34, difference -5.34",)
    assert result.events[0]["total"] == 1100


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        (money(1980, "JPY", 0), 1980),
        (money(1234, "KWD", 3), 1234),
        ({"type": "highPrecision", "currencyCode": "EUR", "centAmount": 124, "preciseAmount": 123456, "fractionDigits": 5}, 124),
        (money(198000, "JPY", 2), 1980),
    ],
)
def test_amounts_have_their_own_digits(amount: Payload, units: int) -> None:
    bare = {"id": "line-a", "quantity": 1, "price": {"value": amount}, "totalPrice": amount}
    assert placed(order(bare, total=0) | {"totalPrice": amount})["total"] == units
    assert problem(SHOP, order(bare, total=0) | {"totalPrice": money(1981, "JPY", 1)}).code == "reject_malformed"


def test_transactions_that_succeeded_are_facts() -> None:
    transactions = [
        transaction("Authorization", identity="auth-1"),
        transaction("Charge", 1000, identity="charge-1"),
        transaction("Charge", 1420, identity="charge-2"),
        transaction("Charge", 99, "Pending", "charge-3"),
        transaction("Charge", 98, "Failure", "charge-4"),
        transaction("Refund", 500, identity="refund-1"),
        transaction("Refund", 501, "Initial", "refund-2"),
        transaction("Chargeback", 1000, identity="dispute-1"),
    ]
    events = judged(SHOP, payment(*transactions)).events
    assert [(event["type"], event["business_key"]) for event in events] == [
        ("PaymentCaptured", "capture:charge-1"),
        ("PaymentCaptured", "capture:charge-2"),
        ("RefundIssued", "refund:refund-1"),
        ("ChargebackOpened", "chargeback:dispute-1"),
    ]
    capture = events[0]
    assert (capture["tender"], capture["gateway"], capture["gateway_reference"], capture["parent_payment_id"]) == (
        *("CARD", "stripe", "pi_3NfX", "payment-1"),
    )


def test_a_payment_learns_its_order_from_the_order_or_from_checkout() -> None:
    checkout: Payload = {"notificationType": "Event", "id": "e1", "type": "CheckoutPaymentCharged", "createdAt": "2026-03-01T09:00:00Z"}
    checkout |= {"data": {"payment": {"id": "payment-1", "typeId": "payment"}, "order": {"id": "order-1", "typeId": "order"}}}
    whole = order(line("line-a", 2000), total=2000, paymentInfo=PAYS)
    expanded = whole | {"paymentInfo": {"payments": [PAYS["payments"][0] | {"obj": payment(transaction())}]}}
    added = message("OrderPaymentAdded", 2, paymentRef=PAYS["payments"][0])
    for life in (
        [whole, payment(transaction())],
        [payment(transaction()), whole],
        [expanded],
        [payment(transaction()), checkout],
        [added, payment(transaction())],
    ):
        told = tell(SHOP, [("", payload) for payload in life])
        assert [event["order_id"] for event in of_type(told.events, "PaymentCaptured")] == ["order-1"], life
    assert [event["order_id"] for event in judged(SHOP, payment(transaction())).events] == ["payment-1"]
    named = payment(transaction(), custom={"fields": {"order": "order-9"}})
    assert judged(SHOP, named, order_reference="custom.fields.order").events[0]["order_id"] == "order-9"


def test_deliveries_are_told_once_from_messages_and_orders() -> None:
    told = tell(SHOP, [("", payload) for payload in COMMERCETOOLS])
    shipments = of_type(told.events, "ShipmentDispatched")
    assert [event["business_key"] for event in shipments] == ["shipment:delivery-1"]
    assert of_type(told.events, "ReturnReceived")[0]["lines"] == [{"line_id": "line-a", "quantity": "1", "disposition": "UNKNOWN"}]
    assert [event["tenders"][0]["status"] for event in of_type(told.events, "RefundIssued")] == ["PENDING", "SUCCEEDED"]
    assert booked(told.events)[KEY]["psp_clearing:stripe"] == 6171 - 2178


def test_an_order_that_is_shipped_without_deliveries_left_whole() -> None:
    events = judged(SHOP, order(line("line-a", 2000, 2), total=4000, shipmentState="Shipped")).events
    assert of_type(events, "ShipmentDispatched")[0]["lines"] == [{"line_id": "line-a", "quantity": "2"}]
    none = order(line("line-a", 2000, 2), total=4000, shippingInfo=shipping(0, 0, deliveries=[delivery()]), shipmentState="Pending")
    assert not of_type(judged(SHOP, none).events, "ShipmentDispatched")


def test_cancellation_from_a_message_and_from_the_order() -> None:
    whole = order(line("line-a", 2000), total=2000)
    gone = message("OrderStateChanged", 2, orderState="Cancelled", oldOrderState="Open")
    told = tell(SHOP, [("", whole), ("", gone), ("", whole | {"version": 2, "orderState": "Cancelled"})])
    assert [event["type"] for event in told.events] == ["OrderPlaced", "OrderCancelled"]
    assert judged(SHOP, whole | {"orderState": "Cancelled"}).events == ()


def test_an_older_version_changes_nothing() -> None:
    new = order(line("line-a", 3000), total=3000, version=5)
    told = tell(SHOP, [("", new), ("", order(line("line-a", 2000), total=2000, version=4))])
    assert [event["type"] for event in told.events] == ["OrderPlaced"]


def test_an_edit_is_fetched_and_told() -> None:
    answer = problem(SHOP, message("OrderEditApplied", 3, edit={"typeId": "order-edit", "id": "x"}))
    assert (answer.code, answer.fetch.resource if answer.fetch else None) == ("refetch", "order/order-1")
    told = tell(SHOP, [("", order(line("line-a", 2000), total=2000)), ("", order(line("line-a", 3000), total=3000, version=3))])
    assert [event["type"] for event in told.events] == ["OrderPlaced", "OrderEdited"]


def test_a_gap_in_the_messages_is_fetched() -> None:
    told = tell(SHOP, [("", message("OrderNoteSet", 3)), ("", message("OrderNoteSet", 4)), ("", message("OrderNoteSet", 7))])
    assert [[fetch.resource for fetch in answer.fetches] for answer in told.answers if not isinstance(answer, Nothing | Problem)] == [
        *([], [], ["order/order-1"]),
    ]


def test_envelopes_are_taken_apart() -> None:
    created = message("OrderCreated", 1, order=order(line("line-a", 2000), total=2000))
    cloud = {
        "specversion": "1.0",
        "id": "m1",
        "type": "com.commercetools.order.message.OrderCreated",
        "source": "/p/orders",
        "data": created,
    }
    page = {"limit": 20, "offset": 0, "count": 1, "results": [created["order"]]}
    for payload in (created, cloud, page, [created["order"]]):
        assert placed(payload)["order_id"] == "order-1"
    paid = message("PaymentCreated", 1, "payment", payment=payment(transaction()))
    assert judged(SHOP, paid).events[0]["type"] == "PaymentCaptured"


def refused(payload: Payload) -> Problem:
    return next(answer for answer in tell(SHOP, [("", payload)], remembers=False).answers if isinstance(answer, Problem))


@pytest.mark.parametrize(
    ("payload", "resource"),
    [
        ({"reason": "Payload too large.", "payloadType": "ProductPublished"}, None),
        (message("OrderCreated", 1) | {"payloadNotIncluded": {"reason": "too large", "payloadType": "OrderCreated"}}, "order/order-1"),
        ({"notificationType": "ResourceUpdated", "resource": {"typeId": "order", "id": "order-1"}, "version": 2}, "order/order-1"),
        (message("PaymentTransactionAdded", 2, "payment", transaction=transaction()), "payment/payment-1"),
        (
            {"notificationType": "Event", "type": "CheckoutPaymentCharged", "data": {"payment": {"id": "p", "typeId": "payment"}}},
            "payment/p",
        ),
        ({"specversion": "1.0", "id": "m", "type": "x", "source": "y", "dataref": "https://api.example/orders/1"}, None),
    ],
)
def test_pointers_are_fetched(payload: Payload, resource: str | None) -> None:
    answer = refused(payload)
    assert (answer.code, answer.fetch.resource if answer.fetch else None) == ("refetch", resource)


@pytest.mark.parametrize(
    "payload",
    [
        message("CustomerLastNameSet", 2, "customer", lastName="Doe"),
        {"notificationType": "ResourceDeleted", "resource": {"typeId": "order", "id": "order-1"}},
        {"notificationType": "Event", "type": "CheckoutPaymentAuthorized", "data": {"projectKey": "x"}},
        message("PaymentStatusInterfaceCodeSet", 2, "payment"),
    ],
)
def test_what_is_nothing(payload: Payload) -> None:
    assert isinstance(only(SHOP, payload), Nothing)


def test_an_amount_beyond_all_money_is_refused_though_its_payment_waits_for_an_order() -> None:
    beyond = transaction(amount=10**17)
    beyond["amount"] |= {"fractionDigits": 0}
    (answer,) = tell(SHOP, [("", payment(beyond))]).answers
    assert isinstance(answer, Problem)
    assert answer.code == "reject_malformed"


def test_what_cannot_be_read() -> None:
    assert problem(SHOP, {"hello": 1}).code == "reject_malformed"
    assert problem(SHOP, payment(transaction("Gift"))).code == "reject_malformed"
    assert problem(SHOP, order(line("line-a", 2000), total=2000) | {"totalPrice": money(2000, "USD")}).code == "reject_malformed"


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_in_the_same_books(seed: int) -> None:
    deliveries = shuffled([("", payload) for payload in COMMERCETOOLS], seed)
    told = tell(SHOP, deliveries)
    expected = booked(tell(SHOP, [("", payload) for payload in COMMERCETOOLS]).events)[KEY]
    found = booked(told.events)[KEY]
    for name in ("psp_clearing:stripe", "revenue:sales", "shipping_revenue"):
        assert found[name] == expected[name]
    assert sum(found.values()) == 0
    assert tell(SHOP, deliveries).events == told.events
