"""Raw records to events, on snapshots: what is told once, what is fetched, linked, refused; whole or not at all."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.acceptance import accept_record
from schemas.dead_letters import DeadLetter, decode_dead_letter
from schemas.events import decode_event, refuse_unknown
from schemas.partitioning import partition_for
from schemas.raw_records import FETCH_DEPTH_MAX, FetchRequest, RawRecord, decode_fetch_request, decode_raw_record, encode_raw_record
from sources.platforms.adapter import Adapter, Grade
from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Owner, Part, Reading
from sources.platforms.minor_units import to_minor_units
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node, parse_payload
from sources.platforms.snapshot import decode_snapshot
from streams.engine.processor import RangeTooLarge, SourceRange, StateRecord
from streams.normalizer.connections import Connections, load_connections
from streams.normalizer.fold import Bench, RawOutput, fold_raw, give_up_raw

PARTITIONS = 8
NOON = 1_772_366_400_000_000


class Till:
    """A small platform: lists of payments, each `{"id", "order"?, "amount"?, "ask"?, "bad"?}`."""

    name = "till"
    grade: Grade = "A"
    topics: Mapping[str, str] = {}

    def parse(self, body: bytes) -> Node:
        return parse_payload(body)

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        return [Part("payment", item.need("id").reference(), item) for item in payload.items()]

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        ask, order = part.node.find("ask"), part.node.find("order")
        if ask is not None:
            raise Unjudged("refetch", "a pointer", f"{part.node.pointer}/ask", Fetch("payment", f"payment/{ask.value}", "only an id"))
        if part.node.find("bad") is not None:
            raise Unjudged("hold_discrepancy", "does not add up", f"{part.node.pointer}/bad")
        if part.node.find("amount") is None:
            return Nothing("no money")
        amount = to_minor_units(part.node.need("amount").decimal(), 2, part.node.pointer)
        body: EventTwin = {"currency": "EUR", "currency_exponent": 2, "payment_id": part.resource, "amount": amount}
        body |= {"tender": "CARD", "gateway": "till", "gateway_reference": f"ref-{part.resource}"}
        when = datetime(2026, 3, 1, 12, tzinfo=UTC)
        fact = Fact(type="PaymentCaptured", business_key=f"capture:{part.resource}", body=body, occurred_at=when)
        return Reading(owner=Owner(context.source, order.reference()) if order is not None else None, facts=(fact,))

    def complete(self, fact: Fact, order: EventTwin) -> Fact:
        raise NotImplementedError


@dataclass(frozen=True)
class Record:
    """A fetched raw record."""

    key: bytes | None
    value: bytes | None
    offset: int = 0
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def platform(name: str) -> Adapter | None:
    return Till() if name in {"till", "psp"} else None


BENCH = Bench(partition_count=PARTITIONS, connections=Connections(), adapter_of=platform, worker_version="1.2.3", decided_at=NOON)


def raw(*payments: dict[str, Any], body: bytes | None = None, **stated: Any) -> bytes:
    record = RawRecord(source_topic="payments", origin="WEBHOOK", received_at=NOON, body=json.dumps(payments).encode())
    changes = stated if body is None else {**stated, "body": body}
    return encode_raw_record(replace(record, **changes))


def fold(*records: tuple[str, bytes | None], states: Mapping[bytes, bytes] | None = None, bench: Bench = BENCH) -> RawOutput:
    """Fold records that share a partition: that of the first key."""
    partition = partition_for(records[0][0].encode(), PARTITIONS)
    found = [Record(key.encode(), value, offset) for offset, (key, value) in enumerate(records)]
    source = SourceRange(topic="orders.raw.v1", partition=partition, first_offset=0, next_offset=len(found), records=found)
    return fold_raw(source, states or {}, bench)


def letters(output: RawOutput) -> list[DeadLetter]:
    return [decode_dead_letter(record.value) for record in output.dead_letters]


def kept(states: Sequence[StateRecord]) -> dict[bytes, bytes]:
    return {key: value for key, value, _ in states if value is not None}


def outcomes(output: RawOutput) -> dict[str, int]:
    return {outcome: count for (_, outcome), count in output.counts.outcomes.items() if count}


KEY = "acme:till:main:p1"
PAID = raw({"id": "p1", "order": "o-77", "amount": "12.34"})


def test_an_event_goes_to_the_partition_of_its_order_and_is_accepted_there() -> None:
    output = fold((KEY, PAID))
    (event,) = output.events
    assert event.key == b"acme:till:main:o-77"
    assert event.partition == partition_for(b"acme:till:main:o-77", PARTITIONS)
    accepted = accept_record(
        key=event.key, value=event.value, partition=event.partition or 0, partition_count=PARTITIONS, look_up=refuse_unknown
    )
    assert type(accepted).__name__ == "PaymentCaptured"
    assert decode_event(event.value or b"", refuse_unknown).amount == 1234  # type: ignore[union-attr]
    assert ("ce_subject", event.key) in event.headers
    assert outcomes(output) == {"events": 1}
    assert [state.key for state in output.states] == [KEY.encode()]


def test_what_was_told_is_not_told_again_in_this_chunk_or_a_later_one() -> None:
    output = fold((KEY, PAID), (KEY, PAID))
    assert len(output.events) == 1
    assert outcomes(output) == {"events": 1, "unchanged": 1}
    again = fold((KEY, PAID), states=kept(output.states))
    assert (again.events, again.states, outcomes(again)) == ([], [], {"unchanged": 1})


def test_a_payment_waits_for_its_order_until_a_link_names_it() -> None:
    waiting = fold((KEY, raw({"id": "p1", "amount": "5.00"})))
    assert (waiting.events, outcomes(waiting)) == ([], {"waiting": 1})
    assert waiting.states[0].parked == 1
    link = json.dumps({"source": "shopify:a", "order_id": "450", "payment_id": "tx9"}).encode()
    output = fold(
        (KEY, encode_raw_record(RawRecord(source_topic="link", origin="LINK", received_at=NOON, body=link))), states=kept(waiting.states)
    )
    (event,) = output.events
    assert event.key == b"acme:shopify:a:450"
    assert decode_event(event.value or b"", refuse_unknown).payment_id == "tx9"  # type: ignore[union-attr]
    assert decode_snapshot(output.states[0].value or b"").waiting == ()
    assert output.states[0].parked == 0


def test_a_shop_tells_its_provider_which_order_a_payment_pays() -> None:
    connection = replace(DEFAULT_CONNECTION, payments_at={"till": "psp:main"})
    output = fold((KEY, PAID), bench=replace(BENCH, connections=Connections({("acme", "till:main"): connection})))
    (link,) = output.links
    assert link.key == b"acme:psp:main:ref-p1"
    assert link.partition == partition_for(link.key, PARTITIONS)
    found = decode_raw_record(link.value)
    assert (found.origin, json.loads(found.body)) == ("LINK", {"source": "till:main", "order_id": "o-77", "payment_id": "p1"})


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"source": 1, "order_id": "2", "payment_id": "3"}'])
def test_a_link_that_is_none_is_refused(body: bytes) -> None:
    output = fold((KEY, encode_raw_record(RawRecord(source_topic="link", origin="LINK", received_at=NOON, body=body))))
    assert [letter.reason for letter in letters(output)] == ["reject_malformed"]


def test_when_the_order_cannot_be_had_what_waits_goes_out_as_it_is() -> None:
    waiting = fold((KEY, raw({"id": "p1", "amount": "5.00"})))
    failed = raw(origin="FETCH", body=b"", fetch_error="404")
    output = fold((KEY, failed), states=kept(waiting.states))
    assert [event.key for event in output.events] == [b"acme:till:main:p1"]
    assert [(letter.reason, letter.detail) for letter in letters(output)] == [("fetch_failed", "404")]


def test_a_pointer_is_asked_for_and_never_round_and_round() -> None:
    output = fold((KEY, raw({"id": "p1", "ask": "9"})))
    (request,) = [decode_fetch_request(record.value) for record in output.fetches]
    assert request == FetchRequest(
        request_id=request.request_id, source_topic="payment", resource="payment/9", reason="only an id", depth=1, asked_at=NOON
    )
    assert (outcomes(output), output.dead_letters) == ({"refetch": 1}, [])
    assert fold((KEY, raw({"id": "p1", "ask": "9"}))).fetches == output.fetches
    deep = fold((KEY, raw({"id": "p1", "ask": "9"}, origin="FETCH", fetch_depth=FETCH_DEPTH_MAX)))
    assert (deep.fetches, [letter.reason for letter in letters(deep)]) == ([], ["refetch"])


def test_of_a_list_what_can_be_judged_is_told_and_the_record_can_be_replayed() -> None:
    value = raw({"id": "p1", "order": "1", "amount": "1.00"}, {"id": "p2", "bad": True}, {"id": "p3", "order": "3", "amount": "3.00"})
    output = fold((KEY, value))
    assert len(output.events) == 2
    (letter,) = letters(output)
    assert (letter.reason, letter.detail, letter.topic, letter.offset) == (
        "hold_discrepancy",
        "/1/bad: does not add up",
        "orders.raw.v1",
        0,
    )
    assert outcomes(output) == {"refused": 1}
    again = fold((KEY, value), states=kept(output.states))
    assert again.events == []


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("acme:till:main:p1", None, "undecodable"),
        ("acme:till:main:p1", b"junk", "undecodable"),
        ("acme:sears:main:p1", PAID, "unknown_platform"),
        ("acme:till:main", PAID, "wrong_key"),
        ("acme:till::p1", PAID, "wrong_key"),
        ("acme:till:main:p1", raw(body=b"{"), "reject_malformed"),
    ],
)
def test_what_cannot_be_judged_is_a_dead_letter_without_its_payload(key: str, value: bytes | None, reason: str) -> None:
    output = fold((key, value))
    (letter,) = letters(output)
    known = None if reason == "wrong_key" else key.encode()
    assert (letter.reason, letter.key, letter.value, output.dead_letters[0].key) == (reason, known, None, known)
    assert (output.events, output.states) == ([], [])
    assert output.counts.refusals == {reason: 1}


def test_a_record_on_a_foreign_partition_is_refused() -> None:
    other = next(
        f"acme:till:main:p{number}"
        for number in range(99)
        if partition_for(f"acme:till:main:p{number}".encode(), 8) != partition_for(KEY.encode(), 8)
    )
    assert [letter.reason for letter in letters(fold((KEY, PAID), (other, PAID)))] == ["wrong_partition"]


def test_a_deadly_record_is_given_up_unopened() -> None:
    source = SourceRange(topic="orders.raw.v1", partition=0, first_offset=5, next_offset=6, records=[Record(b"x", b"y", 5)])
    (letter,) = letters(give_up_raw(source, "three deaths", BENCH))
    assert (letter.reason, letter.detail, letter.offset, letter.key, letter.value) == ("crashes_worker", "three deaths", 5, None, None)


def test_a_slow_chunk_is_asked_for_in_halves_but_never_one_record() -> None:
    late = replace(BENCH, is_late=lambda: True)
    assert len(fold((KEY, PAID), bench=late).events) == 1
    with pytest.raises(RangeTooLarge):
        fold((KEY, PAID), (KEY, PAID), bench=late)


def test_amounts_stay_exact() -> None:
    body = b'[{"id": "p1", "order": "1", "amount": 1234567890123.01}]'
    output = fold((KEY, raw(body=body)))
    amount = decode_event(output.events[0].value or b"", refuse_unknown).amount  # type: ignore[union-attr]
    assert amount == 123_456_789_012_301


def test_the_connections_file(tmp_path: Path) -> None:
    file = tmp_path / "connections.yaml"
    file.write_text("tenants:\n  acme:\n    shopify:main:\n      legal_entity: ES01\n")
    assert load_connections(file).of("acme", "shopify:main").legal_entity == "ES01"
    assert load_connections(file).of("acme", "shopify:other") == DEFAULT_CONNECTION
    file.write_text("tenants:\n  acme:\n    shopify:\n      legal_entty: ES01\nmore: 1\n")
    with pytest.raises(Exception, match="legal_entity") as caught:
        load_connections(file)
    for words in ("only `tenants`", "<platform>:<connection>", f"{file}:"):
        assert words in str(caught.value)
