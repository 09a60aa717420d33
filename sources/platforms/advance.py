"""From what a payload says to what is new in it: the one place where facts meet what was told before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from sources.platforms.adapter import Adapter
from sources.platforms.context import Context
from sources.platforms.facts import ORDER_KEY, Fact, Owner, Reading
from sources.platforms.identity import event_id
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.snapshot import FACTS_MAX, WAITING_MAX, Snapshot, Told, Waiting

_AGREED: Final = ("lines", "order_discounts", "total")
"""What of an order an edit can change."""
_DIGEST_CHARACTERS: Final = 16
_INTEGERS_END: Final = 2**63
_PAYS_FOR: Final = frozenset({"payment_id", "parent_payment_id"})


@dataclass(slots=True)
class _Advance:
    """One reading on its way into the snapshot."""

    adapter: Adapter
    context: Context
    resource: str
    snapshot: Snapshot
    told: dict[str, Told] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    events: list[EventTwin] = field(default_factory=list)


def advance(adapter: Adapter, context: Context, resource: str, reading: Reading) -> tuple[tuple[EventTwin, ...], Snapshot]:
    """(the events that are new, the snapshot afterwards); raises `Unjudged`.

    The same reading again gives nothing and leaves the snapshot as it is. Ids are derived from business facts alone, so that the same
    raw records from an empty snapshot on give the same events, whoever reads them and however often.
    """
    old = context.snapshot
    late = reading.version is not None and old.version is not None and reading.version < old.version
    work = _Advance(
        adapter=adapter,
        context=context,
        resource=resource,
        snapshot=replace(
            old,
            version=old.version if late or reading.version is None else reading.version,
            owner=old.owner or _owner_of(reading, context),
            memory=old.memory if late or reading.memory is None else dict(reading.memory),
        ),
        told=dict(old.told),
        waiting=list(old.waiting),
    )
    order_came = False
    for fact in reading.facts:
        received_at = context.received_at or reading.seen_at or fact.occurred_at
        if fact.repeat == "state":
            if not late:
                _tell_state(work, fact, received_at)
                order_came = True
        else:
            if order_came:
                _release(work, fact.occurred_at)
            _tell_or_wait(work, fact, received_at)
    _release(work)
    return tuple(work.events), _kept(work)


def give_up_waiting(adapter: Adapter, context: Context, resource: str) -> tuple[tuple[EventTwin, ...], Snapshot]:
    """The order cannot be had, for good: what waits for it goes out as it is."""
    old = context.snapshot
    work = _Advance(
        adapter=adapter,
        context=context,
        resource=resource,
        snapshot=replace(old, gave_up=True),
        told=dict(old.told),
        waiting=list(old.waiting),
    )
    _release(work)
    return tuple(work.events), _kept(work)


def _owner_of(reading: Reading, context: Context) -> Owner | None:
    if reading.owner is not None:
        return reading.owner
    return Owner(context.source, reading.order_id) if reading.order_id is not None else None


def _kept(work: _Advance) -> Snapshot:
    if len(work.told) > FACTS_MAX:
        raise Unjudged("reject_malformed", f"more than {FACTS_MAX} facts of one object", "")
    if not _keepable([work.snapshot.memory, *((waiting.fact.body, waiting.fact.open) for waiting in work.waiting)]):
        raise Unjudged("reject_malformed", "a number of the payload is greater than any amount of money", "")
    return replace(work.snapshot, told=work.told, waiting=tuple(work.waiting))


def _keepable(value: Any) -> bool:
    """Whether all whole numbers inside are 64-bit ones, as those of the contract are: no others can be kept."""
    if isinstance(value, int):
        return -_INTEGERS_END <= value < _INTEGERS_END
    if isinstance(value, Mapping):
        return all(map(_keepable, value.values()))
    return all(map(_keepable, value)) if isinstance(value, list | tuple) else True


def _tell_or_wait(work: _Advance, fact: Fact, received_at: datetime) -> None:
    if not _must_wait(work, fact):
        _tell(work, fact, received_at)
    elif all(waiting.fact != fact for waiting in work.waiting):
        work.waiting.append(Waiting(fact, received_at))


def _must_wait(work: _Advance, fact: Fact) -> bool:
    """A fact with open parts waits for its order, one of a payment for the order that it pays: with a memory, and within its bound."""
    if not work.context.remembers or work.snapshot.gave_up or len(work.waiting) >= WAITING_MAX:
        return False
    return work.snapshot.owner is None or (fact.open is not None and work.snapshot.order is None)


def _release(work: _Advance, until: datetime | None = None) -> None:
    """What waited and need not any longer, the oldest fact first; `until`: what happened after that stays.

    So facts that waited for their order and those of the payload that brings it are told in the order in which they happened.
    """
    waiting, work.waiting = sorted(work.waiting, key=lambda each: (each.fact.occurred_at, each.fact.business_key)), []
    for each in waiting:
        if until is not None and each.fact.occurred_at > until:
            work.waiting.append(each)
        else:
            _tell_or_wait(work, each.fact, each.received_at)


def _completed(work: _Advance, fact: Fact) -> Fact:
    order = work.snapshot.order
    if order is None or fact.open is None:
        return fact
    return replace(work.adapter.complete(fact, order), open=None)


def _tell_state(work: _Advance, fact: Fact, received_at: datetime) -> None:
    """The first state of an order is its placement, every other one an edit."""
    known = work.snapshot.order
    if known is None:
        event = _event(work, fact, ORDER_KEY, received_at)
        work.events.append(event)
        work.snapshot = replace(work.snapshot, order=event)
        return
    if all(known.get(name) == fact.body.get(name) for name in _AGREED):
        return
    revision = work.snapshot.revision + 1
    edit = replace(
        fact,
        type="OrderEdited",
        test_mode=known["test_mode"],
        body={
            **{name: fact.body[name] for name in (*_AGREED, "currency", "currency_exponent")},
            "order_revision": revision,
        },
    )
    work.events.append(_event(work, edit, f"edit:{revision}", received_at))
    work.snapshot = replace(work.snapshot, revision=revision, order=known | {name: fact.body[name] for name in _AGREED})


def _tell(work: _Advance, fact: Fact, received_at: datetime) -> None:
    """Tell a fact unless it was told with this content, or something newer was.

    What the order adds is no part of the content: an edit of the order does not make its old facts new ones.
    """
    told, digest = work.told.get(fact.business_key), _digest(fact)
    if told is not None:
        older = fact.version is not None and told.version is not None and fact.version < told.version
        if older or digest in told.digests:
            return
    number = len(told.digests) if told is not None and fact.repeat == "status" else 0
    key = f"{fact.business_key}:{number}" if number else fact.business_key
    work.events.append(_event(work, _completed(work, fact), key, received_at, number))
    work.told[fact.business_key] = Told(fact.version, (*(told.digests if told else ()), digest))


def _event(work: _Advance, fact: Fact, business_key: str, received_at: datetime, revision: int = 0) -> EventTwin:
    """The twin with its envelope; a payment at a provider goes to the order that it pays."""
    context, owner, order = work.context, work.snapshot.owner, work.snapshot.order
    source, order_id = (owner.source, owner.order_id) if owner is not None else (context.source, work.resource)
    test_mode = fact.test_mode if fact.test_mode is not None else bool(order and order["test_mode"])
    envelope: EventTwin = {
        "type": fact.type,
        "event_id": event_id(
            tenant=context.tenant,
            source=source,
            order_id=order_id,
            event_type=fact.type,
            business_key=business_key,
            revision=revision,
        ),
        "tenant": context.tenant,
        "source": source,
        "order_id": order_id,
        "business_key": business_key,
        "occurred_at": _rfc3339(fact.occurred_at),
        "received_at": _rfc3339(received_at),
        "test_mode": test_mode or context.connection.test_mode,
    }
    body = {name: value for name, value in fact.body.items() if value is not None}
    if owner is not None and owner.payment_id is not None:
        body |= dict.fromkeys(_PAYS_FOR & body.keys(), owner.payment_id)
    return envelope | body


def _digest(fact: Fact) -> str:
    """Of what a payload says of a fact, as far as the accounting sees it."""
    stated = [fact.type, fact.body, fact.test_mode, *([fact.open] if fact.open is not None else ())]
    content = orjson.dumps(stated, option=orjson.OPT_SORT_KEYS)
    return sha256(content).hexdigest()[:_DIGEST_CHARACTERS]


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
