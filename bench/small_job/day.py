"""Seeded input of the small job: orders of three lines from placement to refund, interleaved, 5 % of the events sent twice."""

import random
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Any, Final
from uuid import UUID

from bench.small_job.codec import encode_event
from schemas.event_messages import EventMessage

EVENTS: Final = "small.events"
ENTRIES: Final = "small.entries"
CHANGELOG: Final = "small.states"
OPEN_ORDERS: Final = 2_000
"""Orders whose events come interleaved."""
DUPLICATES: Final = 0.05
DAY_ZERO_US: Final = 1_772_409_600_000_000


def events(seed: int, records: int) -> Iterator[EventMessage]:
    """`records` messages; the same arguments give the same bytes."""
    chance = random.Random(seed)
    numbers = count(1)
    lives: list[deque[dict[str, Any]]] = [_life(next(numbers), chance) for _ in range(min(OPEN_ORDERS, records))]
    made = 0
    while made < records:
        place = chance.randrange(len(lives))
        event = lives[place].popleft()
        message = _message(event)
        for _ in range(2 if chance.random() < DUPLICATES else 1):
            if made < records:
                yield message
                made += 1
        if not lives[place]:
            lives[place] = _life(next(numbers), chance)


def _message(event: dict[str, Any]) -> EventMessage:
    return EventMessage(event["order_id"].encode(), encode_event(event), ())


def _life(number: int, chance: random.Random) -> deque[dict[str, Any]]:
    lines: list[dict[str, Any]] = [
        {
            "no": no,
            "sku": f"SKU-{chance.randrange(1000):04d}",
            "qty": chance.randint(1, 4),
            "unit_price": chance.randint(199, 9_999),
            "unit_cost": chance.randint(50, 199),
            "tax_bp": chance.choice((0, 400, 1000, 2100)),
        }
        for no in (1, 2, 3)
    ]
    one = [{**line, "qty": 1} for line in lines[:1]]
    steps: list[tuple[str, list[dict[str, Any]], int]] = [("PLACED", lines, 0)]
    if chance.random() < 0.05:
        steps.append(("CANCELLED", [], 0))
    else:
        total = sum(line["qty"] * line["unit_price"] for line in lines)
        steps += [("CAPTURED", lines, total), ("SHIPPED", lines[:2], 0), ("SHIPPED", lines[2:], 0)]
        steps += [("REFUNDED", one, 0)] if chance.random() < 0.3 else []
    return deque(_event(number, chance, *step) for step in steps)


def _event(number: int, chance: random.Random, kind: str, lines: list[dict[str, Any]], amount: int) -> dict[str, Any]:
    return {
        "event_id": str(UUID(int=chance.getrandbits(128), version=4)),
        "kind": kind,
        "order_id": f"order-{number:08d}",
        "event_time": DAY_ZERO_US + number * 1_000,
        "source": "web",
        "channel": "storefront",
        "customer_id": f"c-{number % 10_000:05d}",
        "currency": "EUR",
        "country": "ES",
        "warehouse": "MAD-1",
        "payment_method": "card",
        "payment_ref": f"pay-{number:08d}",
        "amount": amount,
        "shipping": 495,
        "lines": lines,
        "attributes": {"campaign": "spring"},
    }
