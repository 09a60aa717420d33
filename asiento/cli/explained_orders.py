"""Where an id is looked for: in the events of a file, order by order, or in the file of one order of a running system."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from asiento.accounting.explaining.explain import explain
from asiento.accounting.explaining.figures import Figure, Place
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.policy import PolicyBook, UnknownPolicyVersion
from asiento.accounting.retelling import Story, retell
from asiento.cli.explanation import Decided, Explainer, Json
from schemas.events import parse_event_json
from schemas.refusal import Refusal
from schemas.wording.language import Language
from schemas.wording.messages import outcome_message
from sinks.order_file import OrderFile

Figures: TypeAlias = dict[tuple[str, Place], Figure]
"""(entry_id, place) -> the figure there."""


@dataclass(slots=True)
class Found:
    """The events of the orders that were read, and of each what is needed to tell it again.

    refused: event_id -> the refusal of a record that never reached the core. decided: what a running system made of them.
    """

    policies: PolicyBook
    orders: dict[str, list[OrderEvent]] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    decided: Decided | None = None

    def explain(self, id_: str, language: Language) -> Json | None:
        """The explanation of an event or entry; None where no order has it."""
        for story in self._stories(id_):
            explainer = Explainer(story, language, self.decided)
            told = story.event(id_)
            if told is not None:
                return explainer.explain(told)
            made = story.entry(id_)
            if made is not None:
                return explainer.explain(made[0], id_)
        refusal = self.refused.get(id_)
        return _refused(id_, refusal, language) if refusal is not None else None

    def figures(self) -> Figures:
        """The explained figures of all entries that the retelling makes as they were booked; none where it cannot be told."""
        found: Figures = {}
        booked = self.decided.entries if self.decided is not None else {}
        try:
            stories = list(self._stories(None))
        except UnknownPolicyVersion:
            return {}
        for told in (told for story in stories for told in story.told if told.posted is not None):
            explained = explain(told.posted).entries if told.posted is not None else ()
            for one in explained:
                if booked.get(one.entry.entry_id) == one.entry:
                    found.update({(one.entry.entry_id, figure.place): figure for figure in one.figures})
        return found

    def ids(self) -> Iterator[str]:
        """All ids that could have been asked for."""
        yield from self.refused
        for events in self.orders.values():
            yield from (event.event_id for event in events)
        for story in self._stories(None):
            for told in story.told:
                yield from (entry.entry_id for entry in (told.posted.entries if told.posted is not None else ()))

    def _stories(self, event_id: str | None) -> Iterator[Story]:
        """The orders told again; only the one of that event, where it is one."""
        named = [events for events in self.orders.values() if any(event.event_id == event_id for event in events)]
        for events in named or self.orders.values():
            yield retell(events, self.policies)


def found_in_lines(lines: Iterable[bytes], policies: PolicyBook) -> Found:
    """The events of JSON lines, order by order."""
    found = Found(policies)
    for line in lines:
        event = parse_event_json(line)
        if isinstance(event, Refusal):
            event_id = _event_id_of(line)
            if event_id is not None:
                found.refused[event_id] = event
        else:
            found.orders.setdefault(event.order_key, []).append(event)
    return found


def found_in_file(file: OrderFile, policies: PolicyBook) -> Found:
    """The judged events of one order of a running system, and what was made of them."""
    events: list[OrderEvent] = []
    outcomes: dict[str, tuple[str, str | None]] = {}
    unjudged: set[str] = set()
    for line in file.events:
        if isinstance(line.event, Refusal):
            continue
        if line.outcome is None:
            unjudged.add(line.event.event_id)
            continue
        events.append(line.event)
        if line.outcome in ("posted", "deferred") or line.event.event_id not in outcomes:
            outcomes[line.event.event_id] = (line.outcome, line.code)
    entries = {line.entry.entry_id: line.entry for line in file.entries}
    return Found(policies, orders={file.order_key: events}, decided=Decided(outcomes, entries, frozenset(unjudged)))


def _event_id_of(line: bytes) -> str | None:
    """The event_id that a refused line states, if it does."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    event_id = value.get("event_id") if isinstance(value, dict) else None
    return event_id if isinstance(event_id, str) else None


def _refused(event_id: str, refusal: Refusal, language: Language) -> dict[str, Any]:
    """A record that never reached the core, in the shape of every explanation."""
    message = outcome_message("dead_letter", refusal.reason, language)
    told = {"title": message.title, "happened": f"{message.happened} {refusal.detail}", "action": message.action} if message else None
    event = dict.fromkeys(("record", "type", "business_key", "occurred_at", "received_at", "currency"))
    outcome = {
        "result": "dead_letter",
        "code": refusal.reason,
        "healed": False,
        "message": told,
        "as_decided": True,
        "repeats_event_id": None,
        "history": [],
    }
    return {
        "order_key": None,
        "policy_version": None,
        "event": {**event, "event_id": event_id, "facts": {}},
        "outcome": outcome,
        "notes": [],
        "entries": [],
        "account": None,
        "discrepancies": [],
        "same_id": [],
    }
