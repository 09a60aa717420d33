"""Public Shopify payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.shopify.adapter import ADAPTER
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus

FOLDERS = {"orders", "order_transactions", "fulfillments", "refunds"}
ENTRIES = [entry for entry in corpus_entries("shopify") if entry["file"].split("/")[1] in FOLDERS]
EMITTING = {"post", "post_and_report_discrepancy", "test_do_not_post"}
PROBLEMS = {"hold_discrepancy", "refetch", "reject_malformed"}


def run(entry: dict[str, Any]) -> Judged | Nothing | Problem:
    """The payload under the topic that the corpus gives it."""
    context = Context(tenant="acme", source="shopify:main", connection=DEFAULT_CONNECTION)
    (answer,) = normalize(ADAPTER, (CORPUS / entry["file"]).read_bytes(), entry["arrives_as"]["topic"], context)
    return answer


def only_event(entry: dict[str, Any]) -> dict[str, Any]:
    """The event that the payload is about: of an order its placement, beside what stands inside it."""
    result = run(entry)
    assert isinstance(result, Judged)
    for event in result.events:
        event_from_json(event)
    beside = {"OrderCancelled", "RefundIssued"} if result.events[0]["type"] == "OrderPlaced" else set()
    assert {event["type"] for event in result.events[1:]} <= beside
    assert ("OrderCancelled" in {event["type"] for event in result.events}) is entry["expect"].get("cancelled", False)
    return result.events[0]


def emitted_events() -> list[dict[str, Any]]:
    """All events of the corpus in file order, for tests that send them through a broker; empty where it is absent."""
    return [event for entry in ENTRIES if isinstance(result := run(entry), Judged) for event in result.events]


def major(event: dict[str, Any], amount: int) -> Decimal:
    return Decimal(amount).scaleb(-event["currency_exponent"])


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert {entry["file"].split("/")[1] for entry in ENTRIES} == FOLDERS


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: dict[str, Any]) -> None:
    conclusion = entry["expect"]["conclusion"]
    result = run(entry)
    if conclusion in EMITTING:
        assert isinstance(result, Judged)
        assert result.events[0]["test_mode"] is (conclusion == "test_do_not_post")
        refunds = {refund["refund_id"]: refund for refund in entry["expect"].get("refunds", [])}
        told = {event["refund_id"]: event for event in result.events if event["type"] == "RefundIssued" and refunds}
        for refund_id, refund in refunds.items():
            assert (refund_id in told) is (refund["conclusion"] in EMITTING)
            assert refund_id not in told or told[refund_id]["test_mode"] is refund["test"]
            reported = any(f"refund {refund_id}: stated" in notice for notice in result.notices)
            assert reported is (refund["money_minus_calculated"] != "0.00")
        for event in result.events:
            event_from_json(event)
    elif conclusion == "post_nothing":
        assert isinstance(result, Nothing)
    else:
        assert conclusion in PROBLEMS
        assert isinstance(result, Problem)
        assert result.code == conclusion
        assert result.message


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_the_same_payload_gives_the_same_answer(entry: dict[str, Any]) -> None:
    assert run(entry) == run(entry)


def of_topic(folder: str) -> list[dict[str, Any]]:
    return [entry for entry in ENTRIES if entry["file"].split("/")[1] == folder and entry["expect"]["conclusion"] in EMITTING]


@pytest.mark.parametrize("entry", of_topic("orders"), ids=lambda entry: entry["file"])
def test_order_figures(entry: dict[str, Any]) -> None:
    expect, event = entry["expect"], only_event(entry)
    units = [line for line in event["lines"] if line["kind"] in {"GOODS", "SERVICE", "GIFT_CARD"}]
    charges = [line for line in event["lines"] if line["kind"] == "SHIPPING"]
    discount = sum(line["discount"] + line.get("order_discount", 0) for line in event["lines"])
    unallocated = sum(item["amount"] for item in event["order_discounts"]) - sum(line.get("order_discount", 0) for line in event["lines"])
    figures = {
        "order_id": event["order_id"],
        "test": event["test_mode"],
        "prices_include_tax": event["prices_include_tax"],
        "lines": len(units),
        "goods_gross": major(event, sum(line["gross"] for line in units)),
        "discount": major(event, discount + unallocated),
        "shipping_net_of_discount": major(event, sum(line["gross"] - line["discount"] for line in charges)),
        "tax_total": major(event, sum(tax["amount"] for line in event["lines"] for tax in line["taxes"])),
        "tip": major(event, sum(line["gross"] for line in event["lines"] if line["kind"] == "TIP")),
        "total_computed": major(event, event["total"]),
        "total_stated": major(event, event["total"]),
    }
    expected = {name: Decimal(expect[name]) if isinstance(value, Decimal) else expect[name] for name, value in figures.items()}
    assert figures == expected
    assert event["currency"] == entry["currency"]


@pytest.mark.parametrize("entry", of_topic("orders"), ids=lambda entry: entry["file"])
def test_disagreeing_secondary_figures_are_reported(entry: dict[str, Any]) -> None:
    names = {"tax": "total_tax", "goods": "total_line_items_price", "discount allocation": "total_discounts", "subtotal": "subtotal_price"}
    result = run(entry)
    assert isinstance(result, Judged)
    for check in entry["balance"]["checks"]:
        if check["check"] in names:
            reported = any(notice.startswith(names[check["check"]]) for notice in result.notices)
            assert reported is not check["holds"], check


@pytest.mark.parametrize("entry", of_topic("order_transactions"), ids=lambda entry: entry["file"])
def test_payment_figures(entry: dict[str, Any]) -> None:
    expect, event = entry["expect"], only_event(entry)
    assert event["type"] == "PaymentCaptured"
    assert event["payment_id"] == expect["transaction_id"]
    assert event["parent_payment_id"] == expect["parent_transaction_id"]
    assert event["order_id"] == expect["order_id"]
    assert major(event, event["amount"]) == Decimal(expect["amount"])
    assert event["gateway"] == expect["gateway"]
    assert event["test_mode"] is expect["test"]
    assert event["currency"] == entry["currency"]


@pytest.mark.parametrize("entry", of_topic("fulfillments"), ids=lambda entry: entry["file"])
def test_shipment_figures(entry: dict[str, Any]) -> None:
    expect, event = entry["expect"], only_event(entry)
    assert event["type"] == "ShipmentDispatched"
    assert event["shipment_id"] == expect["fulfilment_id"]
    assert event["order_id"] == expect["order_id"]
    assert [(line["line_id"], line["quantity"]) for line in event["lines"]] == [
        (line["line_item_id"], line["quantity"]) for line in expect["lines"]
    ]


@pytest.mark.parametrize("entry", of_topic("refunds"), ids=lambda entry: entry["file"])
def test_refund_figures(entry: dict[str, Any]) -> None:
    expect, event = entry["expect"], only_event(entry)
    by_status = {
        status: sum(tender["amount"] for tender in event["tenders"] if tender["status"] == status) for status in ("SUCCEEDED", "PENDING")
    }
    assert event["type"] == "RefundIssued"
    assert event["refund_id"] == expect["refund_id"]
    assert event["order_id"] == expect["order_id"]
    assert event["test_mode"] is expect["test"]
    assert major(event, by_status["SUCCEEDED"]) == Decimal(expect["money_refunded"])
    assert major(event, by_status["PENDING"]) == Decimal(expect["money_pending"])
    assert [(tender["tender_id"], tender["gateway"]) for tender in event["tenders"]] == [
        (item["id"], item["gateway"]) for item in expect["transactions"]
    ]
    assert [(line["line_id"], line["quantity"]) for line in event["lines"]] == [
        (line["line_item_id"], line["quantity"]) for line in expect["lines"]
    ]
    charges = sum(item["amount"] for item in event["adjustments"] if item["kind"] == "CHARGE")
    assert major(event, charges) == Decimal(expect["shipping_refunded"])


@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if entry["expect"]["conclusion"] == "hold_discrepancy"], ids=lambda entry: entry["file"]
)
def test_a_held_payload_names_the_difference(entry: dict[str, Any]) -> None:
    result = run(entry)
    primary = next(check for check in entry["balance"]["checks"] if check["primary"])
    assert isinstance(result, Problem)
    assert f"difference {primary['difference']}" in result.message
