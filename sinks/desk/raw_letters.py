"""Refused raw payloads: what of them may be shown, and what the normalizer would make of one now. Their content stays unseen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from schemas.dead_letters import DeadLetter
from schemas.output_codec import DecodeError
from schemas.raw_records import FETCH_DEPTH_MAX, RawRecord, decode_raw_record
from sources.platforms.adapter import Adapter
from sources.platforms.connection import Connection
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.raw_address import RawAddress, raw_address
from sources.platforms.snapshot import EMPTY

RawOutcome: TypeAlias = Literal["events", "waiting", "nothing", "refetch", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSources:
    """The raw topic's name on the broker, and what this installation knows of platforms and of (tenant, source)."""

    topic: str
    adapter_of: Callable[[str], Adapter | None]
    connection_of: Callable[[str, str], Connection]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReading:
    """What a refused raw record is, without its payload; None is what could not be read. body_bytes: length of the payload.

    topic: kind of payload in the platform's words. received_at: UTC microseconds.
    """

    tenant: str | None = None
    source: str | None = None
    resource: str | None = None
    topic: str | None = None
    origin: str | None = None
    signature: str | None = None
    content_type: str | None = None
    received_at: int | None = None
    body_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOutlook:
    """What the normalizer would make of the record, but for what it remembers of the object.

    code, pointer, message: why it would be refused. events: (type, business_key) of what would be told.
    """

    outcome: RawOutcome
    code: str | None = None
    pointer: str | None = None
    message: str | None = None
    events: tuple[tuple[str, str], ...] = ()


def read_raw(letter: DeadLetter) -> RawReading:
    """Never raises for what the bytes are."""
    address, raw = raw_address(letter.key), _raw_of(letter)
    return RawReading(
        tenant=address.tenant if address else None,
        source=address.source if address else None,
        resource=address.resource if address else None,
        topic=raw.source_topic if raw else None,
        origin=raw.origin if raw else None,
        signature=raw.signature if raw else None,
        content_type=raw.content_type if raw else None,
        received_at=raw.received_at if raw else None,
        body_bytes=len(raw.body) if raw else None,
    )


def raw_outlook(letter: DeadLetter, sources: RawSources) -> RawOutlook | None:
    """What would become of the record, sent as it is to the partition of its key; None of a link, which only the normalizer can judge.

    Raises `SettingsError` where the mappers or the connections of this installation cannot be used.
    """
    address = raw_address(letter.key)
    if address is None:
        return _refused("wrong_key", "the key of a raw record is tenant:platform:connection:resource")
    raw = _raw_of(letter)
    if raw is None:
        return _refused("undecodable", "the value is no raw record")
    adapter = sources.adapter_of(address.platform)
    if adapter is None:
        return _refused("unknown_platform", f"platform {address.platform} is not understood by this build")
    if raw.fetch_error is not None:
        return _refused("fetch_failed", raw.fetch_error)
    return None if raw.origin == "LINK" else _judged(address, raw, adapter, sources)


def _judged(address: RawAddress, raw: RawRecord, adapter: Adapter, sources: RawSources) -> RawOutlook:
    context = Context(
        tenant=address.tenant,
        source=address.source,
        connection=sources.connection_of(address.tenant, address.source),
        received_at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=raw.received_at),
        remembers=True,
    )
    answers = normalize(adapter, raw.body, raw.source_topic, context, lambda _: EMPTY)
    events = tuple((event["type"], event["business_key"]) for one in answers if isinstance(one, Judged) for event in one.events)
    wanted = any(_asks(answer) for answer in answers)
    if wanted and (raw.fetch_depth or 0) >= FETCH_DEPTH_MAX:
        return _refused("refetch", f"{FETCH_DEPTH_MAX} payloads in a row only pointed at the next one")
    problem = next((answer for answer in answers if isinstance(answer, Problem) and answer.fetch is None), None)
    if problem is not None:
        return RawOutlook(outcome="refused", code=problem.code, pointer=problem.pointer or "/", message=problem.message, events=events)
    waits = any(isinstance(answer, Judged) and answer.snapshot.waiting for answer in answers)
    return RawOutlook(outcome="events" if events else "refetch" if wanted else "waiting" if waits else "nothing", events=events)


def _asks(answer: Judged | Nothing | Problem) -> bool:
    return bool(answer.fetches) if isinstance(answer, Judged) else isinstance(answer, Problem) and answer.fetch is not None


def _refused(code: str, message: str) -> RawOutlook:
    return RawOutlook(outcome="refused", code=code, message=message)


def _raw_of(letter: DeadLetter) -> RawRecord | None:
    try:
        return decode_raw_record(letter.value)
    except DecodeError:
        return None
