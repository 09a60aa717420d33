"""What is remembered of one object of a source: which facts were told, how its order was last, what waits. No personal data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from sources.platforms.facts import Fact, Json, Owner
from sources.platforms.moments import from_micros, micros
from sources.platforms.outcome import EventTwin

FORMAT: Final = 2
FACTS_MAX: Final = 10_000
"""Most facts of one object; an order with more is a problem of the payload."""
WAITING_MAX: Final = 200
"""Most facts that wait for their order; one more goes out as it is."""


class UnreadableSnapshot(ValueError):
    """Bytes that are no snapshot of this build; the message says why."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that went out: its newest version, and a digest per content that it had, in their order."""

    version: int | None
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fact that waits for its order, and when its payload came."""

    fact: Fact
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Memory of one object. `order` is the OrderPlaced twin as it was last told, `revision` the number of its edits.

    gave_up: the order could not be had, for good; nothing waits any longer.
    """

    version: int | None = None
    order: EventTwin | None = None
    revision: int = 0
    owner: Owner | None = None
    told: Mapping[str, Told] = field(default_factory=dict)
    waiting: tuple[Waiting, ...] = ()
    gave_up: bool = False
    memory: Mapping[str, Json] = field(default_factory=dict)


EMPTY: Final = Snapshot()
"""Of an object that was never seen."""


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """The snapshot as JSON with sorted keys: equal snapshots are equal bytes."""
    owner = snapshot.owner
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": snapshot.version,
        "order": snapshot.order,
        "revision": snapshot.revision,
        "owner": [owner.source, owner.order_id, owner.payment_id] if owner else None,
        "told": {key: [told.version, *told.digests] for key, told in snapshot.told.items()},
        "waiting": [_waiting_to_json(waiting) for waiting in snapshot.waiting],
        "gave_up": snapshot.gave_up,
        "memory": dict(snapshot.memory),
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def decode_snapshot(value: bytes) -> Snapshot:
    """The snapshot of `encode_snapshot`; raises `UnreadableSnapshot`."""
    try:
        content = orjson.loads(value)
        if content["format"] != FORMAT:
            raise UnreadableSnapshot(f"format {content['format']} is not known here")
        return Snapshot(
            version=content["version"],
            order=content["order"],
            revision=content["revision"],
            owner=Owner(*content["owner"]) if content["owner"] else None,
            told={key: Told(version, tuple(digests)) for key, (version, *digests) in content["told"].items()},
            waiting=tuple(_waiting_from_json(each) for each in content["waiting"]),
            gave_up=content["gave_up"],
            memory=content["memory"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        if isinstance(problem, UnreadableSnapshot):
            raise
        raise UnreadableSnapshot("damaged") from None


def _waiting_to_json(waiting: Waiting) -> list[Json]:
    fact = waiting.fact
    stated = [fact.type, fact.business_key, fact.body, micros(fact.occurred_at), fact.test_mode, fact.repeat, fact.version, fact.open]
    return [*stated, micros(waiting.received_at)]


def _waiting_from_json(content: list[Any]) -> Waiting:
    event_type, business_key, body, occurred_at, test_mode, repeat, version, still_open, received_at = content
    fact = Fact(
        type=event_type,
        business_key=business_key,
        body=body,
        occurred_at=from_micros(occurred_at),
        test_mode=test_mode,
        repeat=repeat,
        version=version,
        open=still_open,
    )
    return Waiting(fact, from_micros(received_at))
