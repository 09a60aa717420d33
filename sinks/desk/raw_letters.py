"""Refused raw payloads: what of them may be shown, and what the normalizer would make of one now. Their content stays unseen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from schemas.dead_letters import DeadLetter
from schemas.output_codec import DecodeError
from schemas.raw_records import RawRecord, decode_raw_record
from sources.platforms.adapter import Adapter
from sources.platforms.connection import Connection
from sources.platforms.door import Judged, normalize
from sources.platforms.raw_address import raw_address
from sources.platforms.raw_judgement import RawRefused, open_raw
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
    events: tuple[tuple[str, str], ...] = ()
    try:
        opened = open_raw(raw_address(letter.key), letter.value, sources.adapter_of)
        opened.require_whole()
        if opened.raw.origin == "LINK":
            return None
        context = opened.context(sources.connection_of(opened.address.tenant, opened.address.source))
        answers = normalize(opened.adapter, opened.raw.body, opened.raw.source_topic, context, lambda _: EMPTY)
        wanted = opened.wanted(answers)
        events = tuple((event["type"], event["business_key"]) for one in answers if isinstance(one, Judged) for event in one.events)
        opened.require_whole(answers)
    except RawRefused as refused:
        return RawOutlook(outcome="refused", code=refused.reason, pointer=refused.pointer, message=refused.message, events=events)
    waits = any(isinstance(answer, Judged) and answer.snapshot.waiting for answer in answers)
    return RawOutlook(outcome="events" if events else "refetch" if wanted else "waiting" if waits else "nothing", events=events)


def _raw_of(letter: DeadLetter) -> RawRecord | None:
    try:
        return decode_raw_record(letter.value)
    except DecodeError:
        return None
