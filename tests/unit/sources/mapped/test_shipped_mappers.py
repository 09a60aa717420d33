"""The mappers that are shipped: every one reads payloads like those of its documentation, and keeps out of the known traps."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from schemas.events import encode_event_json
from sources.platforms.catalogue import MAPPERS, adapter_of
from sources.platforms.connection import connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, Recall, normalize
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.snapshot import EMPTY, Snapshot
from tests.unit.sources.mapped import shipped_payloads as given

Answer = Judged | Nothing | Problem
CONNECTION = {"default_currency": "USD", "country": "ES", "time_zone": "Asia/Kolkata"}


def read(name: str, payload: Any, topic: str = "any", recall: Recall | None = None) -> Answer:
    """What comes of a payload with one object."""
    adapter = adapter_of(name)
    assert adapter is not None
    context = Context(tenant="acme", source=f"{name}:main", connection=connection_from_mapping(CONNECTION))
    (answer,) = normalize(adapter, json.dumps(payload).encode(), topic, context, recall)
    return answer


def events(name: str, payload: Any) -> dict[str, dict[str, Any]]:
    """Business key -> event."""
    answer = read(name, payload)
    assert isinstance(answer, Judged), answer
    return {event["business_key"]: event for event in answer.events}


def figures(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Business key -> the money of the event."""
    return {
        key: event.get("total", event.get("amount", sum(tender["amount"] for tender in event.get("tenders", ()))))
        for key, event in found.items()
    }


def changed(payload: Any, *way: str | int, to: Any) -> Any:
    """A copy with one value changed."""
    copy = deepcopy(payload)
    place = copy
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = to
    return copy


READ: tuple[tuple[str, Any, dict[str, Any]], ...] = (
    ("vtex", given.VTEX, {"order": 11_491, "capture:D3DE": 11_491, "shipment:invoice:84": 0, "refund:invoice:85": 3_100}),
    ("mercado-libre", given.MERCADO_LIBRE, {"order": 15_045, "capture:4792155710": 15_045, "fee:sale_fee:MLA635": 2_090}),
    (
        "ebay",
        given.EBAY,
        {"order": 8_499, "capture:13004": 8_499, "shipment:line:9405": 0, "refund:50": 1_000, "fee:marketplace_fee": 921},
    ),
    ("bigcommerce", given.BIGCOMMERCE, {"order": 5_940, "capture:pp_1": 5_940, "shipment:1000000": 0}),
    ("shipstation", given.SHIPSTATION, {"order": 21_498, "capture:paid:21498": 21_498}),
    ("shipstation", given.SHIPSTATION_SHIPMENTS, {"shipment:33974374": 0, "fee:label:33974374": 235}),
    ("salesforce-om", given.SALESFORCE, {"order": 10_260, "capture:0aP1:10260": 10_260, "shipment:0a31": 0}),
    ("zoho-inventory", given.ZOHO, {"order": 37_159, "shipment:1000000": 0}),
    ("odoo-pos", given.ODOO, {"order": 1_000, f"capture:{given.ODOO['uuid']}:cash": 1_000, f"shipment:{given.ODOO['uuid']}": 0}),
    ("toms-like", given.TOMS, {"order": 5_900, "capture:P1": 5_900, "shipment:S1": 0, "return:R1": 0, "refund:F1": 2_700}),
)


@pytest.mark.parametrize(("name", "payload", "money"), READ, ids=lambda value: value if isinstance(value, str) else "")
def test_a_payload_is_read_to_the_minor_unit(name: str, payload: Any, money: dict[str, Any]) -> None:
    found = events(name, payload)
    assert figures(found) == money
    assert "Canary" not in json.dumps(list(found.values()))
    assert "CANARY" not in json.dumps(list(found.values()))
    for event in found.values():
        encode_event_json(event)


def test_every_shipped_mapper_is_a_preview_and_is_read_here() -> None:
    assert {name for name, _, _ in READ} == set(MAPPERS)
    for name in MAPPERS:
        adapter = adapter_of(name)
        assert adapter is not None
        assert (adapter.name, adapter.grade) == (name, "C")
        assert adapter.topics


POINTERS: tuple[tuple[str, Any, str], ...] = (
    ("vtex", {"orderId": "v1-01", "State": "invoiced", "LastState": "handling"}, "order/v1-01"),
    ("mercado-libre", {"resource": "/orders/2000003508419013", "topic": "orders_v2", "attempts": 3}, "orders/2000003508419013"),
    ("ebay", given.EBAY_NOTIFICATION, "order/23-06912-76210"),
    ("bigcommerce", given.BIGCOMMERCE_WEBHOOK, "order/218"),
    ("bigcommerce", {"id": 218, "products": {"url": "https://shop.example/products", "resource": "/orders/218/products"}}, "order/218"),
    ("shipstation", {"resource_url": "https://ship.example/orders?batch=1", "resource_type": "ORDER_NOTIFY"}, "list/https://ship.example/orders?batch=1"),
    ("salesforce-om", given.SALESFORCE_EVENT, "order/1Os5e000000001AAA"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "payload", "resource"), POINTERS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_thin_notification_is_fetched_and_books_nothing(name: str, payload: Any, resource: str) -> None:
    answer = read(name, payload)
    assert isinstance(answer, Judged)
    assert (answer.events, [fetch.resource for fetch in answer.fetches]) == ((), [resource])


def problem(answer: Answer) -> tuple[str, str]:
    assert isinstance(answer, Problem), answer
    return answer.code, answer.pointer


def test_vtex_cents_and_seven_digits_of_a_second() -> None:
    order = events("vtex", given.VTEX)["order"]
    assert order["occurred_at"] == "2026-01-28T20:09:43.899432Z"
    assert [line["gross"] for line in order["lines"]] == [6_000, 4_000, 1_160, 1]
    assert [tax["amount"] for line in order["lines"] for tax in line["taxes"]] == [498, 332]
    assert order["order_discounts"] == [{"code": "promotions", "amount": 500}]
    assert order["ship_to"] == {"country": "BR", "region": "RJ", "postal_prefix": "222"}


def test_vtex_with_other_decimals_than_the_currency_is_not_guessed() -> None:
    format_info = ("storePreferencesData", "currencyFormatInfo", "CurrencyDecimalDigits")
    answer = read("vtex", changed(given.VTEX, *format_info, to=0))
    assert problem(answer) == ("reject_malformed", "/" + "/".join(format_info))


def test_vtex_totals_that_do_not_add_up_are_held_with_all_figures() -> None:
    answer = read("vtex", changed(given.VTEX, "totals", 0, "value", to=10_002))
    assert problem(answer) == ("hold_discrepancy", "/value")
    assert isinstance(answer, Problem)
    assert "stated 11491, computed 11492, difference -1" in answer.message


def test_orders_of_one_mercado_libre_cart_stay_orders() -> None:
    other = changed(given.MERCADO_LIBRE, "id", to=2000003508419014)
    assert read("mercado-libre", other) != read("mercado-libre", given.MERCADO_LIBRE)
    assert events("mercado-libre", other)["order"]["order_id"] == "2000003508419014"


def test_mercado_libre_test_orders_are_never_booked() -> None:
    found = events("mercado-libre", changed(given.MERCADO_LIBRE, "tags", to=["paid", "test_order"]))
    assert all(event["test_mode"] for event in found.values())


def test_refunds_of_mercado_libre_are_told_by_what_is_new() -> None:
    snapshot, told = EMPTY, []
    for refunded in (20, 20, 29.95, 20):
        payload = changed(given.MERCADO_LIBRE, "payments", 0, "transaction_amount_refunded", to=refunded)
        answer = read("mercado-libre", payload, recall=recalling(snapshot))
        assert isinstance(answer, Judged)
        snapshot = answer.snapshot
        told += [event["tenders"][0]["amount"] for event in answer.events if event["type"] == "RefundIssued"]
    assert told == [2_000, 995]


def recalling(snapshot: Snapshot) -> Recall:
    """A memory with one object."""
    return lambda _: snapshot


def test_ebay_notifications_of_every_line_and_their_repeats_change_nothing() -> None:
    first = read("ebay", given.EBAY_NOTIFICATION)
    again = changed(given.EBAY_NOTIFICATION, "notification", "notificationId", to="n-2")
    assert read("ebay", changed(again, "notification", "publishAttemptCount", to=2)) == first


def test_buyers_who_leave_ebay_are_nothing_to_book() -> None:
    answer = read("ebay", given.EBAY_DELETION)
    assert isinstance(answer, Nothing)
    assert "privacy" in answer.reason


def test_ebay_orders_of_a_failed_checkout_are_nothing() -> None:
    assert isinstance(read("ebay", changed(given.EBAY, "orderPaymentStatus", to="FAILED")), Nothing)


def test_bigcommerce_units_are_shipped_once_whatever_comes_again() -> None:
    snapshot, told = EMPTY, []
    for shipped in (1, 2, 1, 2):
        payload = changed(given.BIGCOMMERCE, "products", 0, "quantity_shipped", to=shipped)
        answer = read("bigcommerce", payload, recall=recalling(snapshot))
        assert isinstance(answer, Judged)
        snapshot = answer.snapshot
        told += [(event["shipment_id"], event["lines"]) for event in answer.events if event["type"] == "ShipmentDispatched"]
    assert told == [
        ("shipped:1000000", [{"line_id": "15", "quantity": "1"}]),
        ("shipped:2000000", [{"line_id": "15", "quantity": "1"}]),
    ]


def test_bigcommerce_orders_that_were_never_completed_are_nothing() -> None:
    assert isinstance(read("bigcommerce", changed(given.BIGCOMMERCE, "status_id", to=0)), Nothing)


def test_shipstation_times_are_pacific_in_summer_and_in_winter() -> None:
    winter = changed(given.SHIPSTATION, "orders", 0, "orderDate", to="2026-01-29T08:46:27.0000000")
    assert events("shipstation", given.SHIPSTATION)["order"]["occurred_at"] == "2026-06-29T15:46:27Z"
    assert events("shipstation", winter)["order"]["occurred_at"] == "2026-01-29T16:46:27Z"


def test_shipstation_taxes_of_items_and_order_must_agree() -> None:
    assert problem(read("shipstation", changed(given.SHIPSTATION, "orders", 0, "taxAmount", to=5.01)))[0] == "hold_discrepancy"


def test_odoo_counts_a_line_with_one_uuid_once_and_refuses_two_lines_with_it() -> None:
    assert len(events("odoo-pos", given.ODOO)["order"]["lines"]) == 1
    answer = read("odoo-pos", changed(given.ODOO, "lines", 1, 2, "qty", to=3))
    assert problem(answer) == ("reject_malformed", "/lines/1/2/uuid")


def test_odoo_sales_are_told_apart_by_uuid_and_never_by_receipt_number() -> None:
    other = changed(given.ODOO, "uuid", to="8d5f2d6e-0a3e-4f6e-9a64-2f4a1b0f0002")
    assert events("odoo-pos", other)["order"]["event_id"] != events("odoo-pos", given.ODOO)["order"]["event_id"]
    renumbered = changed(given.ODOO, "pos_reference", to="Order 00001-001-0002")
    assert events("odoo-pos", renumbered) == events("odoo-pos", given.ODOO)


def test_salesforce_adjustments_are_discounts() -> None:
    lines = events("salesforce-om", given.SALESFORCE)["order"]["lines"]
    assert [(line["kind"], line["gross"], line["discount"]) for line in lines] == [("GOODS", 10_000, 1_000), ("SHIPPING", 500, 0)]
    assert [line["taxes"][0]["rate"] for line in lines] == ["0.08", "0.08"]


def test_zoho_rounds_by_a_signed_line_and_shares_its_tax() -> None:
    lines = events("zoho-inventory", given.ZOHO)["order"]["lines"]
    assert [(line["kind"], line["gross"]) for line in lines] == [("GOODS", 33_400), ("SHIPPING", 750), ("ROUNDING", -1)]
    assert lines[0]["taxes"][0]["amount"] == 4_010


def test_a_total_that_its_lines_do_not_make_is_held_in_every_source() -> None:
    wrong = {
        "bigcommerce": changed(given.BIGCOMMERCE, "total_inc_tax", to="59.41"),
        "ebay": changed(given.EBAY, "pricingSummary", "total", "value", to="84.98"),
        "salesforce-om": changed(given.SALESFORCE, "GrandTotalAmount", to=102.61),
        "zoho-inventory": changed(given.ZOHO, "salesorder", "total", to=371.6),
        "odoo-pos": changed(given.ODOO, "amount_total", to=20.0),
        "toms-like": changed(given.TOMS, "orderTotal", to=5_901),
        "shipstation": changed(given.SHIPSTATION, "orders", 0, "orderTotal", to=214.99),
    }
    assert {name: problem(read(name, payload))[0] for name, payload in wrong.items()} == dict.fromkeys(wrong, "hold_discrepancy")
