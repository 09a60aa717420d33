"""The normalizer on a real broker: raw payloads to events that the order worker books, exactly once, whoever is killed meanwhile."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.dead_letters import decode_dead_letter
from schemas.decisions import DecisionBatch
from schemas.events import decode_event, refuse_unknown
from schemas.partitioning import partition_for
from schemas.raw_records import RawRecord, encode_raw_record
from schemas.refusal import Refusal
from schemas.topics import ORDERS_DLQ, ORDERS_EVENTS, ORDERS_RAW
from tests.integration.order_stream import OrderStream, Worker, wait_until

LIFE = Path(__file__).parents[1] / "contract" / "shopify_life"
COMMAND = ("-m", "asiento.cli.main", "streams", "run", "normalizer")
START = 1_772_366_400_000_000
ORDERS = 60


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    installed = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield installed
    installed.close()


def life_of(order_id: str) -> list[tuple[str, bytes]]:
    """(topic, body) of the payloads of one order, under an id of its own."""
    found = []
    for path in sorted(LIFE.glob("[0-9]-*.json")):
        payload: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        payload["id" if path.stem.endswith("orders-create") else "order_id"] = int(order_id)
        found.append((path.stem.split("-", 1)[1].replace("-", "/"), json.dumps(payload).encode()))
    return found


def send(stream: OrderStream, order_id: str, payloads: list[tuple[str, bytes]]) -> None:
    key = f"acme:shopify:main:{order_id}".encode()
    with stream.producer() as producer:
        for number, (topic, body) in enumerate(payloads):
            record = RawRecord(source_topic=topic, origin="WEBHOOK", signature="VERIFIED", received_at=START + number, body=body)
            producer.produce(stream.settings.topic(ORDERS_RAW), encode_raw_record(record), key, partition_for(key, stream.partitions))


def events_by_order(stream: OrderStream) -> dict[str, list[tuple[str, str]]]:
    """(type, business key) of all events, by order, in their order; none may lie on a foreign partition."""
    found: dict[str, list[tuple[str, str]]] = {}
    for record in stream.read(stream.settings.topic(ORDERS_EVENTS)):
        event = decode_event(record.value or b"", refuse_unknown)
        assert not isinstance(event, Refusal)
        assert record.key == event.order_key.encode()
        assert record.partition == partition_for(record.key, stream.partitions)
        found.setdefault(event.order_id, []).append((type(event).__name__, event.business_key))
    return found


def start(stream: OrderStream) -> Worker:
    return stream.start(COMMAND)


def test_shuffled_and_doubled_payloads_are_told_once_although_normalizers_are_killed(stream: OrderStream) -> None:
    rng, orders = random.Random(7), [str(5_000 + number) for number in range(ORDERS)]
    told = len(life_of("1"))
    worker = start(stream).wait_ready()
    for number, order in enumerate(orders):
        payloads = life_of(order) * 2
        rng.shuffle(payloads)
        send(stream, order, payloads)
        if number in {15, 30, 45}:
            worker.kill()
            worker = start(stream)
    wait_until(lambda: sum(len(events) for events in events_by_order(stream).values()) >= ORDERS * told, "all facts are told")
    found = events_by_order(stream)
    assert set(found) == set(orders)
    for events in found.values():
        assert len(set(events)) == len(events) == told
    assert stream.read(stream.settings.topic(ORDERS_DLQ)) == []
    assert worker.stop() == 0
    order_worker = stream.start_worker()
    stream.wait_drained()
    batches: list[DecisionBatch] = stream.batches()
    outcomes = [outcome.outcome for batch in batches for outcome in batch.outcomes]
    assert len(outcomes) == ORDERS * told
    assert set(outcomes) <= {"posted", "deferred", "ignored"}
    healed = {one.event_id for batch in batches for one in batch.healed}
    assert len(healed) >= outcomes.count("deferred")
    assert order_worker.stop() == 0


def test_what_cannot_be_judged_is_a_dead_letter_and_its_order_goes_on(stream: OrderStream) -> None:
    payloads = life_of("77")
    send(stream, "77", [("orders/create", b'{"id": 77'), *payloads, ("orders/edited", b'{"order_edit": {"id": 1, "order_id": 77}}')])
    worker = start(stream)
    wait_until(lambda: len(events_by_order(stream).get("77", [])) >= len(payloads), "the facts around it are told")
    wait_until(lambda: len(stream.read(stream.settings.topic(ORDERS_DLQ))) >= 1, "the dead letter is there")
    letters = [decode_dead_letter(record.value) for record in stream.read(stream.settings.topic(ORDERS_DLQ))]
    assert letters[0].reason == "reject_malformed"
    assert letters[0].topic == stream.settings.topic(ORDERS_RAW)
    assert worker.stop() == 0
