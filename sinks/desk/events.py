"""Events that wait, were rejected or contradict an earlier one: looked at, assigned, mended, judged again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias
from uuid import uuid5

import orjson

from asiento.accounting.order_events import OrderEvent
from asiento.accounting.retelling import Story
from schemas.event_messages import EventMessage, message_from_json
from schemas.events import event_from_json
from schemas.formats import time_text
from schemas.operator_actions import OperatorAction
from schemas.refusal import InvalidEvent
from sinks.desk.dead_letters import NOT_SETTLED, require_useful
from sinks.desk.desk import Desk
from sinks.desk.errors import DeskRefused
from sinks.desk.mending import Change, changes_between, with_changes
from sinks.desk.outgoing import Bundle, outgoing
from sinks.desk.prediction import DEAD_LETTER, Prediction, judged_events, told
from sinks.projector.answers import ActionLine, EventLine, OrderRecords, State, WaitingEvent
from sources.platforms.identity import EVENT_NAMESPACE

SUBJECT_KIND: Final = "EVENT"
CORRECTABLE: Final = frozenset({"PaymentCaptured", "ShipmentDispatched", "FeeCharged", "ReturnReceived", "ReceivableAdjusted"})
"""Types that an EventCorrected can put right; others are mended by events of their own."""
_JUDGED_AFRESH: Final = frozenset({"rejected", "ignored"})
"""Outcomes that are not remembered: the same ids may come again."""

Way: TypeAlias = Literal["same_ids", "correction", "own_ids"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """One event with its order. `line`: the record that counts; `lines`: all records under its id that reached the core;
    `waiting`: its place in a queue.
    """

    event_id: str
    line: EventLine
    lines: tuple[EventLine, ...]
    order: OrderRecords
    story: Story | None
    waiting: WaitingEvent | None
    actions: tuple[ActionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedEvent:
    """What would be sent for an event. same_ids: itself again, changed; correction: an EventCorrected around the right one, or around
    none (void); own_ids: another event beside one that goes on waiting.
    """

    event_id: str
    way: Way
    message: EventMessage
    event: OrderEvent
    changes: tuple[Change, ...]
    prediction: Prediction
    closes: tuple[str, ...]
    """Discrepancies that say no more than that the event was rejected or contradicts: open until somebody closes them."""


class EventDesk:
    """What an operator does about events. Methods raise `DeskRefused` and `DeskUnavailable`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def show(self, event_id: str) -> EventFile:
        """The event, its order, and what was done about it."""
        records = self._desk.reader.event(event_id.lower())
        if not records:
            raise DeskRefused(f"no event {event_id} is on the events topic; `asiento events list` names those that are not settled")
        lines = tuple(line for line in records if line.first_outcome != DEAD_LETTER)
        if not lines:
            raise DeskRefused(f"the record of event {event_id} was refused: `asiento dlq list --order {records[0].order_key}`")
        line = _counting(lines)
        order = self._desk.reader.order(line.order_key or "")
        waiting = (
            *self._desk.reader.parked(event_id=event_id.lower()),
            *self._desk.reader.rejected(event_id=event_id.lower(), state=None),
        )
        try:
            story = told(judged_events(order.events), self._desk.policies)
        except DeskRefused:  # it can be looked at without being told again
            story = None
        return EventFile(
            event_id=event_id.lower(),
            line=line,
            lines=lines,
            order=order,
            story=story,
            waiting=waiting[0] if waiting else None,
            actions=self._desk.reader.actions(subject_kind=SUBJECT_KIND, subject=event_id.lower(), limit=None),
        )

    def mended(self, event_id: str, *, event: dict[str, Any] | None, settings: Sequence[str], void: bool) -> MendedEvent:
        """The event that puts this one right, checked, and judged by the core."""
        file = self.show(event_id)
        newest = next(line for line in reversed(file.lines) if line.body is not None)
        stated: dict[str, Any] = orjson.loads(newest.body or "{}")
        wanted = with_changes(event if event is not None else stated, settings)
        way = _way(file, newest)
        if event is None and not settings and not void and newest.outcome != "conflict":
            raise DeskRefused("say how it is right: --set PATH=VALUE, --event FILE, or --void")
        if void and way != "correction":
            raise DeskRefused(f"event {event_id} was not posted: there is nothing to take back")
        if way == "correction":
            whole = self._correction(file, newest, None if void else wanted)
        else:
            whole = wanted if way == "same_ids" else _with_own_ids(wanted, stated)
        try:
            message, made = message_from_json(whole), event_from_json(whole)
        except InvalidEvent as problem:
            raise DeskRefused(f"the mended event breaks the contract: {problem}; change it with --set or --event") from None
        if made.order_key != file.order.order_key:
            raise DeskRefused(
                f"the mended event is of order {made.order_key}, not of {file.order.order_key}: send it with `asiento events send`"
            )
        return MendedEvent(
            event_id=file.event_id,
            way=way,
            message=message,
            event=made,
            changes=changes_between(stated, wanted),
            prediction=self._desk.outlook(made.order_key).predict(made),
            closes=_told_by(file, newest, "OPEN"),
        )

    def again(self, event_id: str) -> MendedEvent:
        """A rejected event as it is, to be judged again after its order or the policy changed."""
        file = self.show(event_id)
        outcome = file.line.outcome
        if outcome not in _JUDGED_AFRESH:
            raise DeskRefused(
                f"event {event_id} is {outcome or 'not judged yet'}: only rejected and ignored events are judged again"
                + ("; a waiting one is, whenever its order moves on" if outcome == "deferred" else "")
            )
        body = orjson.loads(file.line.body or "{}")
        made = event_from_json(body)
        return MendedEvent(
            event_id=file.event_id,
            way="same_ids",
            message=message_from_json(body),
            event=made,
            changes=(),
            prediction=self._desk.outlook(made.order_key).predict(made),
            closes=_told_by(file, file.line, "OPEN"),
        )

    def send(self, mended: MendedEvent, reason: str, *, anyway: bool) -> OperatorAction:
        """Send the event, the action about it and, where it will be posted, the closing of what it settles, in one transaction."""
        require_useful(mended.prediction, anyway=anyway)
        about = {"order_key": mended.event.order_key, "sent_event_id": mended.event.event_id}
        action = self._desk.action("REPLAY", SUBJECT_KIND, mended.event_id, reason, **about)
        after: tuple[OperatorAction, ...]
        if mended.prediction.outcome in NOT_SETTLED:
            # A REPLAY closes the case; what will only be refused once more stays a case.
            after = (replace(action, kind="REOPEN", at=action.at + 1, sent_event_id=None),)
        else:
            settled = mended.closes if mended.prediction.outcome == "posted" else ()
            after = tuple(self._desk.action("RESOLVE", "DISCREPANCY", one, reason, **about) for one in settled)
        self._desk.send([Bundle(events=(outgoing(mended.message, mended.event_id),), actions=(action, *after))])
        return action

    def note(
        self, kind: Literal["ASSIGN", "RESOLVE", "REOPEN"], event_id: str, reason: str, assignee: str | None = None
    ) -> tuple[OperatorAction, ...]:
        """The action of an assignment, of a closing or of a reopening, and the same of the discrepancies that say no more than the
        event's outcome; for `Desk.send`. Raises `DeskRefused` where it makes no sense.
        """
        file = self.show(event_id)
        if kind != "ASSIGN" and file.line.outcome == "deferred":
            raise DeskRefused(
                f"event {event_id} waits in its order and closes itself when it posts: assign it, mend it (`asiento events fix`), "
                "or let its deadline decide"
            )
        state = file.waiting.state if file.waiting is not None else None
        if kind != "ASSIGN" and state is None:
            raise DeskRefused(
                f"event {event_id} is {file.line.outcome or 'not judged yet'}: nothing about it is open"
                + (", its discrepancy is resolved with `asiento discrepancies resolve`" if file.line.outcome == "conflict" else "")
            )
        if kind == "RESOLVE" and state == "RESOLVED":
            raise DeskRefused(f"event {event_id} is resolved already")
        if kind == "REOPEN" and state == "OPEN":
            raise DeskRefused(f"event {event_id} is open")
        order_key = file.line.order_key
        action = self._desk.action(kind, SUBJECT_KIND, file.event_id, reason, order_key=order_key, assignee=assignee)
        if kind == "ASSIGN":
            return (action,)
        also = _told_by(file, file.line, "OPEN" if kind == "RESOLVE" else "RESOLVED")
        return (action, *(self._desk.action(kind, "DISCREPANCY", one, reason, order_key=order_key) for one in also))

    def _correction(self, file: EventFile, newest: EventLine, wanted: dict[str, Any] | None) -> dict[str, Any]:
        """An EventCorrected; of a conflict it is about the event that stands, and says what the newer one said."""
        wrong = self._standing(file, newest)
        kind = str(newest.event_type)
        if kind not in CORRECTABLE:
            raise DeskRefused(
                f"{kind} cannot be corrected; it is mended by an event of its own: a RefundIssued, OrderEdited, OrderCancelled, "
                "PaymentReversed or ShipmentCancelled from its source, or `asiento discrepancies resolve --post ...`"
            )
        stated: dict[str, Any] = orjson.loads(newest.body or "{}")
        key = f"correction:{wrong}"
        order = f"{stated['tenant']}|{stated['source']}|{stated['order_id']}"
        envelope = {name: stated[name] for name in ("tenant", "source", "order_id", "test_mode", "currency", "currency_exponent")}
        whole: dict[str, Any] = {
            "type": "EventCorrected",
            "event_id": str(uuid5(EVENT_NAMESPACE, f"{order}|EventCorrected|{key}|0")),
            **envelope,
            "business_key": key,
            "occurred_at": noon_of(self._desk.at),
            "received_at": time_text(self._desk.at),
            "supersedes_event_id": wrong,
        }
        if wanted is not None:
            own = str(uuid5(EVENT_NAMESPACE, f"{order}|{kind}|{wanted.get('business_key')}|{key}"))
            whole["replacement"] = {**wanted, "type": kind, "event_id": own}
        return whole

    def _standing(self, file: EventFile, newest: EventLine) -> str:
        """The event that the books stand on: itself, or the one that a conflicting one contradicts."""
        if newest.outcome != "conflict":
            return file.event_id
        told_again = file.story.told if file.story is not None else []
        for one in reversed(told_again):
            if one.event.event_id == file.event_id and one.repeats is not None:
                return one.repeats
        raise DeskRefused(
            f"event {file.event_id} contradicts an earlier one that cannot be found; see `asiento orders show {file.order.order_key}`"
        )


def _told_by(file: EventFile, line: EventLine, state: State) -> tuple[str, ...]:
    """discrepancy_id of those in that state that tell nothing but this record's rejection or conflict; the stream never closes them."""
    if line.outcome not in ("rejected", "conflict"):
        return ()
    return tuple(
        one.value.discrepancy_id
        for one in file.order.discrepancies
        if one.value.event_id == file.event_id
        and one.state == state
        and one.resolved_by != "stream"
        and line.code in (one.value.code, dict(one.value.parameters).get("reason"))
    )


def noon_of(at: int) -> str:
    """Noon of that day in UTC: the same calendar day in nearly every time zone, and the same text for every try of one day."""
    return f"{time_text(at)[:10]}T12:00:00Z"


def _counting(lines: Sequence[EventLine]) -> EventLine:
    """Of several records under one id the one that posted or waits, else the newest."""
    return next((line for line in lines if line.outcome in ("posted", "deferred")), lines[-1])


def _way(file: EventFile, newest: EventLine) -> Way:
    match file.line.outcome:
        case _ if newest.outcome == "conflict":
            return "correction"
        case "posted":
            return "correction"
        case "deferred":
            return "own_ids"
        case "rejected" | "ignored":
            return "same_ids"
        case None:
            raise DeskRefused(f"event {file.event_id} is on the topic, but no worker has judged it yet: ask again")
        case other:
            raise DeskRefused(f"event {file.event_id} is {other}: there is nothing to mend")


def _with_own_ids(wanted: dict[str, Any], stated: dict[str, Any]) -> dict[str, Any]:
    """The ids of another event, where the operator gave none: the waiting one keeps its own."""
    found = dict(wanted)
    if found.get("business_key") == stated.get("business_key"):
        found["business_key"] = f"{stated.get('business_key')}:mended"
    if found.get("event_id") == stated.get("event_id"):
        name = "|".join(str(found.get(part)) for part in ("tenant", "source", "order_id", "type", "business_key"))
        found["event_id"] = str(uuid5(EVENT_NAMESPACE, f"{name}|0"))
    return found
