"""Whatever stands in a payload of Shopify, it is answered: events that keep to the contract and tie, nothing, or a problem."""

import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from sources.platforms.door import Judged
from sources.platforms.outcome import Problem
from sources.platforms.shopify.adapter import ADAPTER
from sources.platforms.snapshot import Snapshot
from tests.unit.sources.payload_mutations import answer_mutations, mutated
from tests.unit.sources.shop_lives import orders_tie
from tests.unit.sources.shopify_lives import LIVES
from tests.unit.sources.shopify_payloads import item, order, read_with

WRITTEN: Final = sorted((Path(__file__).parents[2] / "contract" / "shopify_life").glob("[0-9]-*.json"))
PAYLOADS: Final[Sequence[tuple[str, Any]]] = (
    *((path.stem.split("-", 1)[1].replace("-", "/"), json.loads(path.read_text(encoding="utf-8"))) for path in WRITTEN),
    *(delivery for number, (life, _) in enumerate(LIVES.values(), 1) for delivery in life(1_000 * number)),
    ("", {"payouts": [{"id": 1, "status": "paid", "currency": "USD", "amount": "1.00", "summary": {"charges_gross_amount": "1.00"}}]}),
    ("orders/edited", {"order_edit": {"id": 1, "order_id": 500, "line_items": {"additions": [], "removals": []}}}),
    ("customers/redact", {"shop_domain": "a.example", "customer": {"id": 1}, "orders_to_redact": [500]}),
)


def orders_add_up(mutations: int, seed: str) -> None:
    """No order that is told fails to add up, with a memory or without one."""
    rng, orders = random.Random(seed), [payload for topic, payload in PAYLOADS if topic.startswith("orders/")]
    memory: dict[str, Snapshot] = {}
    for turn in range(mutations):
        if turn % 500 == 0:
            memory.clear()
        for answer in read_with("", mutated(rng.choice(orders), rng), memory if turn % 2 else None):
            if isinstance(answer, Judged):
                memory[answer.resource] = answer.snapshot
                assert orders_tie(answer.events)


def test_mutated_payloads_are_answered() -> None:
    counts = answer_mutations(ADAPTER, PAYLOADS, 750, random.Random("gate"))
    assert all(counts.values()), counts


def test_no_order_of_a_mutated_payload_fails_to_add_up() -> None:
    orders_add_up(250, "gate")


@pytest.mark.soak
def test_a_hundred_thousand_mutated_payloads_are_answered() -> None:
    """SEED chooses others."""
    seed = os.environ.get("SEED", "1")
    answer_mutations(ADAPTER, PAYLOADS, 80_000, random.Random(seed))
    orders_add_up(20_000, seed)


@pytest.mark.parametrize(
    "payload",
    [
        order(*(item(number, "1.00") for number in range(1, 1_002)), total="1001.00"),
        order(item(1, "99999999999999.00"), total="99999999999999.00"),
    ],
    ids=["1001 lines", "beyond 10^15 minor units"],
)
def test_what_the_contract_cannot_hold_is_a_problem(payload: dict[str, Any]) -> None:
    (result,) = read_with("orders/create", payload, None)
    assert isinstance(result, Problem)
    assert result.code == "reject_malformed"
    assert "contract" in result.message
