"""The fixed small job for comparing engines: its rules on a few events."""

from typing import Any

import orjson
import pytest

from bench.small_job import generated_codec
from bench.small_job.codec import decode_entry, decode_event, encode_event
from bench.small_job.processor import CAPTURED, CODECS, SmallJob, SmallJobResult
from streams.engine.processor import SourceRange
from tests.unit.streams.offline_engine import Record

LINE = {"no": 1, "sku": "A", "qty": 1, "unit_price": 333, "unit_cost": 100, "tax_bp": 2100}


def event(number: int, kind: str, **more: Any) -> bytes:
    """An event of order o1 with one line of 3.33, 21 % tax."""
    texts = dict.fromkeys(("source", "channel", "customer_id", "country"), "x")
    values = {"event_id": f"{number}", "kind": kind, "order_id": "o1", "event_time": number, "currency": "EUR", "payment_method": "card"}
    rest: dict[str, Any] = {"warehouse": None, "payment_ref": None, "amount": 0, "shipping": 300, "lines": [LINE], "attributes": {}}
    return encode_event(texts | values | rest | more)


def process(events: list[bytes], states: dict[bytes, bytes] | None = None) -> tuple[SmallJobResult, list[dict[str, Any]]]:
    """The result of a range and its entries, the same with each codec; debits less credits of each is 0."""
    records = [Record(offset, b"o1", value) for offset, value in enumerate(events)]
    source = SourceRange(topic="in", partition=0, first_offset=0, next_offset=len(records), records=records)
    result, other = [SmallJob("out", codec).process(source, states or {}) for codec in CODECS.values()]
    assert result == other
    entries = [decode_entry(record.value or b"") for record in result.outputs["out"]]
    assert not any(sum(posting["debit"] - posting["credit"] for posting in entry["postings"]) for entry in entries)
    return result, entries


def amounts(entry: dict[str, Any]) -> dict[str, int]:
    """Account to debit less credit."""
    return {posting["account"]: posting["debit"] - posting["credit"] for posting in entry["postings"]}


def test_capture_shipment_and_refund_are_booked_once() -> None:
    events = [event(1, "PLACED"), event(2, "CAPTURED", amount=703), event(3, "SHIPPED"), event(3, "SHIPPED"), event(4, "REFUNDED")]
    result, entries = process(events)
    assert [entry["entry_id"] for entry in entries] == ["e2", "e3", "e4"]
    assert amounts(entries[0]) == {"clearing:card": 703, "customer_deposits": -703}
    shipped = {"customer_deposits": 703, "revenue": -333, "tax": -70, "shipping": -300, "cogs": 100, "inventory": -100}
    assert amounts(entries[1]) == shipped
    assert amounts(entries[2]) == {"revenue": 333, "tax": 70, "clearing:card": -403}
    assert orjson.loads(result.states[0].value or b"")[CAPTURED] == 703


def test_tax_runs_over_the_line_and_shipping_is_charged_once() -> None:
    """69.93 and 139.86 round to 70 and 140: the second unit bears 70."""
    first, _ = process([event(1, "SHIPPED")])
    states = {state.key: state.value for state in first.states if state.value is not None}
    _, entries = process([event(1, "SHIPPED"), event(2, "SHIPPED")], states)
    (second,) = entries
    assert amounts(second) == {"customer_deposits": 403, "revenue": -333, "tax": -70, "cogs": 100, "inventory": -100}


@pytest.mark.parametrize("amount", [0, -1, 63, 64, -64, -65, 8191, 8192, 2**20, -(2**40), 2**62])
def test_both_codecs_read_numbers_of_any_length(amount: int) -> None:
    told = event(1, "REFUNDED", amount=amount, shipping=-amount, lines=[LINE | {"no": 2, "unit_price": abs(amount) >> 3}] * 3)
    assert told_by_generated(told) == decode_event(told)[5:]
    process([told])


@pytest.mark.parametrize("text", ["", "x", "é" * 31, "x" * 63, "x" * 64, "x" * 9000])
def test_both_codecs_read_texts_of_any_length(text: str) -> None:
    told = event(1, "CAPTURED", amount=5, warehouse=text, payment_ref=text, currency=text, payment_method=text, source=text)
    assert told_by_generated(told) == decode_event(told)[5:]
    process([told])


def test_an_event_that_is_cut_off_or_has_another_head_is_refused() -> None:
    whole = event(1, "PLACED")
    for wrong in (whole[:-40], whole[:-2], b"\x01" + whole[1:], whole[:5] + b"\x01" + whole[6:]):
        with pytest.raises((IndexError, ValueError)):
            generated_codec.decode_event(wrong)


def told_by_generated(value: bytes) -> tuple[Any, ...]:
    """Of what the generated reader tells, that which is not raw."""
    return tuple(generated_codec.decode_event(value))[5:]
