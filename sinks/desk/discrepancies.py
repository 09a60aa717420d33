"""Discrepancies: looked at, assigned, resolved by a word or by money, proposed and approved by two persons."""

from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

import orjson

from asiento.accounting.order_events import OrderEvent, OrderPlaced
from schemas.event_messages import EventMessage, message_from_json
from schemas.events import event_from_json, parse_object
from schemas.operator_actions import OperatorAction
from schemas.refusal import InvalidEvent
from sinks.desk.approvals import Proposal, proposals_of, same_person
from sinks.desk.desk import Desk
from sinks.desk.errors import DeskRefused
from sinks.desk.journals import About, Money, limit_for, money_event, moved_by, shown_amount
from sinks.desk.outgoing import Bundle, OutgoingRecord, outgoing
from sinks.desk.prediction import Prediction
from sinks.desk.queues import source_of
from sinks.projector.answers import ActionLine, DiscrepancyLine, EntryLine, EventLine, OrderRecords

SUBJECT_KIND: Final = "DISCREPANCY"
_MONEY_EVENTS: Final = frozenset({"JournalPosted", "ReceivableAdjusted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyFile:
    """A discrepancy, its order, the events and entries behind it, what was done about it, and what waits for a second person.

    `alone`: resolutions on the topic by which one person moved more than the limit, past the desk.
    """

    line: DiscrepancyLine
    order: OrderRecords
    events: tuple[EventLine, ...]
    entries: tuple[EntryLine, ...]
    actions: tuple[ActionLine, ...]
    proposals: tuple[Proposal, ...]
    alone: tuple[ActionLine, ...]

    @property
    def residual(self) -> int | None:
        """Actual less expected, in minor units; None where one of them is not known."""
        value = self.line.value
        return None if value.expected is None or value.actual is None else value.actual - value.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyPlan:
    """What a resolution with money would send. `moved` with what this case has moved before is measured against `limit`."""

    discrepancy: DiscrepancyFile
    message: EventMessage
    event: OrderEvent
    stated: dict[str, Any]
    currency: str
    moved: int
    moved_before: int
    limit: int
    prediction: Prediction

    @property
    def needs_second_person(self) -> bool:
        """Whether one person may not book it alone."""
        return self.moved + self.moved_before > self.limit


class DiscrepancyDesk:
    """What an operator does about discrepancies. Methods raise `DeskRefused` and `DeskUnavailable`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def show(self, discrepancy_id: str) -> DiscrepancyFile:
        """The discrepancy with everything behind it."""
        found = self._desk.reader.discrepancies(state=None, discrepancy_id=discrepancy_id.lower())
        if not found:
            raise DeskRefused(f"no discrepancy {discrepancy_id}: `asiento discrepancies list` names those that are open")
        line = found[0]
        order = self._desk.reader.order(line.value.order_key)
        actions = self._desk.reader.actions(subject_kind=SUBJECT_KIND, subject=line.value.discrepancy_id, limit=None)
        about = line.value.event_id
        proposals = proposals_of(actions)
        return DiscrepancyFile(
            line=line,
            order=order,
            events=tuple(one for one in order.events if about is not None and one.event_id == about),
            entries=tuple(one for one in order.entries if one.entry_id == line.value.entry_id or one.entry().event_id == about),
            actions=actions,
            proposals=proposals,
            alone=self._moved_alone(order, actions, proposals),
        )

    def assign(self, discrepancy_id: str, assignee: str, reason: str) -> OperatorAction:
        """Somebody looks after it from now on."""
        return self._note("ASSIGN", self.show(discrepancy_id), reason, assignee=assignee)

    def resolve(self, discrepancy_id: str, reason: str) -> tuple[OperatorAction, ...]:
        """It is settled without money; the rejected event that it tells of with it."""
        file = self._require_open(discrepancy_id)
        waiting = [one for one in file.proposals if one.state == "open"]
        if waiting:
            raise DeskRefused(f"proposal {waiting[0].action.action_id} waits for an answer: approve or refuse it first")
        return (self._note("RESOLVE", file, reason), *self._rejection(file, reason))

    def reopen(self, discrepancy_id: str, reason: str) -> OperatorAction:
        """It is not settled after all."""
        file = self.show(discrepancy_id)
        if file.line.resolved_by == "stream":
            raise DeskRefused(f"discrepancy {discrepancy_id} was resolved by itself: the stream opens it again if it shows again")
        if file.line.state == "OPEN":
            raise DeskRefused(f"discrepancy {discrepancy_id} is open")
        return self._note("REOPEN", file, reason)

    def money(self, discrepancy_id: str, money: Money, reason: str, day: str | None) -> MoneyPlan:
        """What booking this money would send and lead to; raises `DeskRefused` where it could not be posted."""
        file = self._require_open(discrepancy_id)
        if any(one.state == "open" for one in file.proposals):
            raise DeskRefused(f"a proposal about discrepancy {discrepancy_id} waits for an answer: approve or refuse it first")
        if source_of(file.line.value.order_key) is None:
            raise DeskRefused(
                f"discrepancy {discrepancy_id} is about {file.line.value.order_key}, not about an order, and entries by hand belong to "
                "orders: book it on the case of the order behind it, or resolve this one with a reason alone"
            )
        about = About(
            discrepancy_id=file.line.value.discrepancy_id,
            order_key=file.line.value.order_key,
            currency=_currency_of(file),
            round=sum(one.kind == "REOPEN" for one in file.actions) + sum(one.state == "refused" for one in file.proposals),
            reason=reason.strip(),
            approved_by=self._desk.actor.strip(),
            at=self._desk.at,
            day=day,
        )
        return self._plan(file, money_event(money, about))

    def book(self, plan: MoneyPlan, reason: str) -> OperatorAction:
        """Send the event and resolve the case, in one transaction; `DeskRefused` above the limit."""
        if plan.needs_second_person:
            raise DeskRefused(
                f"{shown_amount(plan.moved + plan.moved_before, plan.currency)} is above the limit of "
                f"{shown_amount(plan.limit, plan.currency)} for one person: propose it, another person approves"
            )
        action = self._note("RESOLVE", plan.discrepancy, reason, sent_event_id=plan.event.event_id)
        closings = self._rejection(plan.discrepancy, reason)
        self._desk.send([Bundle(events=(self._outgoing(plan),), actions=(action, *closings))])
        return action

    def propose(self, plan: MoneyPlan, reason: str) -> OperatorAction:
        """Ask a second person; nothing is booked."""
        event = orjson.dumps(plan.stated).decode()
        action = self._note("PROPOSE", plan.discrepancy, reason, sent_event_id=plan.event.event_id, event=event)
        self._desk.send([Bundle(actions=(action,))])
        return action

    def approval(self, name: str) -> tuple[Proposal, MoneyPlan]:
        """The open proposal of that action_id, or of that discrepancy_id, as this actor would approve it."""
        proposal = self.proposal(name)
        if same_person(proposal.action.actor, self._desk.actor):
            raise DeskRefused(f"{self._desk.actor} proposed it: another person must approve")
        file = self._require_open(proposal.action.subject)
        stated = _event_of(proposal.action) | {"approved_by": self._desk.actor.strip()}
        plan = self._plan(file, stated)
        if plan.event.event_id != proposal.action.sent_event_id:
            raise DeskRefused(f"proposal {proposal.action.action_id} names another event than it holds: refuse it, and propose anew")
        return proposal, plan

    def approve(self, proposal: Proposal, plan: MoneyPlan, reason: str) -> OperatorAction:
        """Send the proposed event, the approval and the resolution, in one transaction."""
        about = {"sent_event_id": plan.event.event_id, "refers_to": proposal.action.action_id}
        approved = self._note("APPROVE", plan.discrepancy, reason, **about)
        resolved = self._note("RESOLVE", plan.discrepancy, reason, sent_event_id=plan.event.event_id)
        closings = self._rejection(plan.discrepancy, reason)
        self._desk.send([Bundle(events=(self._outgoing(plan),), actions=(approved, resolved, *closings))])
        return approved

    def refuse(self, name: str, reason: str) -> OperatorAction:
        """Nothing is booked; the case stays open. Who proposed may take it back so."""
        proposal = self.proposal(name)
        file = self.show(proposal.action.subject)
        return self._note("REFUSE", file, reason, refers_to=proposal.action.action_id)

    def proposal(self, name: str) -> Proposal:
        """The one open proposal of that action_id or about that discrepancy_id."""
        wanted = _uuid(name)
        named = self._desk.reader.actions(kind="PROPOSE", action_id=wanted)
        subject = named[0].subject if named else wanted
        found = proposals_of(self._desk.reader.actions(subject_kind=SUBJECT_KIND, subject=subject, limit=None))
        chosen = [one for one in found if one.action.action_id == wanted or not named]
        waiting = [one for one in chosen if one.state == "open"]
        if len(waiting) != 1:
            if chosen and not waiting:
                raise DeskRefused(f"proposal {name} was {chosen[-1].state} already")
            raise DeskRefused(f"{name} is no proposal, and no discrepancy with one: `asiento discrepancies list --proposals` names them")
        return waiting[0]

    def _plan(self, file: DiscrepancyFile, stated: dict[str, Any]) -> MoneyPlan:
        try:
            message, event = message_from_json(stated), event_from_json(stated)
        except InvalidEvent as problem:
            raise DeskRefused(f"the event breaks the contract: {problem}") from None
        if stated.get("type") not in _MONEY_EVENTS or event.order_key != file.line.value.order_key:
            raise DeskRefused("only a JournalPosted or a ReceivableAdjusted of the discrepancy's own order resolves it with money")
        prediction = self._desk.outlook(event.order_key).predict(event)
        if prediction.outcome != "posted":
            why = f"{prediction.outcome} {prediction.code or ''}".strip()
            raise DeskRefused(f"on the order as it stands this entry would be {why}, not posted; nothing was sent")
        currency = str(stated["currency"])
        return MoneyPlan(
            discrepancy=file,
            message=message,
            event=event,
            stated=stated,
            currency=currency,
            moved=moved_by(stated),
            moved_before=self._moved_before(file),
            limit=limit_for(currency, self._desk.approval_limit),
            prediction=prediction,
        )

    def _moved_alone(self, order: OrderRecords, actions: tuple[ActionLine, ...], proposals: tuple[Proposal, ...]) -> tuple[ActionLine, ...]:
        """Resolutions above the limit that no second person approved; the limit of now counts."""
        approved = {one.action.sent_event_id for one in proposals if one.state == "approved"}
        bodies = {one.event_id: orjson.loads(one.body) for one in order.events if one.body is not None}
        found = []
        for action in actions:
            event = bodies.get(action.sent_event_id) if action.kind == "RESOLVE" and action.sent_event_id not in approved else None
            if event is not None and moved_by(event) > limit_for(str(event.get("currency")), self._desk.approval_limit):
                found.append(action)
        return tuple(found)

    def _rejection(self, file: DiscrepancyFile, reason: str) -> tuple[OperatorAction, ...]:
        """The closing of the rejected event that the discrepancy tells of, where it is open."""
        value = file.line.value
        told = {value.code, dict(value.parameters).get("reason")}
        rejected = self._desk.reader.rejected(event_id=value.event_id) if value.event_id is not None else ()
        return tuple(
            self._desk.action("RESOLVE", "EVENT", one.event_id, reason, order_key=value.order_key) for one in rejected if one.code in told
        )

    def _moved_before(self, file: DiscrepancyFile) -> int:
        """What this case has moved already: cutting an amount into pieces does not pass the limit."""
        sent = {one.sent_event_id for one in file.actions if one.kind == "RESOLVE" and one.sent_event_id is not None}
        lines = [line for line in file.order.events if line.event_id in sent and line.body is not None]
        return sum(moved_by(orjson.loads(body)) for body in {line.event_id: line.body for line in lines}.values() if body is not None)

    def _require_open(self, discrepancy_id: str) -> DiscrepancyFile:
        file = self.show(discrepancy_id)
        if file.line.resolved_by == "stream":
            raise DeskRefused(f"discrepancy {discrepancy_id} was resolved by itself: nothing is left to do")
        if file.line.state == "RESOLVED":
            raise DeskRefused(f"discrepancy {discrepancy_id} is resolved: reopen it first")
        return file

    def _note(
        self, kind: Literal["ASSIGN", "RESOLVE", "REOPEN", "PROPOSE", "APPROVE", "REFUSE"], file: DiscrepancyFile, reason: str, **more: Any
    ) -> OperatorAction:
        value = file.line.value
        return self._desk.action(kind, SUBJECT_KIND, value.discrepancy_id, reason, order_key=value.order_key, **more)

    def _outgoing(self, plan: MoneyPlan) -> OutgoingRecord:
        return outgoing(plan.message, plan.discrepancy.line.value.discrepancy_id)


def _currency_of(file: DiscrepancyFile) -> str:
    """The currency of the order, else of the discrepancy."""
    for line in file.order.events:
        event = line.event() if line.event_type == "OrderPlaced" else None
        if isinstance(event, OrderPlaced) and event.currency is not None and line.outcome == "posted":
            return event.currency
    if file.line.value.currency is None:
        raise DeskRefused(f"the currency of order {file.order.order_key} is not known: its OrderPlaced was not posted")
    return file.line.value.currency


def _event_of(action: ActionLine) -> dict[str, Any]:
    try:
        found = parse_object((action.event or "").encode())
    except InvalidEvent as problem:
        raise DeskRefused(f"proposal {action.action_id} holds no event: {problem}") from None
    if not isinstance(found, dict):
        raise DeskRefused(f"proposal {action.action_id} holds no event")
    return found


def _uuid(name: str) -> str:
    try:
        return str(UUID(name))
    except ValueError:
        raise DeskRefused(f"{name!r}: the action_id of a proposal, or the discrepancy_id that it is about, is expected") from None
