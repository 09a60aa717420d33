"""Mollie: pointers, payments and what belongs to them, orders with VAT in their prices, and movements of the balance."""

import json
import os
import random
from typing import Any

import pytest

from sources.platforms.connection import DEFAULT_CONNECTION, Connection, connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.mollie.adapter import ADAPTER
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.snapshot import EMPTY
from tests.order_making import event_json
from tests.order_making import line as sold
from tests.unit.sources.deliveries import SEEDS, Delivery, books_of, play, shuffled
from tests.unit.sources.mollie_payloads import capture, chargeback, eur, line, order, payment, refund, row, shipment
from tests.unit.sources.payload_mutations import answer_mutations

SHIPPED = shipment(line("odl_1", "60.50", "10.50"))


def read(payload: Any, connection: Connection = DEFAULT_CONNECTION, *, remembers: bool = False) -> list[Judged | Nothing | Problem]:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    context = Context(tenant="acme", source="mollie:main", connection=connection)
    return list(normalize(ADAPTER, body, "", context, (lambda _: EMPTY) if remembers else None))


def told(payload: Any, connection: Connection = DEFAULT_CONNECTION) -> list[EventTwin]:
    answers = read(payload, connection)
    assert not [answer for answer in answers if isinstance(answer, Problem)], answers
    return [event for answer in answers if isinstance(answer, Judged) for event in answer.events]


def problem(payload: Any) -> Problem:
    (answer,) = [answer for answer in read(payload) if isinstance(answer, Problem)]
    return answer


def notices(payload: Any) -> str:
    return " | ".join(notice for answer in read(payload) if isinstance(answer, Judged) for notice in answer.notices)


def keys(events: list[EventTwin]) -> list[tuple[str, str, int | None]]:
    return [(event["type"], event["business_key"], event.get("amount")) for event in events]


@pytest.mark.parametrize(
    ("body", "fetched"),
    [
        (b"id=tr_7UhSN1zuXS", "payment/tr_7UhSN1zuXS"),
        (b"id=ord_kEn1PlbGa&testByMollie=1", "order/ord_kEn1PlbGa"),
        (b'{"id": "tr_1"}', "payment/tr_1"),
        (b"id=re_1", None),
    ],
)
def test_a_webhook_names_its_object_only(body: bytes, fetched: str | None) -> None:
    (answer,) = read(body)
    assert isinstance(answer, Problem)
    assert (answer.code, answer.fetch.resource if answer.fetch else None) == ("refetch", fetched)


@pytest.mark.parametrize("body", [b"", b"id=", b"name=Ana", b"id=tr_1&id=tr_2&a=1&b=2&c=3", b"\xff\xfe", b"{}", b"id=tr 1"])
def test_what_is_no_payload_is_malformed(body: bytes) -> None:
    (answer,) = read(body)
    assert isinstance(answer, Problem)
    assert answer.code in {"reject_malformed", "refetch"}


def test_a_payment_is_money_once_it_is_paid() -> None:
    (event,) = told(payment())
    assert (event["order_id"], event["payment_id"], event["amount"], event["tender"]) == ("1001", "tr_1", 10_000, "CARD")
    assert event["occurred_at"] == "2026-03-01T12:01:00Z"
    for status in ("open", "pending", "authorized", "canceled", "expired", "failed"):
        assert told(payment(status=status)) == []
    assert [each["test_mode"] for each in told(payment(mode="test"))] == [True]
    assert [each["amount"] for each in told(payment(status="authorized", amountCaptured=eur("40.00")))] == [4_000]


def test_captures_and_their_payment_are_the_same_money() -> None:
    deliveries = [
        Delivery("", capture("40.00")),
        Delivery("", payment(status="authorized", amountCaptured=eur("40.00"))),
        Delivery("", payment(amountCaptured=eur("90.00"), _embedded={"captures": [capture("40.00"), capture("50.00", "cpt_2")]})),
    ]
    played = play(ADAPTER, deliveries, source="mollie:main")
    assert keys(played.events) == [("PaymentCaptured", "capture:tr_1", 4_000), ("PaymentCaptured", "capture:tr_1:9000", 5_000)]
    assert told(capture("40.00", status="pending")) == []


def test_a_settlement_that_differs_is_reported() -> None:
    assert "stated 39.00 EUR, computed 40.00, difference -1.00" in notices(capture("40.00", settlementAmount=eur("39.00")))
    assert "40.00 EUR as 35.07 USD" in notices(capture("40.00", settlementAmount=eur("35.07", "USD")))


def test_refunds_count_when_their_money_is_away() -> None:
    for status in ("queued", "pending", "processing", "failed", "canceled"):
        assert told(refund("10.00", status=status)) == []
    deliveries = [
        Delivery("", each) for each in (payment(), refund("10.00", status="queued"), refund("10.00"), refund("10.00", status="failed"))
    ]
    played = play(ADAPTER, deliveries, source="mollie:main")
    assert [each["business_key"] for each in played.events] == ["capture:tr_1", "refund:re_1", "refund:re_1:1"]


def test_the_sum_of_refunds_is_fetched_or_told_as_one() -> None:
    summed = payment(amountRefunded=eur("10.00"), amountChargedBack=eur("5.00"))
    (answer,) = read(summed, remembers=True)
    assert isinstance(answer, Judged)
    assert [fetch.resource for fetch in answer.fetches] == ["refunds/tr_1", "chargebacks/tr_1"]
    assert [event["business_key"] for event in told(summed)] == ["capture:tr_1", "refund:tr_1:1000", "dispute:tr_1:500"]
    whole = payment(amountRefunded=eur("10.00"), _embedded={"refunds": [refund("10.00")]})
    assert [event["business_key"] for event in told(whole)] == ["capture:tr_1", "refund:re_1"]


def test_a_refund_of_an_order_names_its_units_and_must_be_their_value() -> None:
    (event,) = told(refund("60.50", orderId="ord_1", lines=[line("odl_1", "60.50", "10.50")]))
    assert (event["order_id"], event["lines"]) == ("ord_1", [{"line_id": "odl_1", "quantity": "1", "scope": "AUTO"}])
    wrong = refund("5.95", orderId="ord_1", lines=[line("odl_1", "60.50", "10.50")])
    assert problem(wrong).code == "hold_discrepancy"
    assert problem(wrong).message.endswith("stated 5.95 EUR, computed 60.50, difference -54.55")
    assert "difference -54.55" in notices(wrong | {"status": "pending"})
    shop = connection_from_mapping({"orders_of": "shop:es", "facts": ["refunds"]})
    assert told(refund("60.50", orderId="ord_1", lines=[line("odl_1", "60.50", "10.50")]), shop)[0]["lines"] == []


def test_a_chargeback_and_its_reversal() -> None:
    assert keys(told(chargeback("30.00"))) == [("ChargebackOpened", "dispute:chb_1", 3_000)]
    events = told(chargeback("43.38", amount=eur("43.38", "USD"), settlementAmount=eur("-35.07"), reversedAt="2026-03-06T12:00:00.0Z"))
    assert [(each["type"], each["currency"]) for each in events] == [("ChargebackOpened", "USD"), ("ChargebackClosed", "USD")]
    assert (events[1]["outcome"], events[1]["amount_won"]) == ("WON", 4_338)


@pytest.mark.parametrize(("currency", "value", "amount"), [("JPY", "500", 500), ("KWD", "1.250", 1_250), ("ISK", "500", 500)])
def test_currencies_without_and_with_three_decimals(currency: str, value: str, amount: int) -> None:
    assert told(payment(amount=eur(value, currency)))[0]["amount"] == amount
    assert problem(payment(amount=eur("1.2345", currency))).code == "reject_malformed"


def test_movements_tell_fees_and_without_a_memory_what_they_move() -> None:
    moved = row("refund", "-10.00", "-0.25", "-10.25", refundId="re_1")
    assert keys(told({"_embedded": {"balance_transactions": [moved]}})) == [
        ("RefundIssued", "refund:re_1", None),
        ("FeeCharged", "fee:baltr_1", 25),
    ]
    assert keys(told(row("payment", "100.00", "-0.29", "99.71"))) == [
        ("PaymentCaptured", "capture:tr_1", 10_000),
        ("FeeCharged", "fee:baltr_1", 29),
    ]
    newer = row("chargeback", "-30.00", "0.00", "-30.00") | {"context": {"chargeback": {"paymentId": "tr_1", "chargebackId": "chb_1"}}}
    assert keys(told(newer)) == [("ChargebackOpened", "dispute:chb_1", 3_000)]
    wrong = problem(row("payment", "100.00", "-0.29", "99.70"))
    assert (wrong.code, wrong.pointer) == ("hold_discrepancy", "/resultAmount")
    assert told(row("outgoing-transfer", "-100.00", "0.00", "-100.00") | {"context": {"settlementId": "stl_1"}}) == []


def test_a_movement_in_another_currency_is_no_capture() -> None:
    foreign = [Delivery("", payment(amount=eur("110.00", "USD"))), Delivery("", row("payment", "100.00", "-0.29", "99.71"))]
    assert keys(play(ADAPTER, foreign, source="mollie:main").events) == [("PaymentCaptured", "capture:tr_1", 11_000)]
    unknown = play(ADAPTER, foreign[::-1], source="mollie:main").events
    assert [event["amount"] for event in unknown if event["type"] == "PaymentCaptured"] == [11_000]


def test_an_order_is_told_once_it_is_agreed() -> None:
    for status in ("created", "pending", "canceled", "expired"):
        assert told(order("60.50", line("odl_1", "60.50", "10.50"), status=status)) == []
    (event,) = told(order("60.50", line("odl_1", "60.50", "10.50", price="70.50", discountAmount=eur("10.00"))))
    assert (event["type"], event["total"], event["prices_include_tax"], event["ship_to"]) == ("OrderPlaced", 6_050, True, {"country": "NL"})
    (only,) = event["lines"]
    assert (only["kind"], only["gross"], only["discount"]) == ("GOODS", 7_050, 1_000)
    assert (only["taxes"][0]["jurisdiction"], only["taxes"][0]["rate"], only["taxes"][0]["base"], only["taxes"][0]["amount"]) == (
        "NL",
        "0.21",
        5_000,
        1_050,
    )


def test_discount_lines_are_shared_by_the_units_of_their_rate() -> None:
    lines = (
        line("odl_1", "121.00", "21.00"),
        line("odl_2", "109.00", "9.00", "9.00"),
        line("odl_3", "-12.10", "-2.10", type="discount"),
        line("odl_4", "6.05", "1.05", type="shipping_fee"),
    )
    (event,) = told(order("223.95", *lines))
    assert [(each["kind"], each.get("order_discount"), each["taxes"][0]["amount"]) for each in event["lines"]] == [
        ("GOODS", 1_210, 1_890),
        ("GOODS", 0, 900),
        ("SHIPPING", None, 105),
    ]
    assert event["order_discounts"] == [{"code": "odl_3", "amount": 1_210, "funded_by": "SELLER"}]
    assert books_of([event]).refused == []


def test_gift_cards_are_money_and_no_discount() -> None:
    events = told(order("50.50", line("odl_1", "60.50", "10.50"), line("odl_2", "-10.00", "0.00", "0.00", type="gift_card")))
    assert [(each["type"], each.get("total"), each.get("tender"), each.get("amount")) for each in events] == [
        ("OrderPlaced", 6_050, None, None),
        ("PaymentCaptured", None, "GIFT_CARD", 1_000),
    ]


def test_an_order_that_does_not_add_up_is_held() -> None:
    wrong = problem(order("60.00", line("odl_1", "60.50", "10.50")))
    assert (wrong.code, wrong.pointer) == ("hold_discrepancy", "/amount")
    assert "stated 60.00 EUR, computed 60.50, difference -0.50" in wrong.message
    assert problem(order("60.50", line("odl_1", "60.50", "10.50", type="discount"))).code == "reject_malformed"


def test_units_that_are_canceled_are_told_as_they_grow() -> None:
    def state(canceled: int) -> Delivery:
        two = line("odl_1", "121.00", "21.00", price="60.50", quantity=2, quantityCanceled=canceled)
        return Delivery("", order("121.00", two))

    played = play(ADAPTER, [state(0), state(1), state(2), state(1)], source="mollie:main")
    assert [(each["type"], each["business_key"]) for each in played.events] == [
        ("OrderPlaced", "order"),
        ("OrderCancelled", "cancelled:odl_1:1"),
        ("OrderCancelled", "cancelled:odl_1:2"),
    ]


def test_a_shipment_waits_for_its_order_to_know_whether_it_is_a_test() -> None:
    trial = order("60.50", line("odl_1", "60.50", "10.50"), mode="test")
    played = play(ADAPTER, [Delivery("", SHIPPED), Delivery("", trial)], source="mollie:main")
    assert [(each["type"], each["test_mode"]) for each in played.events] == [("OrderPlaced", True), ("ShipmentDispatched", True)]
    inside = order("60.50", line("odl_1", "60.50", "10.50"), _embedded={"shipments": [SHIPPED]})
    assert [each["type"] for each in told(inside)] == ["OrderPlaced", "ShipmentDispatched"]
    assert "another order" in notices(SHIPPED | {"lines": [line("odl_1", "60.50", "10.50", orderId="ord_9")]})


def test_events_carry_their_object_or_its_id() -> None:
    event = {"resource": "event", "id": "event_1", "type": "payment.paid", "entityId": "tr_1", "_embedded": {"entity": payment()}}
    assert [each["type"] for each in told(event)] == ["PaymentCaptured"]
    del event["_embedded"]
    fetch = problem(event).fetch
    assert fetch is not None
    assert fetch.resource == "payment/tr_1"
    for kind in ("settlement", "balance", "customer", "something"):
        assert told({"resource": kind, "id": "x_1"}) == []


ORDER_LIFE = tuple(
    Delivery("", payload)
    for payload in (
        order("66.55", line("odl_1", "60.50", "10.50"), line("odl_2", "6.05", "1.05", type="shipping_fee"), status="created"),
        order("66.55", line("odl_1", "60.50", "10.50"), line("odl_2", "6.05", "1.05", type="shipping_fee")),
        payment("66.55", id="tr_2", orderId="ord_1", metadata=None),
        SHIPPED,
        order(
            "66.55",
            line("odl_1", "60.50", "10.50", quantityShipped=1),
            line("odl_2", "6.05", "1.05", type="shipping_fee"),
            status="completed",
            _embedded={"payments": [payment("66.55", id="tr_2", orderId="ord_1", metadata=None)], "shipments": [SHIPPED]},
        ),
        refund("60.50", "re_9", paymentId="tr_2", orderId="ord_1", lines=[line("odl_1", "60.50", "10.50", status="completed")]),
        row("payment", "66.55", "-0.35", "66.20", "baltr_9", paymentId="tr_2"),
    )
)
PAYMENT_LIFE = tuple(
    Delivery("", payload)
    for payload in (
        payment(status="authorized"),
        capture("40.00"),
        capture("60.00", "cpt_2"),
        payment(amountCaptured=eur("100.00"), amountRefunded=eur("20.00")),
        refund("20.00", status="queued"),
        refund("20.00"),
        row("payment", "100.00", "-0.29", "99.71"),
        row("refund", "-20.00", "-0.25", "-20.25", "baltr_2", refundId="re_1"),
        chargeback("30.00"),
        chargeback("30.00", reversedAt="2026-03-06T12:00:00.0Z"),
    )
)


def placed() -> list[EventTwin]:
    where: dict[str, Any] = {"order_id": "1001", "source": "mollie:main"}
    seller: dict[str, Any] = {"legal_entity": "ES01", "channel": "web", "terms": "PREPAID", "order_discounts": [], "total": 10_000}
    placement = event_json("OrderPlaced", "order", **where, **seller, prices_include_tax=True, lines=[sold("1", 10_000)])
    units = [{"line_id": "1", "quantity": "1"}]
    return [placement, event_json("ShipmentDispatched", "shipment:1", **where, shipment_id="1", lines=units)]


def test_lives_end_in_the_same_books_in_any_order() -> None:
    for seed in SEEDS:
        mess = shuffled([ORDER_LIFE, PAYMENT_LIFE], seed) if seed else [*ORDER_LIFE, *PAYMENT_LIFE]
        played = play(ADAPTER, mess, source="mollie:main")
        books = books_of([*placed(), *played.events])
        assert (books.waiting, books.refused) == ([], []), seed
        assert books.balances == {
            "acme:mollie:main:1001": {
                "psp_clearing:mollie": 10_000 - 29 - 2_000 - 25,
                "psp_fees": 54,
                "revenue:sales": -10_000,
                "sales_allowances": 2_000,
            },
            "acme:mollie:main:ord_1": {
                "psp_clearing:mollie": 6_655 - 6_050 - 35,
                "psp_fees": 35,
                "revenue:sales": -5_000,
                "sales_returns:sales": 5_000,
                "shipping_revenue": -500,
                "tax_payable:NL:VAT": -105,
            },
        }, seed
        again = play(ADAPTER, mess, source="mollie:main")
        assert [each["event_id"] for each in again.events] == [each["event_id"] for each in played.events]
        assert play(ADAPTER, mess, source="mollie:main", memory=played.memory).events == []


def test_an_order_with_sums_only_is_told_by_them_where_there_is_no_memory() -> None:
    sold_line = line("odl_1", "60.50", "10.50", quantityShipped=1)
    sums = order("60.50", sold_line, status="completed", amountCaptured=eur("60.50"), amountRefunded=eur("12.10"), _embedded={})
    (balances,) = books_of(told(sums)).balances.values()
    assert balances == {"psp_clearing:mollie": 4_840, "revenue:sales": -5_000, "sales_allowances": 1_000, "tax_payable:NL:VAT": -840}
    remembered = play(ADAPTER, [Delivery("", sums)], source="mollie:main")
    assert [each["type"] for each in remembered.events] == ["OrderPlaced"]


def test_a_fee_that_comes_back_is_money_again() -> None:
    (event,) = told(row("chargeback", "0.00", "0.25", "0.25", "baltr_9"))
    assert (event["type"], event["business_key"]) == ("JournalPosted", "journal:fee-returned:baltr_9")
    assert [(each["account"], each["side"], each["amount"]) for each in event["postings"]] == [
        ("psp_clearing:mollie", "DEBIT", 25),
        ("psp_fees", "CREDIT", 25),
    ]


def test_nothing_personal_comes_out() -> None:
    played = play(ADAPTER, [*ORDER_LIFE, *PAYMENT_LIFE], source="mollie:main")
    for personal in ("Ana", "4242", "Delft", "1234AB", "3S-ANA"):
        assert personal not in repr(played)


PAYLOADS = (
    *((delivery.topic, delivery.payload) for delivery in (*ORDER_LIFE, *PAYMENT_LIFE)),
    ("", {"_embedded": {"balance_transactions": [row("refund", "-10.00", "-0.25", "-10.25", refundId="re_1")]}}),
    ("", order("50.50", line("odl_1", "60.50", "10.50"), line("odl_2", "-10.00", "-1.74", type="discount"))),
)


def test_mutated_payloads_are_answered() -> None:
    counts = answer_mutations(ADAPTER, PAYLOADS, 2_500, random.Random("mollie"))
    assert min(counts.values()) > 0


@pytest.mark.soak
def test_many_mutated_payloads_are_answered() -> None:
    answer_mutations(ADAPTER, PAYLOADS, 100_000, random.Random(os.environ.get("SEED", "1")))
