"""Lives of orders at shops, told through the door with a memory, and what the books say at the end."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Deferred, Rejected
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.events import event_from_json
from sources.platforms.catalogue import adapter_of
from sources.platforms.connection import connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.snapshot import EMPTY, Snapshot, decode_snapshot, encode_snapshot

Payload: TypeAlias = dict[str, Any]
Delivery: TypeAlias = tuple[str, Any]
"""Topic and payload."""
ARRIVAL = datetime(2026, 4, 1, tzinfo=UTC)


class Told(NamedTuple):
    """Events in the order they came out, snapshots by object, all answers."""

    events: list[EventTwin]
    memory: dict[str, Snapshot]
    answers: list[Judged | Nothing | Problem]


def tell(
    platform: str,
    deliveries: Sequence[Delivery],
    *,
    connection: Payload | None = None,
    remembers: bool = True,
    memory: dict[str, Snapshot] | None = None,
) -> Told:
    """Normalize deliveries one by one; with a memory every snapshot goes through its bytes, as a table keeps it."""
    adapter = adapter_of(platform)
    assert adapter is not None
    context = Context(tenant="acme", source=f"{platform}:main", connection=connection_from_mapping(connection or {}), received_at=ARRIVAL)
    told = Told([], dict(memory or {}), [])
    for topic, payload in deliveries:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        recall = (lambda resource: told.memory.get(resource, EMPTY)) if remembers else None
        for answer in normalize(adapter, body, topic, context, recall):
            told.answers.append(answer)
            if isinstance(answer, Judged):
                told.events.extend(answer.events)
                told.memory[answer.resource] = decode_snapshot(encode_snapshot(answer.snapshot))
    return told


def only(platform: str, payload: Any, topic: str = "", **connection: Any) -> Judged | Nothing | Problem:
    """The one answer to one payload, read by itself."""
    (answer,) = tell(platform, [(topic, payload)], connection=connection, remembers=False).answers
    return answer


def judged(platform: str, payload: Any, topic: str = "", **connection: Any) -> Judged:
    """Like `only`, for payloads that say something."""
    answer = only(platform, payload, topic, **connection)
    assert isinstance(answer, Judged), answer
    return answer


def problem(platform: str, payload: Any, topic: str = "", **connection: Any) -> Problem:
    """Like `only`, for payloads that cannot be judged."""
    answer = only(platform, payload, topic, **connection)
    assert isinstance(answer, Problem), answer
    return answer


def of_type(events: Sequence[EventTwin], name: str) -> list[EventTwin]:
    """The events of one type."""
    return [event for event in events if event["type"] == name]


def shuffled(deliveries: Sequence[Delivery], seed: int) -> list[Delivery]:
    """In any order, about half of them twice or more often."""
    rng = random.Random(seed)
    mess = [*deliveries, *rng.choices(deliveries, k=1 + len(deliveries) // 2)]
    rng.shuffle(mess)
    return mess


class Books(NamedTuple):
    """Balances by order and account (debit positive, without zeros), and what was not posted as (type, business key, code)."""

    balances: dict[str, dict[str, int]]
    unposted: list[tuple[str, str, str]]


def books_of(events: Sequence[EventTwin]) -> Books:
    """The core folded over the events."""
    states: dict[str, OrderState | None] = {}
    balances: dict[str, dict[str, int]] = {}
    outcomes: dict[str, tuple[EventTwin, object]] = {}
    for twin in events:
        event = event_from_json(twin)
        decision = decide(event, states.get(event.order_key), DEFAULT_POLICIES)
        states[event.order_key] = decision.state or states.get(event.order_key)
        outcomes[twin["event_id"]] = (twin, decision.outcome)
        for healed in decision.healed:
            outcomes[healed.event_id] = (outcomes[healed.event_id][0], healed.outcome)
        accounts = balances.setdefault(event.order_key, {})
        for posting in (posting for entry in decision.entries for posting in entry.postings):
            signed = posting.amount if posting.side == "DEBIT" else -posting.amount
            accounts[posting.account] = accounts.get(posting.account, 0) + signed
    return Books(
        {key: {name: amount for name, amount in sorted(found.items()) if amount} for key, found in sorted(balances.items())},
        [
            (twin["type"], twin["business_key"], outcome.code)
            for twin, outcome in outcomes.values()
            if isinstance(outcome, Conflict | Deferred | Rejected)
        ],
    )


def booked(events: Sequence[EventTwin]) -> dict[str, dict[str, int]]:
    """Balances of events of which every one can be posted."""
    books = books_of(events)
    assert books.unposted == []
    return books.balances


def orders_tie(events: Sequence[EventTwin]) -> bool:
    """Whether the lines of every order event add up to its total."""
    for event in events:
        if event["type"] in {"OrderPlaced", "OrderEdited"}:
            lines = event["lines"]
            added = sum(tax["amount"] for line in lines for tax in line["taxes"] if not tax["included"])
            given = sum(line.get("order_discount", 0) for line in lines)
            spread = 0 if given else sum(discount["amount"] for discount in event["order_discounts"])
            if sum(line["gross"] - line["discount"] for line in lines) - given - spread + added != event["total"]:
                return False
    return True
