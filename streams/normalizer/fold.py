"""One chunk of raw records through the adapters: records and snapshots in, everything to write out. Pure: no clock, no I/O.

What is new in a payload goes to the partition of its order, which need not be that of the payload: a payment at a provider is kept by
its own id. All the rest stays on the partition of its source.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID, uuid5

import orjson

from schemas.event_messages import message_from_json
from schemas.formats import time_text
from schemas.partitioning import partition_for
from schemas.raw_records import FetchRequest, RawRecord, encode_fetch_request, encode_raw_record
from schemas.refusal import Refusal
from sources.platforms.adapter import Adapter
from sources.platforms.advance import advance
from sources.platforms.context import Context
from sources.platforms.door import Judged, give_up, normalize
from sources.platforms.facts import Fetch, Owner, Reading
from sources.platforms.outcome import EventTwin, Nothing, PrivacyRequest, Problem, Unjudged
from sources.platforms.raw_address import RawAddress, raw_address
from sources.platforms.raw_judgement import Answer, OpenedRaw, RawRefused, open_raw
from sources.platforms.snapshot import EMPTY, Snapshot, UnreadableSnapshot, decode_snapshot, encode_snapshot
from streams.dead_letters import VALUE_BYTES_MAX, letter_of
from streams.engine.processor import OutputRecord, RangeTooLarge, SourceRange, SourceRecord, StateRecord
from streams.normalizer.connections import Connections

OUTPUT_BYTES_MAX: Final = 32 * 1024 * 1024
"""Most bytes of events of one transaction of two records or more."""
FETCH_NAMESPACE: Final = UUID("6f2ba0a1-2b67-4c1e-8a39-0f5a3d7d6c55")
LINK_FIELDS: Final = frozenset({"source", "order_id", "payment_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a chunk needs to know of its process; `decided_at` in UTC microseconds, `is_late` asks for halves between two records."""

    partition_count: int
    connections: Connections
    adapter_of: Callable[[str], Adapter | None]
    worker_version: str
    decided_at: int
    is_late: Callable[[], bool] = lambda: False


@dataclass(slots=True)
class RawCounts:
    """What the chunk adds to the counters: (platform, outcome) of records, (platform) of notices, refusals by reason."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class RawOutput:
    """Everything one chunk causes, encoded."""

    events: list[OutputRecord] = field(default_factory=list)
    fetches: list[OutputRecord] = field(default_factory=list)
    links: list[OutputRecord] = field(default_factory=list)
    dead_letters: list[OutputRecord] = field(default_factory=list)
    states: list[StateRecord] = field(default_factory=list)
    privacy: list[tuple[RawAddress, PrivacyRequest]] = field(default_factory=list)
    counts: RawCounts = field(default_factory=RawCounts)


@dataclass(frozen=True, slots=True)
class _Bare:
    """A source record without what may be personal."""

    offset: int
    timestamp: int
    key: bytes | None
    headers: Sequence[tuple[str, bytes]]
    value: bytes | None = None


def fold_raw(source: SourceRange, states: Mapping[bytes, bytes], bench: Bench) -> RawOutput:
    """Judge the raw records of a range in order, on the committed snapshots. Raises `RangeTooLarge`."""
    fold = _Fold(source, states, bench)
    for place, record in enumerate(source.records):
        if place and (fold.event_bytes > OUTPUT_BYTES_MAX or bench.is_late()):
            raise RangeTooLarge
        fold.judge(record)
    return fold.finish()


def give_up_raw(source: SourceRange, detail: str, bench: Bench) -> RawOutput:
    """Refuse the one record of a range as `crashes_worker`, without looking into it."""
    fold = _Fold(source, {}, bench)
    (record,) = source.records
    fold.refuse(record, Refusal("crashes_worker", detail), "unknown")
    return fold.finish()


class _Fold:
    """The chunk in the making."""

    def __init__(self, source: SourceRange, states: Mapping[bytes, bytes], bench: Bench) -> None:
        self.source = source
        self.states = states
        self.bench = bench
        self.output = RawOutput()
        self.overlay: dict[bytes, Snapshot] = {}
        self.encoded: dict[bytes, bytes] = {}
        self.event_bytes = 0

    def judge(self, record: SourceRecord) -> None:
        """One record to its one outcome. Of a list, what can be judged is told; with the rest the record becomes a dead letter."""
        try:
            opened = self._opened(record)
            answers = self._answers(opened)
            wanted = opened.wanted(answers)
            asked = (answer.privacy for answer in answers if isinstance(answer, Nothing))
            self.output.privacy += [(opened.address, request) for request in asked if request is not None]
            outcome = self._take(opened.address, opened.raw, [answer for answer in answers if isinstance(answer, Judged)], wanted)
            opened.require_whole(answers)
            self.output.counts.outcomes[opened.address.platform, outcome] += 1
        except RawRefused as refused:
            detail = refused.message if refused.pointer is None else f"{refused.pointer}: {refused.message}"
            self.refuse(record, Refusal(refused.reason, detail), refused.platform)

    def _opened(self, record: SourceRecord) -> OpenedRaw:
        address = raw_address(record.key)
        if address is not None and partition_for(address.key, self.bench.partition_count) != self.source.partition:
            raise RawRefused("wrong_partition", f"the key belongs to another partition than {self.source.partition}")
        return open_raw(address, record.value, self.bench.adapter_of)

    def _answers(self, opened: OpenedRaw) -> tuple[Answer, ...]:
        address, raw, adapter = opened.address, opened.raw, opened.adapter
        context = opened.context(self.bench.connections.of(address.tenant, address.source))

        def recall(resource: str) -> Snapshot:
            return self._snapshot(address.snapshot_key(resource))

        if raw.fetch_error is not None:
            return (give_up(adapter, address.resource, replace(context, snapshot=recall(address.resource))),)
        if raw.origin == "LINK":
            return (_linked(adapter, address, raw, replace(context, snapshot=recall(address.resource))),)
        return normalize(adapter, raw.body, raw.source_topic, context, recall)

    def _snapshot(self, key: bytes) -> Snapshot:
        known = self.overlay.get(key)
        if known is not None:
            return known
        encoded = self.states.get(key)
        try:
            return decode_snapshot(encoded) if encoded is not None else EMPTY
        except UnreadableSnapshot as problem:
            raise RuntimeError(f"the snapshot of {key!r} cannot be read: {problem}") from None

    def _take(self, address: RawAddress, raw: RawRecord, judged: list[Judged], wanted: tuple[Fetch, ...]) -> str:
        """Everything that comes of a record; what became of it. What does not fit is refused before anything is taken over."""
        encoded = {address.snapshot_key(each.resource): encode_snapshot(each.snapshot) for each in judged}
        if any(len(value) > VALUE_BYTES_MAX for value in encoded.values()):
            raise RawRefused("too_large", f"the snapshot of the object would be longer than {VALUE_BYTES_MAX} bytes", address.platform)
        before = {key: self.encoded.get(key, self.states.get(key)) for key in encoded}
        events = [event for each in judged for event in each.events]
        for each in judged:
            self.overlay[address.snapshot_key(each.resource)] = each.snapshot
            self.output.counts.notices[address.platform] += len(each.notices)
        self.encoded |= encoded
        for message in (message for each in judged for message in each.messages):
            self.event_bytes += len(message.value)
            partition = message.partition(self.bench.partition_count)
            self.output.events.append(OutputRecord(message.key, message.value, list(message.headers), None, partition))
        self.output.links += self._links(address, raw, events)
        self.output.fetches += [_fetch_record(address, raw, fetch) for fetch in wanted]
        changed = any(before[key] != value for key, value in encoded.items())
        return "events" if events else "refetch" if wanted else "waiting" if changed else "unchanged" if judged else "nothing"

    def _links(self, address: RawAddress, raw: RawRecord, events: Iterable[EventTwin]) -> list[OutputRecord]:
        """Payments that a provider will tell more about: it learns which order they pay."""
        payments_at = self.bench.connections.of(address.tenant, address.source).payments_at
        found = []
        for event in events:
            provider, reference = payments_at.get(event.get("gateway", "")), event.get("gateway_reference")
            if event["type"] == "PaymentCaptured" and provider is not None and reference is not None:
                content = {"source": event["source"], "order_id": event["order_id"], "payment_id": event["payment_id"]}
                key = f"{address.tenant}:{provider}:{reference}".encode()
                link = RawRecord(
                    source_topic="link", origin="LINK", received_at=raw.received_at, body=orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
                )
                found.append(OutputRecord(key, encode_raw_record(link), [], None, partition_for(key, self.bench.partition_count)))
        return found

    def refuse(self, record: SourceRecord, refusal: Refusal, platform: str) -> None:
        """One record to its dead letter, which names the payload's place and does not hold it: personal data stays on the raw topic.

        A key that is none of ours may be personal, too.
        """
        counts, bench = self.output.counts, self.bench
        counts.refusals[refusal.reason] += 1
        counts.outcomes[platform, "refused"] += 1
        key = record.key if raw_address(record.key) is not None else None
        bare = _Bare(record.offset, record.timestamp, key, record.headers)
        letter = letter_of(self.source, bare, refusal, first_seen_at=bench.decided_at, worker_version=bench.worker_version)
        self.output.dead_letters.append(OutputRecord(key, letter, []))

    def finish(self) -> RawOutput:
        """The chunk's output: of each object that changed its newest snapshot."""
        changed = {key: value for key, value in self.encoded.items() if self.states.get(key) != value}
        self.output.states = [StateRecord(key, value, len(self.overlay[key].waiting)) for key, value in changed.items()]
        return self.output


def _linked(adapter: Adapter, address: RawAddress, raw: RawRecord, context: Context) -> Judged | Problem:
    """The order that a payment at a provider pays is known now: what waited for it goes out."""
    try:
        content: Any = orjson.loads(raw.body)
        if not isinstance(content, dict) or content.keys() != LINK_FIELDS or not all(isinstance(value, str) for value in content.values()):
            raise ValueError
        owner = Owner(content["source"], content["order_id"], content["payment_id"])
        events, snapshot = advance(adapter, context, address.resource, Reading(owner=owner))
    except ValueError:
        return Problem("reject_malformed", "a link names source, order_id and payment_id", "")
    except Unjudged as unjudged:
        return unjudged.problem
    return Judged(resource=address.resource, events=events, messages=tuple(map(message_from_json, events)), snapshot=snapshot)


def _fetch_record(address: RawAddress, raw: RawRecord, fetch: Fetch) -> OutputRecord:
    depth = (raw.fetch_depth or 0) + 1
    what = f"{address.key.decode()}|{fetch.topic}|{fetch.resource}|{time_text(raw.received_at)}|{depth}"
    request = FetchRequest(
        request_id=str(uuid5(FETCH_NAMESPACE, what)),
        source_topic=fetch.topic,
        resource=fetch.resource,
        reason=fetch.reason,
        depth=depth,
        asked_at=raw.received_at,
    )
    return OutputRecord(address.key, encode_fetch_request(request), [])
