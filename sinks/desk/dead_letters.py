"""Refused records: looked at, mended, sent again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from uuid import uuid5

from asiento.accounting.order_events import OrderEvent
from asiento.runtime.settings import SettingsError
from schemas.acceptance import accept_record
from schemas.dead_letters import DeadLetter, Header
from schemas.event_messages import EventMessage, message_from_json
from schemas.events import event_from_json
from schemas.operator_actions import OperatorAction
from schemas.partitioning import partition_for
from schemas.refusal import InvalidEvent, Refusal
from sinks.desk.desk import Desk
from sinks.desk.errors import DeskRefused
from sinks.desk.letters import Reading, read_letter
from sinks.desk.mending import Change, changes_between, with_changes
from sinks.desk.outgoing import Bundle, as_it_came, outgoing
from sinks.desk.prediction import DEAD_LETTER, Outlook, Prediction, judged_events, refused
from sinks.desk.raw_letters import RawOutlook, RawReading, raw_outlook, read_raw
from sinks.projector.answers import ActionLine, DeadLetterLine
from sources.platforms.identity import EVENT_NAMESPACE

SUBJECT_KIND: Final = "DEAD_LETTER"
NOT_SETTLED: Final = frozenset({"rejected", "conflict", DEAD_LETTER})
"""Outcomes for which nobody sends an event."""
_MENDS_ANY: Final = (
    "mend its mapper or connection (ASIENTO_MAPPERS and ASIENTO_CONNECTIONS here must be those of the normalizers), or the program; "
    "or send the right event with `asiento dlq fix --event FILE`"
)
_MENDS: Final = {
    "fetch_failed": "mend the access to the platform, then `asiento fetcher ask`",
    "wrong_key": "let the source send it again",
    "undecodable": "let the source send it again",
    "unknown_platform": "check the source's name, name its mapper in ASIENTO_MAPPERS, or upgrade",
}
"""Why a raw payload would be refused -> what mends that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFile:
    """Everything about one refused record; `letter` None: retention took its bytes. `now`: what would become of it, sent as it is.

    raw: of a raw payload what it is; raw_now: what the normalizer would make of it. hidden: its content is not for the desk.
    """

    line: DeadLetterLine
    letter: DeadLetter | None
    hidden: bool
    reading: Reading
    raw: RawReading | None = None
    actions: tuple[ActionLine, ...]
    now: Prediction | None
    raw_now: RawOutlook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedLetter:
    """A mended event before it is sent: what changed, and what the core would make of it."""

    subject: str
    message: EventMessage
    event: OrderEvent
    changes: tuple[Change, ...]
    prediction: Prediction
    partition: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """One record to be sent again. `hindrance` says why it is not, None where it is; `done_before`: it was sent again already."""

    subject: str
    done_before: bool = False
    prediction: Prediction | None = None
    raw: RawOutlook | None = None
    hindrance: str | None
    bundle: Bundle | None = None
    partition: int | None = None


class DeadLetterDesk:
    """What an operator does about refused records. Methods raise `DeskRefused` and `DeskUnavailable`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def line(self, subject: str) -> DeadLetterLine:
        """The refused record of that name; a record that was refused twice counts once."""
        found = self._desk.reader.dead_letters(state=None, subject=subject)
        if not found:
            raise DeskRefused(f"no dead letter {subject}: a subject is topic/partition/offset, as `asiento dlq list` names it")
        return found[0]

    def show(self, subject: str) -> LetterFile:
        """The record, what can be read of it, what was done about it, and what would become of it now."""
        line = self.line(subject)
        letter = self._letters([line]).get((line.partition, line.offset))
        is_raw = line.source_topic == self._desk.raw.topic
        shown = letter if line.source_topic == self._desk.events_topic else None
        return LetterFile(
            line=line,
            letter=letter,
            hidden=line.source_topic != self._desk.events_topic,
            reading=read_letter(shown) if shown is not None else Reading(),
            raw=read_raw(letter) if letter is not None and is_raw else None,
            actions=self._desk.reader.actions(subject_kind=SUBJECT_KIND, subject=subject, limit=None),
            now=self._now(shown) if shown is not None else None,
            raw_now=self._raw_now(letter) if letter is not None and is_raw else None,
        )

    def mended(self, subject: str, *, event: dict[str, Any] | None, settings: Sequence[str]) -> MendedLetter:
        """The event of a file, or what can be read of the record, with changes; checked, and judged by the core."""
        line = self.line(subject)
        letter = self._letters([line]).get((line.partition, line.offset))
        is_event = line.source_topic == self._desk.events_topic
        read = read_letter(letter).event if letter is not None and is_event else None
        base = event if event is not None else read
        if base is None:
            gone = "" if letter is not None else " (its bytes are gone from the topic)"
            why = f"no field of it can be read{gone}" if is_event else "it is no event"
            raise DeskRefused(f"{subject}: {why}; give the whole event with --event FILE")
        whole = _with_id(with_changes(base, settings), subject)
        try:
            message, made = message_from_json(whole), event_from_json(whole)
        except InvalidEvent as problem:
            raise DeskRefused(f"the mended event breaks the contract: {problem}; change it with --set or --event") from None
        outlook = self._desk.outlook(made.order_key)
        return MendedLetter(
            subject=subject,
            message=message,
            event=made,
            changes=changes_between(read or {}, whole),
            prediction=outlook.predict(made),
            partition=message.partition(self._desk.broker.partition_count()),
        )

    def note(self, kind: Literal["ASSIGN", "RESOLVE", "REOPEN"], subject: str, reason: str, assignee: str | None = None) -> OperatorAction:
        """The action of an assignment, of a closing or of a reopening, for `Desk.send`; raises `DeskRefused` where it makes no sense."""
        line = self.line(subject)
        if kind == "RESOLVE" and line.state == "RESOLVED":
            raise DeskRefused(f"{subject} is resolved already")
        if kind == "REOPEN" and line.state == "OPEN":
            raise DeskRefused(f"{subject} is open")
        return self._desk.action(kind, SUBJECT_KIND, subject, reason, order_key=line.order_key, assignee=assignee)

    def send_mended(self, mended: MendedLetter, reason: str, *, again: bool, anyway: bool) -> OperatorAction:
        """Send the mended event and the action about it, in one transaction."""
        line = self.line(mended.subject)
        if line.replays and not again:
            raise DeskRefused(f"{mended.subject} was sent again already; look at `asiento dlq show`, and send once more with --again")
        require_useful(mended.prediction, anyway=anyway)
        action = self._action(mended.subject, mended.event.order_key, mended.event.event_id, reason)
        self._desk.send([Bundle(events=(outgoing(mended.message, mended.subject),), actions=(action,))])
        return action

    def replay_plans(self, lines: Iterable[DeadLetterLine], reason: str, *, again: bool, anyway: bool) -> tuple[ReplayPlan, ...]:
        """For each record what would become of it, sent as it is; those of one order one after the other."""
        chosen = list(lines)
        letters = self._letters([line for line in chosen if again or not line.replays])
        outlook = Outlook(self._desk.policies)
        topics = {line.source_topic for line in chosen}
        events, raw = self._desk.events_topic, self._desk.raw.topic
        events_count = self._desk.broker.partition_count() if events in topics else 0
        raw_count = self._desk.broker.partition_count("raw") if raw in topics else 0
        plans = []
        for line in chosen:
            if line.replays and not again:
                plans.append(_hindered(line.subject, "it was sent again already (--again sends it once more)", done_before=True))
                continue
            letter = letters.get((line.partition, line.offset))
            if letter is None:
                plans.append(_hindered(line.subject, "retention took its bytes: `asiento dlq fix` with --event FILE"))
                continue
            if letter.topic == events:
                plans.append(self._plan(line, letter, outlook, events_count, reason, anyway=anyway))
            elif letter.topic == raw:
                plans.append(self._raw_plan(line, letter, raw_count, reason, anyway=anyway))
            else:
                plans.append(_hindered(line.subject, f"it comes from {letter.topic}, which is no topic of this installation's input"))
        return tuple(plans)

    def send_replays(self, plans: Iterable[ReplayPlan]) -> int:
        """Send what nothing hinders; answers how many."""
        bundles = [plan.bundle for plan in plans if plan.bundle is not None and plan.hindrance is None]
        self._desk.send(bundles)
        return len(bundles)

    def _plan(self, line: DeadLetterLine, letter: DeadLetter, outlook: Outlook, count: int, reason: str, *, anyway: bool) -> ReplayPlan:
        if letter.key is None:
            return _hindered(line.subject, "it has no key, so no partition: `asiento dlq fix` makes the event anew")
        prediction, event = self._predicted(letter, outlook)
        hindrance = None
        if prediction.outcome in NOT_SETTLED and not anyway:
            why = f"{prediction.outcome} {prediction.code or ''}".strip()
            hindrance = f"as it is it would be {why}: mend it with `asiento dlq fix`"
        action = self._action(line.subject, event.order_key if event else line.order_key, event.event_id if event else None, reason)
        record = as_it_came(letter.key, letter.value, letter.headers, line.subject)
        return ReplayPlan(
            subject=line.subject,
            prediction=prediction,
            hindrance=hindrance,
            bundle=Bundle(events=(record,), actions=(action,)),
            partition=partition_for(letter.key, count),
        )

    def _raw_plan(self, line: DeadLetterLine, letter: DeadLetter, count: int, reason: str, *, anyway: bool) -> ReplayPlan:
        """A raw payload goes to the normalizer again, which judges it anew with what it remembers."""
        if letter.key is None:
            return _hindered(line.subject, "it has no key: let the source send it again")
        outlook = raw_outlook(letter, self._desk.raw)
        hindrance = None
        if outlook is not None and outlook.outcome == "refused" and not anyway:
            hindrance = f"as it is it would be refused again ({outlook.code}): {_MENDS.get(outlook.code or '', _MENDS_ANY)}"
        record = as_it_came(letter.key, letter.value, letter.headers, line.subject)
        return ReplayPlan(
            subject=line.subject,
            raw=outlook,
            hindrance=hindrance,
            bundle=Bundle(raw=(record,), actions=(self._action(line.subject, line.order_key, None, reason),)),
            partition=partition_for(letter.key, count),
        )

    def _raw_now(self, letter: DeadLetter) -> RawOutlook | None:
        try:
            return raw_outlook(letter, self._desk.raw)
        except SettingsError:  # a look never fails because a file of this machine is wrong
            return None

    def _now(self, letter: DeadLetter) -> Prediction | None:
        try:
            return self._predicted(letter, Outlook(self._desk.policies))[0]
        except DeskRefused:  # a look never fails because the order cannot be told again
            return None

    def _predicted(self, letter: DeadLetter, outlook: Outlook) -> tuple[Prediction, OrderEvent | None]:
        """What would become of the record, sent as it is to the partition of its key."""
        if letter.key is None:
            return refused(Refusal("wrong_key", "the record has no key")), None
        found = accept_record(key=letter.key, value=letter.value, partition=0, partition_count=1)
        if isinstance(found, Refusal):
            return refused(found), None
        if not outlook.knows(found.order_key):
            outlook.begin(found.order_key, judged_events(self._desk.reader.order(found.order_key).events))
        return outlook.predict(found), found

    def _letters(self, lines: Sequence[DeadLetterLine]) -> dict[tuple[int, int], DeadLetter]:
        """The letters by their place; of raw payloads with the record that they point at, left out where retention took that."""
        found = dict(self._desk.broker.letters({(line.partition, line.offset) for line in lines})) if lines else {}
        bare = {place: letter for place, letter in found.items() if letter.topic == self._desk.raw.topic and letter.value is None}
        if bare:
            originals = self._desk.broker.raw_records({(letter.partition, letter.offset) for letter in bare.values()})
            for place, letter in bare.items():
                original = originals.get((letter.partition, letter.offset))
                if original is None or letter.key not in (None, original.key):
                    del found[place]
                else:
                    headers = tuple(Header(name, value) for name, value in original.headers)
                    found[place] = replace(letter, key=original.key, value=original.value, headers=headers)
        return found

    def _action(self, subject: str, order_key: str | None, event_id: str | None, reason: str) -> OperatorAction:
        return self._desk.action("REPLAY", SUBJECT_KIND, subject, reason, order_key=order_key, sent_event_id=event_id)


def require_useful(prediction: Prediction, *, anyway: bool) -> None:
    """Nobody sends what would be refused, unless told to; raises `DeskRefused`."""
    if anyway:
        return
    why = f"{prediction.outcome} {prediction.code or ''}".strip()
    if prediction.outcome in NOT_SETTLED:
        raise DeskRefused(f"on the order as it stands this event would be {why}: nothing was sent; change it, or send it with --anyway")
    if prediction.outcome == "duplicate":
        raise DeskRefused("the order has this event already (duplicate): nothing was sent; close the case with `resolve`")


def _hindered(subject: str, hindrance: str, *, done_before: bool = False) -> ReplayPlan:
    return ReplayPlan(subject=subject, done_before=done_before, hindrance=hindrance)


def _with_id(event: dict[str, Any], subject: str) -> dict[str, Any]:
    """The event as stated; one whose id was lost gets the same new one whenever the same record is mended."""
    if event.get("event_id"):
        return event
    return {**event, "event_id": str(uuid5(EVENT_NAMESPACE, f"desk|{subject}"))}
