"""Public Mollie payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.mollie.adapter import ADAPTER
from sources.platforms.outcome import EventTwin
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.order_making import event_json, line
from tests.unit.sources.deliveries import booked

ENTRIES = corpus_entries("mollie")
NO_FIGURES = frozenset(
    {"conclusion", "reason", "status", "type", "mode", "reversed", "capture_id", "currency_of_amount", "settlement_currency"}
)
"""What an expectation says about the payload, and no event shows; captures are told by their payment."""
NAMED = {
    "transaction_id": "fee_id",
    "refund_id": "refund_id",
    "chargeback_id": "dispute_id",
    "payment_id": "payment_id",
    "shipment_id": "shipment_id",
    "order_id": "order_id",
}
"""Id of an expectation -> field of the events that may state it."""


def answer_to(content: bytes) -> Judged:
    context = Context(tenant="acme", source="mollie:main", connection=DEFAULT_CONNECTION)
    (answer,) = normalize(ADAPTER, content, "", context)
    assert isinstance(answer, Judged), answer
    return answer


def answer_of(entry: dict[str, Any]) -> Judged:
    return answer_to((CORPUS / entry["file"]).read_bytes())


def major(event: EventTwin, amount: int) -> Decimal:
    return Decimal(amount).scaleb(-event["currency_exponent"])


def moved(events: Sequence[EventTwin]) -> Decimal:
    """What the events moved in or out, without fees and reversals."""
    plain = [major(event, event["amount"]) for event in events if event["type"] in {"PaymentCaptured", "ChargebackOpened"}]
    tenders = [major(event, tender["amount"]) for event in events if event["type"] == "RefundIssued" for tender in event["tenders"]]
    return sum([*plain, *tenders], Decimal(0))


def fees(events: Sequence[EventTwin]) -> Decimal:
    return sum((major(event, event["amount"]) for event in events if event["type"] == "FeeCharged"), Decimal(0))


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert len(ENTRIES) >= 6


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    answer, conclusion = answer_of(entry), entry["expect"]["conclusion"]
    assert answer == answer_of(entry)
    assert bool(answer.events) is (conclusion != "post_nothing")
    for event in answer.events:
        event_from_json(event)
        assert event["test_mode"] is (entry["expect"]["test"] is True)
    if conclusion != "post":
        assert answer.notices


@pytest.mark.parametrize(
    "entry", [one for one in ENTRIES if one["expect"]["conclusion"] != "post_nothing"], ids=lambda entry: entry["file"]
)
def test_figures(entry: dict[str, Any]) -> None:
    answer, expect = answer_of(entry), entry["expect"]
    events, notices = answer.events, " ".join(answer.notices)
    for name, stated in expect.items():
        if name in NO_FIGURES or name == "test":
            continue
        if name in NAMED:
            stating = {event[NAMED[name]] for event in events if NAMED[name] in event}
            assert not stating or stated in stating, name
        elif name in {"amount", "initial"}:
            assert moved(events) == abs(Decimal(stated)), name
        elif name == "deductions":
            assert fees(events) == -Decimal(stated)
        elif name == "result":
            assert moved(events) + fees(events) == -Decimal(stated)
        elif name == "net_effect":
            assert [event["type"] for event in events] == ["ChargebackOpened", "ChargebackClosed"]
            assert events[0]["amount"] == events[1]["amount_won"]
        elif name == "settlement_amount":
            assert stated in notices
        elif name == "discrepancies":
            assert answer.notices
        elif name == "lines":
            assert [(each["line_id"], each["quantity"]) for each in events[0]["lines"]] == [
                (each["line"], each["quantity"]) for each in stated
            ]
        else:
            assert name in {"value", "vat"}, f"the expectation has a figure without a comparison: {name}"
    assert {event["currency"] for event in events if "currency" in event} <= {entry["currency"]}


@pytest.mark.parametrize("entry", [one for one in ENTRIES if "/orders/" in one["file"]], ids=lambda entry: entry["file"])
def test_an_order_that_was_not_paid_would_be_told_with_its_figures(entry: dict[str, Any]) -> None:
    payload, expect = json.loads((CORPUS / entry["file"]).read_bytes()), entry["expect"]
    (event,) = answer_to(json.dumps(payload | {"status": "paid"}).encode()).events
    taxes = sum(tax["amount"] for each in event["lines"] for tax in each["taxes"])
    assert event["order_id"] == expect["order_id"]
    assert major(event, event["total"]) == Decimal(expect["goods_gross"])
    assert major(event, taxes) == Decimal(expect["vat_included"])
    assert major(event, event["total"] - taxes) == Decimal(expect["net"])
    assert major(event, sum(each["discount"] for each in event["lines"])) == Decimal(expect["discount"])


@pytest.mark.parametrize("entry", [one for one in ENTRIES if "/shipments/" in one["file"]], ids=lambda entry: entry["file"])
def test_the_invoice_of_a_shipment_is_its_value(entry: dict[str, Any]) -> None:
    """Under an order of the lines that the shipment names, the customer owes its value, and its VAT is payable."""
    expect, (shipped,) = entry["expect"], answer_of(entry).events
    units = [(one["line"], one["quantity"], *(int(Decimal(one[name]).scaleb(2)) for name in ("gross", "vat"))) for one in expect["lines"]]
    where: dict[str, Any] = {"order_id": expect["order_id"], "source": "mollie:main", "currency": entry["currency"]}
    seller: dict[str, Any] = {"legal_entity": "NL01", "channel": "web", "terms": "PREPAID", "order_discounts": []}
    held = {"jurisdiction": "NL", "type": "VAT", "code": "VAT", "rate": "0.21", "included": True, "liable_party": "SELLER"}
    lines = [line(name, gross, count, taxes=[held | {"base": gross - vat, "amount": vat}]) for name, count, gross, vat in units]
    total = sum(gross for _, _, gross, _ in units)
    order = event_json("OrderPlaced", "order", **where, **seller, prices_include_tax=True, lines=lines, total=total)
    (balances,) = booked([order, shipped]).values()
    assert Decimal(balances["accounts_receivable"]).scaleb(-2) == Decimal(expect["value"])
    assert Decimal(-balances["tax_payable:NL:VAT"]).scaleb(-2) == Decimal(expect["vat"])
