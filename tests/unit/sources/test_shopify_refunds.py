"""refunds/create: units, charges and money; what is stated, what is left to the accounting, what is held."""

from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.door import Judged
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.snapshot import EMPTY, Snapshot
from tests.unit.sources.shopify_payloads import bag, item, judged, memory_of, order, paid_back, read, refund, refunded_item, tax_line
from tests.unit.sources.shopify_payloads import event as event_of

REFUNDS = "refunds/create"
SHIPPING = {"id": 31, "price": "10.00", "tax_lines": [tax_line("1.00")]}
TAXED_ORDER = order(item(1, "50.00", 2, tax_lines=[tax_line("10.00")]), total="121.00", shipping_lines=[SHIPPING])
SALES_TAX = {"jurisdiction": "US-CA", "type": "SALES", "code": "Sales Tax", "liable_party": "SELLER"}


def issued(payload: dict[str, Any], memory: Snapshot | None = None) -> EventTwin:
    event = event_of(REFUNDS, payload, memory=memory)
    event_from_json(event)
    return event


def adjustment(kind: str, amount: str, tax: str = "0.00") -> dict[str, Any]:
    return {"id": 901, "kind": kind, "amount": amount, "tax_amount": tax, "reason": "because Jane said so"}


@pytest.mark.parametrize(
    ("restock", "scope"),
    [("cancel", "UNSHIPPED"), ("return", "SHIPPED"), ("no_restock", "AUTO"), ("legacy_restock", "AUTO"), (None, "AUTO")],
)
def test_scope(restock: str, scope: str) -> None:
    event = issued(refund(refunded_item(50, restock=restock), transactions=[paid_back("50.00")]))
    assert event["lines"] == [{"line_id": "1", "quantity": "1", "scope": scope}]


def test_net_and_taxes_are_stated_for_goods_that_came_back_to_a_known_order() -> None:
    payload = refund(refunded_item(49.99, 5.01), transactions=[paid_back("55.00")])
    assert issued(payload, memory_of(TAXED_ORDER))["lines"] == [
        {"line_id": "1", "quantity": "1", "scope": "SHIPPED", "net": 4_999, "taxes": [SALES_TAX | {"amount": 501}]}
    ]
    assert "net" not in issued(payload)["lines"][0]


def test_a_stated_tax_is_split_like_the_orders_taxes() -> None:
    taxes = [tax_line("6.00", title="State"), tax_line("3.00", title="City"), tax_line("0.00", title="None")]
    memory = memory_of(order(item(1, tax_lines=taxes), total="109.00"))
    event = issued(refund(refunded_item("50.00", "4.50"), transactions=[paid_back("54.50")]), memory)
    assert [(tax["code"], tax["amount"]) for tax in event["lines"][0]["taxes"]] == [("State", 300), ("City", 150)]


def test_subtotals_hold_the_tax_where_the_orders_prices_do() -> None:
    memory = memory_of(order(item(1, "121.00", tax_lines=[tax_line("21.00", 0.21)]), total="121.00", taxes_included=True))
    event = issued(refund(refunded_item("121.00", "21.00"), transactions=[paid_back("121.00")]), memory)
    assert (event["lines"][0]["net"], event["lines"][0]["taxes"][0]["amount"]) == (10_000, 2_100)


def test_without_the_order_money_and_rates_tell_that_subtotals_hold_the_tax() -> None:
    sold = item(1, tax_lines=[tax_line("21.00", 0.21)])
    assert (
        issued(refund(refunded_item("121.00", "21.00", line_item=sold), transactions=[paid_back("121.00")]))["tenders"][0]["amount"]
        == 12_100
    )
    wrong_rate = item(1, tax_lines=[tax_line("21.00", 0.5)])
    held = read(REFUNDS, refund(refunded_item("121.00", "21.00", line_item=wrong_rate), transactions=[paid_back("121.00")]))
    assert isinstance(held, Problem)
    assert held.code == "hold_discrepancy"


def test_shipping_is_stated_twice_and_counted_once() -> None:
    payload = refund(
        transactions=[paid_back("11.00")],
        order_adjustments=[adjustment("shipping_refund", "-10.00", "-1.00")],
        refund_shipping_lines=[{"shipping_line_id": 31, "subtotal_amount_set": bag("10.00")}],
    )
    expected = {"kind": "CHARGE", "line_id": "shipping:31", "amount": 1_000, "taxes": [SALES_TAX | {"amount": 100}]}
    assert issued(payload, memory_of(TAXED_ORDER))["adjustments"] == [expected]
    assert issued(payload)["adjustments"] == [expected | {"taxes": []}]


def test_shipping_lines_alone_count_too() -> None:
    stated = {"shipping_line_id": 31, "subtotal_amount_set": bag("10.00"), "tax_amount_set": bag("1.00")}
    payload = refund(transactions=[paid_back("11.00")], refund_shipping_lines=[stated])
    assert issued(payload, memory_of(TAXED_ORDER))["adjustments"][0]["taxes"] == [SALES_TAX | {"amount": 100}]


def test_one_adjustment_over_two_shipping_lines_is_spread() -> None:
    lines = [{"shipping_line_id": number, "subtotal_amount_set": bag(amount)} for number, amount in ((31, "4.00"), (32, "6.00"))]
    payload = refund(
        transactions=[paid_back("10.00")], order_adjustments=[adjustment("shipping_refund", "-10.00")], refund_shipping_lines=lines
    )
    assert [(item["line_id"], item["amount"]) for item in issued(payload)["adjustments"]] == [("shipping:31", 400), ("shipping:32", 600)]


def test_money_beyond_the_value_is_goodwill() -> None:
    payload = refund(transactions=[paid_back("5.00")], order_adjustments=[adjustment("refund_discrepancy", "-5.00")])
    assert issued(payload)["adjustments"] == [{"kind": "GOODWILL", "amount": 500, "taxes": []}]


def test_value_that_is_kept_back_is_told_and_not_posted() -> None:
    payload = refund(refunded_item(50), transactions=[paid_back("40.00")], order_adjustments=[adjustment("refund_discrepancy", "10.00")])
    result = read(REFUNDS, payload)
    assert isinstance(result, Judged)
    assert result.events[0]["adjustments"] == []
    assert "10.00 USD" in result.notices[0]


def test_units_of_an_unpaid_order_go_without_money() -> None:
    payload = refund(
        refunded_item(50, restock="cancel", subtotal_set=bag("50.00")),
        transactions=[],
        order_adjustments=[adjustment("refund_discrepancy", "50.00")],
    )
    event = issued(payload)
    assert (event["tenders"], event["lines"][0]["scope"], event["currency"]) == ([], "UNSHIPPED", "USD")


def test_duties_and_fees_come_back_as_charges() -> None:
    payload = refund(
        transactions=[paid_back("9.00")], duties=[{"duty_id": 51, "amount_set": bag("7.00")}], total_additional_fees_set=bag("2.00")
    )
    assert [(item["line_id"], item["amount"]) for item in issued(payload)["adjustments"]] == [("duty:51", 700), ("fees", 200)]


def test_a_tip_comes_back_as_a_charge_and_not_as_units() -> None:
    tip = refunded_item("5.00", line=4, restock="no_restock", line_item=item(4, "5.00", tip_payment_gateway="cash"))
    event = issued(refund(tip, transactions=[paid_back("5.00")]))
    assert (event["lines"], event["adjustments"]) == ([], [{"kind": "CHARGE", "amount": 500, "taxes": [], "line_id": "4"}])


@pytest.mark.parametrize(
    ("status", "expected"), [("success", "SUCCEEDED"), ("pending", "PENDING"), ("failure", "FAILED"), ("error", "FAILED")]
)
def test_status_of_a_tender(status: str, expected: str) -> None:
    event = issued(refund(refunded_item(50), transactions=[paid_back("50.00", status=status, gateway="paypal")]))
    assert event["tenders"] == [
        {"tender_id": "90", "payment_id": "70", "tender": "WALLET", "gateway": "paypal", "amount": 5_000, "status": expected}
    ]


def test_a_second_try_after_a_failure_is_a_tender_of_its_own() -> None:
    tries = [paid_back("50.00", status="failure"), paid_back("50.00", 91)]
    assert [tender["status"] for tender in issued(refund(refunded_item(50), transactions=tries))["tenders"]] == ["FAILED", "SUCCEEDED"]


def test_a_void_beside_a_refund_is_no_tender() -> None:
    event = issued(refund(refunded_item(50), transactions=[paid_back("50.00"), paid_back("50.00", 91, kind="void")]))
    assert len(event["tenders"]) == 1


@pytest.mark.parametrize(
    "payload",
    [
        refund(refunded_item(50), transactions=[paid_back("40.00")]),
        refund(refunded_item(50), transactions=[paid_back("60.00")]),
        refund(refunded_item(50), transactions=[]),
        refund(refunded_item(50), transactions=[paid_back("10.00", status="failure")]),
        refund(transactions=[paid_back("5.00")], order_adjustments=[adjustment("restocking", "-5.00")]),
        refund(refunded_item(50), transactions=[paid_back("25.00"), paid_back("25.00", 91, test=True)]),
        refund(refunded_item(50, subtotal_set=bag("60.00")), transactions=[paid_back("50.00")]),
    ],
)
def test_what_does_not_add_up_is_held(payload: dict[str, Any]) -> None:
    result = read(REFUNDS, payload, connection={"default_currency": "USD"})
    assert isinstance(result, Problem)
    assert result.code == "hold_discrepancy"


def test_a_refund_in_another_currency_than_its_order_is_held() -> None:
    result = read(REFUNDS, refund(refunded_item(50), transactions=[paid_back("50.00", currency="EUR")]), memory=memory_of(TAXED_ORDER))
    assert isinstance(result, Problem)
    assert result.code == "hold_discrepancy"


def test_a_refund_in_the_customers_currency_reads_the_sets() -> None:
    stated = refunded_item(
        10.0, 1.0, subtotal_set=bag("1500", "JPY", shop=("10.00", "USD")), total_tax_set=bag("150", "JPY", shop=("1.00", "USD"))
    )
    event = issued(refund(stated, transactions=[paid_back("1650", currency="JPY")]))
    assert (event["currency"], event["tenders"][0]["amount"]) == ("JPY", 1_650)


def test_binary_noise_behind_the_last_decimal_is_no_second_figure() -> None:
    stated = refunded_item(195.66000000000003, 3.98, subtotal_set=bag("195.66"))
    assert issued(refund(stated, transactions=[paid_back("199.64")]))["refund_id"] == "80"


def test_a_test_refund_says_so() -> None:
    assert issued(refund(refunded_item(50), transactions=[paid_back("50.00", test=True)]))["test_mode"] is True


def test_a_calculation_and_an_empty_refund_are_nothing() -> None:
    assert isinstance(read(REFUNDS, {"transactions": [{"kind": "suggested_refund"}]}), Nothing)
    empty = read(REFUNDS, refund(transactions=[]), connection={"default_currency": "USD"})
    assert isinstance(empty, Nothing)


def test_a_return_is_named() -> None:
    assert issued(refund(refunded_item(50), transactions=[paid_back("50.00")], **{"return": {"id": 77}}))["return_id"] == "77"


def test_a_new_status_is_a_new_message_of_the_same_refund_and_is_told_once() -> None:
    memory = memory_of(TAXED_ORDER)
    told = []
    for status in ("pending", "success", "pending", "success"):
        answer = judged(REFUNDS, refund(refunded_item(50), transactions=[paid_back("50.00", status=status)]), memory=memory)
        memory = answer.snapshot
        told.append([(event["business_key"], event["tenders"][0]["status"]) for event in answer.events])
    assert told == [[("refund:80", "PENDING")], [("refund:80:1", "SUCCEEDED")], [], []]


def test_a_refund_waits_for_its_order_and_states_its_taxes_then() -> None:
    payload = refund(refunded_item(50, 5), transactions=[paid_back("55.00")])
    waits = judged(REFUNDS, payload, memory=EMPTY)
    assert (waits.events, len(waits.snapshot.waiting), waits.notices) == ((), 1, ())
    placed, told = judged("orders/create", TAXED_ORDER, memory=waits.snapshot).events
    assert (placed["type"], told) == ("OrderPlaced", issued(payload, memory_of(TAXED_ORDER)))
    assert told["lines"][0]["net"] == 5_000


def test_a_refund_that_waited_states_no_taxes_where_they_do_not_fit_its_order() -> None:
    payload = refund(refunded_item("55.00", "5.00"), transactions=[paid_back("60.00")])
    waits = judged(REFUNDS, payload, memory=EMPTY)
    included = order(item(1, "121.00", tax_lines=[tax_line("21.00", 0.21)]), total="121.00", taxes_included=True)
    _, told = judged("orders/create", included, memory=waits.snapshot).events
    assert "net" not in told["lines"][0]


def test_an_edit_of_the_order_does_not_make_its_refunds_new_ones() -> None:
    payload = refund(refunded_item(50, 5), transactions=[paid_back("55.00")])
    first = judged(REFUNDS, payload, memory=memory_of(TAXED_ORDER))
    other = [tax_line("4.00", title="State"), tax_line("6.00", title="City")]
    edited = order(item(1, "50.00", 2, tax_lines=other), total="121.00", shipping_lines=[SHIPPING], updated_at="2026-03-05T10:00:00Z")
    (edit,) = judged("orders/updated", edited, memory=first.snapshot).events
    assert edit["type"] == "OrderEdited"
    again = judged("orders/updated", edited, memory=first.snapshot).snapshot
    assert judged(REFUNDS, payload, memory=again).events == ()


def test_the_door_never_raises_on_an_unknown_shape() -> None:
    shapes: list[dict[str, Any]] = [{}, {"order_id": []}, {"transactions": {}}, {"refund": {"id": 1}}, {"order_edit": 5}]
    for payload in shapes:
        assert isinstance(read(REFUNDS, payload), Problem)
