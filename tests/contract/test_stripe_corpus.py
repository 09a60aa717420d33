"""Public Stripe payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Nothing
from sources.platforms.stripe.adapter import ADAPTER
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.order_making import event_json, line
from tests.unit.sources.deliveries import booked

ENTRIES = corpus_entries("stripe")
NO_FIGURES = frozenset({"conclusion", "if_live", "reason", "status", "type", "reporting_category", "with_lines", "balance_transaction"})
"""What an expectation says about the payload, and no event can show."""
WITHOUT_EVENTS = frozenset({"payouts", "transfers"})
"""Folders of objects that are kept for settlements, whatever their mode: the contract has no events for them yet."""
WITHOUT_MONEY = frozenset({"payment_intents"})
"""Folders whose files are about payments that did not come about: their amounts are in no event."""


def only_answer(entry: dict[str, Any]) -> Judged | Nothing:
    answers = normalize(
        ADAPTER,
        (CORPUS / entry["file"]).read_bytes(),
        entry["arrives_as"]["topic"],
        Context(tenant="acme", source="stripe:main", connection=DEFAULT_CONNECTION),
    )
    assert len(answers) == 1
    assert isinstance(answers[0], Judged | Nothing), answers[0]
    return answers[0]


def events_of(entry: dict[str, Any]) -> tuple[EventTwin, ...]:
    answer = only_answer(entry)
    return answer.events if isinstance(answer, Judged) else ()


def has_events(entry: dict[str, Any]) -> bool:
    expect = entry["expect"]
    live = expect["if_live"] if expect["conclusion"] == "test_do_not_post" else expect["conclusion"]
    return live.startswith("post") and live != "post_nothing" and entry["file"].split("/")[1] not in WITHOUT_EVENTS


def total(events: Sequence[EventTwin], kind: str, name: str = "amount") -> Decimal:
    return sum((Decimal(each[name]).scaleb(-each["currency_exponent"]) for each in events if each["type"] == kind), Decimal(0))


def refunded(events: Sequence[EventTwin]) -> Decimal:
    tenders = [(each, tender) for each in events if each["type"] == "RefundIssued" for tender in each["tenders"]]
    return sum((Decimal(tender["amount"]).scaleb(-each["currency_exponent"]) for each, tender in tenders), Decimal(0))


def fees(events: Sequence[EventTwin]) -> Decimal:
    return total(events, "FeeCharged") + total(events, "ChargebackOpened", "fee") - total(events, "ChargebackClosed", "fee_returned")


def balance_change(events: Sequence[EventTwin]) -> Decimal:
    moved = total(events, "PaymentCaptured") - refunded(events) - total(events, "ChargebackOpened")
    return moved + total(events, "ChargebackClosed", "amount_won") - fees(events)


FIGURES: dict[str, Callable[[Sequence[EventTwin]], Decimal]] = {
    "captured": lambda events: total(events, "PaymentCaptured"),
    "gross": lambda events: total(events, "PaymentCaptured") - refunded(events),
    "refunded": refunded,
    "fee": fees,
    "fees": fees,
    "net": balance_change,
    "net_effect": balance_change,
    "withdrawn": lambda events: total(events, "ChargebackOpened"),
    "disputed": lambda events: total(events, "ChargebackOpened"),
    "reinstated": lambda events: total(events, "ChargebackClosed", "amount_won"),
}
"""Figure of an expectation -> the same from the events, in major units."""
IDS: dict[str, str] = {"refund_id": "refund_id", "dispute_id": "dispute_id", "transaction_id": "fee_id"}


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert len(ENTRIES) >= 9


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    events, expect = events_of(entry), entry["expect"]
    assert bool(events) is has_events(entry)
    for event in events:
        event_from_json(event)
        assert event["test_mode"] is (expect["conclusion"] == "test_do_not_post")
    answer = only_answer(entry)
    assert events or isinstance(answer, Nothing) or answer.notices


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_figures(entry: dict[str, Any]) -> None:
    events, folder = events_of(entry), entry["file"].split("/")[1]
    for name, stated in entry["expect"].items():
        if name in NO_FIGURES or folder in WITHOUT_EVENTS | WITHOUT_MONEY:
            continue
        if name in FIGURES:
            if name != "disputed" or events:
                assert FIGURES[name](events) == Decimal(stated), name
        elif name in IDS:
            stating = [event for event in events if IDS[name] in event]
            assert all(event[IDS[name]] == stated for event in stating), name
        elif name in {"charge", "charge_id", "source"}:
            assert all(event["order_id"] == stated for event in events), name
        elif name == "amount":
            assert refunded(events) == Decimal(stated) if folder == "refunds" else not events or total(events, "PaymentCaptured")
        elif name == "test":
            assert stated == "not stated" or all(event["test_mode"] is stated for event in events)
        elif name in {"livemode", "captured_flag"}:
            assert stated is not False or not any(not event["test_mode"] for event in events), name
        else:
            pytest.fail(f"the expectation has a figure without a comparison: {name}")
    assert {event["currency"] for event in events} <= {entry["currency"]}


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry["expect"].get("net")], ids=lambda entry: entry["file"])
def test_the_books_agree_with_the_movement(entry: dict[str, Any]) -> None:
    """Under an order of the same amount, the account at Stripe moves by the net, and the fee is an expense."""
    events, expect = events_of(entry), entry["expect"]
    gross, fee, net = (int(Decimal(expect[name]).scaleb(2)) for name in ("gross", "fee", "net"))
    where: dict[str, Any] = {"order_id": events[0]["order_id"], "source": "stripe:main", "currency": events[0]["currency"]}
    seller: dict[str, Any] = {
        "legal_entity": "US01",
        "channel": "web",
        "terms": "PREPAID",
        "order_discounts": [],
    }
    order = event_json("OrderPlaced", "order", **where, **seller, prices_include_tax=False, lines=[line("1", gross)], total=gross)
    (balances,) = booked([order, *events]).values()
    assert (balances["psp_clearing:stripe"], balances.get("psp_fees", 0)) == (net, fee)
    assert balances["contract_liability"] == -gross


def test_the_same_payload_gives_the_same_answer() -> None:
    for entry in ENTRIES:
        assert only_answer(entry) == only_answer(entry)
