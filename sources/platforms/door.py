"""The one door into the adapters: a payload in; per object in it events, nothing, or a problem out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from schemas.event_messages import EventMessage, message_from_json
from schemas.refusal import InvalidEvent
from sources.platforms.adapter import Adapter
from sources.platforms.advance import advance, give_up_waiting
from sources.platforms.context import Context
from sources.platforms.facts import Fetch, Part
from sources.platforms.outcome import EventTwin, Nothing, Problem, Unjudged
from sources.platforms.snapshot import EMPTY, Snapshot

Recall: TypeAlias = Callable[[str], Snapshot]
"""Resource -> its snapshot; `EMPTY` where it was never seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of one object: new events and the same as messages, the snapshot to keep, sentences for people, objects to fetch."""

    resource: str
    events: tuple[EventTwin, ...]
    messages: tuple[EventMessage, ...]
    snapshot: Snapshot
    notices: tuple[str, ...] = ()
    fetches: tuple[Fetch, ...] = ()


def resource_of(adapter: Adapter, body: bytes, topic: str) -> str | None:
    """The id under which a payload's snapshot is kept: that of its first object; None where it cannot be read."""
    try:
        return adapter.open(adapter.parse(body), topic)[0].resource
    except Unjudged:
        return None


def normalize(
    adapter: Adapter, body: bytes, topic: str, context: Context, recall: Recall | None = None
) -> tuple[Judged | Nothing | Problem, ...]:
    """Judge each object of one payload, in their order; a payload that cannot be opened is one problem.

    The same arguments always give the same answer. Without `recall` every object is read by itself. An object that comes twice in one
    payload finds what was remembered of it before, so payloads with lists need no memory of the caller to be told once.
    """
    try:
        parts = adapter.open(adapter.parse(body), topic)
    except Unjudged as unjudged:
        return (unjudged.problem,)
    seen: dict[str, Snapshot] = {}
    answers = []
    for part in parts:
        snapshot = seen.get(part.resource) or (recall(part.resource) if recall is not None else EMPTY)
        answer = _judged(adapter, part, replace(context, snapshot=snapshot, remembers=recall is not None))
        if isinstance(answer, Judged):
            seen[part.resource] = answer.snapshot
        answers.append(answer)
    return tuple(answers)


def give_up(adapter: Adapter, resource: str, context: Context) -> Judged:
    """The object's order could not be fetched, for good: what waits in `context.snapshot` goes out as it is."""
    events, snapshot = give_up_waiting(adapter, context, resource)
    return Judged(resource=resource, events=events, messages=tuple(map(message_from_json, events)), snapshot=snapshot)


def _judged(adapter: Adapter, part: Part, context: Context) -> Judged | Nothing | Problem:
    try:
        reading = adapter.read(part, context)
        if isinstance(reading, Nothing):
            return reading
        events, snapshot = advance(adapter, context, part.resource, reading)
    except Unjudged as unjudged:
        return unjudged.problem
    try:
        messages = tuple(map(message_from_json, events))
    except InvalidEvent as broken:
        return Problem("reject_malformed", f"the event would break the contract: {broken.detail}", "")
    return Judged(
        resource=part.resource, events=events, messages=messages, snapshot=snapshot, notices=reading.notices, fetches=reading.fetches
    )
