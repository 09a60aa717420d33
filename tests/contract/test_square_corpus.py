"""Public Square payloads give what the corpus expects of them: conclusion and every figure it states."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sources.platforms.door import Judged
from sources.platforms.outcome import EventTwin, Nothing, Problem
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.unit.sources.provider_lives import Delivery, ask, book, events_of

ENTRIES = corpus_entries("square")
EMITTING = {"post", "post_and_report_discrepancy", "test_do_not_post"}
KEPT = {"gift-card-activated", "payout-paid-eur", "payout-entries"}
"""Facts of part 2 of the contract: readable, their sums checked, nothing told of them yet."""
WORDS = {"conclusion", "reason", "test", "state", "status", "fees", "with_lines", "transport_id", "discrepancies", "currency_key", "type"}
"""What `expect` says in words, or of other payloads."""


def content(entry: dict[str, Any]) -> Any:
    return json.loads((CORPUS / entry["file"]).read_text(encoding="utf-8"))


def run(entry: dict[str, Any], payload: Any = None) -> tuple[Judged | Nothing | Problem, ...]:
    body = content(entry) if payload is None else payload
    return ask("square", Delivery(entry["arrives_as"]["topic"], body), connection={"country": "US", "region": "CA"})


def stem(entry: dict[str, Any]) -> str:
    return Path(entry["file"]).stem


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert {entry["file"].split("/")[1] for entry in ENTRIES} == {"events", "orders", "payments", "payouts", "refunds"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    conclusion, answers = entry["expect"]["conclusion"], run(entry)
    problems = [answer for answer in answers if isinstance(answer, Problem)]
    if stem(entry) in KEPT:
        assert isinstance(answers[0], Nothing)
        assert "settlements" in answers[0].reason
    elif conclusion in EMITTING:
        assert events_of(answers)
        assert not problems
    elif conclusion == "post_nothing":
        assert (events_of(answers), problems) == ([], [])
    else:
        assert [problem.code for problem in problems] == [conclusion]


def of_type(events: list[EventTwin], name: str) -> list[EventTwin]:
    return [event for event in events if event["type"] == name]


def order_figures(events: list[EventTwin]) -> dict[str, Any]:
    placed, lines = events[0], events[0]["lines"]
    assert placed["type"] == "OrderPlaced"

    def kinds(*names: str) -> int:
        return sum(line["gross"] for line in lines if line["kind"] in names)

    return {
        "order_id": placed["order_id"],
        "goods_gross": kinds("GOODS", "SERVICE", "GIFT_CARD"),
        "discount": sum(line["discount"] + line.get("order_discount", 0) for line in lines),
        "tax_total": sum(tax["amount"] for line in lines for tax in line["taxes"]),
        "shipping": kinds("SHIPPING"),
        "service_charges": kinds("FEE"),
        "tip": kinds("TIP"),
        "total": placed["total"],
        "captured_payments": [
            {"payment_id": event["payment_id"], "type": event["tender"], "amount": event["amount"]}
            for event in of_type(events, "PaymentCaptured")
        ],
        "refunds": [event["refund_id"] for event in of_type(events, "RefundIssued")],
    }


def payment_figures(events: list[EventTwin]) -> dict[str, Any]:
    (captured,), fees = of_type(events, "PaymentCaptured"), of_type(events, "FeeCharged")
    return {
        "payment_id": captured["payment_id"],
        "order_id": captured["order_id"],
        "total": captured["amount"],
        "application_fee": sum(fee["amount"] for fee in fees if fee["kind"] == "application"),
        "processing_fee": sum(fee["amount"] for fee in fees if fee["kind"] == "processing") or "not yet known",
        "refunded": 0,
    }


def refund_figures(events: list[EventTwin]) -> dict[str, Any]:
    (refund,), returned = of_type(events, "RefundIssued"), of_type(events, "JournalPosted")
    tender = refund["tenders"][0]
    return {
        "refund_id": refund["refund_id"],
        "payment_id": tender["payment_id"],
        "order_id": refund["order_id"],
        "amount": tender["amount"],
        "fee_returned": sum(event["postings"][0]["amount"] for event in returned if "application" not in event["journal_id"]),
        "application_fee_returned": sum(event["postings"][0]["amount"] for event in returned if "application" in event["journal_id"]),
    }


def major_units(value: Any) -> Any:
    """Minor units of two decimals, at any depth, as the corpus writes them."""
    if isinstance(value, dict):
        return {key: major_units(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [major_units(inner) for inner in value]
    return str(Decimal(value).scaleb(-2)) if isinstance(value, int) else value


def dispute_figures(events: list[EventTwin]) -> dict[str, Any]:
    (opened,) = events
    return {
        "dispute_id": opened["dispute_id"],
        "payment_id": opened["payment_id"],
        "amount": opened["amount"],
        "fee": "not in this payload",
    }


def completed(entry: dict[str, Any]) -> Any:
    """The payload as it stands once the order is completed, the payment taken or the refund done: its figures are read all the same."""
    payload = content(entry)
    body = payload["data"]["object"] if "data" in payload else payload
    inner = next((body[kind] for kind in ("payment", "refund", "dispute") if kind in body), body)
    if "state" in inner and "line_items" in inner:
        inner["state"] = "COMPLETED"
    elif "status" in inner:
        inner["status"] = "COMPLETED"
    return payload


READERS = {"orders": order_figures, "payment": payment_figures, "refund": refund_figures, "dispute": dispute_figures}
"""Start of the file's name or folder -> what reads the figures out of the events."""
WITH_FIGURES = [entry for entry in ENTRIES if stem(entry) not in KEPT | {"order-updated", "invoice-payment-made"}]


@pytest.mark.parametrize("entry", WITH_FIGURES, ids=lambda entry: entry["file"])
def test_every_figure_is_in_the_events(entry: dict[str, Any]) -> None:
    folder, name = entry["file"].split("/")[1:]
    reader = READERS.get(folder) or next(read for kind, read in READERS.items() if kind in name)
    events = events_of(run(entry, completed(entry)))
    figures = major_units(reader(events))
    expected = {key: value for key, value in entry["expect"].items() if key not in WORDS}
    if reader is payment_figures:
        assert Decimal(expected.pop("amount")) + Decimal(expected.pop("tip")) == Decimal(figures["total"])
        assert expected.pop("net") == "not yet known"
    assert figures == expected
    assert {event["currency"] for event in events if "currency" in event} == {entry["currency"]}
    assert not any(event["test_mode"] for event in events)


def test_balances_are_those_of_the_payload() -> None:
    require_corpus()
    entry = next(entry for entry in ENTRIES if stem(entry) == "pay-order-two-tenders")
    assert book(events_of(run(entry))).balances == {"USD": {"psp_clearing:square": 2000, "revenue:sales": -2000}}
