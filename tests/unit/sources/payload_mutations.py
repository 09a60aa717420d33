"""Payloads with something wrong in them, from payloads that are right: for tests of every platform."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

from schemas.events import event_from_json
from sources.platforms.adapter import Adapter
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.snapshot import EMPTY, Snapshot, decode_snapshot, encode_snapshot
from tests.unit.sources.shop_lives import orders_tie

JUNK: tuple[Any, ...] = (
    *(None, "", 0, -1, 1, True, False, [], {}, [None], [1], [[]], {"a": 1}, 1.5, 10**30, -(10**18), "true", "null"),
    *(
        "x" * 400,
        "1e5",
        "NaN",
        "12.345",
        "-3.00",
        "-0.00",
        "9" * 18,
        "\ud800",
        "EUR",
        "JPY",
        "US",
        "usd",
        "KWD",
        "COMPLETED",
        "approved",
        "ch_1",
        "order_id",
    ),
    *("2026-01-01T00:00:00", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-12:00", "4242 4242 4242 4242"),
)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values inside a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in children:
        yield (*above, name)
        yield from places(inner, (*above, name))


def mutated(payload: Any, rng: random.Random) -> Any:
    """A copy with one to three values replaced, changed a little, taken away, or put in another's place."""
    copy = deepcopy(payload)
    for _ in range(rng.randint(1, 3)):
        every = list(places(copy))
        if not every:
            break
        *parents, last = rng.choice(every)
        place = copy
        for part in parents:
            place = place[part]
        if isinstance(place, dict) and rng.random() < 0.2:
            del place[last]
        elif rng.random() < 0.2:
            place[last] = deepcopy(_value_at(copy, rng.choice(every)))
        else:
            place[last] = deepcopy(rng.choice((*JUNK, _nudged(place[last]))))
    return copy


def _nudged(value: Any) -> Any:
    """A number or a decimal text that is a little different."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value + 1
    return str(Decimal(value) + 1) if isinstance(value, str) and value.isascii() and value.replace(".", "", 1).isdigit() else value


def _value_at(payload: Any, path: Sequence[Any]) -> Any:
    for part in path:
        payload = payload[part]
    return payload


def answer_mutations(
    adapter: Adapter, payloads: Sequence[tuple[str, Any]], number: int, rng: random.Random, encode: Callable[[Any], bytes] | None = None
) -> Mapping[str, int]:
    """Send so many mutations through the door, half of them with a growing memory; how many were judged, nothing, a problem.

    Asserts that each answer is one of the three, that a problem has a sentence, and that every event keeps to the contract,
    that the lines of orders are their totals, and that every snapshot can be kept.
    """
    counts = {"Judged": 0, "Nothing": 0, "Problem": 0}
    memory: dict[str, Snapshot] = {}
    for turn in range(number):
        topic, payload = rng.choice(payloads)
        wrong = mutated(payload, rng)
        body = encode(wrong) if encode is not None else json.dumps(wrong).encode()
        context = Context(tenant="acme", source=f"{adapter.name}:main", connection=DEFAULT_CONNECTION)
        if turn % 1_000 == 0:
            memory.clear()
        for answer in normalize(adapter, body, topic, context, (lambda key: memory.get(key, EMPTY)) if turn % 2 else None):
            assert isinstance(answer, Judged | Nothing | Problem)
            counts[type(answer).__name__] += 1
            if isinstance(answer, Problem):
                assert answer.message
                assert not answer.pointer or answer.pointer.startswith("/")
            if isinstance(answer, Judged):
                memory[answer.resource] = decode_snapshot(encode_snapshot(answer.snapshot))
                for event in answer.events:
                    event_from_json(json.loads(json.dumps(event)))
                assert orders_tie(answer.events)
    return counts
