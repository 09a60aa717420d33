"""Whatever stands in a payload of Amazon, the adapter answers, and no order that it tells fails to add up."""

import json
import os
import random
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from schemas.events import event_from_json
from sources.platforms.amazon_sp_api.adapter import ADAPTER
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.snapshot import EMPTY
from tests.unit.sources.amazon_payloads import SOURCE, encoded
from tests.unit.sources.payload_mutations import mutated
from tests.unit.sources.test_amazon_deliveries import by_finances, by_settlement, by_transactions, snapshots
from tests.unit.sources.test_amazon_orders import v0, v0_item

PAYLOADS: Sequence[Any] = (
    *(orjson.loads(encoded(payload)) for payload in (*snapshots("1"), *by_transactions("1"), by_finances("1"))),
    v0(v0_item(ItemPrice="20.00", ItemTax="2.00", ShippingPrice="4.00"), OrderStatus="Unshipped", LastUpdateDate="2026-03-01T10:00:00Z"),
    {"payouts": [{"id": "1", "currentStatus": "PAID", "amount": {"currencyCode": "USD", "currencyAmount": 10}}]},
    {"NotificationType": "ORDER_CHANGE", "Payload": {"OrderChangeNotification": {"AmazonOrderId": "1-2-3"}}},
)


def adds_up(event: dict[str, Any]) -> bool:
    owed = 0
    for line in event["lines"]:
        owed += line["gross"] - line["discount"] + sum(tax["amount"] for tax in line["taxes"] if not tax["included"])
    return bool(owed == event["total"])


def check(body: bytes) -> type:
    """Answer a body with and without a memory; every event keeps to the contract, every problem has a sentence."""
    context, kinds = Context(tenant="acme", source=SOURCE, connection=DEFAULT_CONNECTION), []
    for recall in (None, lambda _: EMPTY):
        for answer in normalize(ADAPTER, body, "any", context, recall):
            kinds.append(type(answer))
            assert not isinstance(answer, Problem) or answer.message
            for event in answer.events if isinstance(answer, Judged) else ():
                event_from_json(event)
                assert event["type"] != "OrderPlaced" or adds_up(event)
    return kinds[0]


def run(mutations: int, seed: str) -> set[type]:
    rng, table = random.Random(seed), by_settlement("1")
    found = set()
    for number in range(mutations):
        if number % 8 == 0:
            place = rng.randrange(len(table))
            found.add(check(table[:place] + rng.choice((b"", b"\t", b"\n", b",", b"9", b"\xff", b"-")) + table[place + 1 :]))
        else:
            found.add(check(json.dumps(mutated(rng.choice(PAYLOADS), rng)).encode()))
    return found


def mutations_are_answered(mutations: int, seed: str) -> None:
    assert {Judged, Problem} <= run(mutations, seed) <= {Judged, Problem, Nothing}


def test_mutated_payloads_are_answered() -> None:
    mutations_are_answered(1_000, "gate")


@pytest.mark.soak
def test_a_hundred_thousand_mutated_payloads_are_answered() -> None:
    """SEED chooses others."""
    mutations_are_answered(100_000, os.environ.get("SEED", "1"))
