"""All faults of an event at once: the decoder's verdict, a pointer and a way to mend each."""

from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import json_twin
from schemas.acceptance import accept_record
from schemas.event_faults import FAULTS_MAX, FaultyEvent, check_event, faults_of
from schemas.events import event_record, parse_event_json
from schemas.framed_values import frame_values
from schemas.partitioning import partition_for
from schemas.refusal import REASONS, InvalidEvent, Refusal
from tests.unit.schemas import examples, strategies

CARD = "paid with 4111 1111 1111 1111"
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "x", 0, -1, True, 12.5, 10**15, 10**16, 2**63, [], {}, ["x"], "UNKNOWN", "1.5", "x" * 2001, CARD, "a:b:c"]
).map(deepcopy)


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """A valid event in which up to four places, however deep, were changed, taken out or added."""
    event: dict[str, Any] = orjson.loads(orjson.dumps(draw(strategies.events)))
    for _ in range(draw(st.integers(0, 4))):
        where: Any = event
        while True:
            inner = [value for value in (where.values() if isinstance(where, dict) else where) if isinstance(value, dict | list) and value]
            if not inner or draw(st.booleans()):
                break
            where = draw(st.sampled_from(inner))
        if isinstance(where, list):
            where[draw(st.integers(0, len(where) - 1))] = draw(JUNK)
            continue
        name = draw(st.sampled_from([*where, "extra"]))
        if draw(st.booleans()):
            where.pop(name, None)
        else:
            where[name] = draw(JUNK)
    return event


def verdict_of_worker(event: Any) -> str:
    """What the decode guard says of the event as an Avro record, rules unchecked before; "unwritable" where Avro cannot hold it."""
    record = event_record(str(event.get("type")))
    try:
        assert record is not None
        values = json_twin.read_object(record, event)
        value = frame_values(record.name, values)
    except (InvalidEvent, AssertionError):
        return "unwritable"
    key = f"{values['tenant']}:{values['source']}:{values['order_id']}".encode()
    accepted = accept_record(key=key, value=value, partition=partition_for(key, 48), partition_count=48)
    return accepted.reason if isinstance(accepted, Refusal) else "accepted"


@given(broken())
def test_faults_are_found_exactly_where_workers_refuse(event: dict[str, Any]) -> None:
    faults = faults_of(event)
    door = parse_event_json(orjson.dumps(event))
    assert (faults == ()) == (not isinstance(door, Refusal))
    if isinstance(door, Refusal):
        assert door.reason in {fault.reason for fault in faults}
    worker = verdict_of_worker(event)
    if worker == "accepted":
        assert faults == ()
    elif worker == "unwritable":
        assert faults
    else:
        assert worker in {fault.reason for fault in faults}


def resolved(event: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        event = event[int(name)] if isinstance(event, list) else event[name]
    return event


@given(broken())
def test_every_pointer_leads_to_a_place_of_the_event(event: dict[str, Any]) -> None:
    for fault in faults_of(event):
        assert fault.problem
        assert fault.mend
        parent, _, _ = fault.pointer.rpartition("/")
        if fault.reason == "missing_field":
            assert isinstance(resolved(event, parent), dict)
        elif fault.reason != "unknown_type":
            resolved(event, fault.pointer)


def places(event: Any) -> list[tuple[str, str]]:
    return [(fault.reason, fault.pointer) for fault in faults_of(event)]


def test_all_faults_are_told_at_once() -> None:
    line = {**examples.LINE, "quantity": "0", "gross": "10", "taxes": [{**examples.TAX, "rate": "1,5", "liabel_party": "SELLER"}]}
    event = examples.placed(lines=[examples.LINE, line], total=12.5, currency=None, reason=CARD, source="shopify", terms="UNKNOWN")
    assert sorted(places(event)) == [
        ("invalid_field", "/lines/1/gross"),
        ("invalid_field", "/lines/1/quantity"),
        ("invalid_field", "/lines/1/taxes/0/rate"),
        ("invalid_field", "/source"),
        ("invalid_field", "/terms"),
        ("invalid_field", "/total"),
        ("missing_field", "/currency"),
        ("unknown_field", "/lines/1/taxes/0/liabel_party"),
        ("unknown_field", "/reason"),
    ]


@pytest.mark.parametrize(
    ("event", "place", "mend"),
    [
        (examples.captured(amount=12.10), "/amount", "12.10 EUR is 1210"),
        (examples.captured(amount="1210"), "/amount", "never as a decimal or a text"),
        (examples.captured(amount=2**64), "/amount", "minor units"),
        (examples.captured(order_id=9007199254740993), "/order_id", "ids are text even where they are digits"),
        (examples.captured(gateway=""), "/gateway", "says where"),
        (examples.captured(occurred_at="2026-01-05T09:00:00"), "/occurred_at", "with its offset"),
        (examples.captured(ammount=1), "/ammount", "write `amount`"),
        (examples.captured(payment_id=None), "/payment_id", "State `payment_id`: The payment."),
        (examples.captured(type="PaymentCapture"), "/type", "`PaymentCaptured`"),
        (examples.cancelled(reason=CARD), "/reason", "Take it out at the source"),
        (examples.placed(document_fields={"RFC": "x", "note": CARD}), "/document_fields/note", "Take it out at the source"),
        (examples.placed(document_fields={"a/b": 5}), "/document_fields/a~1b", "an object of texts"),
        (examples.correction(replacement=examples.captured(amount=-1)), "/replacement/amount", "minor units"),
        (examples.placed(lines=[{**examples.LINE, "taxes": [examples.TAX] * 51}]), "/lines/0/taxes", "Split the fact"),
        (examples.placed(lines=[examples.LINE] * 1001), "/lines", "at most 1 000 items"),
        (examples.adjusted(kind="WITHHOLDING"), "/jurisdiction", "State the field"),
    ],
)
def test_a_fault_says_where_and_how_to_mend(event: Any, place: str, mend: str) -> None:
    (fault,) = faults_of(event)
    assert fault.pointer == place
    assert mend in fault.mend
    assert str(fault).startswith(f"{place}: ")


@pytest.mark.parametrize("value", [None, [], "x", 5, [examples.placed()]])
def test_what_is_no_object_has_one_fault(value: Any) -> None:
    assert places(value) == [("invalid_json", "")]


def test_faults_are_bounded_and_never_quote_values() -> None:
    event = examples.placed(lines=[{**examples.LINE, "quantity": "s3cret", "gross": "s3cret"}] * 900)
    with pytest.raises(FaultyEvent) as refused:
        check_event(event)
    assert len(refused.value.faults) == FAULTS_MAX
    assert "s3cret" not in str(refused.value)
    assert {fault.reason for fault in refused.value.faults} <= REASONS.keys()


def test_an_empty_optional_text_is_absent_beside_a_fault_as_without_one() -> None:
    assert places(examples.captured(store="", correlation_id="")) == []
    assert places(examples.captured(store="", correlation_id="", amount=-1)) == [("invalid_field", "/amount")]


def test_half_a_character_in_a_name_can_be_written() -> None:
    event = examples.placed(**{"\ud800name": 1}, document_fields={"\ud800": "x"})
    assert [orjson.dumps(fault.to_json()) for fault in faults_of(event)]
    assert ("unknown_field", "/?name") in places(event)


def test_an_event_that_is_too_large_as_a_whole_says_so() -> None:
    lines = [{**examples.LINE, "line_id": str(number), "description": "x" * 600} for number in range(1000)]
    assert places(examples.placed(lines=lines)) == [("too_large", "")]


def test_a_right_event_comes_back_encoded() -> None:
    assert check_event(examples.captured()).record_name == "PaymentCaptured"
