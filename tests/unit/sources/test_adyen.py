"""Adyen: which event codes move money, several items in one webhook, its own minor units, reversals before what they reverse."""

import json
import os
import random
from typing import Any

import pytest

from sources.platforms.adyen.adapter import ADAPTER
from sources.platforms.connection import DEFAULT_CONNECTION, Connection, connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Nothing, Problem
from tests.order_making import event_json, line
from tests.unit.sources.deliveries import SEEDS, Delivery, books_of, play, shuffled
from tests.unit.sources.payload_mutations import answer_mutations

Json = dict[str, Any]


def item(code: str, reference: str, value: int = 10_000, *, original: str | None = "PAY1", **fields: Any) -> Json:
    stated: Json = {"eventCode": code, "pspReference": reference, "amount": {"currency": "EUR", "value": value}, "success": "true"}
    stated |= {
        "eventDate": "2026-03-01T13:00:00+01:00",
        "merchantReference": "1001",
        "merchantAccountCode": "Shop",
        "paymentMethod": "visa",
    }
    stated |= {"reason": "Ana Prueba 4242", "additionalData": {"cardSummary": "4242", "shopperEmail": "ana@example.com"}}
    return stated | ({"originalReference": original} if original is not None else {}) | fields


def webhook(*items: Json, live: Any = "true") -> Json:
    return {"live": live, "notificationItems": [{"NotificationRequestItem": each} for each in items]}


def read(payload: Any, connection: Connection = DEFAULT_CONNECTION) -> list[Judged | Nothing | Problem]:
    context = Context(tenant="acme", source="adyen:main", connection=connection)
    return list(normalize(ADAPTER, json.dumps(payload).encode(), "", context))


def told(payload: Any, connection: Connection = DEFAULT_CONNECTION) -> list[EventTwin]:
    return [event for answer in read(payload, connection) if isinstance(answer, Judged) for event in answer.events]


def deliver(*items: Json) -> Delivery:
    return Delivery(items[0]["eventCode"], webhook(*items))


def keys(events: list[EventTwin]) -> list[tuple[str, str, int | None]]:
    return [(event["type"], event["business_key"], event.get("amount")) for event in events]


def test_several_items_of_one_webhook() -> None:
    events = told(webhook(item("CAPTURE", "CAP1"), item("REFUND", "REF1", 2_500)))
    assert keys(events) == [("PaymentCaptured", "capture:CAP1", 10_000), ("RefundIssued", "refund:REF1", None)]
    assert events[0]["payment_id"] == events[1]["tenders"][0]["payment_id"] == "PAY1"
    assert (events[0]["order_id"], events[0]["tender"], events[0]["test_mode"]) == ("1001", "CARD", False)
    assert events[0]["occurred_at"] == "2026-03-01T12:00:00Z"


def test_test_mode_is_the_webhooks_as_text_or_as_truth() -> None:
    for live in ("false", False):
        assert [event["test_mode"] for event in told(webhook(item("CAPTURE", "CAP1"), live=live))] == [True]


def test_an_authorization_is_money_only_where_it_is_captured_by_itself() -> None:
    authorized = item("AUTHORISATION", "PAY1", original=None, operations=["CANCEL", "CAPTURE", "REFUND"])
    assert told(webhook(authorized)) == []
    automatic = connection_from_mapping({"automatic_capture": True})
    captured = item("CAPTURE", "CAP1")
    assert keys(told(webhook(authorized, captured), automatic)) == [("PaymentCaptured", "capture:PAY1", 10_000)]
    failed = item("CAPTURE_FAILED", "CAP1")
    played = play(ADAPTER, [deliver(authorized), deliver(failed)], source="adyen:main", connection=automatic)
    assert [event["type"] for event in played.events] == ["PaymentCaptured", "PaymentReversed"]


def test_what_did_not_succeed_did_not_happen() -> None:
    for code in ("CAPTURE", "REFUND", "CHARGEBACK", "ORDER_CLOSED", "AUTHORISATION"):
        assert [type(answer) for answer in read(webhook(item(code, "X1", success="false")))] == [Nothing]


@pytest.mark.parametrize("code", ["CANCELLATION", "NOTIFICATION_OF_CHARGEBACK", "PAIDOUT_REVERSED", "PREARBITRATION_LOST", "SOMETHING_NEW"])
def test_codes_that_move_no_money_of_a_payment(code: str) -> None:
    (answer,) = read(webhook(item(code, "X1")))
    assert isinstance(answer, Nothing)
    assert answer.reason


def test_a_report_is_fetched() -> None:
    (answer,) = read(webhook(item("REPORT_AVAILABLE", "X1", original=None)))
    assert isinstance(answer, Problem)
    assert (answer.code, answer.pointer) == ("refetch", "/notificationItems/0/NotificationRequestItem/reason")
    assert "Ana" not in answer.message


def test_cancel_or_refund_is_what_it_became() -> None:
    refunded = item("CANCEL_OR_REFUND", "REF1", additionalData={"modification.action": "refund"})
    assert keys(told(webhook(refunded))) == [("RefundIssued", "refund:REF1", None)]
    assert told(webhook(item("CANCEL_OR_REFUND", "REF1", additionalData={"modification.action": "cancel"}))) == []
    (answer,) = read(webhook(item("CANCEL_OR_REFUND", "REF1", additionalData={})))
    assert isinstance(answer, Problem)
    assert answer.code == "refetch"


def test_partial_captures_are_payments_of_their_own_after_the_first() -> None:
    played = play(ADAPTER, [deliver(item("CAPTURE", "CAP1", 4_000)), deliver(item("CAPTURE", "CAP2", 6_000))], source="adyen:main")
    assert [(event["payment_id"], event.get("parent_payment_id")) for event in played.events] == [("PAY1", None), ("CAP2", "PAY1")]
    failed = play(ADAPTER, [deliver(item("CAPTURE_FAILED", "CAP2", 6_000))], source="adyen:main", memory=played.memory)
    assert [(event["type"], event["payment_id"], event["amount"]) for event in failed.events] == [("PaymentReversed", "CAP2", 6_000)]


def test_a_refund_whose_money_came_back() -> None:
    for code in ("REFUND_FAILED", "REFUNDED_REVERSED"):
        deliveries = [deliver(item("CAPTURE", "CAP1")), deliver(item("REFUND", "REF1", 500)), deliver(item(code, "REF1", 500))]
        played = play(ADAPTER, deliveries, source="adyen:main")
        assert [event["business_key"] for event in played.events] == ["capture:CAP1", "refund:REF1", "refund:REF1:1"]
        assert played.events[2]["tenders"][0]["status"] == "FAILED"
        assert [event["business_key"] for event in told(webhook(item(code, "REF1", 500)))] == ["refund:REF1:1"]


def test_chargebacks_partial_reversed_and_withdrawn_again() -> None:
    deliveries = [
        deliver(item("CHARGEBACK", "DIS1", 4_000)),
        deliver(item("CHARGEBACK_REVERSED", "DIS1B", 4_000)),
        deliver(item("CHARGEBACK_REVERSED", "DIS1B", 4_000)),
        deliver(item("SECOND_CHARGEBACK", "DIS1", 4_000, additionalData={"disputeStatus": "Lost"})),
    ]
    played = play(ADAPTER, deliveries, source="adyen:main")
    assert [(event["type"], event["dispute_id"], event.get("outcome")) for event in played.events] == [
        ("ChargebackOpened", "DIS1", None),
        ("ChargebackClosed", "DIS1", "WON"),
        ("ChargebackOpened", "DIS1:2", None),
        ("ChargebackClosed", "DIS1:2", "LOST"),
    ]
    early = play(ADAPTER, [deliveries[1], deliveries[0]], source="adyen:main")
    assert [event["type"] for event in early.events] == ["ChargebackOpened", "ChargebackClosed"]


@pytest.mark.parametrize(
    ("currency", "value", "amount"), [("IDR", 50, 5_000), ("CLP", 90_000, 900), ("ISK", 500, 5), ("JPY", 500, 500), ("KWD", 1, 1)]
)
def test_adyens_own_minor_units(currency: str, value: int, amount: int) -> None:
    (event,) = told(webhook(item("CAPTURE", "CAP1", amount={"currency": currency, "value": value})))
    assert event["amount"] == amount


def test_what_does_not_fit_its_currency_is_malformed() -> None:
    (answer,) = read(webhook(item("CAPTURE", "CAP1", amount={"currency": "CLP", "value": 150})))
    assert isinstance(answer, Problem)
    assert (answer.code, answer.pointer) == ("reject_malformed", "/notificationItems/0/NotificationRequestItem/amount/value")


def test_webhooks_of_the_balance_platform_are_kept() -> None:
    (answer,) = read({"data": {"id": "EVJN1", "amount": {"value": 1, "currency": "EUR"}}, "type": "balancePlatform.transaction.created"})
    assert isinstance(answer, Nothing)
    (unknown,) = read({"a": 1})
    assert isinstance(unknown, Problem)


def test_no_order_is_named_by_a_card_number() -> None:
    assert told(webhook(item("CAPTURE", "CAP1", merchantReference="4242 4242 4242 4242")))[0]["order_id"] == "PAY1"


LIFE = (
    deliver(item("AUTHORISATION", "PAY1", original=None)),
    deliver(item("CAPTURE", "CAP1", 6_000)),
    deliver(item("CAPTURE", "CAP2", 4_000)),
    deliver(item("REFUND", "REF1", 2_000), item("CHARGEBACK_REVERSED", "DIS2", 3_000)),
    deliver(item("NOTIFICATION_OF_CHARGEBACK", "DIS1", 3_000)),
    deliver(item("CHARGEBACK", "DIS1", 3_000)),
)
FAILED_LIFE = (
    deliver(item("CAPTURE", "CAP8", 7_000, original="PAY2", merchantReference="1002")),
    deliver(item("CAPTURE", "CAP9", 3_000, original="PAY2", merchantReference="1002")),
    deliver(item("CAPTURE_FAILED", "CAP9", 3_000, original="PAY2", merchantReference="1002")),
)


def placed(order_id: str) -> list[EventTwin]:
    where: dict[str, Any] = {"order_id": order_id, "source": "adyen:main"}
    seller: dict[str, Any] = {"legal_entity": "ES01", "channel": "web", "terms": "PREPAID", "order_discounts": [], "total": 10_000}
    order = event_json("OrderPlaced", "order", **where, **seller, prices_include_tax=True, lines=[line("1", 10_000)])
    units = [{"line_id": "1", "quantity": "1"}]
    return [order, event_json("ShipmentDispatched", "shipment:1", **where, shipment_id="1", lines=units)]


def test_lives_end_in_the_same_books_in_any_order() -> None:
    for seed in SEEDS:
        mess = shuffled([LIFE, FAILED_LIFE], seed) if seed else [*LIFE, *FAILED_LIFE]
        played = play(ADAPTER, mess, source="adyen:main")
        books = books_of([*placed("1001"), *placed("1002"), *played.events])
        assert (books.waiting, books.refused) == ([], []), seed
        assert books.balances == {
            "acme:adyen:main:1001": {"psp_clearing:adyen": 8_000, "revenue:sales": -10_000, "sales_allowances": 2_000},
            "acme:adyen:main:1002": {"accounts_receivable": 3_000, "psp_clearing:adyen": 7_000, "revenue:sales": -10_000},
        }, seed
        again = play(ADAPTER, mess, source="adyen:main")
        assert [each["event_id"] for each in again.events] == [each["event_id"] for each in played.events]
        assert play(ADAPTER, mess, source="adyen:main", memory=played.memory).events == []


def test_nothing_personal_comes_out() -> None:
    played = play(ADAPTER, LIFE, source="adyen:main")
    for personal in ("Ana", "example.com", "4242", "visa"):
        assert personal not in repr(played)


PAYLOADS = (
    *((delivery.topic, delivery.payload) for delivery in (*LIFE, *FAILED_LIFE)),
    ("CANCEL_OR_REFUND", webhook(item("CANCEL_OR_REFUND", "REF2", 100, additionalData={"modification.action": "refund"}), live=True)),
    ("", {"data": {"id": "EVJN1", "amount": {"value": 1, "currency": "EUR"}}, "type": "balancePlatform.transaction.created"}),
)


def test_mutated_payloads_are_answered() -> None:
    counts = answer_mutations(ADAPTER, PAYLOADS, 2_500, random.Random("adyen"))
    assert min(counts.values()) > 0


@pytest.mark.soak
def test_many_mutated_payloads_are_answered() -> None:
    answer_mutations(ADAPTER, PAYLOADS, 100_000, random.Random(os.environ.get("SEED", "1")))
