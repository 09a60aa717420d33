"""What counts as the same content."""

import hashlib
import json
from typing import Any

import pytest

from schemas.events import event_from_json
from tests.unit.schemas import examples


def taken(obj: dict[str, Any]) -> tuple[str, str, str]:
    event = event_from_json(obj)
    return event.fingerprint, event.business_fingerprint, event.natural_fingerprint


def test_the_bytes_that_are_hashed() -> None:
    """Worked by hand with the standard library: sorted keys, no blanks, UTF-8, times in microseconds, shortest decimals."""
    obj = examples.captured(store="Plaza Ñ", source_sequence=4, correlation_id="c")
    content: dict[str, Any] = {
        **{name: obj[name] for name in ("type", "event_id", "tenant", "source", "order_id", "business_key", "test_mode")},
        **{name: obj[name] for name in ("currency", "currency_exponent", "payment_id", "tender", "gateway", "amount", "store")},
        "occurred_at": 1_767_605_999_000_000,
        "source_sequence": 4,
    }

    def tagged(values: dict[str, Any]) -> str:
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "f1:" + hashlib.sha256(text.encode()).digest()[:16].hex()

    business = {name: value for name, value in content.items() if name not in ("event_id", "occurred_at", "source_sequence")}
    natural = {name: value for name, value in business.items() if name != "business_key"}
    assert taken(obj) == (tagged(content), tagged(business), tagged(natural))


def test_quantities_and_decimals_are_hashed_as_their_shortest_text() -> None:
    obj = examples.shipped(lines=[{"line_id": "L1", "quantity": "1.500", "unit_cost": "2.50"}])
    content = {
        **{
            name: obj[name]
            for name in ("type", "tenant", "source", "order_id", "test_mode", "currency", "currency_exponent", "shipment_id")
        },
        "lines": [{"line_id": "L1", "quantity": "1.5", "unit_cost": "2.5"}],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert taken(obj)[2] == "f1:" + hashlib.sha256(text.encode()).hexdigest()[:32]


@pytest.mark.parametrize("name", ["received_at", "source_event_id", "correlation_id", "causation_id"])
def test_transport_is_no_content(name: str) -> None:
    other = "2026-03-01T00:00:00Z" if name == "received_at" else "other"
    assert taken(examples.captured(**{name: other})) == taken(examples.captured())


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("event_id", examples.OTHER_ID),
        ("occurred_at", "2026-01-06T00:00:00Z"),
        ("source_version", 2),
        ("source_sequence", 2),
    ],
)
def test_identity_is_no_business_content(name: str, other: Any) -> None:
    first, second = taken(examples.captured()), taken(examples.captured(**{name: other}))
    assert first[0] != second[0]
    assert first[1:] == second[1:]


def test_the_business_key_is_no_natural_content() -> None:
    first, second = taken(examples.captured()), taken(examples.captured(business_key="capture:p1:twin"))
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert first[2] == second[2]


@pytest.mark.parametrize(
    ("name", "other"), [("amount", 1), ("test_mode", True), ("fee", 0), ("store", "x"), ("tenant", "other"), ("order_id", "1002")]
)
def test_everything_else_is_content(name: str, other: Any) -> None:
    assert not set(taken(examples.captured())) & set(taken(examples.captured(**{name: other})))


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": "2.500"},
        {"unit_price": "4.00"},
        {"unit_price": "04"},
        {"unit_cost": "1.250"},
        {"taxes": [{**examples.TAX, "rate": "0.210"}]},
        {"sku": None},
    ],
)
def test_spellings_of_one_value_are_one_content(other: dict[str, Any]) -> None:
    first = event_from_json(examples.placed())
    assert event_from_json(examples.placed(lines=[{**examples.LINE, **other}])) == first


def test_one_moment_in_two_zones_is_one_content() -> None:
    first, second = examples.captured(), examples.captured(occurred_at="2026-01-05T03:39:59.000-06:00", event_id=examples.EVENT_ID.upper())
    assert event_from_json(first) == event_from_json(second)


def test_an_empty_list_is_not_an_absent_one() -> None:
    line = {"line_id": "L1", "quantity": "1", "scope": "AUTO"}
    assert taken(examples.refunded(lines=[line])) != taken(examples.refunded(lines=[{**line, "taxes": []}]))
