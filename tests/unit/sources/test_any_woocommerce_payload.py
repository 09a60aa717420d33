"""Whatever stands in a WooCommerce payload, it is answered: events that keep to the contract and tie, nothing, or a problem."""

import os
import random
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.outcome import Problem
from tests.unit.sources.shop_lives import orders_tie, tell
from tests.unit.sources.test_any_payload import mutated
from tests.unit.sources.woocommerce_payloads import completed, fee, item, order, refund, refunded, shipping, stub, tax_line

GOODS = (item(11, "40.00", "8.40", quantity=2), item(12, "10.00", "2.10") | {"subtotal": "12.00", "subtotal_tax": "2.52"})
CHARGES = {"shipping_lines": [shipping("5.00", "1.05")], "fee_lines": [fee("2.00", "0.42"), fee("-5.00", "-1.05", 32)]}
PAID = order(*GOODS, total="62.92", tax_lines=[tax_line("9.87", "1.05")], refunds=[stub(800, "-24.20")], **CHARGES)
BACK = refund(refunded(GOODS[0], total="-20.00", total_tax="-4.20"), amount="24.20", shipping_lines=[])
PAYLOADS = (PAID, completed(PAID), BACK)


def check(rng: random.Random, mutations: int) -> set[str]:
    """Deliver mutated payloads after a whole one and by themselves; returns what kinds of answers there were."""
    kinds: set[str] = set()
    for _ in range(mutations):
        payload: Any = mutated(rng.choice(PAYLOADS), rng)
        remembers = rng.random() < 0.5
        told = tell("woocommerce", [("", PAID), ("", payload)], connection={"default_currency": "EUR"}, remembers=remembers)
        assert orders_tie(told.events)
        for event in told.events:
            event_from_json(event)
        for answer in told.answers:
            kinds.add(type(answer).__name__)
            if isinstance(answer, Problem):
                assert answer.message
                assert answer.pointer == "" or answer.pointer.startswith("/")
    return kinds


def test_mutated_payloads_are_answered() -> None:
    assert tell("woocommerce", [("", PAID)]).events, "the whole payload is told"
    assert {"Judged", "Problem"} <= check(random.Random(7), 250)


@pytest.mark.soak
def test_a_hundred_thousand_mutated_payloads_are_answered() -> None:
    assert {"Judged", "Problem"} <= check(random.Random(os.environ.get("SEED", "1")), 100_000)
