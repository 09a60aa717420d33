"""orders/create: kinds of lines, discounts, taxes, currencies, and the total that must tie."""

from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.door import Judged
from sources.platforms.outcome import EventTwin, Problem
from tests.unit.sources.shopify_payloads import bag, item, order, read, tax_line
from tests.unit.sources.shopify_payloads import event as event_of


def placed(payload: dict[str, Any], **connection: Any) -> EventTwin:
    event = event_of("orders/create", payload, connection=connection)
    event_from_json(event)
    return event


def problem(payload: dict[str, Any]) -> Problem:
    result = read("orders/create", payload)
    assert isinstance(result, Problem), result
    return result


def lines_by_id(event: EventTwin) -> dict[str, EventTwin]:
    return {line["line_id"]: line for line in event["lines"]}


def test_kinds_of_lines() -> None:
    items = (
        item(1),
        item(2, requires_shipping=False),
        item(3, gift_card=True, requires_shipping=False),
        item(4, "5.00", tip_payment_gateway="cash", product_id=None),
        item(5, duties=[{"id": 51, "price": "7.00", "price_set": bag("7.00"), "tax_lines": [tax_line("0.70")]}]),
    )
    payload = order(
        *items,
        total="432.70",
        shipping_lines=[{"id": 31, "price": "10.00"}, {"id": 32, "price": "99.00", "is_removed": True}],
        additional_fees=[{"id": 41, "price_set": bag("3.00")}],
        total_tip_received="12.00",
    )
    kinds = {line_id: (line["kind"], line["gross"]) for line_id, line in lines_by_id(placed(payload)).items()}
    assert kinds == {
        "1": ("GOODS", 10_000),
        "2": ("SERVICE", 10_000),
        "3": ("GIFT_CARD", 10_000),
        "4": ("TIP", 500),
        "5": ("GOODS", 10_000),
        "duty:51": ("DUTY", 700),
        "shipping:31": ("SHIPPING", 1_000),
        "fee:41": ("FEE", 300),
        "tip": ("TIP", 700),
    }


def test_a_discount_across_lines_is_the_orders_and_any_other_is_the_lines() -> None:
    across = {"type": "discount_code", "code": "TEN", "allocation_method": "across", "target_type": "line_item"}
    each = {"type": "manual", "title": "for Jane", "allocation_method": "each", "target_type": "line_item"}
    shipping = {"type": "discount_code", "code": "FREE", "allocation_method": "across", "target_type": "shipping_line"}
    payload = order(
        item(
            1,
            discount_allocations=[{"amount": "6.00", "discount_application_index": 0}, {"amount": "1.00", "discount_application_index": 1}],
        ),
        item(2, discount_allocations=[{"amount": "4.00", "discount_application_index": 0}]),
        item(3),
        total="289.00",
        discount_applications=[across, each, shipping],
        shipping_lines=[{"id": 31, "price": "10.00", "discount_allocations": [{"amount": "10.00", "discount_application_index": 2}]}],
    )
    event = placed(payload)
    assert [(line["discount"], line.get("order_discount")) for line in event["lines"]] == [(100, 600), (0, 400), (0, 0), (1_000, None)]
    assert event["order_discounts"] == [{"code": "TEN", "amount": 1_000, "funded_by": "SELLER"}]


def test_a_discount_stated_in_total_only_is_left_to_be_spread() -> None:
    event = placed(order(item(1), item(2), total="180.00", total_discounts="20.00", discount_codes=[{"code": "OLD", "amount": "20.00"}]))
    assert event["order_discounts"] == [{"code": "OLD", "amount": 2_000, "funded_by": "SELLER"}]
    assert all("order_discount" not in line for line in event["lines"])


def test_a_line_discount_from_before_allocations_counts() -> None:
    old = item(1, total_discount="15.00")
    del old["discount_allocations"]
    event = placed(order(old, total="85.00", shipping_lines=[{"id": 1, "price": "5.00", "discounted_price": "0.00"}]))
    assert [line["discount"] for line in event["lines"]] == [1_500, 500]


@pytest.mark.parametrize(
    ("country", "province", "title", "home"),
    [
        ("US", "CA", "CA State Tax", ("US-CA", "SALES")),
        ("CA", "ON", "HST", ("CA", "VAT")),
        ("CA", "BC", "PST", ("CA-BC", "SALES")),
        ("ES", "M", "IVA", ("ES", "VAT")),
        ("MX", "CDMX", "Impuesto", ("MX", "VAT")),
        ("JP", None, "Consumption tax", ("JP", "VAT")),
    ],
)
def test_the_home_of_a_tax(country: str, province: str | None, title: str, home: tuple[str, str]) -> None:
    address = {"country_code": country, "province_code": province}
    payload = order(item(tax_lines=[tax_line("10.00", title=title)]), total="110.00", shipping_address=None, billing_address=address)
    tax = placed(payload)["lines"][0]["taxes"][0]
    assert (tax["jurisdiction"], tax["type"]) == home
    assert (tax["code"], tax["rate"], tax["base"], tax["amount"], tax["included"]) == (title, "0.1", 10_000, 1_000, False)


def test_an_order_without_address_is_taxed_where_the_connection_says() -> None:
    payload = order(item(tax_lines=[tax_line("10.00")]), total="110.00", shipping_address=None)
    assert placed(payload, country="US", region="TX")["lines"][0]["taxes"][0]["jurisdiction"] == "US-TX"
    result = read("orders/create", payload)
    assert isinstance(result, Judged)
    assert result.events[0]["lines"][0]["taxes"][0]["jurisdiction"] == "ZZ"
    assert "country" in result.notices[0]


def test_tax_that_the_channel_owes_is_the_marketplaces() -> None:
    payload = order(item(tax_lines=[tax_line("10.00", channel_liable=True)]), total="110.00")
    assert placed(payload)["lines"][0]["taxes"][0]["liable_party"] == "MARKETPLACE"


def test_included_taxes_are_not_added_and_their_base_is_net() -> None:
    payload = order(item(1, "121.00", tax_lines=[tax_line("21.00", 0.21, "IVA")]), total="121.00", taxes_included=True)
    event = placed(payload)
    assert event["prices_include_tax"] is True
    assert (event["lines"][0]["taxes"][0]["base"], event["lines"][0]["taxes"][0]["included"]) == (10_000, True)


def test_taxes_stated_for_the_order_only_are_spread_over_taxable_goods() -> None:
    old = [item(1, "10.00"), item(2, "20.00"), item(3, "5.00", taxable=False)]
    payload = order(*old, total="36.00", tax_lines=[tax_line("1.00")])
    assert [sum(tax["amount"] for tax in line["taxes"]) for line in placed(payload)["lines"]] == [33, 67, 0]


def test_the_order_lives_in_the_currency_the_customer_pays() -> None:
    price = bag("1500", "JPY", shop=("10.00", "USD"))
    tax = {**tax_line("1.00"), "price_set": bag("150", "JPY", shop=("1.00", "USD"))}
    payload = order(
        item(1, "10.00", quantity=2, tax_lines=[tax], price_set=price),
        total="21.00",
        presentment_currency="JPY",
        total_price_set=bag("3150", "JPY", shop=("21.00", "USD")),
        total_tip_received="0.00",
    )
    event = placed(payload)
    assert (event["currency"], event["currency_exponent"], event["total"]) == ("JPY", 0, 3_150)
    assert (event["lines"][0]["gross"], event["lines"][0]["unit_price"]) == (3_000, "1500")


def test_a_foreign_amount_without_its_set_must_be_fetched_again() -> None:
    payload = order(item(1), total="100.00", presentment_currency="EUR")
    assert problem(payload).code == "refetch"


def test_zero_decimals_written_with_decimals() -> None:
    assert placed(order(item(1, "500.00"), total="500.00", currency="JPY"))["total"] == 500
    assert problem(order(item(1, "500.50"), total="500.50", currency="JPY")).code == "reject_malformed"


def test_a_price_may_have_more_decimals_than_its_currency_if_the_line_has_not() -> None:
    assert placed(order(item(1, "0.125", 8), total="1.00"))["lines"][0]["unit_price"] == "0.125"
    assert problem(order(item(1, "0.125", 3), total="0.38")).code == "reject_malformed"


def test_cash_rounding_is_a_line_beside_the_total() -> None:
    payload = order(item(1, "10.02"), total="10.02", total_cash_rounding_payment_adjustment_set=bag("-0.02"))
    event = placed(payload)
    assert [(line["kind"], line["gross"]) for line in event["lines"]] == [("GOODS", 1_002), ("ROUNDING", -2)]
    assert event["total"] == 1_000


@pytest.mark.parametrize("total", ["99.99", "100.01", "0.00"])
def test_an_order_that_does_not_add_up_is_held(total: str) -> None:
    held = problem(order(item(1), total=total))
    assert (held.code, held.pointer) == ("hold_discrepancy", "/total_price")
    assert f"stated {total} USD, computed 100.00" in held.message


def test_two_figures_for_one_amount_are_held() -> None:
    held = problem(order(item(1), total="100.00", total_price_set=bag("90.00")))
    assert (held.code, held.pointer) == ("hold_discrepancy", "/total_price")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"currency": "XXQ"}, "/currency"),
        ({"currency": None}, "/currency"),
        ({"created_at": "2026-03-01T10:00:00"}, "/created_at"),
        ({"id": "jane"}, "/id"),
        ({"total_price": "12,50"}, "/total_price"),
        ({"taxes_included": "yes"}, "/taxes_included"),
    ],
)
def test_what_cannot_be_read_without_guessing_is_malformed(fields: dict[str, Any], pointer: str) -> None:
    found = problem(order(item(1), total="100.00") | fields)
    assert (found.code, found.pointer) == ("reject_malformed", pointer)


def test_a_connection_fills_what_the_payload_does_not_say() -> None:
    payload = order(item(1), total="100.00", currency=None, created_at="2026-07-01T10:00:00", location_id=7, source_name="pos")
    connection = {
        "legal_entity": "ES01",
        "channels": {"pos": "till"},
        "terms": "NET",
        "due_days": 14,
        "default_currency": "EUR",
        "time_zone": "Europe/Madrid",
        "locations": {"7": {"name": "centro", "legal_entity": "ES02"}},
    }
    event = placed(payload, **connection)
    names = ("legal_entity", "channel", "terms", "due_days", "currency", "occurred_at", "store")
    assert [event[name] for name in names] == ["ES02", "till", "NET", 14, "EUR", "2026-07-01T08:00:00Z", "centro"]


def test_without_a_connection_file_there_are_sensible_values() -> None:
    event = placed(order(item(1), total="100.00", source_name="580111"))
    assert [event[name] for name in ("legal_entity", "channel", "terms")] == ["acme", "web", "PREPAID"]


@pytest.mark.parametrize(
    ("fields", "terms"),
    [
        ({"payment_terms": {"payment_terms_type": "net", "due_in_days": 30}}, ("NET", 30)),
        ({"payment_terms": {"payment_terms_type": "receipt", "due_in_days": None}}, ("NET", 0)),
        ({"payment_gateway_names": ["Cash on Delivery (COD)"]}, ("ON_DELIVERY", None)),
        ({"payment_gateway_names": ["Cash on Delivery (COD)", "gift_card"]}, ("PREPAID", None)),
    ],
)
def test_terms(fields: dict[str, Any], terms: tuple[str, int | None]) -> None:
    event = placed(order(item(1), total="100.00", **fields))
    assert (event["terms"], event.get("due_days")) == terms


def test_a_test_order_says_so() -> None:
    assert placed(order(item(1), total="100.00", test=True))["test_mode"] is True


def test_the_event_id_depends_on_what_the_fact_is_and_on_nothing_else() -> None:
    one = placed(order(item(1), total="100.00"))
    assert placed(order(item(2), total="100.00", created_at="2027-01-01T00:00:00Z"))["event_id"] == one["event_id"]
    assert placed(order(item(1), total="100.00", id=501))["event_id"] != one["event_id"]
    assert one["event_id"] == "99fdc0fe-d236-5822-8991-bf86ca85030a"


def test_secondary_figures_that_disagree_are_told() -> None:
    result = read("orders/create", order(item(1), total="100.00", subtotal_price="90.00", total_tax="1.00"))
    assert isinstance(result, Judged)
    assert [notice.split(":")[0] for notice in result.notices] == ["total_tax", "subtotal_price"]
