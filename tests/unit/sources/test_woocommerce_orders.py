"""WooCommerce orders: what a payload proves of an order, its payment and its shipment."""

from typing import Any

import pytest

from sources.platforms.outcome import EventTwin, Nothing
from tests.unit.sources.shop_lives import Payload, booked, judged, of_type, only, orders_tie, problem, tell
from tests.unit.sources.woocommerce_payloads import completed, fee, item, order, shipping, stub, tax_line

SHOP = "woocommerce"


def placed(payload: Payload, **connection: Any) -> EventTwin:
    """The OrderPlaced of a payload; its lines tie."""
    events = judged(SHOP, payload, **connection).events
    assert orders_tie(events)
    return of_type(events, "OrderPlaced")[0]


def test_an_order_with_added_taxes_is_placed_and_paid() -> None:
    payload = order(item(11, "20.00", "4.20", quantity=2), total="30.25", shipping_lines=[shipping("5.00", "1.05")])
    payload |= {"tax_lines": [tax_line("4.20", "1.05")], "total_tax": "5.25", "shipping_total": "5.00", "discount_total": "0.00"}
    result = judged(SHOP, payload)
    order_event, capture = result.events
    assert order_event["total"] == 3025
    assert order_event["lines"][0] | {"taxes": []} == {
        "line_id": "11",
        "kind": "GOODS",
        "sku": "MUG-11",
        "description": "Mug & saucer",
        "quantity": "2",
        "unit_price": "10",
        "gross": 2000,
        "discount": 0,
        "taxes": [],
    }
    tax = {"jurisdiction": "ES", "type": "VAT", "code": "ES-IVA-1", "rate": "0.21", "base": 2000, "amount": 420}
    assert order_event["lines"][0]["taxes"] == [tax | {"included": False, "liable_party": "SELLER"}]
    assert order_event["ship_to"] == {"country": "ES", "region": "M", "postal_prefix": "280"}
    assert (capture["payment_id"], capture["tender"], capture["gateway"]) == ("700", "CARD", "stripe")
    assert (capture["gateway_reference"], capture["amount"]) == ("ch_3NfX", 3025)
    assert capture["occurred_at"] == "2026-03-01T09:01:00Z"
    assert result.notices == ()


def test_prices_with_tax_and_a_coupon() -> None:
    goods = item(11, "16.53", "3.47") | {"subtotal": "20.66", "subtotal_tax": "4.34"}
    payload = order(goods, total="20.00", prices_include_tax=True, tax_lines=[tax_line("3.47")], discount_total="4.13")
    event = placed(payload)
    line = event["lines"][0]
    assert (event["prices_include_tax"], line["gross"], line["discount"], line["taxes"][0]["included"]) == (True, 2500, 500, True)
    assert line["taxes"][0]["base"] == 1653


def test_a_fee_is_charged_and_a_negative_fee_is_a_discount() -> None:
    payload = order(item(11, "60.00", "12.60"), item(12, "40.00", "8.40"), total="111.32")
    payload |= {"fee_lines": [fee("2.00", "0.42"), fee("-10.00", "-2.10", 32)], "tax_lines": [tax_line("19.32")]}
    event = placed(payload)
    lines = {line["line_id"]: line for line in event["lines"]}
    assert (lines["31"]["kind"], lines["31"]["gross"]) == ("FEE", 200)
    assert [lines[name]["order_discount"] for name in ("11", "12")] == [600, 400]
    assert event["order_discounts"] == [{"code": "line:32", "amount": 1000, "funded_by": "SELLER"}]
    assert sum(tax["amount"] for line in event["lines"] for tax in line["taxes"]) == 1932


def test_a_negative_product_line_is_a_discount_too() -> None:
    payload = order(item(11, "60.00"), item(12, "-15.00"), total="45.00")
    assert [line.get("order_discount") for line in placed(payload)["lines"]] == [1500]


def test_more_taken_off_than_there_is_is_held() -> None:
    payload = order(item(11, "10.00"), total="-5.00", fee_lines=[fee("-15.00")])
    assert problem(SHOP, payload).code == "hold_discrepancy"


def test_compound_taxes_are_counted_on_what_the_others_made() -> None:
    goods = item(11, "100.00") | {"total_tax": "15.47", "subtotal_tax": "15.47"}
    goods |= {"taxes": [{"id": 5, "total": "5"}, {"id": 6, "total": "10.47", "subtotal": "10.47"}]}
    lines = [
        tax_line("5.00", rate=5, rate_code="CA-GST-1", label="GST", rate_percent=5),
        tax_line("10.47", rate=6, rate_code="CA-QC-QST-2", label="QST", rate_percent=9.975, compound=True),
    ]
    taxes = placed(order(goods, total="115.47", tax_lines=lines))["lines"][0]["taxes"]
    assert [(tax["jurisdiction"], tax["type"], tax["rate"], tax["base"], tax["amount"]) for tax in taxes] == [
        ("CA", "VAT", "0.05", 10000, 500),
        ("CA-QC", "SALES", "0.09975", 10500, 1047),
    ]


def test_taxes_rounded_at_subtotal_follow_the_tax_line() -> None:
    """Two lines of 2.12 at 21 %: 0.4452 each, shown as 0.45; the tax line, and the total, have 0.89."""
    goods = [item(number, "2.12", "0.45") | {"taxes": [{"id": 3, "total": "0.4452"}]} for number in (11, 12)]
    result = judged(SHOP, order(*goods, total="5.13", tax_lines=[tax_line("0.89")], total_tax="0.89"))
    assert orders_tie(result.events)
    assert sum(tax["amount"] for line in result.events[0]["lines"] for tax in line["taxes"]) == 89
    assert any("order total: stated 5.13 EUR, computed 5.14, difference -0.01" in notice for notice in result.notices)


def test_net_amounts_rounded_in_their_sum_only_leave_a_rounding_line() -> None:
    """Three times 9.99 with 21 % in it: 8.256198 net each, shown as 8.26, together 24.77."""
    goods = [item(number, "8.26", "1.73") | {"price": 8.256198} for number in (11, 12, 13)]
    event = placed(order(*goods, total="29.97", prices_include_tax=True, tax_lines=[tax_line("5.20")]))
    rounding = [line for line in event["lines"] if line["kind"] == "ROUNDING"]
    assert [line["gross"] for line in rounding] in ([], [-1])
    assert event["total"] == 2997


@pytest.mark.parametrize("total", ["24.99", "25.01", "2500"])
def test_what_does_not_add_up_is_held(total: str) -> None:
    answer = problem(SHOP, order(item(11, "20.00"), total=total, shipping_lines=[shipping()]))
    assert (answer.code, answer.pointer) == ("hold_discrepancy", "/total")
    assert "computed 25.00" in answer.message


def test_secondary_figures_are_reported() -> None:
    result = judged(SHOP, order(item(11), total="20.00", discount_total="3.00", total_tax="1.00"))
    assert [notice.split(":")[0] for notice in result.notices] == ["total_tax", "discount_total"]


@pytest.mark.parametrize(
    ("currency", "amount", "units"), [("JPY", "1980", 1980), ("KWD", "1.234", 1234), ("EUR", "19.8", 1980), ("EUR", "19.8000", 1980)]
)
def test_currencies_have_their_own_decimals(currency: str, amount: str, units: int) -> None:
    assert placed(order(item(11, amount), total=amount, currency=currency))["total"] == units


def test_more_decimals_than_the_currency_has_are_malformed() -> None:
    assert problem(SHOP, order(item(11, "19.805"), total="19.805")).code == "reject_malformed"


@pytest.mark.parametrize("status", ["pending", "on-hold", "processing", "wc-custom"])
def test_an_unpaid_order_is_placed_only(status: str) -> None:
    payload = order(item(), total="20.00", status=status, date_paid_gmt=None)
    assert [event["type"] for event in judged(SHOP, payload).events] == ["OrderPlaced"]


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_what_ended_before_it_was_paid_is_no_sale(status: str) -> None:
    payload = order(item(), total="20.00", status=status, date_paid_gmt=None)
    result = judged(SHOP, payload)
    assert result.events == ()
    assert "no sale" in result.notices[0]


def test_an_order_that_is_cancelled_later() -> None:
    waiting = order(item(), total="20.00", status="pending", date_paid_gmt=None)
    cancelled = waiting | {"status": "cancelled", "date_modified_gmt": "2026-03-02T00:00:00"}
    told = tell(SHOP, [("order.created", waiting), ("order.updated", cancelled), ("order.updated", waiting)])
    assert [event["type"] for event in told.events] == ["OrderPlaced", "OrderCancelled"]
    assert booked(told.events) == {"acme:woocommerce:main:700": {}}


def test_completed_is_shipped_whole() -> None:
    payload = completed(order(item(11, quantity=2), item(12), total="40.00"))
    event = of_type(judged(SHOP, payload).events, "ShipmentDispatched")[0]
    assert event["lines"] == [{"line_id": "11", "quantity": "2"}, {"line_id": "12", "quantity": "1"}]
    assert (event["shipment_id"], event["occurred_at"]) == ("700", "2026-03-02T08:00:00Z")


def test_an_order_that_grows_after_it_was_completed_ships_the_rest() -> None:
    first = completed(order(item(11), total="20.00"))
    more = completed(order(item(11, "40.00", quantity=2), total="40.00"), "2026-03-05T12:00:00")
    told = tell(SHOP, [("", first), ("", more), ("", first)])
    assert [event["type"] for event in told.events] == [
        *("OrderPlaced", "PaymentCaptured", "ShipmentDispatched", "OrderEdited", "ShipmentDispatched")
    ]
    assert told.events[-1]["shipment_id"] == "700-1"
    assert told.events[-1]["lines"] == [{"line_id": "11", "quantity": "1"}]


def test_an_older_payload_of_an_order_changes_nothing() -> None:
    new = order(item(11, "30.00"), total="30.00", date_modified_gmt="2026-03-02T00:00:00")
    told = tell(SHOP, [("", new), ("", order(item(11), total="20.00"))])
    assert [event["type"] for event in told.events] == ["OrderPlaced", "PaymentCaptured"]


def test_cash_on_delivery_is_owed_on_delivery() -> None:
    payload = order(item(), total="20.00", payment_method="cod", transaction_id="", date_paid_gmt=None)
    assert placed(payload)["terms"] == "ON_DELIVERY"
    capture = of_type(judged(SHOP, completed(payload, date_paid_gmt="2026-03-02T08:00:00")).events, "PaymentCaptured")[0]
    assert (capture["tender"], capture["gateway"]) == ("CASH_ON_DELIVERY", "cod")
    assert "gateway_reference" not in capture


@pytest.mark.parametrize(
    ("method", "tender"),
    [
        *(("bacs", "BANK_TRANSFER"), ("cheque", "BANK_TRANSFER"), ("ppcp-gateway", "WALLET"), ("paypal", "WALLET")),
        *(("woocommerce_payments", "CARD"), ("mollie_wc_gateway_ideal", "WALLET"), ("something_new", "OTHER"), ("", "OTHER")),
    ],
)
def test_payment_methods(method: str, tender: str) -> None:
    assert of_type(judged(SHOP, order(item(), total="20.00", payment_method=method)).events, "PaymentCaptured")[0]["tender"] == tender


def test_a_card_number_is_no_reference() -> None:
    capture = judged(SHOP, order(item(), total="20.00", transaction_id="4242424242424242")).events[1]
    assert "gateway_reference" not in capture


def meta(**values: Any) -> list[Payload]:
    return [{"id": number, "key": key, "value": value} for number, (key, value) in enumerate(values.items())]


@pytest.mark.parametrize(
    "fields",
    [
        {"_stripe_fee": "0.83", "_stripe_currency": "EUR"},
        {"_wcpay_transaction_fee": "0.83"},
        {"_ppcp_paypal_fees": {"paypal_fee": {"currency_code": "EUR", "value": "0.83"}}},
    ],
)
def test_a_payment_fee_in_the_meta_data(fields: Payload) -> None:
    payload = order(item(), total="20.00", meta_data=meta(**fields))
    event = of_type(judged(SHOP, payload).events, "FeeCharged")[0]
    assert (event["amount"], event["gateway"], event["account_kind"], event["payment_id"]) == (83, "stripe", "PSP", "700")
    assert of_type(judged(SHOP, payload, payments_at={"stripe": "stripe:main"}).events, "FeeCharged") == []


def test_a_payment_fee_grows_by_its_difference() -> None:
    payloads = [
        order(item(), total="20.00", meta_data=meta(_stripe_fee=fee_amount), date_modified_gmt=f"2026-03-0{day}T00:00:00")
        for day, fee_amount in ((1, "0.83"), (3, "1.00"), (2, "0.90"), (4, "0.70"))
    ]
    told = tell(SHOP, [("", payload) for payload in payloads])
    assert [event["amount"] for event in of_type(told.events, "FeeCharged")] == [83, 17]


@pytest.mark.parametrize("fields", [{"_stripe_fee": "0.83", "_stripe_currency": "USD"}, {"_stripe_fee": "ten"}, {"_stripe_fee": "0.835"}])
def test_a_fee_that_cannot_be_told_is_noticed(fields: Payload) -> None:
    result = judged(SHOP, order(item(), total="20.00", meta_data=meta(**fields)))
    assert of_type(result.events, "FeeCharged") == []
    assert any("fee" in notice for notice in result.notices)


def test_a_test_payment_is_never_booked() -> None:
    payload = order(item(), total="20.00", meta_data=meta(_wcpay_mode="test", _stripe_fee="0.50"))
    assert [event["test_mode"] for event in judged(SHOP, completed(payload)).events] == [True] * 4


def test_times_without_a_zone_need_one() -> None:
    payload = order(item(), total="20.00", date_created="2026-03-01T10:00:00", date_created_gmt=None)
    assert problem(SHOP, payload).pointer == "/date_created"
    assert placed(payload, time_zone="Europe/Madrid")["occurred_at"] == "2026-03-01T09:00:00Z"


def test_the_api_before_the_rest_api() -> None:
    payload = {
        "id": 45,
        "order_number": 45,
        "created_at": "2015-01-26T20:00:21Z",
        "updated_at": "2015-01-26T20:00:21Z",
        "status": "completed",
        "currency": "USD",
        "total": "25.50",
        "subtotal": "20.00",
        "total_tax": "1.50",
        "total_shipping": "5.00",
        "cart_tax": "1.00",
        "shipping_tax": "0.50",
        "total_discount": "1.00",
        "completed_at": "2015-01-27T20:00:21Z",
        "customer_id": 0,
        "payment_details": {"method_id": "paypal", "paid": True, "transaction_id": "9AB12345CD678901E"},
        "shipping_address": {"country": "US", "state": "CA", "postcode": "94103"},
        "line_items": [{"id": 4, "subtotal": "20.00", "subtotal_tax": "1.00", "total": "19.00", "total_tax": "1.00", "quantity": 2}],
        "shipping_lines": [{"id": 6, "method_id": "flat_rate", "total": "5.00"}],
        "tax_lines": [{"id": 7, "rate_id": "4", "code": "US-CA-TAX-1", "title": "Tax", "total": "1.50", "compound": False}],
        "fee_lines": [],
        "coupon_lines": [],
    }
    envelope: Payload = {"orders": [payload]}
    events = judged(SHOP, envelope, "orders").events
    assert [event["type"] for event in events] == ["OrderPlaced", "PaymentCaptured", "ShipmentDispatched"]
    assert orders_tie(events)
    assert [(tax["jurisdiction"], tax["amount"]) for line in events[0]["lines"] for tax in line["taxes"]] == [("US-CA", 100), ("US-CA", 50)]
    assert (events[1]["tender"], events[1]["gateway_reference"]) == ("WALLET", "9AB12345CD678901E")
    assert events[0]["lines"][0]["discount"] == 100


def test_lists_and_batches_are_taken_apart() -> None:
    first, second = order(item(), total="20.00"), order(item(), total="20.00", id=701)
    for payload in ([first, second], {"create": [first], "update": [second]}, {"orders": [first, second]}):
        assert {event["order_id"] for event in tell(SHOP, [("whatever", payload)]).events} == {"700", "701"}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("order.deleted", {"id": 700}),
        ("action", b"webhook_id=12"),
        ("product.updated", {"id": 5, "sku": "A", "regular_price": "9.00", "name": "Mug"}),
        ("coupon.created", {"id": 5, "code": "TEN", "amount": "10.00", "discount_type": "percent"}),
        ("orders", []),
        ("order.created", order(item(), total="20.00", status="checkout-draft")),
    ],
)
def test_what_is_nothing(topic: str, payload: Any) -> None:
    assert isinstance(only(SHOP, payload, topic), Nothing)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"id": 700}, "refetch"),
        ({"action": "woocommerce_order_refunded", "arg": 700}, "refetch"),
        ({"hello": "world"}, "reject_malformed"),
        (order(item(), total="20.00", currency="XXX"), "reject_malformed"),
        (order(item(11), item(11), total="40.00"), "reject_malformed"),
        ({name: value for name, value in order(item(), total="20.00").items() if name != "total"}, "refetch"),
        (order(item(total="1e5"), total="20.00"), "reject_malformed"),
    ],
)
def test_what_cannot_be_judged(payload: Payload, code: str) -> None:
    assert problem(SHOP, payload).code == code


def test_ids_beyond_doubles_stay_as_they_are() -> None:
    assert placed(order(item(9007199254740993), total="20.00"))["lines"][0]["line_id"] == "9007199254740993"


def test_a_stub_alone_is_told_by_its_amount_and_fetched() -> None:
    result = judged(SHOP, completed(order(item(), total="20.00", refunds=[stub()])))
    event = of_type(result.events, "RefundIssued")[0]
    assert (event["lines"], event["adjustments"], event["tenders"][0]["amount"]) == ([], [], 2000)
    assert [fetch.resource for fetch in result.fetches] == ["order_refunds/700"]
