"""Driver of tests of adapters: deliver payloads with or without a memory, book what comes out, mutate payloads."""

import json
import random
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple

from asiento.cli.simulation import Simulation
from schemas.events import event_from_json
from sources.platforms.catalogue import adapter_of
from sources.platforms.connection import connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.snapshot import EMPTY, Snapshot
from streams.policies import load_policies
from tests.unit.sources.payload_mutations import mutated

Payload = Any
"""A JSON value, or the text of one."""


class Delivery(NamedTuple):
    """One payload and the topic that it came under."""

    topic: str
    payload: Payload


def ask(
    platform: str,
    delivery: Delivery,
    memory: Mapping[str, Snapshot] | None = None,
    connection: Mapping[str, Any] | None = None,
    source: str | None = None,
) -> tuple[Judged | Nothing | Problem, ...]:
    """What the adapter answers; numbers of the payload are written as they are."""
    adapter = adapter_of(platform)
    assert adapter is not None
    text = delivery.payload if isinstance(delivery.payload, str) else json.dumps(delivery.payload)
    context = Context(
        tenant="acme", source=source or f"{platform}:main", connection=connection_from_mapping(dict(connection or {"country": "ES"}))
    )
    recall = None if memory is None else lambda resource: memory.get(resource, EMPTY)
    return normalize(adapter, text.encode("utf-8", "surrogatepass"), delivery.topic, context, recall)


def events_of(answers: Sequence[Judged | Nothing | Problem]) -> list[EventTwin]:
    """All events of some answers, each one kept to the contract."""
    events = [event for answer in answers if isinstance(answer, Judged) for event in answer.events]
    for event in events:
        event_from_json(json.loads(json.dumps(event)))
    return events


def told(platform: str, topic: str, payload: Payload, **connection: Any) -> list[EventTwin]:
    """The events of one payload read by itself."""
    return events_of(ask(platform, Delivery(topic, payload), connection=connection or None))


def problem(platform: str, topic: str, payload: Payload, **connection: Any) -> Problem:
    """The one problem of a payload."""
    problems = [answer for answer in ask(platform, Delivery(topic, payload), connection=connection or None) if isinstance(answer, Problem)]
    assert len(problems) == 1
    return problems[0]


def deliver(
    platform: str, deliveries: Sequence[Delivery], memory: dict[str, Snapshot] | None = None, connection: Mapping[str, Any] | None = None
) -> list[EventTwin]:
    """The events of deliveries one after another, with a memory."""
    memory = {} if memory is None else memory
    events = []
    for delivery in deliveries:
        answers = ask(platform, delivery, memory, connection)
        events += events_of(answers)
        for answer in answers:
            if isinstance(answer, Judged):
                memory[answer.resource] = answer.snapshot
    return events


class Books(NamedTuple):
    """What the core made of events: account -> minor units (debit positive, no zeros) per currency; codes of open discrepancies."""

    balances: dict[str, dict[str, int]]
    waiting: list[str]
    results: set[str]


def book(events: Sequence[EventTwin]) -> Books:
    """Run events through the core."""
    simulation = Simulation(load_policies(None))
    rows = list(simulation.run(BytesIO(b"".join(json.dumps(event).encode() + b"\n" for event in events))))
    last = {row["outcome"]["record"]: row["outcome"] for row in rows if "outcome" in row}
    trial = simulation.summary()["summary"]["trial_balance"]
    balances = {currency: {name: amount for name, amount in sorted(accounts.items()) if amount} for currency, accounts in trial.items()}
    waiting = [
        outcome.get("code", "") for outcome in last.values() if outcome["result"] in {"deferred", "rejected", "dead_letter", "conflict"}
    ]
    return Books(balances, waiting, {outcome["result"] for outcome in last.values()})


def assert_any_order_ends_alike(
    platform: str, deliveries: Sequence[Delivery], seeds: int, connection: Mapping[str, Any] | None = None
) -> Books:
    """Shuffled, repeated and interleaved deliveries end in the same balances; the same sequence gives the same event ids."""
    expected = book(deliver(platform, deliveries, connection=connection))
    assert expected.waiting == []
    for seed in range(seeds):
        rng = random.Random(seed)
        mixed = [*deliveries, *rng.choices(deliveries, k=len(deliveries))]
        rng.shuffle(mixed)
        events = deliver(platform, mixed, connection=connection)
        assert book(events).balances == expected.balances, f"seed {seed}"
        assert [event["event_id"] for event in deliver(platform, mixed, connection=connection)] == [event["event_id"] for event in events]
    return expected


def fuzz(platform: str, deliveries: Sequence[Delivery], count: int, seed: int | str) -> set[type]:
    """Mutate payloads: always an answer that keeps to the contract, never an order whose lines are not its total; the kinds of answers."""
    rng, kinds = random.Random(seed), set()
    for number in range(count):
        topic, payload = deliveries[number % len(deliveries)]
        delivery = Delivery(rng.choice([topic, topic, "none (a poll)", ""]), mutated(payload, rng))
        for answer in ask(platform, delivery, {} if rng.random() < 0.5 else None):
            kinds.add(type(answer))
            if isinstance(answer, Problem):
                assert answer.pointer == "" or answer.pointer.startswith("/")
                assert answer.message
            for event in events_of([answer]):
                if event["type"] in {"OrderPlaced", "OrderEdited"}:
                    assert owed(event) == event["total"], delivery
    return kinds


def owed(order: EventTwin) -> int:
    """What the lines of an order are worth."""
    lines, discounts = order["lines"], sum(discount["amount"] for discount in order["order_discounts"])
    added = sum(tax["amount"] for line in lines for tax in line["taxes"] if not tax["included"])
    own = sum(line["gross"] - line["discount"] for line in lines)
    shares = [line["order_discount"] for line in lines if "order_discount" in line]
    assert not shares or sum(shares) == discounts
    return int(own + added - discounts)
