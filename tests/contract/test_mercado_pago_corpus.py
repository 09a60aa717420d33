"""Public Mercado Pago payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from sources.platforms.door import Judged
from sources.platforms.mercado_pago.adapter import ADAPTER
from sources.platforms.outcome import EventTwin, Problem
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.contract.corpus_shops import answers_of, events_of, notices_of
from tests.order_making import event_json, line
from tests.unit.sources import provider_lives
from tests.unit.sources.deliveries import Delivery, booked, play
from tests.unit.sources.mercado_pago_payloads import payment

ENTRIES = corpus_entries("mercado-pago")
CONNECTION = {"default_currency": "BRL"}
"""What the merchant of these payloads would have set: refunds state no currency."""
NO_FIGURES = frozenset({"conclusion", "reason", "status", "status_detail", "order_status", "captured", "live_mode"})
"""What an expectation says about the payload, and no event shows."""
NAMED = {"refund_id": "refund_id", "chargeback_id": "dispute_id", "payment_id": "payment_id", "order_id": "order_id"}
"""Id of an expectation -> field of the events that states it."""


def judged(entry: dict[str, Any]) -> tuple[list[EventTwin], str]:
    """The events and the notices of one file."""
    answers = answers_of(entry, **CONNECTION)
    assert answers == answers_of(entry, **CONNECTION)
    return events_of(answers), " ".join(notices_of(answers))


def moved(events: Sequence[EventTwin]) -> Decimal:
    """What came, was given back or is disputed, in major units."""
    amounts = [(each, each["amount"]) for each in events if each["type"] in {"PaymentCaptured", "ChargebackOpened"}]
    amounts += [(each, tender["amount"]) for each in events if each["type"] == "RefundIssued" for tender in each["tenders"]]
    return sum((Decimal(amount).scaleb(-each["currency_exponent"]) for each, amount in amounts), Decimal(0))


def ids_in(events: Sequence[EventTwin], field: str) -> set[str]:
    """The ids that events and their tenders state in a field."""
    stating = [*events, *(tender for each in events for tender in each.get("tenders", ()))]
    return {each[field] for each in stating if field in each}


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert len(ENTRIES) >= 7


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    expect, answers = entry["expect"], answers_of(entry, **CONNECTION)
    if expect["conclusion"] == "hold_discrepancy":
        (problem,) = answers
        assert isinstance(problem, Problem)
        assert (problem.code, problem.pointer) == ("hold_discrepancy", "/captured")
        assert f"stated {expect['amount']} BRL, computed 0.00, difference {expect['amount']}" in problem.message
        return
    assert all(isinstance(answer, Judged) for answer in answers)
    events, notices = judged(entry)
    assert bool(events) is (expect["conclusion"] == "post")
    assert events or notices
    assert {event["test_mode"] for event in events} <= {expect["test"] is True}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_figures(entry: dict[str, Any]) -> None:
    """Of a payment that is held or pending, as it would be told once it came."""
    expect = entry["expect"]
    if "net" in expect:
        _check_payment(entry)
        return
    events, notices = judged(entry)
    for name, stated in expect.items():
        if name in NAMED:
            assert not events or ids_in(events, NAMED[name]) == {stated}, name
        elif name == "amount":
            assert moved(events) == Decimal(stated)
        elif name == "with_lines":
            assert {bool(each["lines"]) for each in events} == {stated}
        elif name in {"paid", "refunded"}:
            assert moved(events) == Decimal(stated)
        elif name == "total":
            assert f"stated {stated} " in notices
        elif name == "shipping":
            assert Decimal(stated) == 0
        elif name == "discrepancies":
            assert all(figure in notices for text in stated for figure in text.replace(",", "").split() if figure[0].isdigit())
        else:
            assert name in NO_FIGURES | {"test"}, f"the expectation has a figure without a comparison: {name}"


def _check_payment(entry: dict[str, Any]) -> None:
    """Told as captured and approved, the payment leaves its net; one that is pending has no net yet."""
    expect = entry["expect"]
    assert expect.keys() <= NO_FIGURES | {"payment_id", "amount", "fee", "net", "refunded", "discrepancies", "test"}
    payload = json.loads((CORPUS / entry["file"]).read_bytes(), parse_float=str) | {"captured": True, "status": "approved"}
    if expect["status"] == "pending":
        payload["transaction_details"] = {"net_received_amount": expect["amount"]}
    events = provider_lives.told("mercado-pago", entry["arrives_as"]["topic"], payload, **CONNECTION)
    assert ids_in(events, "payment_id") == {expect["payment_id"]}
    assert moved(events) == Decimal(expect["amount"])
    fees = sum((Decimal(each["amount"]).scaleb(-2) for each in events if each["type"] == "FeeCharged"), Decimal(0))
    assert fees == Decimal(expect["fee"])
    if expect["status"] != "pending":
        assert moved(events) - fees == Decimal(expect["net"])
    assert not [each for each in events if each["type"] == "RefundIssued"]
    assert Decimal(expect["refunded"]) == 0
    assert {each["test_mode"] for each in events} == {expect["test"]}


@pytest.mark.parametrize("entry", [one for one in ENTRIES if one["expect"]["conclusion"] == "post"], ids=lambda entry: entry["file"])
def test_the_books_agree(entry: dict[str, Any]) -> None:
    """After the payment that it is about, what is left at the provider is what was not given back or disputed."""
    expect = entry["expect"]
    order_id = expect.get("order_id", "7")
    payload = json.loads((CORPUS / entry["file"]).read_bytes(), parse_float=str)
    if "order_id" in expect:
        paid = {"id": expect["payment_id"], "amount": "500.00", "status": "processed", "payment_method": {"type": "pix"}}
        before: Any = {"id": order_id, "transactions": {"payments": [paid]}, "country_code": "BR"}
    else:
        before = payment(500, 500, id=int(expect["payment_id"]), external_reference="7", fee_details=[])
    played = play(ADAPTER, [Delivery("", before), Delivery("", payload)], source="mercado-pago:main")
    where: dict[str, Any] = {"order_id": order_id, "source": "mercado-pago:main", "currency": "BRL"}
    seller: dict[str, Any] = {"legal_entity": "BR01", "channel": "web", "terms": "PREPAID", "order_discounts": [], "total": 50_000}
    order = event_json("OrderPlaced", "order", **where, **seller, prices_include_tax=True, lines=[line("1", 50_000)])
    (balances,) = booked([order, *played.events]).values()
    assert Decimal(balances["psp_clearing:mercado_pago"]).scaleb(-2) == 500 - Decimal(expect["amount"])
