"""Public commercetools payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

from typing import Any

import pytest

from sources.platforms.payload import parse_payload
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.contract.corpus_shops import EMITTING, Entry, answers_of, check_conclusion, check_figures, events_of, major, net_of, taxes_of
from tests.unit.sources.shop_lives import booked

ENTRIES = corpus_entries("commercetools")
ORDERS = [entry for entry in ENTRIES if entry["expect"]["conclusion"] in EMITTING]


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert {entry["file"].split("/")[1] for entry in ENTRIES} == {"orders", "imports", "payments", "events"}
    assert ORDERS


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: Entry) -> None:
    check_conclusion(entry, answers_of(entry))


@pytest.mark.parametrize("entry", ORDERS, ids=lambda entry: entry["file"])
def test_order_figures(entry: Entry) -> None:
    """The stated total is without added taxes, the event's total is what is owed."""
    events = events_of(answers_of(entry))
    (order,) = events
    stated = "order.taxedPrice" if entry["expect"]["tax_total"] == "not in this payload" else ""
    added = sum(tax["amount"] for line in order["lines"] for tax in line["taxes"] if not tax["included"])
    found: dict[str, Any] = {
        "order_id": order["order_id"],
        "goods": major(order, sum(line["gross"] - line["discount"] for line in order["lines"] if line["kind"] == "GOODS")),
        "shipping": major(order, net_of([line for line in order["lines"] if line["kind"] == "SHIPPING"])),
        "tax_total": "not in this payload" if stated else major(order, taxes_of(order["lines"])),
        "tax_included": "not stated" if stated else [order["prices_include_tax"]],
        "total_stated": major(order, order["total"] - added),
        "payments": "not in this payload",
        "test": "not stated",
    }
    check_figures(entry, found)
    assert booked(events) == {f"acme:commercetools:main:{order['order_id']}": {}}


@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if entry["file"].split("/")[1] == "payments"], ids=lambda entry: entry["file"]
)
def test_payment_figures(entry: Entry) -> None:
    """A payment that moved no money says nothing; what it states is looked up in the payload, so that a new figure is not overlooked."""
    payload = parse_payload((CORPUS / entry["file"]).read_bytes())
    assert entry["expect"]["conclusion"] == "post_nothing"
    found: dict[str, Any] = {
        "payment_id": payload.need("id").text(),
        "planned": f"{payload.need('amountPlanned').need('centAmount').integer() / 100:.2f}",
        "transactions": [
            {
                **{name: each.need(name).text() for name in ("id", "type", "state")},
                "amount": f"{each.need('amount').need('centAmount').integer() / 100:.2f}",
            }
            for each in payload.each("transactions")
        ],
        "test": "not stated",
    }
    check_figures(entry, found)
