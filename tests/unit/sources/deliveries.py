"""One platform's deliveries as they come in life: late, twice, mixed with those of other orders; and what the books say at the end.

For tests of every platform: `shuffled` makes the mess, `play` normalizes it with a memory, `books_of` folds the core over the events.
"""

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import orjson

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Deferred, Rejected
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.events import event_from_json
from sources.platforms.adapter import Adapter
from sources.platforms.connection import DEFAULT_CONNECTION, Connection
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Problem
from sources.platforms.snapshot import EMPTY, Snapshot, decode_snapshot, encode_snapshot

FIRST_SEED = int(os.environ.get("DELIVERY_SEED", "0"))
SEEDS = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("DELIVERY_SEEDS", "25")))
"""Seeds of shuffled and interleaved deliveries: few in the gate, a hundred in `make soak-deliveries` (SEED: the first)."""

Balances: TypeAlias = dict[str, dict[str, int]]
"""Order key -> account -> minor units, debit positive; accounts at zero left out."""


class Delivery(NamedTuple):
    """One payload and the topic it comes under."""

    topic: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Played:
    """The events in the order they came out, the snapshot of every object, and the problems on the way."""

    events: list[EventTwin]
    memory: Mapping[str, Snapshot]
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Books:
    """Balances at the end; what waits, what was refused and what was in conflict, as (event type, business_key, code)."""

    balances: Balances
    waiting: list[tuple[str, str, str]]
    refused: list[tuple[str, str, str]]


def shuffled(lives: Sequence[Sequence[Delivery]], seed: int) -> list[Delivery]:
    """All deliveries of all lives in any order, about half of them twice or more often."""
    rng = random.Random(seed)
    every = [delivery for life in lives for delivery in life]
    mess = [*every, *rng.choices(every, k=1 + len(every) // 2)]
    rng.shuffle(mess)
    return mess


def interleaved(lives: Sequence[Sequence[Delivery]], seed: int) -> list[Delivery]:
    """Each life in its own order, mixed with the others, with a late repetition now and then."""
    rng = random.Random(seed)
    rest = [list(life) for life in lives]
    mixed: list[Delivery] = []
    while any(rest):
        mixed.append(rng.choice([life for life in rest if life]).pop(0))
        if rng.random() < 0.3:
            mixed.append(rng.choice(mixed))
    return mixed


def play(
    adapter: Adapter,
    deliveries: Sequence[Delivery],
    *,
    source: str,
    connection: Connection = DEFAULT_CONNECTION,
    memory: Mapping[str, Snapshot] | None = None,
    received_at: datetime | None = None,
) -> Played:
    """Normalize them one by one; every snapshot goes through its bytes, as a table would keep it."""
    context = Context(tenant="acme", source=source, connection=connection, received_at=received_at)
    kept = dict(memory or {})
    events: list[EventTwin] = []
    problems: list[Problem] = []
    for topic, payload in deliveries:
        body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        for answer in normalize(adapter, body, topic, context, lambda resource: kept.get(resource, EMPTY)):
            if isinstance(answer, Judged):
                events += answer.events
                kept[answer.resource] = decode_snapshot(encode_snapshot(answer.snapshot))
            elif isinstance(answer, Problem):
                problems.append(answer)
    return Played(events, kept, problems)


def books_of(events: Sequence[EventTwin]) -> Books:
    """The core folded over the events, each order by itself."""
    states: dict[str, OrderState | None] = {}
    balances: Balances = {}
    last: dict[tuple[str, str, str], object] = {}
    for twin in events:
        event = event_from_json(twin)
        decision = decide(event, states.get(event.order_key), DEFAULT_POLICIES)
        states[event.order_key] = decision.state
        last[twin["event_id"], twin["type"], twin["business_key"]] = decision.outcome
        for healed in decision.healed:
            last.update({name: healed.outcome for name in last if name[0] == healed.event_id})
        accounts = balances.setdefault(event.order_key, {})
        for posting in (posting for entry in decision.entries for posting in entry.postings):
            signed = posting.amount if posting.side == "DEBIT" else -posting.amount
            accounts[posting.account] = accounts.get(posting.account, 0) + signed
    return Books(
        balances={key: {name: amount for name, amount in sorted(found.items()) if amount} for key, found in sorted(balances.items())},
        waiting=[(kind, key, outcome.code) for (_, kind, key), outcome in last.items() if isinstance(outcome, Deferred)],
        refused=[(kind, key, outcome.code) for (_, kind, key), outcome in last.items() if isinstance(outcome, Rejected | Conflict)],
    )


def booked(events: Sequence[EventTwin]) -> Balances:
    """Balances of events of which every one can be posted."""
    books = books_of(events)
    assert (books.waiting, books.refused) == ([], [])
    return books.balances
