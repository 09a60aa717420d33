"""Typed events: the JSON twin and the message they become, their ids, and what is refused."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import orjson
import pytest

from asiento.cli.simulation import Simulation
from schemas.acceptance import accept_record
from schemas.event_faults import FaultyEvent, check_event
from schemas.events import event_from_json
from schemas.refusal import Refusal
from schemas.registry import registry
from sources.platforms.identity import event_id
from sources.sdk.business_keys import BUSINESS_KEYS, NOT_BY_PRODUCERS
from sources.sdk.envelope import Event, Order
from sources.sdk.events import OrderCancelled, PaymentCaptured, RefundIssued, ShipmentDispatched
from sources.sdk.generate import ROOT, sources
from sources.sdk.parts import Fx, ShipmentLine
from sources.sdk.samples import samples
from streams.policies import load_policies

ORDER = Order(tenant="acme", source="oms:main", order_id="1001", currency="EUR")
WHEN = datetime(2026, 1, 5, 9, 39, 59, 1, tzinfo=UTC)
CAPTURE = PaymentCaptured(order=ORDER, occurred_at=WHEN, received_at=WHEN, payment_id="p1", tender="CARD", gateway="stripe", amount=1210)


@pytest.mark.parametrize("name", sorted(sources()))
def test_the_typed_events_are_those_of_the_schemas(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == formatted(sources()[name]), "run python -m sources.sdk.generate"


def formatted(source: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "sources/sdk/events.py", "-"]
    return subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=True).stdout


def test_there_is_a_sample_of_every_event_that_producers_make() -> None:
    events = {known.record.name for known in registry().latest.values() if known.record.is_event}
    assert {sample.RECORD for sample in samples()} == events - NOT_BY_PRODUCERS
    assert events >= NOT_BY_PRODUCERS | BUSINESS_KEYS.keys()


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: f"{sample.RECORD}-{sample.order.order_id}")
def test_samples_are_accepted_as_they_lie_on_the_topic(sample: Event) -> None:
    message = sample.message()
    accepted = accept_record(key=message.key, value=message.value, partition=sample.order.partition(48), partition_count=48)
    assert not isinstance(accepted, Refusal)
    assert accepted == event_from_json(sample.to_json())
    assert dict(message.headers)["ce_id"].decode() == accepted.event_id == sample.to_json()["event_id"]
    assert message.key == sample.order.key.encode()


def test_the_samples_book_without_a_discrepancy() -> None:
    simulation = Simulation(load_policies(None))
    lines = b"\n".join(orjson.dumps(sample.to_json()) for sample in samples())
    rows = list(simulation.run(BytesIO(lines)))
    assert [row for row in rows if "discrepancy" in row] == []
    assert {row["outcome"]["result"] for row in rows if "outcome" in row} == {"posted"}


def test_the_twin_says_what_the_event_says() -> None:
    assert CAPTURE.to_json() == {
        "type": "PaymentCaptured",
        "event_id": event_id(tenant="acme", source="oms:main", order_id="1001", event_type="PaymentCaptured", business_key="capture:p1"),
        "tenant": "acme",
        "source": "oms:main",
        "order_id": "1001",
        "business_key": "capture:p1",
        "occurred_at": "2026-01-05T09:39:59.000001Z",
        "received_at": "2026-01-05T09:39:59.000001Z",
        "test_mode": False,
        "currency": "EUR",
        "currency_exponent": 2,
        "payment_id": "p1",
        "tender": "CARD",
        "gateway": "stripe",
        "amount": 1210,
    }


def test_numbers_times_and_ids_keep_their_value() -> None:
    fx = Fx(book_currency="USD", rate=Decimal("1.0800"), rate_date=date(2026, 1, 5), rate_source="ECB")
    here = WHEN.astimezone(timezone(timedelta(hours=-6)))
    given = UUID("1D9A6E0C-2F5B-5A53-9F0E-5D2B1C7A4E11")
    twin = replace(CAPTURE, fx=fx, occurred_at=here, event_id=given, received_at="2026-01-05T10:39:59+01:00").to_json()
    assert twin["fx"] == {"book_currency": "USD", "rate": "1.0800", "rate_date": "2026-01-05", "rate_source": "ECB"}
    assert twin["occurred_at"] == "2026-01-05T09:39:59.000001Z"
    assert twin["event_id"] == "1d9a6e0c-2f5b-5a53-9f0e-5d2b1c7a4e11"
    assert twin["received_at"] == "2026-01-05T10:39:59+01:00"
    for quantity, text in ((2, "2"), ("2.50", "2.50"), (Decimal("2E+1"), "20")):
        line = ShipmentLine(line_id="L1", quantity=quantity)
        sent = ShipmentDispatched(order=ORDER, occurred_at=WHEN, shipment_id="s1", lines=(line,))
        assert sent.to_json()["lines"] == [{"line_id": "L1", "quantity": text}]


def test_the_same_fact_has_the_same_id_and_another_has_another() -> None:
    ids = [
        event.to_json()["event_id"]
        for event in (
            CAPTURE,
            replace(CAPTURE, amount=1),
            replace(CAPTURE, payment_id="p2"),
            replace(CAPTURE, revision=1),
            replace(CAPTURE, order=replace(ORDER, tenant="other")),
        )
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[1:])) == 4


def test_a_refund_told_again_has_the_business_key_of_the_spec() -> None:
    refund = RefundIssued(order=ORDER, occurred_at=WHEN, refund_id="8812", lines=(), adjustments=(), tenders=(), allow_over_refund=False)
    assert refund.to_json()["business_key"] == "refund:8812"
    assert replace(refund, revision=2).to_json()["business_key"] == "refund:8812:2"


def test_received_at_is_now_unless_stated() -> None:
    before = datetime.now(UTC)
    stated = datetime.fromisoformat(replace(CAPTURE, received_at=None).to_json()["received_at"])
    assert before - timedelta(microseconds=1) <= stated <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"amount": 12.1}, "/amount"),
        ({"amount": Decimal("12.10")}, "/amount"),
        ({"amount": "12.10"}, "/amount"),
        ({"occurred_at": datetime(2026, 1, 5)}, "/occurred_at"),  # noqa: DTZ001 - without a zone, as it is refused
        ({"order": replace(ORDER, currency=None)}, "/currency"),
        ({"order": replace(ORDER, currency="EUX")}, "/currency_exponent"),
        ({"order": replace(ORDER, tenant="a:b")}, "/tenant"),
        ({"tender": "CHEQUE"}, "/tender"),
    ],
)
def test_what_is_inexact_or_wrong_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(FaultyEvent) as refused:
        replace(CAPTURE, **changes).message()
    assert place in [fault.pointer for fault in refused.value.faults]


def test_a_float_quantity_is_refused() -> None:
    line = ShipmentLine(line_id="L1", quantity=2.5)  # type: ignore[arg-type]
    with pytest.raises(FaultyEvent, match="/lines/0/quantity"):
        ShipmentDispatched(order=ORDER, occurred_at=WHEN, shipment_id="s1", lines=(line,)).message()


def test_a_fact_that_may_repeat_needs_its_business_key() -> None:
    with pytest.raises(TypeError, match="business_key"):
        OrderCancelled(order=ORDER, occurred_at=WHEN, lines=(), cancel_charges=True)  # type: ignore[call-arg]


def test_a_checked_twin_is_the_message_of_the_typed_event() -> None:
    assert check_event(CAPTURE.to_json()).value == CAPTURE.message().value


def test_importing_the_sdk_is_light() -> None:
    heavy = ["faust", "mode", "aiokafka", "pydantic", "aiohttp", "psycopg", "typer", "sqlite3"]
    program = f"import sys, sources.sdk.events, sources.sdk.money; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
