"""Square's traps: tips, parts of units, taxes inside and outside, service charges, rounding, returns that live in orders of their own."""

import json
import os
from typing import Any

import pytest

from sources.platforms.door import Judged
from sources.platforms.outcome import Nothing, Problem
from tests.unit.sources.provider_lives import (
    Delivery,
    ask,
    assert_any_order_ends_alike,
    book,
    deliver,
    events_of,
    fuzz,
    owed,
    problem,
    told,
)
from tests.unit.sources.square_payloads import DISPUTE, LIFE, PERSON, RETURN, SALE, event, item, money, order, payment, refund, tender


def placed(body: dict[str, Any], **connection: Any) -> dict[str, Any]:
    """The OrderPlaced of an order; its lines are its total."""
    found = told("square", "orders", body, **connection)
    assert found[0]["type"] == "OrderPlaced"
    assert owed(found[0]) == found[0]["total"]
    return found[0]


def test_a_counter_sale_is_placed_paid_and_handed_over() -> None:
    events = told("square", "none (a poll)", SALE)
    assert [(each["type"], each["business_key"]) for each in events] == [
        ("OrderPlaced", "order"),
        ("PaymentCaptured", "capture:PAY1"),
        ("ShipmentDispatched", "shipment:till"),
    ]
    assert book(events).balances["USD"] == {
        "psp_clearing:square": 2743,
        "revenue:sales": -2333,
        "tax_payable:ES:VAT": -210,
        "tips_payable": -200,
    }


def test_a_life_in_any_order_ends_in_the_same_balances() -> None:
    books = assert_any_order_ends_alike("square", LIFE, seeds=100)
    assert books.balances["USD"]["psp_clearing:square"] == 2743 - 110 - 1090 + 32
    assert books.balances["USD"]["psp_fees"] == 110 - 32
    assert books.balances["USD"]["sales_returns:sales"] == 1000


def test_quantities_are_decimals_and_the_platforms_rounding_of_a_part_counts() -> None:
    event_ = placed(order(item("A", 499, "1.5", variation_total_price_money=money(749)), total=749))
    assert (event_["lines"][0]["quantity"], event_["lines"][0]["gross"]) == ("1.5", 749)
    assert placed(order(item("A", 499, "1.5"), total=748))["lines"][0]["gross"] == 748


def test_modifiers_belong_to_their_item() -> None:
    extra = [{"uid": "m", "base_price_money": money(50), "total_price_money": money(100)}, {"uid": "n", "base_price_money": money(25)}]
    assert placed(order(item("A", 500, "2", modifiers=extra), total=1150))["lines"][0]["gross"] == 1150


def test_included_taxes_stay_inside_and_the_gross_sales_figure_may_lack_them() -> None:
    taxes = [{"uid": "T", "name": "IVA", "percentage": "21", "type": "INCLUSIVE", "scope": "LINE_ITEM"}]
    inside = item("A", 1210, gross_sales_money=money(1000), applied_taxes=[{"uid": "a", "tax_uid": "T", "applied_money": money(210)}])
    event_ = placed(order(inside, total=1210, taxes=taxes))
    assert event_["prices_include_tax"]
    assert event_["lines"][0]["taxes"][0] | {"code": ""} == {
        "jurisdiction": "ES",
        "type": "VAT",
        "code": "",
        "rate": "0.21",
        "base": 1000,
        "amount": 210,
        "included": True,
        "liable_party": "SELLER",
    }


def test_included_and_added_taxes_in_one_order_are_brought_to_one_basis() -> None:
    taxes = [
        {"uid": "T", "name": "VAT", "percentage": "21", "type": "INCLUSIVE"},
        {"uid": "U", "name": "City", "percentage": "5", "type": "ADDITIVE"},
    ]
    applied = [
        {"uid": "a", "tax_uid": "T", "applied_money": money(210)},
        {"uid": "b", "tax_uid": "U", "applied_money": money(50)},
    ]
    event_ = placed(order(item("A", 1210, applied_taxes=applied), total=1260, taxes=taxes))
    assert not event_["prices_include_tax"]
    assert (event_["lines"][0]["gross"], event_["total"]) == (1000, 1260)


def test_discounts_of_the_order_keep_their_shares_and_a_lines_own_stay_its_own() -> None:
    discounts = [
        {"uid": "D", "scope": "ORDER", "percentage": "10", "catalog_object_id": "TEN"},
        {"uid": "E", "scope": "LINE_ITEM", "amount_money": money(100)},
    ]
    first = item("A", 1000, applied_discounts=[{"uid": "x", "discount_uid": "D", "applied_money": money(100)}])
    second = item(
        "B",
        500,
        applied_discounts=[
            {"uid": "y", "discount_uid": "D", "applied_money": money(40)},
            {"uid": "z", "discount_uid": "E", "applied_money": money(100)},
        ],
    )
    event_ = placed(order(first, second, total=1260, discounts=discounts))
    assert event_["order_discounts"] == [{"code": "TEN", "amount": 140, "funded_by": "SELLER"}]
    assert [(line["discount"], line["order_discount"]) for line in event_["lines"]] == [(0, 100), (100, 40)]


def test_service_charges_with_taxes_and_cash_rounding() -> None:
    taxes = [{"uid": "T", "name": "Tax", "percentage": "10", "type": "ADDITIVE"}]
    service = {
        "uid": "S",
        "name": "Service",
        "applied_money": money(100, "AUD"),
        "applied_taxes": [{"uid": "a", "tax_uid": "T", "applied_money": money(10, "AUD")}],
    }
    rounding = {"name": "Rounding", "amount_money": money(-3, "AUD")}
    body = order(
        item("A", 993, currency="AUD"), total=1100, currency="AUD", taxes=taxes, service_charges=[service], rounding_adjustment=rounding
    )
    event_ = placed(body)
    assert [(line["kind"], line["gross"]) for line in event_["lines"]] == [("GOODS", 993), ("FEE", 100), ("ROUNDING", -3)]


def test_yen_have_no_decimals() -> None:
    event_ = placed(order(item("A", 500, "2", currency="JPY"), total=1000, currency="JPY"))
    assert (event_["currency_exponent"], event_["total"], event_["lines"][0]["unit_price"]) == (0, 1000, "500")


def test_lines_that_are_not_the_total_are_held_with_the_difference() -> None:
    held = problem("square", "orders", order(item("A", 500, "2"), total=1100))
    assert (held.code, held.pointer) == ("hold_discrepancy", "/total_money")
    assert "stated 11.00 USD, computed 10.00, difference 1.00" in held.message


@pytest.mark.parametrize("state", ["OPEN", "DRAFT", "CANCELED"])
def test_an_order_without_money_is_nothing_yet(state: str) -> None:
    assert told("square", "orders", order(item("A", 500), total=9999, state=state)) == []


def test_an_order_cancelled_unpaid_stays_so_when_an_older_state_comes_late() -> None:
    cancelled = Delivery("orders", order(item("A", 500), total=500, state="CANCELED", version=5))
    paid = Delivery("orders", order(item("A", 500), total=500, state="OPEN", version=3, tenders=[tender("PAY1", 500)]))
    assert [each["type"] for each in deliver("square", [cancelled, paid])] == ["OrderPlaced", "PaymentCaptured", "OrderCancelled"]
    assert book(deliver("square", [paid, cancelled])).balances == book(deliver("square", [cancelled, paid])).balances


def test_fulfillments_ship_what_they_name_and_the_counter_the_rest() -> None:
    parcel = {
        "uid": "F1",
        "type": "SHIPMENT",
        "state": "COMPLETED",
        "line_item_application": "ENTRY_LIST",
        "entries": [{"uid": "e", "line_item_uid": "A", "quantity": "1"}],
        "shipment_details": {
            "shipped_at": "2026-03-03T10:00:00Z",
            "recipient": {
                "display_name": PERSON,
                "address": {"country": "US", "administrative_district_level_1": "CA", "postal_code": "94107", "address_line_1": "Calle 1"},
            },
        },
    }
    events = told("square", "orders", order(item("A", 500, "2"), total=1000, fulfillments=[parcel]))
    assert [(each["shipment_id"], each["lines"]) for each in events if each["type"] == "ShipmentDispatched"] == [
        ("F1", [{"line_id": "A", "quantity": "1"}]),
        ("till", [{"line_id": "A", "quantity": "1"}]),
    ]
    assert events[0]["ship_to"] == {"country": "US", "region": "CA", "postal_prefix": "941"}
    assert events[0]["channel"] == "web"
    assert PERSON not in json.dumps(events)


def test_a_paid_order_that_is_still_open_is_not_handed_over() -> None:
    waiting = {"uid": "F1", "type": "PICKUP", "state": "PROPOSED"}
    body = order(item("A", 500), total=500, state="OPEN", tenders=[tender("PAY1", 500)], fulfillments=[waiting])
    assert [each["type"] for each in told("square", "orders", body)] == ["OrderPlaced", "PaymentCaptured"]


@pytest.mark.parametrize(
    ("kind", "more", "tender_kind", "gateway"),
    [
        ("CASH", {}, "CASH", "square"),
        ("SQUARE_GIFT_CARD", {}, "GIFT_CARD", "square"),
        ("WALLET", {}, "WALLET", "square"),
        ("OTHER", {}, "OTHER", "external"),
        ("BANK_ACCOUNT", {"bank_account_details": {"status": "COMPLETED"}}, "OTHER", "square"),
    ],
)
def test_tenders(kind: str, more: dict[str, Any], tender_kind: str, gateway: str) -> None:
    events = told("square", "orders", order(item("A", 500), total=500, tenders=[tender("P", 500, kind, **more)]))
    assert (events[1]["tender"], events[1]["gateway"]) == (tender_kind, gateway)


def test_a_reserved_tender_is_no_money() -> None:
    reserved = tender("P", 500, card_details={"status": "AUTHORIZED"})
    assert told("square", "orders", order(item("A", 500), total=500, state="OPEN", tenders=[reserved])) == []


def test_a_payment_says_the_same_as_its_tender() -> None:
    memory: dict[str, Any] = {}
    assert len(deliver("square", [Delivery("orders", SALE)], memory)) == 3
    tips = payment(2743, amount_money=money(2543), tip_money=money(200))
    assert deliver("square", [event("payment.updated", "payment", tips)], memory) == []


def test_fees_first_adjusted_and_of_the_application() -> None:
    fees = [
        {"type": "INITIAL", "effective_at": "2026-03-02T12:00:00Z", "amount_money": money(110)},
        {"type": "ADJUSTMENT", "effective_at": "2026-03-04T12:00:00Z", "amount_money": money(-10)},
    ]
    events = told("square", "payment.updated", {"payment": payment(2543, processing_fee=fees, app_fee_money=money(25))})
    assert [(each["type"], each.get("amount")) for each in events] == [
        ("PaymentCaptured", 2543),
        ("FeeCharged", 110),
        ("JournalPosted", None),
        ("FeeCharged", 25),
    ]
    assert PERSON not in json.dumps(events)


def test_amount_and_tip_must_be_the_total() -> None:
    held = problem("square", "payment.updated", {"payment": payment(500, tip_money=money(20))})
    assert held.code == "hold_discrepancy"
    assert "stated 5.00 USD, computed 5.20, difference -0.20" in held.message


def test_a_refund_of_its_sale_needs_no_return() -> None:
    life = [Delivery("orders", SALE), event("refund.updated", "refund", refund(500, order_id="ORD1"))]
    for deliveries in (life, life[::-1]):
        books = book(deliver("square", deliveries))
        assert books.waiting == []
        assert books.balances["USD"]["psp_clearing:square"] == 2243


def test_a_return_knows_the_lines_of_its_refund_whichever_comes_first() -> None:
    life = [Delivery("orders", RETURN), event("refund.updated", "refund", refund(1090))]
    for deliveries in (life, life[::-1]):
        (issued,) = deliver("square", deliveries)
        assert (issued["order_id"], issued["lines"]) == ("ORD1", [{"line_id": "A", "quantity": "1", "scope": "SHIPPED"}])


def test_without_a_memory_the_refunds_inside_a_return_are_told() -> None:
    (issued,) = told("square", "orders", RETURN)
    assert (issued["order_id"], issued["refund_id"], issued["tenders"][0]["amount"]) == ("ORD1", "PAY1_R1", 1090)


def test_a_refund_that_failed_after_all_is_owed_to_the_customer() -> None:
    done = event("refund.updated", "refund", refund(500, order_id="ORD1"))
    failed = event("refund.updated", "refund", refund(500, "FAILED", order_id="ORD1", updated_at="2026-03-08T09:00:00Z"))
    sale = Delivery("orders", SALE)
    assert len(deliver("square", [sale, failed])) == 3
    for deliveries in ([sale, done, failed], [sale, failed, done], [failed, done, sale]):
        balances = book(deliver("square", deliveries)).balances["USD"]
        assert (balances["psp_clearing:square"], balances["refunds_payable"]) == (2743, -500)


def test_an_exchange_is_held() -> None:
    held = problem("square", "orders", order(item("A", 500), total=500, returns=[{"source_order_id": "ORD0"}]))
    assert (held.code, held.pointer) == ("hold_discrepancy", "/returns")


def test_an_inquiry_is_nothing_and_a_lost_dispute_is_lost() -> None:
    assert isinstance(ask("square", event("dispute.created", "dispute", DISPUTE | {"state": "INQUIRY_PROCESSING"}))[0], Nothing)
    lost = told("square", "dispute.state.updated", {"dispute": DISPUTE | {"state": "LOST", "updated_at": "2026-04-01T00:00:00Z"}})
    assert [(each["type"], each.get("outcome")) for each in lost] == [("ChargebackOpened", None), ("ChargebackClosed", "LOST")]


def test_payments_of_another_shop_carry_fees_to_its_orders() -> None:
    fee = [{"type": "INITIAL", "amount_money": money(110), "effective_at": "2026-03-02T12:00:00Z"}]
    events = told(
        "square",
        "payment.updated",
        {"payment": payment(2543, processing_fee=fee, reference_id="1001")},
        orders_of="shopify:main",
    )
    assert [(each["type"], each["source"], each["order_id"]) for each in events] == [("FeeCharged", "shopify:main", "1001")]


def test_a_refund_inside_a_sale_goes_back_to_the_payment_of_its_tender_after_the_hand_over() -> None:
    back = {"id": "R1", "tender_id": "T1", "amount_money": money(500), "status": "APPROVED", "created_at": "2026-03-04T10:00:00Z"}
    for kind, account in (("CARD", "psp_clearing:square"), ("CASH", "cash:LOC1")):
        sale = order(item("A", 2000), total=2000, tenders=[tender("PAY1", 2000, kind, id="T1")], refunds=[back])
        books = book(told("square", "orders", sale))
        assert books.waiting == []
        assert books.balances["USD"] == {account: 1500, "revenue:sales": -2000, "sales_allowances": 500}


def test_a_payment_that_states_what_was_refunded_of_it() -> None:
    sums: list[dict[str, Any]]
    sums = [{"refunded_money": money(300), "refund_ids": ids} for ids in (["PAY1_R1"], ["PAY1_R1", "PAY1_R2"])]
    for more, refund_id in zip(sums, ("PAY1_R1", "PAY1:300"), strict=True):
        events = told("square", "payments", {"payment": payment(1000, **more)})
        assert [(each["type"], each["business_key"]) for each in events[1:]] == [("RefundIssued", f"refund:{refund_id}")]
        assert (events[1]["tenders"][0]["amount"], events[1]["tenders"][0]["payment_id"]) == (300, "PAY1")
    (answer, _) = ask("square", Delivery("payments", {"payment": payment(1000, **sums[1])}), memory={})
    assert isinstance(answer, Judged)
    assert [fetch.resource for fetch in answer.fetches] == ["refunds/PAY1_R1", "refunds/PAY1_R2"]
    assert [each["type"] for each in answer.events] == ["PaymentCaptured"]


def test_pages_and_empty_answers() -> None:
    assert isinstance(ask("square", Delivery("payments", {}))[0], Nothing)
    assert isinstance(ask("square", Delivery("payments", {"payments": []}))[0], Nothing)
    page = {"payments": [payment(100, "P1"), payment(200, "P2", order_id="ORD2")], "cursor": "x"}
    assert [each["amount"] for each in told("square", "anything", page)] == [100, 200]
    entry = {"id": "e", "payout_id": "po", "gross_amount_money": {"amount": 100, "currency_code": "USD"}}
    entry |= {"fee_amount_money": {"amount": 19, "currency_code": "USD"}, "net_amount_money": {"amount": 80, "currency_code": "USD"}}
    assert problem("square", "", {"payout_entries": [entry]}).pointer == "/payout_entries/0/net_amount_money"


def test_pointers_are_fetched() -> None:
    found = problem("square", "order.updated", {"data": {"object": {"order_updated": {"order_id": "O9", "state": "OPEN"}}}})
    assert found.fetch is not None
    assert (found.code, found.fetch.resource) == ("refetch", "orders/O9")
    assert problem("square", "orders", {"order_entries": [{"order_id": "O9"}]}).code == "refetch"
    assert problem("square", "orders", {"errors": [{"code": "NOT_FOUND"}]}).code == "refetch"


FUZZED = (*LIFE, Delivery("orders", {"order": SALE | {"fulfillments": [{"uid": "F", "state": "COMPLETED", "type": "PICKUP"}]}}))


def test_mutated_payloads_are_answered() -> None:
    assert fuzz("square", FUZZED, 250 * len(FUZZED), "square") >= {Problem, Nothing}


@pytest.mark.soak
def test_many_mutated_payloads_are_answered() -> None:
    fuzz("square", FUZZED, 100_000, os.environ.get("SEED", "1"))


def test_events_of_any_answer_keep_to_the_contract() -> None:
    assert events_of(ask("square", Delivery("orders", SALE)))
