"""Mercado Pago: notifications, payments with what was withheld, refunds, chargebacks, merchant orders and orders."""

import json
import os
import random
from decimal import Decimal
from typing import Any

import pytest

from sources.platforms.connection import connection_from_mapping
from sources.platforms.door import Judged
from sources.platforms.mercado_pago.adapter import ADAPTER
from sources.platforms.outcome import EventTwin, Nothing, Problem
from tests.order_making import event_json
from tests.order_making import line as sold
from tests.unit.sources import provider_lives
from tests.unit.sources.deliveries import SEEDS, Delivery, books_of, interleaved, play, shuffled
from tests.unit.sources.mercado_pago_payloads import (
    LATER,
    LIFE,
    ORDER_LIFE,
    PAYMENT,
    POINT_LIFE,
    charge,
    chargeback,
    fee,
    listed,
    merchant_order,
    notification,
    order,
    order_refund,
    payment,
    refund,
    refunded,
    transaction,
)
from tests.unit.sources.payload_mutations import answer_mutations, mutated

SOURCE = "mercado-pago:main"
BRAZIL = {"default_currency": "BRL", "country": "BR"}
NAME = str(PAYMENT)


def told(payload: Any, topic: str = "", **connection: Any) -> list[EventTwin]:
    answers = provider_lives.ask("mercado-pago", provider_lives.Delivery(topic, payload), connection=BRAZIL | connection)
    assert [answer for answer in answers if isinstance(answer, Problem)] == []
    return provider_lives.events_of(answers)


def problem(payload: Any, topic: str = "", **connection: Any) -> Problem:
    return provider_lives.problem("mercado-pago", topic, payload, country="BR", **connection)


def notices(payload: Any) -> str:
    answers = provider_lives.ask("mercado-pago", provider_lives.Delivery("", payload), connection=BRAZIL)
    return " | ".join(notice for answer in answers if isinstance(answer, Judged) for notice in answer.notices)


def remembered(*payloads: Any) -> tuple[list[EventTwin], list[str]]:
    """With a memory: the events, and what is asked for at the last payload."""
    *before, last = (provider_lives.Delivery("", payload) for payload in payloads)
    memory: dict[str, Any] = {}
    events = provider_lives.deliver("mercado-pago", before, memory, BRAZIL)
    answers = provider_lives.ask("mercado-pago", last, memory, BRAZIL)
    assert [answer for answer in answers if isinstance(answer, Problem)] == []
    events += provider_lives.events_of(answers)
    return events, [fetch.resource for answer in answers if isinstance(answer, Judged) for fetch in answer.fetches]


def keys(events: list[EventTwin]) -> list[tuple[str, str, int | None]]:
    return [(event["type"], event["business_key"], event.get("amount")) for event in events]


CAPTURED = ("PaymentCaptured", f"capture:{NAME}", 10_000)
FEE = ("FeeCharged", f"fee:{NAME}:processing", 499)


@pytest.mark.parametrize(
    ("payload", "fetched"),
    [
        (notification("payment", NAME), f"payment/{NAME}"),
        (notification("payment", PAYMENT, type=None), f"payment/{NAME}"),
        (notification("topic_merchant_order_wh", "4018801790", action="create"), "merchant_order/4018801790"),
        (notification("order", "ORD01JV3AW3NFSTSTB669F41NACDX"), "order/ORD01JV3AW3NFSTSTB669F41NACDX"),
        (notification("topic_chargebacks_wh", 217000061680860000, actions=["changed_case_status"]), "chargeback/217000061680860000"),
        ({"resource": NAME, "topic": "payment"}, f"payment/{NAME}"),
        ({"resource": f"https://api.example.com/v1/payments/{NAME}?x=1", "topic": ""}, f"payment/{NAME}"),
        ({"resource": "https://api.example.com/merchant_orders/4018801790", "topic": "merchant_order"}, "merchant_order/4018801790"),
        ({"resource": f"/collections/notifications/{NAME}", "topic": "payments", "user_id": 1}, f"payment/{NAME}"),
        ({"id": PAYMENT, "status": "approved"}, f"payment/{NAME}"),
        (f"topic=payment&id={NAME}", f"payment/{NAME}"),
        (f"type=payment&data.id={NAME}", f"payment/{NAME}"),
    ],
)
def test_notifications_name_their_object_only(payload: Any, fetched: str) -> None:
    found = problem(payload, "payment.updated (then GET payment)")
    assert (found.code, found.fetch.resource if found.fetch else None) == ("refetch", fetched)


@pytest.mark.parametrize(
    "payload",
    [
        notification("subscription_preapproval", "2c93"),
        notification("mp-connect", "1"),
        {"resource": "/orders/1", "topic": "orders_v2"},
        {"id": 1, "preapproval_id": "2c93", "transaction_amount": 10, "status": "processed"},
        {"id": 1, "status": "approved", "disbursements": []},
        {"id": "798-1", "init_point": "https://example.com", "items": []},
        payment(operation_type="account_fund"),
        {"payments": [{"amount": "100.00"}]},
        {"id": "pay_012345", "amount": "100.00", "payment_method": {"id": "master"}},
        {"id": 7, "disbursement_id": 8, "amount": 5, "status": "approved"},
        {"events": [{"payment_intent_id": "d2ee", "status": "CANCELED"}]},
        {"paging": {"total": 0}, "results": []},
        [],
    ],
)
def test_objects_without_accounting_effect(payload: Any) -> None:
    answers = provider_lives.ask("mercado-pago", provider_lives.Delivery("", payload))
    assert [type(answer) for answer in answers] == [Nothing]


@pytest.mark.parametrize("payload", ["", "a=1&b", "name=Ana", "{}", "5", '{"id": 1}', '{"message": "not found", "status": 404}', "[[1]]"])
def test_what_is_no_payload_is_malformed(payload: str) -> None:
    (answer,) = provider_lives.ask("mercado-pago", provider_lives.Delivery("", payload))
    assert isinstance(answer, Problem)
    assert answer.code == "reject_malformed"


def test_pages_and_wrappers_are_taken_apart() -> None:
    for page in (
        {"paging": {"total": 2}, "results": [payment(), payment(id=2)]},
        {"elements": [merchant_order(listed(), total=100)], "total": 1},
        {"status": 200, "response": {"paging": {}, "results": [payment(), payment(id=2)]}},
        {"paging": {}, "data": [order(transaction()), order(transaction(identity="PAY2"))]},
    ):
        assert len(ADAPTER.open(ADAPTER.parse(json.dumps(page).encode()), "")) == 2
    deep: Any = [payment()]
    for _ in range(20):
        deep = [deep]
    assert problem(deep).code == "reject_malformed"


def test_a_payment_is_money_once_it_is_approved() -> None:
    captured, charged = told(payment())
    assert keys([captured, charged]) == [CAPTURED, FEE]
    assert (captured["order_id"], captured["payment_id"], captured["tender"], captured["gateway"]) == ("1001", NAME, "CARD", "mercado_pago")
    assert (captured["occurred_at"], captured["test_mode"], captured["currency"]) == ("2026-03-01T12:00:05Z", False, "BRL")
    for status in ("pending", "in_process", "authorized", "rejected", "cancelled"):
        assert told(payment(status=status, status_detail="x", transaction_details={"net_received_amount": 0})) == []
    assert told(payment(status_detail="pending_capture", captured=False)) == []
    assert {each["test_mode"] for each in told(payment(live_mode="false"))} == {True}
    assert problem(payment(status="great")).code == "reject_malformed"
    assert problem(payment(-1, -1)).pointer == "/transaction_amount"
    assert told(payment(date_approved=""))[0]["occurred_at"] == "2026-03-01T12:00:00Z"
    small = {"id": "0000001", "status": "approved", "transaction_amount": 250, "currency_id": "ARS", "date_created": AT_NOON}
    assert [(each["payment_id"], each["amount"]) for each in told(small)] == [("0000001", 25_000)]


AT_NOON = "2017-08-31T12:00:00.000-04:00"


def test_money_that_is_not_captured_is_held() -> None:
    for status in ("approved", "refunded", "charged_back"):
        found = problem(payment(status=status, captured=False))
        assert (found.code, found.pointer) == ("hold_discrepancy", "/captured")
        assert "stated 100.00 BRL, computed 0.00, difference 100.00" in found.message


MARKETPLACE = ((4.99, "fee", "mp_processing_fee"), (15.01, "fee", "ml_sale_fee"), (10, "shipping", "shp_cross_docking"))


@pytest.mark.parametrize(
    ("fields", "fees"),
    [
        ({"fee_details": [], "transaction_details": {"net_received_amount": 100}}, {}),
        ({"fee_details": [fee(2.13, "financing_fee", "payer"), fee(4.99)]}, {"processing": 499}),
        (
            {"fee_details": [fee(3), fee(1), fee(2, "application_fee"), fee(1.5, "financing_fee")], "net": 92.5},
            {"processing": 400, "application": 200, "financing": 150},
        ),
        ({"fee_details": [], "charges_details": [charge(4.99), charge(11, name="financing_fee", source="payer")]}, {"processing": 499}),
        (
            {"charges_details": [charge(4.99), charge(2.5, "tax", "tax_withholding-iibb")], "net": 92.51},
            {"processing": 499, "withheld_tax": 0},
        ),
        ({"taxes_amount": 16, "net": 79.01}, {"processing": 499, "withheld_tax": 0}),
        ({"taxes_amount": 16}, {"processing": 499}),
        ({"coupon_amount": 10}, {"processing": 499}),
        ({"fee_details": None, "charges_details": None}, {}),
        (
            {"fee_details": [], "charges_details": [charge(*each) for each in MARKETPLACE], "net": 70},
            {"processing": 499, "marketplace": 1_501, "shipping": 1_000},
        ),
        (
            {"charges_details": [charge(*each) for each in MARKETPLACE], "net": 70},
            {"processing": 499, "marketplace": 1_501, "shipping": 1_000},
        ),
        ({"fee_details": [], "charges_details": [charge(30, name="financing_fee"), charge(4.99)]}, {"processing": 499}),
        ({"charges_details": [charge(30, "coupon", "coupon_code", source="ml")]}, {"processing": 499}),
        ({"coupon_amount": 10, "net": 85.01}, {"processing": 499, "coupon": 1_000}),
        ({"coupon_amount": 10, "fee_details": [fee(4.99), fee(10, "coupon_fee")], "net": 85.01}, {"processing": 499, "coupon": 1_000}),
    ],
)
def test_what_was_withheld_leaves_what_is_received(fields: dict[str, Any], fees: dict[str, int]) -> None:
    net = fields.pop("net", 95.01)
    captured, *charged = told(payment(net=net, **fields), country="AR")
    assert captured["amount"] == 10_000
    assert {each["kind"]: each["amount"] for each in charged} == fees
    taken = sum(each["amount"] + (each["tax"]["amount"] if each.get("tax") else 0) for each in charged)
    stated = fields.get("transaction_details", {"net_received_amount": net})["net_received_amount"]
    assert 10_000 - taken == round(stated * 100) or (fields.get("fee_details", ()) is None and taken == 0)
    assert all(each["tax"]["jurisdiction"] == "AR" for each in charged if each["kind"] == "withheld_tax")


def test_shipping_that_the_seller_receives_is_money_of_the_payment() -> None:
    assert told(payment(shipping_amount=15, net=110.01))[0]["amount"] == 11_500
    assert told(payment(shipping_amount=15))[0]["amount"] == 10_000


@pytest.mark.parametrize(
    "fields",
    [
        {"net": 95},
        {"net": 90.01, "taxes_amount": 6},
        {"fee_details": [fee(5)]},
        {"net": 80, "coupon_amount": 10},
        {"net": 0},
        {"charges_details": [charge(2.5, "tax", "tax_withholding")]},
    ],
)
def test_what_does_not_add_up_is_held(fields: dict[str, Any]) -> None:
    found = problem(payment(**fields))
    assert (found.code, found.pointer) == ("hold_discrepancy", "/transaction_details/net_received_amount")
    assert "stated" in found.message
    assert "computed" in found.message
    assert "difference" in found.message


def test_what_the_payer_paid_is_reported_where_it_differs() -> None:
    details = {"net_received_amount": 95.01, "total_paid_amount": 113.08}
    assert "total_paid_amount" not in notices(payment(transaction_details=details, fee_details=[fee(4.99), fee(13.08, payer="payer")]))
    assert "stated 113.08 BRL, computed 100.00, difference 13.08" in notices(payment(transaction_details=details))


def test_refunds_in_their_payment_and_by_themselves_are_the_same() -> None:
    inside = told(refunded(refund(20), refund(5, 1245678204), total=25))
    assert keys(inside) == [CAPTURED, FEE, ("RefundIssued", "refund:1245678203", None), ("RefundIssued", "refund:1245678204", None)]
    events, _ = remembered(payment(), refund(20))
    assert events[2]["tenders"] == inside[2]["tenders"]
    assert events[2]["event_id"] == inside[2]["event_id"]
    assert events[2]["occurred_at"] == inside[2]["occurred_at"] == "2026-03-04T12:00:00Z"
    assert keys(told(refund(20), default_currency="BRL")) == [("RefundIssued", "refund:1245678203", None)]
    for page in ([refund(20), refund(5, 2)], {"results": [refund(20), refund(5, 2)]}):
        assert len(told(page)) == 2


def test_a_refund_without_a_currency_needs_its_payment() -> None:
    found = problem(refund(20))
    assert (found.code, found.fetch.resource if found.fetch else None) == ("refetch", f"payment/{NAME}")
    assert remembered(refund(20)) == ([], [f"payment/{NAME}"])


def test_refunds_count_when_they_are_made() -> None:
    for status in ("in_process", "rejected", "cancelled"):
        assert told(refund(20, status=status)) == []
    pending = refunded(refund(20, status="in_process"), total=20)
    assert keys(told(pending)) == [CAPTURED, FEE]
    events, _ = remembered(payment(), refund(20, status="in_process"), refund(20), refund(20, status="rejected"), refund(20))
    assert [each["business_key"] for each in events[2:]] == ["refund:1245678203", "refund:1245678203:1"]
    assert "more than the 100.00 BRL" in " ".join(remembered_notices(payment(), refund(120)))


def remembered_notices(*payloads: Any) -> list[str]:
    memory: dict[str, Any] = {}
    provider_lives.deliver("mercado-pago", [provider_lives.Delivery("", payload) for payload in payloads[:-1]], memory, BRAZIL)
    answers = provider_lives.ask("mercado-pago", provider_lives.Delivery("", payloads[-1]), memory, BRAZIL)
    return [notice for answer in answers if isinstance(answer, Judged) for notice in answer.notices]


def test_the_sum_of_refunds_is_fetched_or_told_as_one() -> None:
    summed = payment(transaction_amount_refunded=30)
    assert keys(told(summed))[2:] == [("RefundIssued", f"refund:{NAME}:3000", None)]
    assert remembered(summed)[1] == [f"refunds/{NAME}"]
    assert remembered(payment(), refund(30), summed)[1] == []
    whole = payment(status="refunded", status_detail="refunded", net=0)
    assert told(whole)[2]["tenders"][0]["amount"] == 10_000


@pytest.mark.parametrize(
    "payload",
    [refunded(refund(20), total=25), refunded(refund(20), refund(5, 2), total=20), refunded(refund(120), total=120, status="refunded")],
)
def test_refunds_that_do_not_add_up_are_held(payload: Any) -> None:
    assert (problem(payload).code, problem(payload).pointer) == ("hold_discrepancy", "/transaction_amount_refunded")


def test_fees_that_come_back_with_a_refund() -> None:
    half = refunded(refund(50), total=50, charges_details=[charge(4.99, refunded=2.5)])
    full = refunded(refund(50), refund(50, 2), total=100, charges_details=[charge(4.99, refunded=4.99)], status="refunded", net=0)
    for deliveries in ((payment(), half, full), (full, payment(), half), (half, payment(), full)):
        events, _ = remembered(*deliveries)
        assert sum(each["amount"] for each in events if each["type"] == "FeeCharged") == 499
        returned = [each for each in events if each["type"] == "JournalPosted"]
        assert sum(each["postings"][0]["amount"] for each in returned) == 499
    assert told(half)[2]["occurred_at"] == "2026-03-04T12:00:00Z"
    now = refunded(refund(50), total=50, charges_details=[charge(4.99, refunded=2.5)], net=47.51)
    assert len(told(now)) == 4


def test_chargebacks_are_disputed_until_they_are_decided() -> None:
    (event,) = told(chargeback())
    assert (event["type"], event["dispute_id"], event["payment_id"], event["amount"]) == (
        "ChargebackOpened",
        "217000087654321000",
        NAME,
        8_000,
    )
    for fields, outcome, won in (
        ({"coverage_applied": "true"}, "WON", 8_000),
        ({"coverage_applied": False, "documentation_status": "invalid"}, "LOST", 0),
        ({"coverage_applied": False, "coverage_elegible": "false"}, "LOST", 0),
        ({"status": "settled"}, "LOST", 0),
    ):
        _, closed = told(chargeback(**fields))
        assert (closed["type"], closed["outcome"], closed["amount_won"]) == ("ChargebackClosed", outcome, won)
    for status, covered in (("", False), ("valid", False), ("valid", None), ("pending", False)):
        assert len(told(chargeback(documentation_status=status, coverage_applied=covered, status="in_review"))) == 1
    texts = chargeback("108.43", payments=[{}], live_mode="true")
    assert (problem(texts).code, problem(texts).pointer) == ("refetch", "/payments")
    old = {"id": "CB-1", "payment_id": PAYMENT, "status": "in_review", "amount": 100.00, "currency_id": "BRL"}
    assert told({"paging": {}, "results": [old]})[0]["amount"] == 10_000
    assert "1970" in notices(old)


def test_a_payment_that_was_charged_back_proves_all_of_it() -> None:
    lost = refunded(refund(20), total=20, status="charged_back", status_detail="settled")
    assert [each["type"] for each in told(lost)] == [
        "PaymentCaptured",
        "FeeCharged",
        "RefundIssued",
        "ChargebackOpened",
        "ChargebackClosed",
    ]
    assert [each["amount"] for each in told(lost) if each["type"] == "ChargebackOpened"] == [8_000]
    assert remembered(lost)[1] == [f"chargeback/{NAME}"]
    assert remembered(chargeback(), lost | {"status_detail": "in_process"})[1] == []
    assert [each["outcome"] for each in told(lost | {"status_detail": "reimbursed"}) if each["type"] == "ChargebackClosed"] == ["WON"]
    mediated = payment(status="in_mediation", status_detail="pending")
    assert keys(told(mediated)) == [CAPTURED, FEE]
    assert "dispute" in notices(mediated)


def test_money_that_is_cancelled_after_all_is_undone() -> None:
    events, _ = remembered(payment(), payment(status="cancelled"))
    assert keys(events)[2:] == [("PaymentReversed", f"reversed:{NAME}", 10_000)]
    assert remembered(payment(status="cancelled"), payment())[0] == []


def test_a_merchant_order_lists_payments() -> None:
    assert keys(told(merchant_order(listed()))) == [CAPTURED]
    assert keys(told(merchant_order(listed(amount_refunded=30, status="approved"))))[1:] == [("RefundIssued", f"refund:{NAME}:3000", None)]
    assert remembered(merchant_order(listed())) == ([], [f"payment/{NAME}"])
    assert remembered(payment(), merchant_order(listed()))[1] == []
    assert told(merchant_order(listed(status="rejected"))) == []
    assert told(merchant_order(paid_amount=0)) == []
    assert "order: stated 206.02 BRL, computed 100.00, difference 106.02" in notices(merchant_order(total=206.02))
    assert "paid_amount: stated 5.00 BRL, computed 100.00" in notices(merchant_order(listed(), paid_amount=5))
    (event,) = told({"collection": listed(external_reference="1001")})
    assert (event["order_id"], event["amount"]) == ("1001", 10_000)


def test_whose_order_it_is() -> None:
    assert told(payment(external_reference=None, metadata={"order_number": "7"}))[0]["order_id"] == "7"
    assert told(payment(external_reference="two words", order={"id": 88, "type": "mercadopago"}))[0]["order_id"] == "88"
    assert told(payment(external_reference=None))[0]["order_id"] == NAME
    chosen = connection_from_mapping({"order_reference": ["metadata.cart"], "orders_of": "shop:br", "facts": ["captures"]})
    played = play(ADAPTER, [Delivery("", payment(metadata={"cart": "C-9"}))], source=SOURCE, connection=chosen)
    assert [(each["source"], each["order_id"]) for each in played.events] == [("shop:br", "C-9")]
    elsewhere = connection_from_mapping({"orders_of": "shop:br"})
    (charged,) = play(ADAPTER, [Delivery("", payment())], source=SOURCE, connection=elsewhere).events
    assert (charged["type"], charged["source"], "payment_id" in charged) == ("FeeCharged", "shop:br", False)
    waits = play(ADAPTER, [Delivery("", payment(external_reference=None))], source=SOURCE)
    assert waits.events == []
    assert len(waits.memory[NAME].waiting) == 2


@pytest.mark.parametrize(
    ("currency", "amount", "units"), [("CLP", 5990, 5_990), ("COP", 59900.5, 5_990_050), ("UYU", 10, 1_000), ("USD", 0.5, 50)]
)
def test_currencies(currency: str, amount: Any, units: int) -> None:
    event = told(payment(amount, amount, currency_id=currency, fee_details=[]))[0]
    assert (event["amount"], event["currency"]) == (units, currency)
    assert problem(payment("1.2345", currency_id=currency)).code == "reject_malformed"
    assert problem(payment(currency_id="XXQ")).code == "reject_malformed"


def test_a_payment_has_one_currency() -> None:
    memory: dict[str, Any] = {}
    provider_lives.deliver("mercado-pago", [provider_lives.Delivery("", payment())], memory)
    (answer,) = provider_lives.ask("mercado-pago", provider_lives.Delivery("", chargeback(currency="ARS")), memory)
    assert isinstance(answer, Problem)
    assert (answer.code, answer.pointer) == ("reject_malformed", "/currency")


def test_ids_beyond_doubles_stay_exact() -> None:
    assert told('{"id": 90071992547409931, "status": "approved", "transaction_amount": 0.10, "currency_id": "BRL"}')[0]["payment_id"] == (
        "90071992547409931"
    )


def test_an_order_of_the_orders_api() -> None:
    (event,) = told(order(transaction()))
    assert (event["order_id"], event["payment_id"], event["amount"]) == ("1003", "PAY01JV3AW3NFSTSTB669F4JSAA6C", 6_000)
    assert (event["currency"], event["tender"]) == ("BRL", "CARD")
    assert event["occurred_at"].startswith("2025-05-12T22:46:57")
    for status in ("created", "processing", "action_required", "canceled", "failed", "expired"):
        assert told(order(transaction(status=status))) == []
    assert told(order(transaction(status_detail="waiting_capture"))) == []
    assert told(order(status="created")) == []
    assert (problem(order()).code, problem(order()).pointer) == ("refetch", "/transactions")
    assert told(order(transaction("24", tip_amount="14", paid_amount="38")))[0]["amount"] == 3_800
    assert told(order(transaction("24", paid_amount="20.00")))[0]["amount"] == 2_000
    assert "stated 66.00 BRL, computed 60.00, difference 6.00" in notices(order(transaction(paid_amount="66.00")))
    trial = order(transaction(), id="ORDTST01JV3AW3NFSTSTB669F41NACDX", external_reference="")
    assert [(each["test_mode"], each["order_id"]) for each in told(trial)] == [(True, "ORDTST01JV3AW3NFSTSTB669F41NACDX")]
    assert problem({**order(transaction()), "country_code": None}).code == "refetch"


def test_refunds_of_an_order() -> None:
    events = told(order(transaction(refunded_amount="20.00"), refunds=(order_refund("20.00"),)))
    assert [each["type"] for each in events] == ["PaymentCaptured", "RefundIssued"]
    alone = {name: value for name, value in order(refunds=(order_refund("20.00"),)).items() if name in {"id", "status", "transactions"}}
    (event,) = told(alone)
    assert (event["order_id"], event["refund_id"], event["tenders"][0]["payment_id"]) == (
        "ORD01JV3AW3NFSTSTB669F41NACDX",
        "REF01JW7YS4YHV543DJ6JGYZBX6A0",
        "PAY01JV3AW3NFSTSTB669F4JSAA6C",
    )
    assert remembered(alone) == ([], ["order/ORD01JV3AW3NFSTSTB669F41NACDX"])
    assert [each["type"] for each in remembered(order(transaction()), alone)[0]] == ["PaymentCaptured", "RefundIssued"]
    assert told(order(transaction(status="refunded")))[1]["tenders"][0]["amount"] == 6_000
    assert told(order(transaction(), refunds=(order_refund("20.00", status="processing"),)))[1:] == []
    wrong = problem(order(transaction(refunded_amount="25.00"), refunds=(order_refund("20.00"),)))
    assert (wrong.code, wrong.pointer) == ("hold_discrepancy", "/transactions/payments/0/refunded_amount")
    assert "stated 25, computed 20, difference 5" in wrong.message


POINT: dict[str, Any] = {"reference_id": None, "reference": {"id": NAME}}
"""Where an order says which payment of the API of payments it means."""


def test_a_payment_that_its_order_names_is_told_once_by_whatever_way_it_comes() -> None:
    linked = order(transaction("100.00", refunded_amount="20.00", **POINT), refunds=(order_refund("20.00", reference_id="1245678203"),))
    ways: list[Any] = [payment(), refunded(refund(20), total=20), linked | {"external_reference": "1001"}, refund(20)]
    bodies = set()
    for first in range(len(ways)):
        events, _ = remembered(*ways[first:], *ways[:first])
        assert sorted(keys(events)) == [FEE, CAPTURED, ("RefundIssued", "refund:1245678203", None)]
        bodies |= {json.dumps({k: v for k, v in each.items() if not k.endswith("_at")}, sort_keys=True) for each in events}
    assert len(bodies) == 3


def test_the_body_of_a_notification_is_not_believed() -> None:
    """Only the id in it is signed."""
    sent = notification("order", "", data=order(transaction()), action="order.processed")
    found = problem(sent)
    assert (found.code, found.fetch.resource if found.fetch else None) == ("refetch", "order/ORD01JV3AW3NFSTSTB669F41NACDX")


def placed(order_id: str, total: int) -> list[EventTwin]:
    """The shop's side: the order and its shipment."""
    where: dict[str, Any] = {"order_id": order_id, "source": SOURCE, "currency": "BRL"}
    seller: dict[str, Any] = {"legal_entity": "BR01", "channel": "web", "terms": "PREPAID", "order_discounts": [], "total": total}
    placement = event_json("OrderPlaced", "order", **where, **seller, prices_include_tax=True, lines=[sold("1", total)])
    return [placement, event_json("ShipmentDispatched", "shipment:1", **where, shipment_id="1", lines=[{"line_id": "1", "quantity": "1"}])]


def test_lives_end_in_the_same_books_in_any_order() -> None:
    lives = [LIFE, POINT_LIFE, ORDER_LIFE]
    for seed in SEEDS:
        mess = (interleaved if seed % 2 else shuffled)(lives, seed) if seed else [delivery for life in lives for delivery in life]
        played = play(ADAPTER, mess, source=SOURCE)
        books = books_of([*placed("1001", 10_000), *placed("1002", 10_000), *placed("1003", 6_000), *played.events])
        assert (books.waiting, books.refused) == ([], []), seed
        assert {each.code for each in played.problems} == {"refetch"}
        assert books.balances == {
            f"acme:{SOURCE}:1001": {
                "psp_clearing:mercado_pago": 10_000 - 499 - 2_000,
                "psp_fees": 499,
                "revenue:sales": -10_000,
                "sales_allowances": 2_000,
            },
            f"acme:{SOURCE}:1002": {
                "psp_clearing:mercado_pago": 10_000 - 499 - 4_000 + 200,
                "psp_fees": 299,
                "revenue:sales": -10_000,
                "sales_allowances": 4_000,
            },
            f"acme:{SOURCE}:1003": {"psp_clearing:mercado_pago": 4_000, "revenue:sales": -6_000, "sales_allowances": 2_000},
        }, seed
        again = play(ADAPTER, mess, source=SOURCE)
        assert [each["event_id"] for each in again.events] == [each["event_id"] for each in played.events]
        assert play(ADAPTER, mess, source=SOURCE, memory=played.memory).events == []


def test_nothing_personal_comes_out() -> None:
    played = play(ADAPTER, [*LIFE, *POINT_LIFE, *ORDER_LIFE], source=SOURCE)
    for personal in ("Ana", "example.com", "503143", "19119119100"):
        assert personal not in repr(played)


PAYLOADS = (
    *((delivery.topic, delivery.payload) for delivery in (*LIFE, *POINT_LIFE, *ORDER_LIFE)),
    ("refunds", [refund(20, status=None), refund(5, 2)]),
    ("", payment(charges_details=[charge(4.99), charge(2.5, "tax", "tax_withholding")], net=92.51, date_last_updated=LATER)),
    ("", {"resource": f"/v1/payments/{NAME}", "topic": "payment"}),
)


def test_no_payment_breaks_its_sums_silently() -> None:
    """Whatever is changed in a payment without refunds: what is told of it is what it says is received."""
    rng, whole = random.Random("sums"), 0
    for _ in range(500):
        wrong = mutated(payment(charges_details=[charge(4.99), charge(2.5, "tax", "tax_withholding")], net=92.51), rng)
        answers = provider_lives.ask("mercado-pago", provider_lives.Delivery("", wrong), connection=BRAZIL)
        events = provider_lives.events_of(answers)
        details = wrong.get("transaction_details") if isinstance(wrong, dict) else None
        if not isinstance(details, dict) or details.get("net_received_amount") is None or wrong.get("processing_mode") == "gateway":
            continue
        if [each["type"] for each in events if each["type"] != "FeeCharged"] == ["PaymentCaptured"]:
            taken = sum(each["amount"] + (each["tax"]["amount"] if "tax" in each else 0) for each in events if each["type"] == "FeeCharged")
            left = Decimal(events[0]["amount"] - taken).scaleb(-events[0]["currency_exponent"])
            assert left == Decimal(str(details["net_received_amount"])), wrong
            whole += 1
    assert whole > 50


def test_mutated_payloads_are_answered() -> None:
    counts = answer_mutations(ADAPTER, PAYLOADS, 250, random.Random("mercado-pago"))
    assert min(counts.values()) > 0


@pytest.mark.soak
def test_many_mutated_payloads_are_answered() -> None:
    answer_mutations(ADAPTER, PAYLOADS, 100_000, random.Random(os.environ.get("SEED", "1")))
