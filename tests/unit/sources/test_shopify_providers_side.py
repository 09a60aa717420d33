"""Disputes, balance transactions, payouts and returns: what is told, what is kept, what waits."""

from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.door import Judged
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.snapshot import EMPTY, Snapshot
from tests.unit.sources.shopify_payloads import event, item, judged, memory_of, order, read, read_all, transaction

Payload = dict[str, Any]
AT = "2026-03-05T10:00:00Z"


def dispute(status: str = "needs_response", **fields: Any) -> Payload:
    base: Payload = {"id": 300, "order_id": 500, "type": "chargeback", "amount": "100.00", "currency": "USD", "reason": "fraudulent"}
    base |= {"network_reason_code": "4827", "status": status, "evidence_due_by": AT, "evidence_sent_on": None, "finalized_on": None}
    return base | {"initiated_at": "2026-03-04T10:00:00Z"} | fields


def row(**fields: Any) -> Payload:
    base: Payload = {"id": 400, "type": "charge", "test": False, "payout_id": None, "currency": "USD", "amount": "100.00", "fee": "3.20"}
    base |= {"net": "96.80", "source_id": 1, "source_type": "charge", "source_order_id": 500, "source_order_transaction_id": 70}
    return base | {"processed_at": AT} | fields


def events_of(topic: str, payload: Payload, memory: Snapshot | None = None) -> tuple[EventTwin, ...]:
    found = judged(topic, payload, memory=memory).events
    for each in found:
        event_from_json(each)
    return found


@pytest.mark.parametrize(
    ("status", "outcome", "won"),
    [("needs_response", None, 0), ("under_review", None, 0), ("won", "WON", 10_000), ("lost", "LOST", 0), ("accepted", "LOST", 0)],
)
def test_a_chargeback(status: str, outcome: str | None, won: int) -> None:
    opened, *closed = events_of("disputes/update", dispute(status, finalized_on=AT))
    assert [opened[name] for name in ("type", "dispute_id", "order_id", "amount", "fee", "gateway")] == [
        *("ChargebackOpened", "300", "500", 10_000, 0, "shopify_payments")
    ]
    assert [(each["outcome"], each["amount_won"], each["fee_returned"], each["occurred_at"]) for each in closed] == (
        [(outcome, won, 0, AT)] if outcome else []
    )


@pytest.mark.parametrize(
    "payload", [dispute(type="inquiry"), dispute("charge_refunded", type="inquiry"), dispute("won", type="inquiry"), dispute("prevented")]
)
def test_no_funds_were_withdrawn(payload: Payload) -> None:
    assert isinstance(read("disputes/create", payload), Nothing)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (dispute("charge_refunded"), "hold_discrepancy"),
        (dispute(type="claim"), "reject_malformed"),
        (dispute(amount="-1.00"), "reject_malformed"),
        (dispute(currency=None), "reject_malformed"),
        ({"id": 300, "type": "chargeback", "amount": "1.00", "evidence_due_by": None}, "refetch"),
    ],
)
def test_a_dispute_that_cannot_be_judged(payload: Payload, code: str) -> None:
    answer = read("disputes/update", payload)
    assert isinstance(answer, Problem)
    assert answer.code == code


def test_a_page_of_disputes_gives_one_answer_each() -> None:
    answers = read_all("", {"disputes": [dispute(), dispute(id=301, type="inquiry"), dispute("won", id=302, order_id=None)]})
    assert [type(answer) for answer in answers] == [Judged, Nothing, Judged]


def test_a_dispute_waits_for_a_payment_that_is_large_enough() -> None:
    memory = memory_of(order(item(1), total="100.00"))
    waits = judged("disputes/create", dispute(), memory=memory)
    assert waits.events == ()
    small = judged("order_transactions/create", transaction("40.00", id=71), memory=waits.snapshot)
    assert [each["type"] for each in small.events] == ["PaymentCaptured"]
    captured, opened = events_of("order_transactions/create", transaction("100.00"), memory=small.snapshot)
    assert (captured["payment_id"], opened["type"], opened["payment_id"]) == ("70", "ChargebackOpened", "70")


def test_a_late_message_does_not_open_a_decided_dispute_again() -> None:
    memory = judged("order_transactions/create", transaction(), memory=memory_of(order(item(1), total="100.00"))).snapshot
    decided = judged("disputes/update", dispute("won", finalized_on=AT), memory=memory)
    assert [each["type"] for each in decided.events] == ["ChargebackOpened", "ChargebackClosed"]
    assert judged("disputes/create", dispute(), memory=decided.snapshot).events == ()


def test_a_charge_tells_its_fee() -> None:
    (fee,) = events_of("none (poll of shopify_payments/balance/transactions)", row())
    assert [fee[name] for name in ("type", "business_key", "amount", "payment_id", "order_id", "account_kind", "estimate")] == [
        *("FeeCharged", "fee:400", 320, "70", "500", "PSP", False)
    ]
    assert event("", row(test=True))["test_mode"] is True


@pytest.mark.parametrize(
    "payload",
    [
        row(type="refund", amount="-5.00", fee="0.00", net="-5.00"),
        row(type="dispute", amount="-100.00", fee="15.00", net="-115.00"),
        row(type="adjustment", amount="0.45", fee="0.00", net="0.45"),
        row(type="payout", amount="-41.90", fee="0.00", net="-41.90", source_order_id=None),
        row(source_order_id=None),
        row(fee="0.00", net="100.00"),
    ],
)
def test_other_rows_are_kept_for_settlements(payload: Payload) -> None:
    answer = read("", payload)
    assert isinstance(answer, Nothing)
    assert f"amount {payload['amount']}, fee {payload['fee']}, net {payload['net']} USD" in answer.reason


def test_a_row_that_does_not_add_up_is_held_if_its_fee_would_be_told() -> None:
    held = read("", row(net="97.00"))
    assert isinstance(held, Problem)
    assert (held.code, held.pointer) == ("hold_discrepancy", "/net")
    kept = judged("", row(type="adjustment", net="97.00"))
    assert (kept.events, kept.notices[0]) == ((), "net of balance transaction 400: stated 97.00 USD, computed 96.80, difference 0.20")


def test_a_fee_in_another_currency_than_its_order_is_kept() -> None:
    answer = read("", row(currency="CAD"), memory=memory_of(order(item(1), total="100.00")))
    assert isinstance(answer, Nothing)
    assert "3.20 CAD" in answer.reason


@pytest.mark.parametrize("status", ["scheduled", "in_transit", "paid", "failed", "canceled"])
def test_a_payout_is_kept_and_its_summary_is_checked(status: str) -> None:
    summary = {
        "charges_gross_amount": "44.52",
        "charges_fee_amount": "1.32",
        "refunds_gross_amount": "-3.54",
        "refunds_fee_amount": "-0.23",
    }
    payload = {"payout": {"id": 1, "status": status, "date": "2026-03-01", "currency": "USD", "amount": "39.89", "summary": summary}}
    answer = read("", payload)
    assert isinstance(answer, Nothing)
    assert "amount 39.89, gross 40.98, fees 1.09 USD" in answer.reason
    payload["payout"]["amount"] = "40.00"
    assert "payout: stated 40.00 USD, computed 39.89, difference 0.11" in judged("", payload).notices[0]


RETURN = {"id": 600, "admin_graphql_api_id": "gid://shopify/Return/600"}
LINE = {"id": 610, "quantity": 2, "fulfillment_line_item": {"id": 1, "line_item": {"id": 1}}}


def approved(**fields: Any) -> Payload:
    return RETURN | {"status": "open", "order": {"id": 500}, "return_line_items": [LINE], "exchange_line_items": []} | fields


def processed(units: int, disposition: str = "RESTOCKED", **fields: Any) -> Payload:
    line = {"id": 610, "quantity": 2, "processed_quantity": units, "dispositions": [{"type": disposition, "quantity": units}]}
    return RETURN | {"status": "open", "order_id": 500, "return_line_items": [line], "exchange_line_items": [], "updated_at": AT} | fields


@pytest.mark.parametrize("status", ["requested", "open", "closed", "canceled", "declined"])
def test_nothing_is_back_with_a_status(status: str) -> None:
    assert isinstance(read("returns/update", RETURN | {"status": status, "order_id": 500}), Nothing)


def test_an_exchange_that_was_processed_brings_nothing_back() -> None:
    new = {"id": 620, "quantity": 1, "processed_quantity": 1}
    assert isinstance(read("returns/process", processed(0, exchange_line_items=[new])), Nothing)


def test_changes_of_a_return_bring_nothing_back() -> None:
    changes = {"removals": [{"admin_graphql_api_id": "gid://shopify/ReturnLineItem/610", "delta": 2}]}
    payload = {"admin_graphql_api_id": "gid://shopify/Return/600", "return_line_items": changes, "restocking_fees": {"updates": []}}
    assert isinstance(read("returns/update", payload), Nothing)


def test_units_come_back_as_they_are_processed() -> None:
    memory = memory_of(order(item(1, quantity=2), total="200.00"))
    memory = judged("returns/approve", approved(), memory=memory).snapshot
    told = []
    for units, disposition in ((1, "RESTOCKED"), (1, "RESTOCKED"), (2, "NOT_RESTOCKED"), (1, "RESTOCKED")):
        answer = judged("returns/process", processed(units, disposition), memory=memory)
        memory = answer.snapshot
        told += [(each["business_key"], each["return_id"], each["lines"]) for each in answer.events]
    assert told == [
        ("return:600", "600", [{"line_id": "1", "quantity": "1", "disposition": "RESTOCK"}]),
        ("return:600:2", "600:2", [{"line_id": "1", "quantity": "1", "disposition": "SCRAP"}]),
    ]


def test_units_wait_for_the_line_that_they_are_of() -> None:
    memory = memory_of(order(item(1, quantity=2), total="200.00"))
    waits = judged("returns/process", processed(2), memory=memory)
    assert (waits.events, [fetch.resource for fetch in waits.fetches]) == ((), ["returns/600"])
    (back,) = events_of("returns/approve", approved(), memory=waits.snapshot)
    assert (back["type"], back["lines"][0]["quantity"], back["occurred_at"]) == ("ReturnReceived", "2", AT)
    alone = read("returns/process", processed(2))
    assert isinstance(alone, Problem)
    assert alone.code == "refetch"


def test_dispositions_alone_are_fetched() -> None:
    payload = {"id": 9, "admin_graphql_api_id": "gid://shopify/ReverseFulfillmentOrder/9", "dispositions": [{"type": "restocked"}]}
    answer = read("reverse_fulfillment_orders/dispose", payload)
    assert isinstance(answer, Problem)
    assert answer.code == "refetch"
    label = {"id": 9, "admin_graphql_api_id": "gid://shopify/ReverseDelivery/9", "return": {"id": 600}, "shipping_deliverable": {}}
    assert isinstance(read("reverse_deliveries/attach_deliverable", label, memory=EMPTY), Nothing)
