"""A request that was proven, as a raw record: under the key of the object that it speaks of."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import orjson

from schemas.raw_records import RawRecord, RawSignature, encode_raw_record
from schemas.topics import ORDERS_RAW
from sources.gateway.configuration import SourceConfig
from sources.gateway.outgoing import OutgoingRecord
from sources.gateway.platform_facts import UNNAMED_TOPIC, Where

RESOURCE_LETTERS_MAX: Final = 200
TEXT_LETTERS_MAX: Final = 200

ResourceOf: TypeAlias = Callable[[str, str, bytes], str | None]
"""Platform, topic and body -> id of the object whose state the payload belongs to; None where it cannot be read."""


class Payload:
    """The body of a request, taken apart at most once, and only where something in it is asked for."""

    __slots__ = ("_content", "_read", "body", "headers")

    def __init__(self, headers: Mapping[str, str], body: bytes) -> None:
        self.headers = headers
        self.body = body
        self._content: Any = None
        self._read = False

    def text_at(self, where: Where) -> str | None:
        """The text at a place, short and printable; None where there is none."""
        if where.header is not None:
            return usable(self.headers.get(where.header))
        value = self._parsed() if where.field else None
        for name in where.field:
            value = value.get(name) if isinstance(value, dict) else None
        return usable(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None

    def _parsed(self) -> Any:
        if not self._read:
            self._read = True
            try:
                self._content = orjson.loads(self.body)
            except orjson.JSONDecodeError:
                self._content = None
        return self._content


def usable(text: str | None) -> str | None:
    """The text if it is short and printable ASCII without blanks at its ends, else None."""
    fits = text and len(text) <= TEXT_LETTERS_MAX and text.isascii() and text.isprintable() and text == text.strip()
    return text if fits else None


def topic_of(source: SourceConfig, payload: Payload) -> str:
    """What kind of payload this is, in the platform's words."""
    if source.fixed_topic is not None:
        return source.fixed_topic
    return payload.text_at(source.topic) or UNNAMED_TOPIC


def raw_delivery(
    source: SourceConfig, payload: Payload, signature: RawSignature, transport_id: str | None, *, received_at: int, resource_of: ResourceOf
) -> OutgoingRecord:
    """The record. A body in which no object can be found gets a key of its own: the normalizer makes a problem of it."""
    topic = topic_of(source, payload)
    resource = resource_of(source.platform, topic, payload.body)
    if resource is None or not 0 < len(resource) <= RESOURCE_LETTERS_MAX or not resource.isprintable():
        resource = f"unreadable-{hashlib.sha256(payload.body).hexdigest()[:16]}"
    record = RawRecord(
        source_topic=topic,
        origin="WEBHOOK",
        signature=signature,
        transport_id=transport_id,
        content_type=usable(payload.headers.get("Content-Type")) or "application/octet-stream",
        received_at=received_at,
        body=payload.body,
    )
    key = f"{source.tenant}:{source.source}:{resource}".encode("utf-8", "replace")
    return OutgoingRecord(ORDERS_RAW, key, encode_raw_record(record), received_at // 1000)
