"""Public Adyen payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.adyen.adapter import ADAPTER
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Nothing, Problem
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.order_making import event_json, line
from tests.unit.sources.deliveries import booked

ENTRIES = corpus_entries("adyen")
KEPT_FOR_SETTLEMENTS = frozenset({"balancePlatform.transaction.created", "PAIDOUT_REVERSED"})
"""Topics of which the contract has no events yet, whatever their mode."""
ABOUT_THE_PAYLOAD = frozenset({"conclusion", "if_live", "reason", "event_code", "success", "live", "gross_value_of_original"})
"""What an expectation says about the payload, and no event shows."""


def only_answer(entry: dict[str, Any]) -> Judged | Nothing | Problem:
    context = Context(tenant="acme", source="adyen:main", connection=DEFAULT_CONNECTION)
    (answer,) = normalize(ADAPTER, (CORPUS / entry["file"]).read_bytes(), entry["arrives_as"]["topic"], context)
    return answer


def events_of(entry: dict[str, Any]) -> tuple[EventTwin, ...]:
    answer = only_answer(entry)
    return answer.events if isinstance(answer, Judged) else ()


def is_told(entry: dict[str, Any]) -> bool:
    return entry["expect"]["if_live"] == "post" and entry["arrives_as"]["topic"] not in KEPT_FOR_SETTLEMENTS


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert len(ENTRIES) >= 14


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    answer, expect = only_answer(entry), entry["expect"]
    assert answer == only_answer(entry)
    if expect["conclusion"] == "refetch":
        assert isinstance(answer, Problem)
        assert (answer.code, bool(answer.pointer)) == ("refetch", True)
        return
    events = events_of(entry)
    assert len(events) == int(is_told(entry))
    for event in events:
        event_from_json(event)
    if not events:
        assert isinstance(answer, Nothing) or (isinstance(answer, Judged) and answer.notices)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if is_told(entry)], ids=lambda entry: entry["file"])
def test_figures(entry: dict[str, Any]) -> None:
    (event,) = events_of(entry)
    for name, stated in entry["expect"].items():
        match name:
            case "amount":
                assert Decimal(event["amount"]).scaleb(-event["currency_exponent"]) == Decimal(stated)
            case "original_reference":
                assert event["payment_id"] == stated
            case "psp_reference":
                assert event["business_key"].split(":")[1] == stated
            case "business_key":
                assert event["business_key"].split(":")[1] == stated.split("|")[0]
            case "test":
                assert event["test_mode"] is stated
            case _:
                assert name in ABOUT_THE_PAYLOAD, f"the expectation has a figure without a comparison: {name}"
    assert event["currency"] == entry["currency"]


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if is_told(entry)], ids=lambda entry: entry["file"])
def test_the_books_agree_with_the_amount(entry: dict[str, Any]) -> None:
    """Read as live and under an order: a capture is on the account at Adyen, a chargeback takes it off again."""
    told = [event | {"test_mode": False} for event in events_of(entry)]
    amount = int(Decimal(entry["expect"]["amount"]).scaleb(told[0]["currency_exponent"]))
    where: dict[str, Any] = {"order_id": told[0]["order_id"], "source": "adyen:main", "currency": entry["currency"]}
    seller: dict[str, Any] = {"legal_entity": "ES01", "channel": "web", "terms": "PREPAID", "order_discounts": [], "total": amount}
    order = event_json("OrderPlaced", "order", **where, **seller, prices_include_tax=True, lines=[line("1", amount)])
    captured = event_json(
        "PaymentCaptured", "capture:1", **where, payment_id=told[0]["payment_id"], tender="CARD", gateway="adyen", amount=amount
    )
    disputed = told[0]["type"] == "ChargebackOpened"
    (balances,) = booked([order, *([captured] if disputed else []), *told]).values()
    assert balances.get("psp_clearing:adyen", 0) == (0 if disputed else amount)
    assert balances.get("dispute_receivable", 0) == (amount if disputed else 0)
