"""Public PayPal payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.door import Judged
from sources.platforms.outcome import EventTwin, Nothing, Problem
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.order_making import event_json, line
from tests.unit.sources.deliveries import booked
from tests.unit.sources.provider_lives import Delivery, ask, events_of

ENTRIES = corpus_entries("paypal")
NO_FIGURES = frozenset({"conclusion", "reason", "status", "outcome", "final_capture", "event_code", "discount_line", "test"})
"""What an expectation says about the payload, and no event shows."""
NAMED = {"dispute_id": "dispute_id", "capture_id": "payment_id", "transaction_id": "payment_id", "order_id": "order_id"}
"""Id of an expectation -> field of the events that must state it."""
IN_CART = {
    "goods": ("cart_info", "item_details", 0, "item_amount"),
    "tax_total": ("cart_info", "item_details", 1, "tax_amounts", 0, "tax_amount"),
    "shipping": ("transaction_info", "shipping_amount"),
    "insurance": ("transaction_info", "insurance_amount"),
    "shipping_discount": ("transaction_info", "shipping_discount_amount"),
}
"""Figures of a row that no event shows -> where one of them stands: they are compared with the amount."""
IN_BALANCE = {"total": "total_balance", "available": "available_balance", "withheld": "withheld_balance"}


def answers_of(entry: Mapping[str, Any], payload: Any = None) -> tuple[Judged | Nothing | Problem, ...]:
    content = (CORPUS / entry["file"]).read_text("utf-8") if payload is None else json.dumps(payload)
    return ask("paypal", Delivery(entry["arrives_as"]["topic"], content))


def payload_of(entry: Mapping[str, Any]) -> Any:
    return json.loads((CORPUS / entry["file"]).read_bytes())


def notices_of(answers: Sequence[Judged | Nothing | Problem]) -> str:
    return " ".join(notice for answer in answers if isinstance(answer, Judged) for notice in answer.notices)


def summed(events: Sequence[EventTwin], *types: str, field: str = "amount") -> Decimal:
    """Major units of the events of some types."""
    return sum((Decimal(event[field]).scaleb(-event["currency_exponent"]) for event in events if event["type"] in types), Decimal(0))


def changed(payload: Any, path: Sequence[str | int]) -> Any:
    """A copy with one amount a unit higher."""
    copy = json.loads(json.dumps(payload))
    place = copy
    for name in path:
        place = place[name]
    place["value"] = str(Decimal(place["value"]) + 1)
    return copy


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert len(ENTRIES) >= 5


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    answers, conclusion = answers_of(entry), entry["expect"]["conclusion"]
    events = events_of(answers)
    assert answers == answers_of(entry)
    assert not [answer for answer in answers if isinstance(answer, Problem)]
    assert bool(events) is (conclusion != "post_nothing")
    assert entry["expect"]["test"] == "not stated"
    assert not [event for event in events if event["test_mode"]]
    assert {event["currency"] for event in events} <= {entry["currency"]}
    for event in events:
        event_from_json(event)
    if conclusion == "post_and_report_discrepancy":
        assert "difference" in notices_of(answers)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_figures(entry: dict[str, Any]) -> None:
    answers, expect = answers_of(entry), entry["expect"]
    events = events_of(answers)
    captured, fees = summed(events, "PaymentCaptured"), summed(events, "FeeCharged")
    for name, stated in expect.items():
        if name in NO_FIGURES:
            continue
        if name in NAMED:
            assert stated in {event[NAMED[name]] for event in events if NAMED[name] in event}, name
        elif name in IN_CART:
            copy = payload_of(entry)
            wrong = changed(copy, ("transaction_details", 0, *IN_CART[name]))
            assert "difference" not in notices_of(answers)
            assert "difference" in notices_of(answers_of(entry, wrong)), name
        elif name in IN_BALANCE:
            (problem,) = answers_of(entry, changed(payload_of(entry), ("balance", IN_BALANCE[name])))
            assert isinstance(problem, Problem)
            assert (problem.code, problem.pointer) == ("hold_discrepancy", "/balance/total_balance")
            assert Decimal(payload_of(entry)["balance"][IN_BALANCE[name]]["value"]) == Decimal(stated)
        elif name == "payments":
            for each in stated:
                own = [event for event in events if event.get("payment_id") == each["id"]]
                assert summed(own, "PaymentCaptured") == Decimal(each["gross"])
                assert summed(own, "FeeCharged") == Decimal(each["fee"])
        elif name == "gross":
            assert captured == Decimal(stated)
        elif name in {"fee", "fees"}:
            assert fees == Decimal(stated)
        elif name == "net":
            assert captured - fees == Decimal(stated)
        elif name in {"disputed", "refunded_to_buyer"}:
            assert summed(events, "ChargebackOpened") - summed(events, "ChargebackClosed", field="amount_won") == Decimal(stated)
        elif name in {"transaction_gross", "discrepancies"}:
            assert f"stated {expect['transaction_gross']}" in notices_of(answers)
        else:
            pytest.fail(f"the expectation has a figure without a comparison: {name}")


def placed(event: EventTwin, total: int) -> EventTwin:
    """An order of one line that the event belongs to."""
    where: dict[str, Any] = {"order_id": event["order_id"], "source": "paypal:main", "currency": event["currency"]}
    seller: dict[str, Any] = {
        "legal_entity": "US01",
        "channel": "web",
        "terms": "PREPAID",
        "order_discounts": [],
        "prices_include_tax": True,
    }
    return event_json("OrderPlaced", "order", **where, **seller, lines=[line("1", total)], total=total)


@pytest.mark.parametrize("entry", [one for one in ENTRIES if "gross" in one["expect"]], ids=lambda entry: entry["file"])
def test_the_clearing_account_has_what_came_less_the_fees(entry: dict[str, Any]) -> None:
    events = events_of(answers_of(entry))
    captures = [event for event in events if event["type"] == "PaymentCaptured"]
    balances = booked([*(placed(event, event["amount"]) for event in captures), *events])
    cleared = sum(accounts["psp_clearing:paypal"] for accounts in balances.values())
    assert Decimal(cleared).scaleb(-2) == Decimal(entry["expect"]["net"])
    assert sum(accounts["contract_liability"] for accounts in balances.values()) == -sum(event["amount"] for event in captures)


@pytest.mark.parametrize("entry", [one for one in ENTRIES if "disputed" in one["expect"]], ids=lambda entry: entry["file"])
def test_a_lost_dispute_leaves_the_clearing_account(entry: dict[str, Any]) -> None:
    """Of an order that was captured for the whole transaction, what was refunded to the buyer is lost."""
    events, expect = events_of(answers_of(entry)), entry["expect"]
    gross, lost = (int(Decimal(expect[name]).scaleb(2)) for name in ("transaction_gross", "refunded_to_buyer"))
    where: dict[str, Any] = {name: events[0][name] for name in ("order_id", "source", "currency")}
    paid: dict[str, Any] = {"payment_id": events[0]["payment_id"], "tender": "WALLET", "gateway": "paypal", "amount": gross}
    before = [
        placed(events[0], gross),
        event_json("PaymentCaptured", "capture", **where, **paid),
        event_json("ShipmentDispatched", "shipment", **where, shipment_id="1", lines=[{"line_id": "1", "quantity": "1"}]),
    ]
    (balances,) = booked([*before, *events]).values()
    assert balances == {"psp_clearing:paypal": gross - lost, "dispute_losses": lost, "revenue:sales": -gross}
