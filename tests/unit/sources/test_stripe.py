"""Stripe: what is captured, refunded, disputed and withheld, and what only looks like it."""

import json
import os
import random
from typing import Any

import pytest

from sources.platforms.connection import connection_from_mapping
from sources.platforms.door import Judged
from sources.platforms.outcome import EventTwin, Nothing
from sources.platforms.stripe.adapter import ADAPTER
from tests.order_making import event_json, line
from tests.unit.sources.deliveries import SEEDS, Delivery, books_of, play, shuffled
from tests.unit.sources.payload_mutations import answer_mutations
from tests.unit.sources.stripe_payloads import (
    AT,
    Json,
    charge,
    deliver,
    detail,
    dispute,
    event,
    intent,
    problem,
    read,
    refund,
    reinstated,
    row,
    told,
    withdrawn,
)


def brief(events: tuple[EventTwin, ...]) -> list[tuple[str, str, int | None]]:
    return [(each["type"], each["business_key"], each.get("amount")) for each in events]


def test_a_captured_charge_is_money() -> None:
    (capture,) = told(charge())
    assert capture["order_id"] == "1001"
    assert capture["source"] == "stripe:main"
    assert (capture["payment_id"], capture["tender"], capture["gateway"], capture["amount"]) == ("ch_1", "CARD", "stripe", 10_000)
    assert (capture["currency"], capture["currency_exponent"], capture["test_mode"]) == ("EUR", 2, False)
    assert "fee" not in capture


@pytest.mark.parametrize(
    "fields",
    [
        {"captured": False, "amount_captured": 0},
        {"captured": False, "amount_captured": 0, "refunded": True, "amount_refunded": 10_000},
        {"status": "pending"},
        {"status": "failed", "paid": False},
        {"paid": False},
    ],
    ids=["authorized", "released", "pending", "failed", "not paid"],
)
def test_a_charge_that_is_no_money(fields: Json) -> None:
    answer = read(charge(**fields))
    assert isinstance(answer, Judged)
    assert answer.events == ()
    assert answer.notices


def test_the_fee_is_asked_for_where_its_movement_is_only_named() -> None:
    answer = read(charge())
    assert [(fetch.topic, fetch.resource) for fetch in answer.fetches] == [("balance_transaction", "balance_transaction/txn_1")]


def test_an_expanded_movement_tells_the_fee_with_its_tax_and_the_platforms_share() -> None:
    details = [detail(300), detail(48, "tax"), detail(150, "application_fee")]
    events = told(
        charge(balance_transaction=row("txn_1", 10_000, 498, fee_details=details)), connection=connection_from_mapping({"country": "MX"})
    )
    assert brief(events) == [
        ("PaymentCaptured", "capture:ch_1", 10_000),
        ("FeeCharged", "fee:txn_1", 300),
        ("FeeCharged", "fee:txn_1:application", 150),
    ]
    assert events[1]["tax"] == {
        "jurisdiction": "MX",
        "type": "VAT",
        "code": "stripe_fee_tax",
        "rate": "0.16",
        "base": 300,
        "amount": 48,
        "included": False,
        "liable_party": "SELLER",
    }
    assert events[1]["payment_id"] == "ch_1"
    assert "tax" not in events[2]


def test_movement_and_charge_are_the_same_capture_whichever_comes_first() -> None:
    polled, pushed = Delivery("poll", row("txn_1", 10_000, 290)), deliver("charge.succeeded", charge())
    for deliveries in ([polled, pushed], [pushed, polled]):
        played = play(ADAPTER, deliveries, source="stripe:main")
        assert sorted(brief(tuple(played.events))) == [("FeeCharged", "fee:txn_1", 290), ("PaymentCaptured", "capture:ch_1", 10_000)]


def test_movements_that_do_not_tie_are_held() -> None:
    wrong = problem(row("txn_1", 10_000, 290, net=9_700))
    assert (wrong.code, wrong.pointer) == ("hold_discrepancy", "/net")
    assert wrong.message.endswith("stated 97.00 EUR, computed 97.10, difference -0.10")
    assert problem(row("txn_1", 10_000, 290, fee_details=[detail(200)])).pointer == "/fee"


def test_a_partial_capture_is_what_was_captured_and_its_rest_is_no_refund() -> None:
    rest = refund(2_500, "re_rest", balance_transaction=None)
    real = refund(1_000, "re_real")
    partial = charge(amount_captured=7_500, amount_refunded=3_500, refunds={"data": [real, rest], "has_more": False})
    assert brief(told(partial)) == [("PaymentCaptured", "capture:ch_1", 7_500), ("RefundIssued", "refund:re_real", None)]
    only_sums = charge(amount_captured=7_500, amount_refunded=2_500)
    assert brief(told(only_sums)) == [("PaymentCaptured", "capture:ch_1", 7_500)]


def test_old_versions_state_no_captured_amount() -> None:
    old = charge(refunds={"data": [refund(2_500, balance_transaction=None)], "has_more": False}, amount_refunded=2_500)
    del old["amount_captured"]
    assert brief(told(old)) == [("PaymentCaptured", "capture:ch_1", 7_500)]


def test_several_captures_of_one_charge() -> None:
    first, second = charge(amount_captured=4_000), charge(amount_captured=9_000)
    deliveries = [deliver("charge.captured", first), deliver("charge.updated", second), deliver("charge.captured", first)]
    played = play(ADAPTER, deliveries, source="stripe:main")
    assert brief(tuple(played.events)) == [
        ("PaymentCaptured", "capture:ch_1", 4_000),
        ("PaymentCaptured", "capture:ch_1:9000", 5_000),
    ]
    assert played.events[1]["parent_payment_id"] == "ch_1"


def test_refunds_in_a_charge_and_by_themselves_are_the_same() -> None:
    both = [refund(1_000, "re_1"), refund(2_000, "re_2")]
    whole = charge(amount_refunded=3_000, refunds={"data": both, "has_more": False})
    deliveries = [deliver("charge.refunded", whole), deliver("refund.created", both[1]), deliver("charge.refunded", whole)]
    played = play(ADAPTER, deliveries, source="stripe:main")
    assert [each["business_key"] for each in played.events] == ["capture:ch_1", "refund:re_1", "refund:re_2"]
    assert played.events[2]["tenders"] == [
        {
            "tender_id": "re_2",
            "payment_id": "ch_1",
            "tender": "CARD",
            "gateway": "stripe",
            "gateway_reference": "re_2",
            "amount": 2_000,
            "status": "SUCCEEDED",
        }
    ]


def test_a_sum_of_refunds_alone_is_fetched_and_told_as_one_without_a_memory() -> None:
    summed = charge(amount_refunded=3_000)
    answer = read(summed, remembers=True)
    assert ("refunds", "refunds/ch_1") in [(fetch.topic, fetch.resource) for fetch in answer.fetches]
    assert [each["type"] for each in answer.events] == ["PaymentCaptured"]
    blind = told(summed)
    assert blind[1]["business_key"] == "refund:ch_1:3000"
    assert blind[1]["tenders"][0]["amount"] == 3_000


def test_refunds_that_do_not_add_up_are_held() -> None:
    wrong = problem(charge(amount_refunded=5_000, refunds={"data": [refund(1_000)], "has_more": False}))
    assert (wrong.code, wrong.pointer) == ("hold_discrepancy", "/amount_refunded")
    assert "stated 50.00 EUR, computed 10.00, difference 40.00" in wrong.message


def test_a_refund_counts_when_its_money_is_away_and_no_longer_when_it_fails() -> None:
    deliveries = [
        deliver("charge.succeeded", charge()),
        deliver("refund.created", refund(1_000, status="pending")),
        deliver("refund.updated", refund(1_000)),
        deliver("refund.failed", refund(1_000, status="failed")),
        deliver("refund.updated", refund(1_000)),
    ]
    played = play(ADAPTER, deliveries, source="stripe:main")
    assert [each["business_key"] for each in played.events] == ["capture:ch_1", "refund:re_1", "refund:re_1:1"]
    assert [each["tenders"][0]["status"] for each in played.events[1:]] == ["SUCCEEDED", "FAILED"]
    for status in ("pending", "requires_action", "failed", "canceled"):
        assert told(refund(1_000, status=status)) == ()


def test_a_refund_without_movement_waits_until_its_charge_tells_rest_from_money() -> None:
    rest, real = refund(2_500, "re_a", balance_transaction=None), refund(2_500, "re_b", balance_transaction=None, created=AT + 900)
    partial = charge(amount_captured=7_500, amount_refunded=5_000)
    deliveries = [deliver("refund.created", real), deliver("refund.created", rest), deliver("charge.captured", partial)]
    played = play(ADAPTER, deliveries, source="stripe:main")
    assert [each["business_key"] for each in played.events] == ["capture:ch_1", "refund:re_b"]


def test_intent_and_charge_are_one_capture() -> None:
    deliveries = [deliver("payment_intent.succeeded", intent()), deliver("charge.succeeded", charge())]
    for order in (deliveries, deliveries[::-1]):
        assert [each["business_key"] for each in play(ADAPTER, order, source="stripe:main").events] == ["capture:ch_1"]
    assert told(intent(0, status="requires_capture")) == ()
    expanded = told(intent(charges={"data": [charge(metadata={})]}, latest_charge=None))
    assert [(each["order_id"], each["payment_id"]) for each in expanded] == [("1001", "ch_1")]


def test_disputes_move_money_with_their_movements_only() -> None:
    assert told(dispute("warning_needs_response")) == ()
    assert told(dispute("needs_response")) == ()
    assert brief(told(dispute("needs_response", withdrawn()))) == [("ChargebackOpened", "dispute:dp_1", 10_000)]
    won = told(dispute("won", reinstated(fee=-2_000), withdrawn()))
    assert [each["type"] for each in won] == ["ChargebackOpened", "ChargebackClosed"]
    assert (won[0]["fee"], won[1]["outcome"], won[1]["amount_won"], won[1]["fee_returned"]) == (2_000, "WON", 10_000, 2_000)
    lost = told(dispute("lost", withdrawn()))
    assert (lost[1]["outcome"], lost[1]["amount_won"], lost[1]["fee_returned"]) == ("LOST", 0, 0)
    part = told(dispute("won", withdrawn(), reinstated(amount=4_000)))
    assert (part[1]["outcome"], part[1]["amount_won"]) == ("PARTIAL", 4_000)
    assert [each["type"] for each in told(dispute("won", withdrawn()))] == ["ChargebackOpened"]


def test_money_withdrawn_a_second_time_is_a_second_dispute() -> None:
    rows = (withdrawn(), reinstated(), withdrawn("txn_d3", at=400, fee=0))
    assert brief(told(dispute("lost", *rows))) == [
        ("ChargebackOpened", "dispute:dp_1", 10_000),
        ("ChargebackClosed", "dispute:dp_1:closed", None),
        ("ChargebackOpened", "dispute:dp_1:2", 10_000),
        ("ChargebackClosed", "dispute:dp_1:2:closed", None),
    ]


def test_more_back_than_withdrawn_is_held() -> None:
    assert problem(dispute("won", withdrawn(amount=1_000), reinstated())).code == "hold_discrepancy"
    assert problem(dispute("won", reinstated())).code == "hold_discrepancy"
    partial = dispute("needs_response")
    del partial["balance_transactions"]
    assert problem(partial).code == "refetch"


@pytest.mark.parametrize(
    ("currency", "stated", "amount", "exponent"),
    [
        ("jpy", 500, 500, 0),
        ("kwd", 5_120, 5_120, 3),
        ("isk", 50_000, 500, 0),
        ("ugx", 50_000, 500, 0),
        ("mga", 500, 50_000, 2),
        ("clp", 900, 900, 0),
    ],
)
def test_currencies_without_and_with_three_decimals(currency: str, stated: int, amount: int, exponent: int) -> None:
    (capture,) = told(charge(stated, currency=currency))
    assert (capture["amount"], capture["currency_exponent"]) == (amount, exponent)


def test_what_does_not_fit_its_currency_is_malformed() -> None:
    assert problem(charge(150, currency="isk")).code == "reject_malformed"
    assert problem(charge(currency="xxx")).code == "reject_malformed"
    assert problem(charge(amount=-5)).code == "reject_malformed"


def test_a_fee_in_the_currency_of_settlement_is_no_money_of_the_order() -> None:
    foreign = row("txn_1", 9_200, 300, currency="usd", exchange_rate=0.92, fee_details=[detail(300, currency="usd")])
    answer = read(charge(balance_transaction=foreign))
    assert [each["type"] for each in answer.events] == ["PaymentCaptured"]
    assert any("3.00 USD is in the currency of settlement" in notice for notice in answer.notices)
    polled = read(foreign)
    assert [(each["type"], each["currency"], each["amount"]) for each in polled.events] == [("FeeCharged", "USD", 300)]
    assert [fetch.resource for fetch in polled.fetches] == ["charge/ch_1"]


def test_a_movement_of_a_refund_or_dispute_names_no_payment() -> None:
    of_refund = row("txn_2", -1_000, 0, "re_1", type="refund", reporting_category="refund")
    (alone,) = told(of_refund)
    assert (alone["refund_id"], alone["tenders"][0]["amount"]) == ("re_1", 1_000)
    assert "payment_id" not in alone["tenders"][0]
    asked = read(of_refund, remembers=True)
    assert (asked.code, asked.fetch.resource) == ("refetch", "refund/re_1")
    of_dispute = problem(withdrawn())
    assert of_dispute.fetch is not None
    assert (of_dispute.code, of_dispute.fetch.resource) == ("refetch", "dispute/dp_1")
    whole = told([row("txn_2", -1_000, 25, refund(1_000), type="refund", reporting_category="refund")][0] | {"source": "re_1"})
    assert [each["type"] for each in whole] == ["RefundIssued", "FeeCharged"]


def test_test_mode_is_in_the_envelope_or_in_the_object() -> None:
    assert [each["test_mode"] for each in told(event("refund.created", refund(1_000), livemode=False))] == [True]
    assert [each["test_mode"] for each in told(event("refund.created", refund(1_000)))] == [False]
    assert [each["test_mode"] for each in told(charge(livemode=False))] == [True]


def test_a_payment_at_a_shop_tells_fees_and_disputes_of_the_shops_order() -> None:
    shop = connection_from_mapping({"orders_of": "shopify:es"})
    events = told(charge(balance_transaction=row("txn_1", 10_000, 290)), connection=shop)
    assert [(each["type"], each["source"], each["order_id"]) for each in events] == [("FeeCharged", "shopify:es", "1001")]
    assert "payment_id" not in events[0]


def test_the_order_is_where_the_connection_says_and_never_a_card_number() -> None:
    elsewhere = connection_from_mapping({"order_reference": ["transfer_group"]})
    (capture,) = told(charge(transfer_group="R-7"), connection=elsewhere)
    assert capture["order_id"] == "R-7"
    for stated in ("4242424242424242", "Order 7", {"a": 1}, ""):
        assert told(charge(metadata={"order_id": stated}))[0]["order_id"] == "ch_1"


def test_a_direct_debit_that_comes_back_is_undone() -> None:
    deliveries = [deliver("charge.succeeded", charge()), deliver("charge.failed", charge(status="failed", paid=False))]
    played = play(ADAPTER, [*deliveries, *deliveries], source="stripe:main")
    assert brief(tuple(played.events)) == [("PaymentCaptured", "capture:ch_1", 10_000), ("PaymentReversed", "reversed:ch_1", 10_000)]
    assert play(ADAPTER, deliveries[::-1], source="stripe:main").events == []


@pytest.mark.parametrize("kind", ["payout", "transfer", "application_fee", "checkout.session", "customer"])
def test_objects_without_accounting_effect_yet(kind: str) -> None:
    assert isinstance(read({"object": kind, "id": "x_1"}), Nothing)


@pytest.mark.parametrize(
    "payload",
    [
        {"object": "list", "data": [charge(), charge(identity="ch_2")], "has_more": False},
        [charge(), charge(identity="ch_2")],
        {"id": "1", "detail-type": "charge.succeeded", "detail": {"object": "list", "data": [charge(), charge(identity="ch_2")]}},
    ],
    ids=["page", "array", "event bus"],
)
def test_lists_are_taken_apart(payload: Any) -> None:
    assert len(ADAPTER.open(ADAPTER.parse(json.dumps(payload).encode()), "")) == 2


def test_old_objects_tell_what_they_are_by_their_id() -> None:
    old = charge()
    del old["object"]
    assert len(told(old)) == 1
    thin = problem({"object": "v2.core.event", "id": "evt_1", "related_object": {"id": "ch_1", "type": "charge"}})
    assert (thin.code, thin.fetch is not None and thin.fetch.resource) == ("refetch", "charge/ch_1")
    assert problem({"a": 1}).code == "reject_malformed"


LIFE = (
    deliver("payment_intent.succeeded", intent(), at=1),
    deliver("charge.succeeded", charge(), at=2),
    Delivery("poll", row("txn_1", 10_000, 290)),
    deliver("refund.created", refund(2_000, status="pending"), at=3),
    deliver("charge.refunded", charge(amount_refunded=2_000), at=5),
    deliver("refund.updated", refund(2_000, balance_transaction=row("txn_r", -2_000, 25, "re_1", type="refund")), at=6),
    deliver("charge.dispute.created", dispute("needs_response", amount=8_000), at=7),
    deliver("charge.dispute.funds_withdrawn", dispute("needs_response", withdrawn(amount=8_000), amount=8_000), at=8),
    deliver("charge.dispute.closed", dispute("won", withdrawn(amount=8_000), reinstated(amount=8_000), amount=8_000), at=9),
)


def placed(order_id: str = "1001") -> list[EventTwin]:
    """The shop's side: the order and its shipment."""
    order = event_json(
        "OrderPlaced",
        "order",
        order_id=order_id,
        source="stripe:main",
        legal_entity="ES01",
        channel="web",
        terms="PREPAID",
        prices_include_tax=True,
        lines=[line("1", 10_000)],
        order_discounts=[],
        total=10_000,
    )
    shipped = event_json(
        "ShipmentDispatched",
        "shipment:1",
        order_id=order_id,
        source="stripe:main",
        shipment_id="1",
        lines=[{"line_id": "1", "quantity": "1"}],
    )
    return [order, shipped]


def test_a_life_ends_in_the_same_books_in_any_order() -> None:
    expected = books_of([*placed(), *play(ADAPTER, LIFE, source="stripe:main").events])
    assert expected.waiting == expected.refused == []
    assert expected.balances["acme:stripe:main:1001"] == {
        "dispute_fees": 2_000,
        "psp_clearing:stripe": 10_000 - 290 - 2_000 - 25 - 2_000,
        "psp_fees": 315,
        "revenue:sales": -10_000,
        "sales_allowances": 2_000,
    }
    for seed in SEEDS:
        mess = shuffled([LIFE], seed)
        played = play(ADAPTER, mess, source="stripe:main")
        assert books_of([*placed(), *played.events]) == expected, seed
        again = play(ADAPTER, mess, source="stripe:main")
        assert [each["event_id"] for each in again.events] == [each["event_id"] for each in played.events]
        assert play(ADAPTER, mess, source="stripe:main", memory=played.memory).events == []


def test_the_fee_of_a_converted_movement_is_no_money_of_the_order_before_its_charge_is_known_either() -> None:
    converted = row("txn_1", 11_000, 62, currency="usd", exchange_rate=1.1)
    assert (
        play(ADAPTER, [deliver("", converted), deliver("", charge())], source="stripe:main").events
        == play(ADAPTER, [deliver("", charge())], source="stripe:main").events
    )


def test_a_fee_that_comes_back_with_a_refund_is_money_again() -> None:
    life = [deliver("", charge(balance_transaction=row("txn_1", 10_000, 290))), deliver("", refund(2_000))]
    life[1].payload["data"]["object"]["balance_transaction"] = row("txn_r", -2_000, -58, "re_1", type="refund")
    books = books_of([*placed(), *play(ADAPTER, life, source="stripe:main").events])
    balances = books.balances["acme:stripe:main:1001"]
    assert (books.waiting, balances["psp_fees"], balances["psp_clearing:stripe"]) == ([], 290 - 58, 10_000 - 290 - 2_000 + 58)


def test_nothing_personal_comes_out() -> None:
    played = play(ADAPTER, LIFE, source="stripe:main")
    text = repr(played.events) + repr(played.memory)
    for personal in ("Ana", "example.com", "4242", "visa"):
        assert personal not in text


PAYLOADS = (
    *((delivery.topic, delivery.payload) for delivery in LIFE),
    ("list", {"object": "list", "data": [row("txn_9", 500, 30, refund(500), type="refund"), row("txn_8", 100)]}),
    ("charge", charge(amount_captured=7_500, amount_refunded=3_500, refunds={"data": [refund(3_500)], "has_more": False})),
)


def test_mutated_payloads_are_answered() -> None:
    counts = answer_mutations(ADAPTER, PAYLOADS, 2_500, random.Random("stripe"))
    assert min(counts.values()) > 0


@pytest.mark.soak
def test_many_mutated_payloads_are_answered() -> None:
    answer_mutations(ADAPTER, PAYLOADS, 100_000, random.Random(os.environ.get("SEED", "1")))
