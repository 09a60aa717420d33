"""What was told is not told again, late states change nothing, what needs its order waits for it: whatever the order of arrival."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.platforms.adapter import Grade
from sources.platforms.advance import advance, give_up_waiting
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Owner, Part, Reading
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node, parse_payload
from sources.platforms.snapshot import EMPTY, WAITING_MAX, Snapshot, UnreadableSnapshot, decode_snapshot, encode_snapshot

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Completing:
    """An adapter of which only `complete` is asked: it fills in the order's channel."""

    name = "test"
    grade: Grade = "A"
    topics: Mapping[str, str] = {}

    def parse(self, body: bytes) -> Node:
        return parse_payload(body)

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        raise NotImplementedError

    def read(self, part: Part, context: Context) -> Reading:
        raise NotImplementedError

    def complete(self, fact: Fact, order: EventTwin) -> Fact:
        return replace(fact, body=fact.body | {"reason_code": order["channel"]})


def order(total: int, version: int) -> Reading:
    body = {"channel": "web", "lines": [{"gross": total}], "order_discounts": [], "total": total, "currency": "EUR", "currency_exponent": 2}
    fact = Fact(type="OrderPlaced", business_key="order", body=body, occurred_at=START, repeat="state")
    return Reading(order_id="1", facts=(fact,), version=version)


def capture(number: int, amount: int = 100) -> Reading:
    fact = Fact(type="PaymentCaptured", business_key=f"capture:{number}", body={"amount": amount}, occurred_at=START)
    return Reading(order_id="1", facts=(fact,))


def refund(status: str, version: int) -> Reading:
    body = {"refund_id": "9", "tenders": [{"status": status}]}
    fact = Fact(
        type="RefundIssued",
        business_key="refund:9",
        body=body,
        occurred_at=START + timedelta(hours=1),
        test_mode=None,
        repeat="status",
        version=version,
        open={"units": 1},
    )
    return Reading(order_id="1", facts=(fact,))


LIFE = (order(1000, 1), order(1200, 2), capture(1), capture(2), refund("PENDING", 1), refund("SUCCEEDED", 2))


def play(readings: Sequence[Reading], snapshot: Snapshot = EMPTY) -> tuple[list[EventTwin], Snapshot]:
    events: list[EventTwin] = []
    for reading in readings:
        context = Context(tenant="t", source="test:a", connection=DEFAULT_CONNECTION, snapshot=snapshot, remembers=True)
        told, snapshot = advance(Completing(), context, "1", reading)
        events += told
        assert decode_snapshot(encode_snapshot(snapshot)) == snapshot
    return events, snapshot


def test_a_life_in_order() -> None:
    events, snapshot = play(LIFE)
    assert [(event["type"], event["business_key"]) for event in events] == [
        ("OrderPlaced", "order"),
        ("OrderEdited", "edit:1"),
        ("PaymentCaptured", "capture:1"),
        ("PaymentCaptured", "capture:2"),
        ("RefundIssued", "refund:9"),
        ("RefundIssued", "refund:9:1"),
    ]
    assert snapshot.order is not None
    assert snapshot.order["total"] == 1200
    assert play(LIFE, snapshot) == ([], snapshot)


def test_what_waited_goes_out_among_the_facts_that_come_with_the_order_in_order_of_time() -> None:
    (placed,) = order(1000, 1).facts
    (paid,) = capture(1).facts
    sent, seen = (
        Fact(type=name, business_key=name, body={"shipment_id": "1"}, occurred_at=START + timedelta(hours=hours))
        for name, hours in (("ShipmentDispatched", 0.5), ("ShipmentDelivered", 2))
    )
    whole = Reading(order_id="1", facts=(placed, paid, sent, seen), version=1)
    events, _ = play([refund("SUCCEEDED", 1), whole])
    assert [event["type"] for event in events] == [
        "OrderPlaced",
        "PaymentCaptured",
        "ShipmentDispatched",
        "RefundIssued",
        "ShipmentDelivered",
    ]


@given(seed=st.integers(0, 10_000))
def test_shuffled_and_repeated_deliveries_end_alike(seed: int) -> None:
    rng = random.Random(seed)
    readings = [*LIFE, *rng.choices(LIFE, k=6)]
    rng.shuffle(readings)
    events, snapshot = play(readings)
    assert snapshot.order is not None
    assert snapshot.order["total"] == 1200
    assert snapshot.waiting == ()
    assert len({event["event_id"] for event in events}) == len(events)
    assert sorted(event["business_key"] for event in events if event["type"] == "PaymentCaptured") == ["capture:1", "capture:2"]
    refunds = [event for event in events if event["type"] == "RefundIssued"]
    assert refunds[-1]["tenders"] == [{"status": "SUCCEEDED"}]
    assert all(event["reason_code"] == "web" for event in refunds)
    assert play(readings) == (events, snapshot)


def test_a_fact_that_changed_goes_out_once_more_under_its_id_for_the_books_to_see() -> None:
    events, snapshot = play([capture(1), capture(1, 200), capture(1), capture(1, 200)])
    assert [event["amount"] for event in events] == [100, 200]
    assert len({event["event_id"] for event in events}) == 1
    assert len(snapshot.told["capture:1"].digests) == 2


def test_what_waits_goes_out_as_it_is_when_its_order_cannot_be_had() -> None:
    events, snapshot = play([refund("SUCCEEDED", 1)])
    assert events == []
    context = Context(tenant="t", source="test:a", connection=DEFAULT_CONNECTION, snapshot=snapshot, remembers=True)
    told, snapshot = give_up_waiting(Completing(), context, "1")
    assert [event["business_key"] for event in told] == ["refund:9"]
    assert "reason_code" not in told[0]
    assert play([refund("SUCCEEDED", 1)], snapshot) == ([], snapshot)


def test_a_payment_goes_to_the_order_that_it_pays_once_that_is_known() -> None:
    fee = Fact(type="FeeCharged", business_key="fee:1", body={"fee_id": "1", "payment_id": "ch_1"}, occurred_at=START)
    events, snapshot = play([Reading(facts=(fee,))])
    assert events == []
    events, snapshot = play([Reading(owner=Owner("shopify:a", "77", "p5"))], snapshot)
    assert [(event["source"], event["order_id"], event["payment_id"]) for event in events] == [("shopify:a", "77", "p5")]
    assert snapshot.waiting == ()


def test_without_a_memory_everything_goes_out_at_once() -> None:
    context = Context(tenant="t", source="test:a", connection=DEFAULT_CONNECTION)
    for reading in (refund("PENDING", 1), replace(capture(3), order_id=None)):
        told, _ = advance(Completing(), context, "r", reading)
        assert len(told) == 1
    assert told[0]["order_id"] == "r"


def test_the_waiting_room_is_bounded() -> None:
    facts = tuple(replace(refund("PENDING", 1).facts[0], business_key=f"refund:{number}") for number in range(WAITING_MAX + 1))
    events, snapshot = play([Reading(order_id="1", facts=facts)])
    assert len(events) == 1
    assert len(snapshot.waiting) == WAITING_MAX


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b"\xff", b'{"format": 1}', encode_snapshot(EMPTY)[:-1]])
def test_what_is_no_snapshot_is_refused(value: bytes) -> None:
    with pytest.raises(UnreadableSnapshot):
        decode_snapshot(value)


def test_any_json_in_place_of_a_part_of_a_snapshot_is_refused_or_read() -> None:
    whole: dict[str, Any] = {"format": 2, "version": None, "order": None, "revision": 0, "owner": None}
    whole |= {"told": {}, "waiting": [], "gave_up": False, "memory": {}}
    assert decode_snapshot(str(whole).replace("'", '"').replace("None", "null").replace("False", "false").encode()) == EMPTY
