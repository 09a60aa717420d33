"""What a payload is: by its fields, its envelope or its topic; and what a whole order says of the facts inside it."""

from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.door import Judged
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.snapshot import EMPTY
from tests.unit.sources.deliveries import books_of
from tests.unit.sources.shopify_payloads import (
    bag,
    event,
    fulfillment,
    item,
    judged,
    memory_of,
    order,
    paid_back,
    read,
    read_all,
    refund,
    refunded_item,
    tax_line,
    transaction,
)

Payload = dict[str, Any]
ORDER = order(item(1), total="100.00", financial_status="paid")
ORDER_OF_FULFILLMENT = {"id": 1, "order_id": 500, "assigned_location_id": 3, "request_status": "accepted", "status": "closed"}
ORDER_OF_FULFILLMENT |= {"line_items": [{"id": 2, "line_item_id": 1, "quantity": 1}]}
INSIDE = {
    "transactions": [transaction(), transaction(id=69, kind="authorization"), paid_back("40.00")],
    "fulfillments": [fulfillment(item(1))],
    "refunds": [refund(refunded_item(40), transactions=[paid_back("40.00")])],
}
OWN = (
    ("order_transactions/create", transaction()),
    ("fulfillments/create", fulfillment(item(1))),
    ("refunds/create", refund(refunded_item(40), transactions=[paid_back("40.00")])),
)


@pytest.mark.parametrize("topic", ["orders/create", "ORDERS_UPDATED", "anything", "", "none (poll of orders)", "customers/create"])
@pytest.mark.parametrize("payload", [ORDER, {"order": ORDER}, {"orders": [ORDER]}, [ORDER], {"notice": "called off", "order": ORDER}])
def test_an_order_is_an_order_by_any_way(topic: str, payload: Any) -> None:
    assert event(topic, payload)["type"] == "OrderPlaced"


def test_what_an_event_bus_wraps_is_unwrapped() -> None:
    detail = {"payload": {"id": 500}, "metadata": {"X-Shopify-Topic": "orders/delete"}}
    assert isinstance(read("", {"detail-type": "shopifyWebhook", "detail": detail}), Nothing)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("orders/delete", {"id": 500}),
        ("orders/risk_assessment_changed", {"risk_level": "high", "admin_graphql_api_order_id": "gid://shopify/Order/500"}),
        ("orders/shopify_protect_eligibility_changed", {"eligible": True}),
        ("fulfillment_orders/cancelled", {"fulfillment_order": {"id": 1, "status": "cancelled"}}),
        ("", {"fulfillment_order": ORDER_OF_FULFILLMENT}),
        ("", {"fulfillment_orders": [ORDER_OF_FULFILLMENT]}),
        ("any", {"id": 1, "abandoned_checkout_url": "", "line_items": [], "total_price": "1.00"}),
        ("draft_orders/update", {"id": 1, "invoice_url": "", "line_items": [], "total_price": "1.00", "order_id": 500}),
        ("tender_transactions/create", {"id": 1, "order_id": 500, "amount": "1.00", "payment_method": "cash", "remote_reference": None}),
        ("", {"gift_card": {"id": 1, "initial_value": "5.00", "last_characters": "abcd"}}),
        ("", {"adjustment": {"id": 1, "gift_card_id": 2, "amount": "5.00"}}),
        ("none (poll of shopify_payments/balance)", {"balance": [{"currency": "USD", "amount": "53.99"}]}),
        ("customers/redact", {"shop_domain": "a.example", "customer": {"id": 1}, "orders_to_redact": [500]}),
        ("customers/data_request", {"shop_domain": "a.example", "customer": {"id": 1}, "orders_requested": [500]}),
        ("shop/redact", {"shop_id": 1, "shop_domain": "a.example"}),
        ("customer.tags_added", {"customerId": "gid://shopify/Customer/1", "tags": []}),
        ("subscription_billing_cycle_edits/create", {"cycle_index": 1}),
        ("metafield_definitions/create", {"id": 1}),
        ("shipping_addresses/update", {"zip": "1"}),
        ("", {"id": 1, "admin_graphql_api_id": "gid://shopify/Product/1"}),
        ("refunds/create", {"refund": {"refund_line_items": [], "transactions": [{"kind": "suggested_refund", "amount": "1.00"}]}}),
    ],
)
def test_nothing_of_money_or_goods(topic: str, payload: Payload) -> None:
    answers = read_all(topic, payload)
    assert all(isinstance(answer, Nothing) for answer in answers), answers


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 500}}, "refetch"),
        ("orders/updated", {"id": 500}, "refetch"),
        ("orders", {"orders": [{"id": 500, "name": "#1"}]}, "refetch"),
        ("orders", {"data": {"order": {"id": "gid://shopify/Order/500"}}}, "refetch"),
        ("", {"id": "gid://shopify/Order/500", "displayFinancialStatus": "PAID"}, "refetch"),
        ("", {"hello": 1}, "reject_malformed"),
        ("new_things/create", {"id": 1}, "reject_malformed"),
    ],
)
def test_what_is_no_whole_object(topic: str, payload: Payload, code: str) -> None:
    answer = read(topic, payload)
    assert isinstance(answer, Problem)
    assert answer.code == code


def test_an_edit_names_the_order_to_fetch() -> None:
    answer = read("orders/edited", {"order_edit": {"id": 1, "order_id": 500}})
    assert isinstance(answer, Problem)
    assert answer.fetch is not None
    assert answer.fetch.resource == "orders/500"


def told(*deliveries: tuple[str, Payload]) -> list[EventTwin]:
    memory, found = EMPTY, list[EventTwin]()
    for topic, payload in deliveries:
        answer = judged(topic, payload, memory=memory)
        memory = answer.snapshot
        found += answer.events
    return found


def test_what_is_inside_an_order_is_the_same_fact_as_by_its_own_topic() -> None:
    inside = told(("orders/updated", ORDER | INSIDE))
    assert [each["type"] for each in inside] == ["OrderPlaced", "PaymentCaptured", "ShipmentDispatched", "RefundIssued"]
    own = told(("orders/create", ORDER), *OWN)
    without = [{name: value for name, value in each.items() if name != "received_at"} for each in (*inside, *own)]
    assert without[:4] == without[4:]
    assert len(told(("orders/updated", ORDER | INSIDE), *OWN[:2])) == 4


@pytest.mark.parametrize("number", range(len(OWN)))
def test_what_was_told_by_its_own_topic_is_not_told_from_inside(number: int) -> None:
    found = told(("orders/create", ORDER), OWN[number], ("orders/updated", ORDER | INSIDE | {"updated_at": "2026-03-09T10:00:00Z"}))
    assert len({each["event_id"] for each in found}) == len(found) == 4


def test_a_refund_inside_that_does_not_add_up_is_left_out_and_named() -> None:
    wrong = refund(refunded_item(40), transactions=[paid_back("39.00")])
    answer = judged("orders/updated", ORDER | INSIDE | {"refunds": [wrong]})
    assert "RefundIssued" not in {each["type"] for each in answer.events}
    assert "left out: refund 80: stated 39.00 USD, computed 40.00, difference -1.00" in answer.notices


def test_a_trial_that_does_not_add_up_is_told_with_the_total_of_its_lines_and_never_booked() -> None:
    answer = judged("orders/create", order(item(1), total="90.00", test=True, total_discounts="0.00"))
    (placed,) = answer.events
    event_from_json(placed)
    assert (placed["test_mode"], placed["total"]) == (True, 10_000)
    assert answer.notices[0] == "order total: stated 90.00 USD, computed 100.00, difference -10.00"
    assert not any(books_of([placed]).balances.values())
    by_connection = judged("orders/create", order(item(1), total="90.00"), connection={"test_mode": True})
    assert by_connection.events[0]["test_mode"] is True
    assert isinstance(read("orders/create", order(item(1), total="90.00")), Problem)


def test_a_cancelled_order_gives_up_what_is_open() -> None:
    off = {"cancelled_at": "2026-03-02T10:00:00Z", "cancel_reason": "inventory"}
    _, cancelled = judged("orders/cancelled", ORDER | off).events
    assert [cancelled[name] for name in ("type", "lines", "cancel_charges", "reason")] == ["OrderCancelled", [], False, "inventory"]
    again = judged("orders/cancelled", ORDER | off | {"cancel_reason": "because Jane said so"}).events[1]
    assert "reason" not in again


def test_goods_taken_away_by_an_edit_and_their_money_later_are_no_goodwill() -> None:
    kept = {"id": 1, "kind": "refund_discrepancy", "amount": "40.00", "tax_amount": "0.00"}
    given = {"id": 2, "kind": "refund_discrepancy", "amount": "-40.00", "tax_amount": "0.00"}
    away = refund(refunded_item(40, restock="cancel"), transactions=[], order_adjustments=[kept], id=81, currency="USD")
    away["refund_line_items"][0]["subtotal_set"] = bag("40.00")
    back = refund(transactions=[paid_back("40.00")], order_adjustments=[given], id=82)
    memory = memory_of(ORDER)
    first = judged("refunds/create", away, memory=memory)
    second = judged("refunds/create", back, memory=first.snapshot)
    assert (second.events[0]["adjustments"], second.notices) == ([], ())
    wrong_way = judged("refunds/create", back, memory=memory)
    assert wrong_way.events[0]["adjustments"][0]["kind"] == "GOODWILL"
    later = judged("refunds/create", away | {"id": 83}, memory=wrong_way.snapshot)
    assert not any("goodwill" in notice for notice in later.notices)
    late = judged("refunds/create", away, memory=wrong_way.snapshot)
    assert any("40.00 USD was told as goodwill before refund 81 came" in notice for notice in late.notices)


def test_a_refund_whose_prices_hold_the_tax_waits_for_its_order() -> None:
    payload = refund(refunded_item("121.00", "21.00"), transactions=[paid_back("121.00")])
    waits = judged("refunds/create", payload, memory=EMPTY)
    assert (waits.events, len(waits.snapshot.waiting)) == ((), 1)
    assert isinstance(read("refunds/create", payload), Problem)


def test_a_refund_by_two_tenders() -> None:
    money = [paid_back("25.00", gateway="gift_card"), paid_back("15.00", 91, gateway="store_credit", status="pending")]
    told_refund = event("refunds/create", refund(refunded_item(40), transactions=money))
    assert [(each["tender"], each["amount"], each["status"]) for each in told_refund["tenders"]] == [
        ("GIFT_CARD", 2_500, "SUCCEEDED"),
        ("STORE_CREDIT", 1_500, "PENDING"),
    ]


def test_a_page_of_transactions_gives_one_answer_each() -> None:
    answers = read_all("orders/500/transactions", {"transactions": INSIDE["transactions"]})
    assert [type(answer) for answer in answers] == [Judged, Nothing, Nothing]


def test_a_payment_in_another_currency_than_its_order_is_held() -> None:
    held = read("order_transactions/create", transaction(currency="EUR"), memory=memory_of(ORDER))
    assert isinstance(held, Problem)
    assert (held.code, held.pointer) == ("hold_discrepancy", "/currency")
    inside = judged("orders/updated", ORDER | {"transactions": [transaction(currency="EUR")]})
    assert "left out: the payment is in EUR, its order in USD" in inside.notices


def test_a_tip_abroad_is_the_line_that_it_stands_in() -> None:
    tip = item(2, "1.00", price_set=bag("150", "JPY", shop=("1.00", "USD")), tip_payment_gateway="shopify_payments", product_id=None)
    goods = item(1, "10.00", price_set=bag("1500", "JPY", shop=("10.00", "USD")))
    payload = order(goods, tip, total="11.00", presentment_currency="JPY", total_tip_received="1.00")
    placed = event("orders/create", payload | {"total_price_set": bag("1650", "JPY", shop=("11.00", "USD"))})
    assert [(line["kind"], line["gross"]) for line in placed["lines"]] == [("GOODS", 1_500), ("TIP", 150)]


def test_taxes_of_the_order_that_are_not_its_total_are_told() -> None:
    taxed = order(item(1, tax_lines=[tax_line("10.00")]), total="110.00", total_tax="10.00", tax_lines=[tax_line("9.00")])
    assert judged("orders/create", taxed).notices == (
        "total_tax against the order's own tax_lines: stated 10.00 USD, computed 9.00, difference 1.00",
    )


def test_a_sample_without_times_that_does_not_add_up_is_held() -> None:
    held = read("refunds/create", refund(refunded_item(40), transactions=[], created_at=None), connection={"default_currency": "USD"})
    assert isinstance(held, Problem)
    assert held.code == "hold_discrepancy"
