"""The events of one request: read without floats, completed, checked. Pure: no clock, no I/O."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

from schemas.event_faults import Fault, FaultyEvent, check_event
from schemas.event_messages import EventMessage, message_of_checked
from schemas.formats import parse_uuid
from sources.gateway.rest.api_keys import ApiKey
from sources.platforms.identity import event_id

NOT_BY_PRODUCERS: Final = "DeadlinePassed"
_ID_PARTS: Final = ("tenant", "source", "order_id", "type", "business_key")


class UnreadableBody(ValueError):
    """The body is not what is expected; the message says what is, and where it ends to be so. It never quotes the body."""


class TooManyEvents(ValueError):
    """The body holds more events than one request may."""


@dataclass(frozen=True, slots=True)
class Item:
    """One event of a request: `message` is None where it has faults; `foreign`: of another tenant or source than the key's."""

    event_id: str | None
    message: EventMessage | None
    faults: tuple[Fault, ...]
    foreign: bool


def read_events(body: bytes, *, by_lines: bool, events_max: int) -> list[Any]:
    """The JSON values of a body: an object, the items of an array, or one per line. Raises `UnreadableBody`, `TooManyEvents`."""
    if by_lines:
        lines = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
        if len(lines) > events_max:
            raise TooManyEvents
        values = [_parsed(line, number) for number, line in lines]
    else:
        value = _parsed(body, 1)
        values = value if isinstance(value, list) else [value]
    if not values:
        raise UnreadableBody("the body holds no event")
    if len(values) > events_max:
        raise TooManyEvents
    return values


def judge(value: Any, key: ApiKey, received_at: str) -> Item:
    """One event: completed by what may be left out, held to the contract and to the key."""
    if not isinstance(value, dict):
        fault = Fault("invalid_json", "", "an object is expected", "Send each event as one JSON object.")
        return Item(None, None, (fault,), foreign=False)
    event = _completed(value, received_at)
    named = _uuid_or_none(event.get("event_id"))
    owned = {"tenant": key.tenant, "source": key.source}
    foreign = any(isinstance(event.get(name), str) and event[name] != mine for name, mine in owned.items())
    if event.get("type") == NOT_BY_PRODUCERS:
        fault = Fault("unknown_type", "/type", f"{NOT_BY_PRODUCERS} is made by the sweeper, never by producers", "Leave it to the sweeper.")
        return Item(named, None, (fault,), foreign)
    try:
        message = message_of_checked(check_event(event))
    except FaultyEvent as refused:
        return Item(named, None, refused.faults, foreign)
    return Item(named, message, (), foreign)


def _uuid_or_none(value: Any) -> str | None:
    """An event_id that may be told back; anything else may be anything."""
    try:
        return parse_uuid(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _completed(value: dict[str, Any], received_at: str) -> dict[str, Any]:
    """The same with event_id, derived from the business facts, and received_at, where they are absent."""
    event = dict(value)
    if event.get("received_at") is None:
        event["received_at"] = received_at
    if event.get("event_id") is None:
        tenant, source, order_id, event_type, business_key = (str(event.get(name) or "") for name in _ID_PARTS)
        event["event_id"] = event_id(tenant=tenant, source=source, order_id=order_id, event_type=event_type, business_key=business_key)
    return event


def _parsed(text: bytes, line: int) -> Any:
    try:
        return json.loads(text.decode(), parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError:
        raise UnreadableBody(f"line {line}: the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise UnreadableBody(f"line {line + error.lineno - 1}, column {error.colno}: no JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise UnreadableBody(f"line {line}: byte {error.start} is not UTF-8") from None
    except ValueError as error:
        raise UnreadableBody(f"line {line}: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
