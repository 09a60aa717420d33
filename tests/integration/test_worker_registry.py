"""The order worker and a schema registry, on a real broker: one partition waits for an unknown schema id, everything else goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from asiento.runtime.ports import free_ports
from schemas.dead_letters import decode_dead_letter
from schemas.event_messages import message_from_json
from schemas.events import EventSchema
from schemas.foreign import adopt_schema
from schemas.framing import HEADER_BYTES, frame_header
from schemas.partitioning import partition_for
from schemas.refusal import Refusal
from schemas.registry import registry
from tests.integration.hand_registry import HandRegistry, ServerThread
from tests.integration.order_stream import OrderStream, wait_until
from tests.unit.schemas import examples

FOREIGN, GARBAGE = 70_001, 70_002
CAPTURED = orjson.dumps(registry().latest["PaymentCaptured"].avsc).decode()


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with its topics, whose expectation knows the foreign id."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    adopted = adopt_schema(CAPTURED, FOREIGN)

    def look_up(schema_id: int) -> EventSchema | Refusal:
        return adopted if schema_id == FOREIGN else Refusal("unknown_schema_id", "", schema_id)

    installation.look_up = look_up
    yield installation
    installation.close()


@pytest.fixture
def hand() -> HandRegistry:
    """What the registry tells."""
    return HandRegistry()


@pytest.fixture
def server(hand: HandRegistry) -> Iterator[ServerThread]:
    """The registry."""
    with ServerThread(hand.handle) as running:
        yield running


def order_of(partition: int, partitions: int, number: int = 0) -> str:
    """The id of an order whose key belongs to a partition."""
    prefix = f"{examples.ENVELOPE['tenant']}:{examples.ENVELOPE['source']}:"
    found = [f"o{n}" for n in range(1000) if partition_for(f"{prefix}o{n}".encode(), partitions) == partition]
    return found[number]


def life(order_id: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """An order placed, paid and shipped."""
    made = (examples.placed(), examples.captured(), examples.shipped())
    placed, captured, shipped = (
        {**obj, "order_id": order_id, "event_id": f"{number:08d}-0000-4000-8000-{int(order_id[1:]):012d}"}
        for number, obj in enumerate(made, start=1)
    )
    return placed, captured, shipped


def send(stream: OrderStream, *events: dict[str, Any], schema_id: int | None = None) -> None:
    """Send events under the ids of the lock file, or under another one."""
    with stream.producer() as producer:
        for event in events:
            message = message_from_json(event)
            value = message.value if schema_id is None else frame_header(schema_id) + message.value[HEADER_BYTES:]
            producer.produce(stream.events, value, message.key, message.partition(stream.partitions))


def send_orders(stream: OrderStream, schema_id: int) -> None:
    """In partition 0 an order whose payment has another schema id, its shipment behind it; one order in each other partition."""
    placed, captured, shipped = life(order_of(0, stream.partitions))
    send(stream, placed)
    send(stream, captured, schema_id=schema_id)
    send(stream, shipped)
    for partition in range(1, stream.partitions):
        send(stream, *life(order_of(partition, stream.partitions)))


def tail(stream: OrderStream, url: str, event: dict[str, Any]) -> list[Any]:
    """What `events tail` shows of the three records of an order."""
    key = f"{event['tenant']}:{event['source']}:{event['order_id']}"
    words = ("events", "tail", "--key", key, "--from-beginning", "--limit", "3", "--json")
    reading = stream.start(("-m", "asiento.cli.main", *words), registry_url=url)
    assert reading.wait_exit() == 0
    return [line for line in reading.log() if "key" in line]


def wait_held(stream: OrderStream) -> None:
    """Until the other partitions are done and partition 0 stands exactly at its second record."""

    def held() -> bool:
        committed, marks = stream.committed(), stream.watermarks()
        return committed.get(0) == 1 and all(committed.get(partition) == marks[partition][1] for partition in range(1, stream.partitions))

    wait_until(held, "partition 0 waits, the others are done")


def test_partition_waits_for_the_registry_and_goes_on_in_order(stream: OrderStream, hand: HandRegistry, server: ServerThread) -> None:
    """Held at the record, through a rebalance, a drain in 20 s and a kill; then processed in the order of the key, once."""
    more: dict[str, Any] = {"registry_url": server.url, "registry_wait_seconds_max": 300}
    send_orders(stream, FOREIGN)
    first = stream.start_worker(**more).wait_ready()
    wait_held(stream)
    assert first.logged("schema_ids_awaited")
    send(stream, *life(order_of(1, stream.partitions, number=1)))
    wait_held(stream)
    assert first.stop() == 0, "the drain does not wait for the registry"
    second = stream.start_worker(**more).wait_ready()
    wait_until(lambda: second.logged("schema_ids_awaited"), "the next owner waits, too")
    third = stream.start_worker(**more).wait_ready()
    wait_until(lambda: sum(line["event"] == "partitions_assigned" for line in second.log()) > 1, "the group has rebalanced")
    wait_held(stream)
    third.kill()
    wait_held(stream)
    hand.schemas[FOREIGN] = CAPTURED
    stream.wait_drained()
    assert second.stop() == 0
    expected = stream.check_books()
    assert set(expected.outcomes.values()) == {"posted"}
    outcomes = [one for batch in stream.batches() if batch.partition == 0 for one in batch.outcomes]
    assert [one.offset for one in outcomes] == [0, 1, 2]
    shown = tail(stream, server.url, life(order_of(0, stream.partitions))[0])
    assert [record["event"]["type"] for record in shown] == ["OrderPlaced", "PaymentCaptured", "ShipmentDispatched"]


def test_id_that_stays_unknown_is_a_dead_letter_after_the_bound_and_then_at_once(
    stream: OrderStream, hand: HandRegistry, server: ServerThread
) -> None:
    """Nothing is lost, and garbage ids stall a partition once."""
    send_orders(stream, GARBAGE)
    worker = stream.start_worker(registry_url=server.url, registry_wait_seconds_max=2).wait_ready()
    wait_held(stream)
    stream.wait_drained()
    (letter,) = [decode_dead_letter(record.value) for record in stream.dead_letters()]
    assert (letter.reason, letter.schema_id, letter.offset) == ("unknown_schema_id", GARBAGE, 1)
    assert letter.detail.startswith("schema id 70002 is neither in the lock file nor in the registry; waited 2")
    asked = hand.asked.count(GARBAGE)
    assert asked > 1
    order = order_of(0, stream.partitions, number=1)
    for _ in range(3):
        send(stream, life(order)[1], schema_id=GARBAGE)
        stream.wait_drained()
    assert hand.asked.count(GARBAGE) == asked
    send(stream, life(order)[1], schema_id=GARBAGE + 1)
    stream.wait_drained()
    assert hand.asked.count(GARBAGE + 1) == 1, "another garbage id is asked for once, without a wait"
    assert worker.stop() == 0
    expected = stream.check_books()
    assert list(expected.outcomes.values()).count("dead_letter") == 5


def test_registry_that_is_away_holds_unknown_ids_only(stream: OrderStream, hand: HandRegistry) -> None:
    (port,) = free_ports(1)
    send_orders(stream, FOREIGN)
    worker = stream.start_worker(registry_url=f"http://127.0.0.1:{port}", registry_wait_seconds_max=300).wait_ready()
    assert worker.logged("registry_not_checked")
    wait_held(stream)
    wait_until(lambda: worker.logged("schema_ids_awaited"), "the worker says what it waits for")
    hand.schemas[FOREIGN] = CAPTURED
    server = ServerThread(hand.handle)
    server.port = port
    with server:
        stream.wait_drained()
        assert worker.stop() == 0
    assert set(stream.check_books().outcomes.values()) == {"posted"}


def test_registry_whose_ids_contradict_the_lock_file_stops_the_worker(
    stream: OrderStream, hand: HandRegistry, server: ServerThread
) -> None:
    voided = registry().latest["PaymentVoided"]
    hand.schemas[registry().latest["PaymentAuthorized"].locked.id] = orjson.dumps(voided.avsc).decode()
    worker = stream.start_worker(registry_url=server.url)
    assert worker.wait_exit() == 2
    assert "contradict the lock file" in worker.log_file.read_text()
