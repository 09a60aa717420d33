"""Whatever stands in a shop's payload, it is answered: events that keep to the contract and tie, nothing, or a problem."""

import os
import random
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.outcome import Problem
from tests.unit.sources.commercetools_payloads import COMMERCETOOLS
from tests.unit.sources.payload_mutations import mutated
from tests.unit.sources.saleor_payloads import SALEOR
from tests.unit.sources.shop_lives import Payload, orders_tie, tell
from tests.unit.sources.sylius_payloads import SYLIUS
from tests.unit.sources.woocommerce_payloads import WOOCOMMERCE

SHOPS: dict[str, Sequence[Payload]] = {"woocommerce": WOOCOMMERCE, "sylius": SYLIUS, "saleor": SALEOR, "commercetools": COMMERCETOOLS}
"""Platform -> whole payloads of one life; the first is its order."""


def kinds_of_answers(platform: str, rng: random.Random, mutations: int) -> set[str]:
    """Deliver mutated payloads after the whole order or without it, with a memory or without; what kinds of answers there were."""
    kinds: set[str] = set()
    for _ in range(mutations):
        payload: Any = mutated(rng.choice(SHOPS[platform]), rng)
        before = [("", SHOPS[platform][0])] if rng.random() < 0.5 else []
        told = tell(platform, [*before, ("", payload)], connection={"default_currency": "EUR"}, remembers=rng.random() < 0.5)
        assert orders_tie(told.events)
        for event in told.events:
            event_from_json(event)
        for answer in told.answers:
            kinds.add(type(answer).__name__)
            if isinstance(answer, Problem):
                assert answer.message
                assert answer.pointer == "" or answer.pointer.startswith("/")
    return kinds


@pytest.mark.parametrize("platform", SHOPS)
def test_whole_payloads_are_told(platform: str) -> None:
    told = tell(platform, [("", payload) for payload in SHOPS[platform]])
    assert not [answer for answer in told.answers if isinstance(answer, Problem)]
    assert {"OrderPlaced", "PaymentCaptured", "ShipmentDispatched", "RefundIssued"} <= {event["type"] for event in told.events}


@pytest.mark.parametrize("platform", SHOPS)
def test_mutated_payloads_are_answered(platform: str) -> None:
    assert {"Judged", "Problem"} <= kinds_of_answers(platform, random.Random(platform), 250)


@pytest.mark.soak
@pytest.mark.parametrize("platform", SHOPS)
def test_a_hundred_thousand_mutated_payloads_are_answered(platform: str) -> None:
    assert {"Judged", "Problem"} <= kinds_of_answers(platform, random.Random(os.environ.get("SEED", "1")), 100_000)
