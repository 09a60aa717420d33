"""Public Saleor payloads normalize to what the corpus expects of them: conclusion and every figure it states."""

from decimal import Decimal
from typing import Any

import pytest

from sources.platforms.outcome import Problem
from tests.contract.corpus import CORPUS, corpus_entries, require_corpus
from tests.contract.corpus_shops import Entry, answers_of, check_conclusion, check_figures, events_of, major, net_of, taxes_of
from tests.unit.sources.shop_lives import judged

ENTRIES = corpus_entries("saleor")


def test_the_corpus_is_looked_at() -> None:
    require_corpus()
    assert ENTRIES


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_conclusion(entry: Entry) -> None:
    answers = answers_of(entry)
    check_conclusion(entry, answers)
    if entry["expect"]["conclusion"] == "hold_discrepancy":
        assert isinstance(answers[0], Problem)
        assert events_of(answers) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_figures_once_the_total_is_mended(entry: Entry) -> None:
    """The held payload with the total that its parts make: then every figure is found again."""
    computed = Decimal(entry["balance"]["checks"][0]["computed"])
    body = (CORPUS / entry["file"]).read_text(encoding="utf-8").split('"total": {')
    body[1] = body[1].replace("10", f"{computed:.0f}", 1)
    events = judged("saleor", '"total": {'.join(body).encode()).events
    order = events[0]
    found: dict[str, Any] = {
        "order_id": order["order_id"],
        "goods": major(order, net_of([line for line in order["lines"] if line["kind"] == "GOODS"])),
        "shipping": major(order, net_of([line for line in order["lines"] if line["kind"] == "SHIPPING"])),
        "tax_total": major(order, taxes_of(order["lines"])),
        "total_stated": major(order, order["total"]) + Decimal(entry["balance"]["checks"][0]["difference"]),
        "test": "not stated",
    }
    check_figures(entry, found)
    assert order["total"] == 2000
