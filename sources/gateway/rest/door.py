"""The REST door as an aiohttp application: POST /events and GET /receipts/{event_id}, mounted under /v1.

A request is taken whole or not at all: one faulty event, and nothing of it is sent. 202 is answered only after the broker has
confirmed every event.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import orjson
from aiohttp import web

from asiento.runtime.settings import Settings
from schemas.event_messages import EventMessage
from schemas.formats import parse_uuid
from sources.gateway.answers import Refusal
from sources.gateway.limits import TokenBucket, read_body
from sources.gateway.rest.answers import answer_of, error
from sources.gateway.rest.api_keys import ApiKey, ApiKeys
from sources.gateway.rest.idempotency import Answer, Differs, Fresh, IdempotencyMemory, Known, Running
from sources.gateway.rest.submission import Item, TooManyEvents, UnreadableBody, judge, read_events

KEY_HEADER_CHARACTERS_MAX: Final = 255
LINES_TYPES: Final = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"})
RECEIPTS_AT_ONCE_MAX: Final = 4


class NotSent(Exception):
    """The broker has not confirmed all events of a request; some may have arrived."""


class ReceiptsUnavailable(Exception):
    """The operational database cannot be read now."""


class EventSender(Protocol):
    """Sends events and returns when the broker has confirmed each; raises `NotSent`."""

    async def deliver(self, events: Sequence[EventMessage], *, wait_seconds_max: float) -> None:
        """See above."""


ReadReceipt = Callable[[str, str], Mapping[str, Any] | None]
"""(event_id, language) -> the receipt as plain values, None where it is unknown; runs in a thread, raises `ReceiptsUnavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestLimits:
    """What one request and one key may use, and how much is remembered."""

    body_bytes_max: int = 4 * 1024 * 1024
    events_max: int = 500
    requests_per_second_max: int = 100
    burst_requests_max: int = 200
    body_seconds_max: float = 10
    confirm_seconds_max: float = 10
    idempotency_keys_max: int = 10_000
    idempotency_bytes_max: int = 64 * 1024 * 1024
    idempotency_seconds_max: float = 86_400
    idempotency_from_body: bool = False


def create_rest_app(
    settings: Settings,
    producer: EventSender,
    keys: ApiKeys,
    limits: RestLimits,
    *,
    receipts: ReadReceipt | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> web.Application:
    """The application, for the gateway to mount under /v1, or to run alone. `receipts` None: there are none to be had here."""
    del settings  # what it says is in the limits and the producer already; the gateway hands it to every application
    door = _Door(producer, keys, limits, receipts, now)
    app = web.Application(client_max_size=1)
    app.router.add_post("/events", door.take_events)
    app.router.add_get("/receipts/{event_id}", door.show_receipt)
    return app


class _Door:
    """The handlers and what they remember."""

    def __init__(
        self, producer: EventSender, keys: ApiKeys, limits: RestLimits, receipts: ReadReceipt | None, now: Callable[[], datetime]
    ) -> None:
        self._producer, self._keys, self._limits, self._receipts, self._now = producer, keys, limits, receipts, now
        self._buckets: dict[str, TokenBucket] = {}
        self._reading = asyncio.Semaphore(RECEIPTS_AT_ONCE_MAX)
        self._memory = IdempotencyMemory(
            keys_max=limits.idempotency_keys_max,
            bytes_max=limits.idempotency_bytes_max,
            seconds_max=limits.idempotency_seconds_max,
            clock=time.monotonic,
        )

    async def take_events(self, request: web.Request) -> web.Response:
        """POST /events."""
        key = self._key_of(request)
        if isinstance(key, Answer):
            return answer_of(key)
        by_lines = request.content_type in LINES_TYPES
        if not by_lines and request.content_type not in ("application/json", "application/octet-stream"):
            return answer_of(error("content_type"))
        stated = request.headers.get("Idempotency-Key")
        if stated is None and not self._limits.idempotency_from_body:
            return answer_of(error("idempotency_key_missing"))
        if stated is not None and not (0 < len(stated) <= KEY_HEADER_CHARACTERS_MAX and stated.isascii() and stated.isprintable()):
            return answer_of(error("idempotency_key_malformed"))
        try:
            async with asyncio.timeout(self._limits.body_seconds_max):
                body = await read_body(request, self._limits.body_bytes_max)
        except TimeoutError:
            return answer_of(error("body_too_slow"))
        except Refusal as refusal:
            return answer_of(error(refusal.code))
        digest = hashlib.sha256(body).digest()
        name = (key.prefix, stated if stated is not None else f"sha256:{digest.hex()}")
        return await self._once(name, digest, lambda: self._taken(key, body, by_lines=by_lines))

    async def _once(self, name: tuple[str, str], digest: bytes, work: Callable[[], Any]) -> web.Response:
        """Do the work of a request once: the same request again gets the same answer."""
        match self._memory.begin(name, digest):
            case Differs():
                return answer_of(error("idempotency_key_reused"))
            case Known(answer=answer):
                return answer_of(answer, replayed=True)
            case Running(answer=running):
                found = await asyncio.shield(running)
                return answer_of(found, replayed=True) if found is not None else answer_of(error("not_confirmed"))
            case Fresh():
                try:
                    answer = await work()
                    if answer.status == 202:
                        self._memory.keep(name, answer)
                    return answer_of(answer)
                finally:
                    self._memory.forget(name)

    async def _taken(self, key: ApiKey, body: bytes, *, by_lines: bool) -> Answer:
        try:
            values = read_events(body, by_lines=by_lines, events_max=self._limits.events_max)
        except UnreadableBody as problem:
            return error("body_unreadable", str(problem))
        except TooManyEvents:
            return error("too_many_events", f"at most {self._limits.events_max} events go in one request: split it")
        received_at = self._now().astimezone(UTC).isoformat().replace("+00:00", "Z")
        items = [judge(value, key, received_at) for value in values]
        foreign = [index for index, item in enumerate(items) if item.foreign]
        if foreign:
            return error("not_yours", f"this key writes orders of {key.prefix}… only; others have the items {foreign[:100]}")
        if any(item.faults for item in items):
            return _refused(items)
        try:
            messages = [item.message for item in items if item.message is not None]
            await self._producer.deliver(messages, wait_seconds_max=self._limits.confirm_seconds_max)
        except NotSent:
            return error("not_confirmed")
        return _accepted(items)

    async def show_receipt(self, request: web.Request) -> web.Response:
        """GET /receipts/{event_id}: of orders of the key only; another's event is as unknown as one that never was."""
        key = self._key_of(request)
        if isinstance(key, Answer):
            return answer_of(key)
        if self._receipts is None:
            return answer_of(error("receipts_unavailable"))
        try:
            event_id = parse_uuid(request.match_info["event_id"])
        except ValueError:
            return answer_of(error("event_id_malformed"))
        language = "es" if request.query.get("lang") == "es" else "en"
        try:
            async with self._reading:
                receipt = await asyncio.to_thread(self._receipts, event_id, language)
        except ReceiptsUnavailable:
            return answer_of(error("receipts_unavailable"))
        if receipt is None or not str(receipt["order_key"]).startswith(key.prefix):
            return answer_of(error("receipt_unknown"))
        return answer_of(Answer(200, orjson.dumps(receipt)))

    def _key_of(self, request: web.Request) -> ApiKey | Answer:
        """Who asks, within its rate; else the answer to give."""
        scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
        found = self._keys.owner(presented.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            return error("key_unknown")
        bucket = self._buckets.get(found.name)
        if bucket is None:
            limits = self._limits
            bucket = TokenBucket(limits.requests_per_second_max, limits.burst_requests_max, time.monotonic_ns)
            self._buckets[found.name] = bucket
        return found if bucket.take() else error("too_many_requests")


def _accepted(items: Sequence[Item]) -> Answer:
    rows = [
        {"index": index, "status": "accepted", "event_id": item.event_id, "receipt": f"/v1/receipts/{item.event_id}"}
        for index, item in enumerate(items)
    ]
    return Answer(202, orjson.dumps({"accepted": len(rows), "items": rows}))


def _refused(items: Sequence[Item]) -> Answer:
    rows = [
        {
            "index": index,
            "status": "refused" if item.faults else "not_sent",
            "event_id": item.event_id,
            "faults": [fault.to_json() for fault in item.faults],
        }
        for index, item in enumerate(items)
    ]
    problem = {"code": "faulty_events", "message": "nothing was sent: mend the faults and send the whole request again"}
    return Answer(422, orjson.dumps({"error": problem, "accepted": 0, "items": rows}))
