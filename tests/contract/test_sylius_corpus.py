"""Public Sylius payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

from decimal import Decimal
from typing import Any

import pytest

from sources.platforms.payload import parse_payload
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.contract.corpus_shops import (
    UNITS,
    Entry,
    answers_of,
    check_conclusion,
    check_figures,
    events_of,
    major,
    net_of,
    taxes_of,
    total_of,
)
from tests.unit.sources.shop_lives import booked

ENTRIES = corpus_entries("sylius")
POSTED = [entry for entry in ENTRIES if entry["expect"]["conclusion"].startswith("post_and") or entry["expect"]["conclusion"] == "post"]


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert POSTED


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: Entry) -> None:
    check_conclusion(entry, answers_of(entry))


@pytest.mark.parametrize("entry", POSTED, ids=lambda entry: entry["file"])
def test_figures(entry: Entry) -> None:
    events = events_of(answers_of(entry))
    order = events[0]
    payload = parse_payload((CORPUS / entry["file"]).read_bytes())
    goods = [line for line in order["lines"] if line["kind"] in UNITS]
    found: dict[str, Any] = {
        "order_id": order["order_id"],
        "state": payload.need("state").text(),
        "payment_state": payload.need("paymentState").text(),
        "goods": major(order, sum(line["gross"] for line in goods)),
        "shipping": major(order, net_of([line for line in order["lines"] if line["kind"] == "SHIPPING"])),
        "tax_total": major(order, taxes_of(order["lines"])),
        "discount": major(order, sum(line["discount"] + line.get("order_discount", 0) for line in order["lines"])),
        "total_stated": major(order, order["total"]),
        "captured_payments": total_of(events, "PaymentCaptured"),
        "test": "not stated",
    }
    check_figures(entry, found)
    captured = total_of(events, "PaymentCaptured")
    for balances in booked(events).values():
        assert sum(major(order, -amount) for name, amount in balances.items() if name == "contract_liability") == captured
        assert captured in {Decimal(0), major(order, order["total"])}
