"""What the commands of the desk say, as plain values: the shape of `--json`, and what the text is written from.

Times are RFC 3339, ages seconds, amounts minor units. What may not be seen at the desk is masked here.
"""

from base64 import b64encode
from typing import Any

import orjson

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.cli.explanation import Explainer
from asiento.cli.runbook_pages import runbook_page
from schemas.discrepancies import discrepancy_to_json
from schemas.entries import entry_to_json
from schemas.formats import time_text
from schemas.operator_actions import OperatorAction, action_to_json
from schemas.refusal import REASONS
from schemas.wording.language import Language
from schemas.wording.messages import Message, code_message, discrepancy_message
from schemas.wording.texts_of_mending import OWN_IDS, filled, mendings_of
from sinks.desk.approvals import Proposal
from sinks.desk.dead_letters import LetterFile, MendedLetter, ReplayPlan
from sinks.desk.discrepancies import DiscrepancyFile, MoneyPlan
from sinks.desk.events import EventFile, MendedEvent
from sinks.desk.letters import dump_lines
from sinks.desk.masking import mask_bytes, mask_header, mask_json, mask_text
from sinks.desk.mending import Change
from sinks.desk.prediction import Prediction
from sinks.desk.queues import source_of
from sinks.desk.raw_letters import RawOutlook, RawReading
from sinks.projector.answers import ActionLine, DeadLetterLine, DiscrepancyLine, EntryLine, EventLine, WaitingEvent
from sources.platforms.raw_address import raw_address

Json = dict[str, Any]


def letter_item(line: DeadLetterLine, now: int, language: Language) -> Json:
    """A refused record on a list."""
    return {
        "subject": line.subject,
        "reason": line.reason,
        "meaning": _meaning(line.reason, language).happened,
        "detail": mask_text(line.detail),
        "order_key": line.order_key,
        "source": source_of(line.order_key),
        "schema_id": line.schema_id,
        "value_bytes": line.value_bytes,
        "first_seen_at": time_text(line.first_seen_at),
        "age_seconds": _age(line.first_seen_at, now),
        "assignee": line.assignee,
        "state": line.state.lower(),
        "replays": line.replays,
    }


def letter_page(file: LetterFile, now: int, language: Language, dump_bytes_max: int) -> Json:
    """Everything about a refused record; of one that is no event nothing of its content, which may be personal."""
    letter, reading = file.letter, file.reading
    value = (letter.value or b"") if letter is not None and not file.hidden else b""
    key = letter.key if letter is not None and (not file.hidden or raw_address(letter.key) is not None) else None
    framing = None
    if reading.schema_id is not None:
        framing = {"schema_id": reading.schema_id, "record": reading.record_name, "version": reading.version}
    return {
        **letter_item(file.line, now, language),
        "mend": _meaning(file.line.reason, language).action,
        "commands": _commands(file.line.reason, language, subject=file.line.subject) if file.line.state == "OPEN" else [],
        "worker_version": file.line.worker_version,
        "bytes_there": letter is not None,
        "key": _bytes_text(key),
        "headers": [] if letter is None else [{"key": mask_text(one.key), "value": _header(one.key, one.value)} for one in letter.headers],
        "framing": framing,
        "event": mask_json(reading.event),
        "complete": reading.complete,
        "problems": [one._asdict() for one in reading.problems],
        "json": mask_json(reading.json) if reading.event is None else None,
        "dump": dump_lines(mask_bytes(value)[:dump_bytes_max]),
        "dumped_bytes": min(len(value), dump_bytes_max),
        "now": prediction_values(file.now, language) if file.now is not None else None,
        "raw": raw_values(file.raw) if file.raw is not None else None,
        "raw_now": raw_outlook_values(file.raw_now, language) if file.raw_now is not None else None,
        "actions": [action_values(one) for one in file.actions],
    }


def raw_values(raw: RawReading) -> Json:
    """What a refused raw payload is."""
    return {
        "tenant": raw.tenant,
        "source": raw.source,
        "resource": raw.resource and mask_text(raw.resource),
        "topic": raw.topic and mask_text(raw.topic),
        "origin": raw.origin,
        "signature": raw.signature,
        "content_type": raw.content_type,
        "received_at": time_text(raw.received_at) if raw.received_at is not None else None,
        "body_bytes": raw.body_bytes,
    }


def raw_outlook_values(outlook: RawOutlook, language: Language) -> Json:
    """What the normalizer would make of a raw payload."""
    return {
        "outcome": outlook.outcome,
        "code": outlook.code,
        "meaning": _meaning(outlook.code, language).happened if outlook.code else None,
        "pointer": outlook.pointer,
        "message": outlook.message and mask_text(outlook.message),
        "events": [{"type": event_type, "business_key": business_key} for event_type, business_key in outlook.events],
    }


def prediction_values(prediction: Prediction, language: Language) -> Json:
    """What the core would make of an event."""
    message = _meaning(prediction.code, language) if prediction.code else None
    known = message is not None and message.title != prediction.code
    return {
        "outcome": prediction.outcome,
        "code": prediction.code,
        "meaning": None if message is None else message.title if known else message.happened,
        "detail": prediction.detail or None,
        "entries": [entry_to_json(entry) for entry in prediction.entries],
        "discrepancies": [{**discrepancy_to_json(one), **_texts(discrepancy_message(one, language))} for one in prediction.discrepancies],
        "heals": [one.event_id for one in prediction.healed],
    }


def mended_letter(mended: MendedLetter, language: Language) -> Json:
    """A mended record before it is sent."""
    return {
        "subject": mended.subject,
        "event_id": mended.event.event_id,
        "order_key": mended.event.order_key,
        "partition": mended.partition,
        "changes": _changes(mended.changes),
        "prediction": prediction_values(mended.prediction, language),
    }


def replay_values(plan: ReplayPlan, language: Language) -> Json:
    """One record of a replay."""
    return {
        "subject": plan.subject,
        "sent": plan.hindrance is None,
        "hindrance": plan.hindrance,
        "partition": plan.partition,
        "prediction": prediction_values(plan.prediction, language) if plan.prediction is not None else None,
        "raw": raw_outlook_values(plan.raw, language) if plan.raw is not None else None,
    }


def event_item(event: WaitingEvent, outcome: str, now: int, language: Language) -> Json:
    """An unsettled event on a list."""
    return {
        "event_id": event.event_id,
        "order_key": event.order_key,
        "outcome": outcome,
        "code": event.code,
        "meaning": _meaning(event.code, language).title if event.code else None,
        "type": event.event_type,
        "business_key": event.business_key,
        "source": event.source,
        "since": time_text(event.since),
        "age_seconds": _age(event.since, now),
        "assignee": event.assignee,
        "state": event.state.lower(),
    }


def event_page(file: EventFile, now: int, language: Language) -> Json:
    """Everything about an event."""
    line = file.line
    since = file.waiting.since if file.waiting is not None else line.decided_at
    return {
        "event_id": file.event_id,
        "order_key": line.order_key,
        "type": line.event_type,
        "business_key": line.business_key,
        "outcome": line.outcome,
        "code": line.code,
        "message": _why(file, language),
        "commands": _event_commands(file, language),
        "since": time_text(since) if since is not None else None,
        "age_seconds": _age(since, now) if since is not None else None,
        "assignee": file.waiting.assignee if file.waiting is not None else None,
        "state": file.waiting.state.lower() if file.waiting is not None else None,
        "records": [_record(one) for one in file.lines],
        "order_events": [_record(one) for one in file.order.events],
        "balances": file.story.state.balances()._asdict() if file.story is not None and file.story.state is not None else None,
        "discrepancies": [discrepancy_item(one, now, language) for one in file.order.discrepancies if one.value.event_id == file.event_id],
        "event": orjson.loads(line.body) if line.body is not None else None,
        "actions": [action_values(one) for one in file.actions],
    }


def mended_event(mended: MendedEvent, language: Language) -> Json:
    """A mended event before it is sent."""
    return {
        "about_event_id": mended.event_id,
        "way": mended.way,
        "event_id": mended.event.event_id,
        "type": type(mended.event).__name__,
        "order_key": mended.event.order_key,
        "changes": _changes(mended.changes),
        "prediction": prediction_values(mended.prediction, language),
    }


def discrepancy_item(line: DiscrepancyLine, now: int, language: Language) -> Json:
    """A discrepancy on a list."""
    value = line.value
    known = value.expected is not None and value.actual is not None
    return {
        **discrepancy_to_json(value),
        "state": line.state.lower(),
        "resolved_by": line.resolved_by,
        **_texts(discrepancy_message(value, language)),
        "runbook": runbook_page(value.code, language),
        "residual": value.actual - value.expected if known and value.actual is not None and value.expected is not None else None,
        "exponent": CURRENCY_EXPONENTS.get(value.currency or ""),
        "source": source_of(value.order_key),
        "age_seconds": _age(value.raised_at, now),
        "assignee": line.assignee,
    }


def discrepancy_page(file: DiscrepancyFile, now: int, language: Language) -> Json:
    """Everything about a discrepancy."""
    return {
        **discrepancy_item(file.line, now, language),
        "commands": _discrepancy_commands(file, language),
        "events": [_record(one) for one in file.events],
        "entries": [_entry(one) for one in file.entries],
        "proposals": [proposal_values(one) for one in file.proposals],
        "moved_alone": [action_values(one) for one in file.alone],
        "actions": [action_values(one) for one in file.actions],
    }


def proposal_values(proposal: Proposal) -> Json:
    """A proposal with its answer."""
    return {
        **action_values(proposal.action),
        "subject": proposal.action.subject,
        "order_key": proposal.action.order_key,
        "state": proposal.state,
        "event": _loaded(proposal.action.event),
        "answer": action_values(proposal.answer) if proposal.answer is not None else None,
        "void": [action_values(one) for one in proposal.void],
    }


def money_values(plan: MoneyPlan, language: Language) -> Json:
    """What a resolution with money would book."""
    return {
        "event": plan.stated,
        "currency": plan.currency,
        "exponent": CURRENCY_EXPONENTS.get(plan.currency),
        "moved": plan.moved,
        "moved_before": plan.moved_before,
        "limit": plan.limit,
        "needs_second_person": plan.needs_second_person,
        "prediction": prediction_values(plan.prediction, language),
    }


def action_values(action: ActionLine) -> Json:
    """One thing that was done."""
    return {
        "action_id": action.action_id,
        "kind": action.kind,
        "actor": action.actor,
        "reason": action.reason,
        "at": time_text(action.at),
        "assignee": action.assignee,
        "refers_to": action.refers_to,
        "sent_event_id": action.sent_event_id,
    }


def done_values(action: OperatorAction) -> Json:
    """An action that was sent, or would be."""
    return action_to_json(action)


def _why(file: EventFile, language: Language) -> Json | None:
    """Why it was not posted, with the figures that its judgement stood on, as far as the order can be told again; of an event that
    was posted, what contradicts it under its own id.
    """
    if file.story is not None:
        told = file.story.event(file.event_id)
        if told is not None:
            message: Json | None = Explainer(file.story, language).explain(told)["outcome"]["message"]
            if message is not None:
                return message
    contradicting = next((line.code for line in reversed(file.lines) if line.outcome == "conflict"), None)
    for one in file.order.discrepancies:
        if one.value.event_id == file.event_id and one.value.code == contradicting:
            return _texts(discrepancy_message(one.value, language))
    code = file.line.code or file.line.refusal or contradicting
    if code is None:
        return None
    return _texts(code_message(code, {"event_type": file.line.event_type}, None, language))


def _commands(code: str | None, language: Language, **ids: str | None) -> list[Json]:
    """What mends it, with the ids of the case."""
    found = ((one, filled(one, **ids)) for one in mendings_of(code))
    return [{"when": one.when.of(language), "command": command} for one, command in found if command is not None]


def _event_commands(file: EventFile, language: Language) -> list[Json]:
    """Of an event that is not settled; `resolve` and `replay` are for rejected ones, ids of its own for waiting ones."""
    if file.line.outcome not in ("deferred", "rejected") and not any(one.outcome == "conflict" for one in file.lines):
        return []
    code = file.line.code or next((one.code for one in file.lines if one.outcome == "conflict"), None)
    waits = file.line.outcome == "deferred"
    found = _commands(code, language, event_id=file.event_id, own_id=_own_id(file.line))
    return [one for one in found if _is_for_waiting(one["command"]) in (waits, None)]


def _own_id(line: EventLine) -> str:
    return OWN_IDS.get(line.event_type or "", "business_key")


def _is_for_waiting(command: str) -> bool | None:
    if "=NEW " in command:
        return True
    return False if "events replay" in command or "events resolve" in command or "--set" in command else None


def _discrepancy_commands(file: DiscrepancyFile, language: Language) -> list[Json]:
    value = file.line.value
    if file.line.state != "OPEN":
        return []
    for one in file.events:
        if one.outcome == "deferred":
            found = _commands(value.code, language, discrepancy_id=value.discrepancy_id, event_id=value.event_id, own_id=_own_id(one))
            return [found_one for found_one in found if _is_for_waiting(found_one["command"]) is not False]
    settled = any(one.outcome == "posted" for one in file.events) and not any(one.outcome == "conflict" for one in file.events)
    event_id = None if settled else value.event_id
    found = _commands(value.code, language, discrepancy_id=value.discrepancy_id, event_id=event_id)
    return [one for one in found if not _is_for_waiting(one["command"])]


def _record(line: EventLine) -> Json:
    return {
        "place": f"{line.partition}/{line.offset}",
        "event_id": line.event_id,
        "type": line.event_type,
        "business_key": line.business_key,
        "outcome": line.outcome,
        "code": line.code or line.refusal,
        "entry_ids": list(line.entry_ids),
    }


def _entry(line: EntryLine) -> Json:
    found: Json = orjson.loads(line.body)
    return found


def _changes(changes: tuple[Change, ...]) -> list[Json]:
    return [{"path": one.path, "before": mask_json(one.before), "after": mask_json(one.after)} for one in changes]


def _meaning(code: str | None, language: Language) -> Message:
    """The words of a code alone, also of a reason that this build does not know."""
    if code in REASONS or code is None:
        reason = REASONS.get(code or "")
        return Message(code or "", reason.meaning.of(language), reason.mend.of(language)) if reason else Message("", "", "")
    return code_message(code, {}, None, language)


def _texts(message: Message) -> Json:
    return {"title": message.title, "happened": message.happened, "action": message.action}


def _header(name: str, value: bytes | None) -> str | None:
    return _bytes_text(mask_header(name, value))


def _bytes_text(value: bytes | None) -> str | None:
    """Bytes as text where they are UTF-8, else in base64."""
    if value is None:
        return None
    try:
        return mask_text(value.decode())
    except UnicodeDecodeError:
        return f"base64:{b64encode(mask_bytes(value)).decode()}"


def _loaded(text: str | None) -> Any:
    try:
        return orjson.loads(text) if text is not None else None
    except orjson.JSONDecodeError:
        return None


def _age(since: int, now: int) -> int:
    return max(now - since, 0) // 1_000_000
