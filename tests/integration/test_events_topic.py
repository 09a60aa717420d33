"""`events send` and `events tail` on a real broker."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from typer.testing import CliRunner

from asiento.cli import event_tail
from asiento.cli.event_producer import EventProducer
from asiento.cli.exits import CommandError
from asiento.cli.main import app
from asiento.runtime import topic_admin
from asiento.runtime.settings import Settings, load_settings
from schemas.acceptance import accept_record
from schemas.event_messages import message_from_json
from schemas.refusal import Refusal
from schemas.topics import ORDERS_EVENTS, catalogue
from sources.sdk.producer import IN_FLIGHT_EVENTS_MAX
from tests.unit.schemas import examples

PARTITIONS = 4


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> Settings:
    return load_settings({"kafka_bootstrap_servers": kafka, "topic_prefix": topic_prefix})


@pytest.fixture
async def topic(settings: Settings) -> str:
    """The events topic on the broker."""
    specs = [spec for spec in catalogue("asiento", PARTITIONS, 1, 1) if spec.name == ORDERS_EVENTS]
    await topic_admin.apply(settings, specs)
    return settings.topic(ORDERS_EVENTS)


async def first(settings: Settings, limit: int, key: str | None = None) -> list[dict[str, Any]]:
    """The oldest `limit` records as `events tail` shows them."""
    return [record async for record in event_tail.tail(settings, key=key, from_beginning=True, limit=limit)]


async def test_every_sent_event_is_accepted_where_it_lies(settings: Settings, kafka: str, topic: str) -> None:
    count = IN_FLIGHT_EVENTS_MAX + 200  # the window fills
    async with EventProducer(settings) as producer:
        for number in range(count):
            await producer.send(message_from_json(examples.captured(order_id=str(number))))
    assert producer.sent == count
    async with AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed") as consumer:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        seen = 0
        while seen < count:
            record = await consumer.getone()
            accepted = accept_record(key=record.key, value=record.value, partition=record.partition, partition_count=PARTITIONS)
            assert not isinstance(accepted, Refusal)
            assert dict(record.headers)["ce_id"] == accepted.event_id.encode()
            seen += 1


async def test_tail_shows_committed_records_and_reasons(settings: Settings, kafka: str, topic: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"{topic}-test") as other:
        await other.begin_transaction()
        await other.send_and_wait(topic, message_from_json(examples.placed()).value, partition=0)
        await other.abort_transaction()
        async with other.transaction():
            await other.send_and_wait(topic, b"poison", key=b"k", partition=0)
    async with EventProducer(settings) as producer:
        await producer.send(message_from_json(examples.placed()))
        await producer.send(message_from_json(examples.delivered()))
    refused, *events = sorted(await first(settings, 3), key=lambda record: "event" in record)
    assert refused["refused"]["reason"] == "bad_magic"
    assert sorted(record["event"]["type"] for record in events) == ["OrderPlaced", "ShipmentDelivered"]
    of_the_order = await first(settings, 2, key="acme:shopify:main:1001")
    assert [record["event"]["type"] for record in of_the_order] == ["OrderPlaced", "ShipmentDelivered"]


async def test_a_missing_topic_is_named_and_not_created(settings: Settings, kafka: str) -> None:
    with pytest.raises(CommandError, match="asiento topics apply"):
        async with EventProducer(settings):
            pass
    with pytest.raises(CommandError, match="asiento topics apply"):
        await first(settings, 1)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        assert settings.topic(ORDERS_EVENTS) not in await admin.list_topics()
    finally:
        await admin.close()


def test_the_command_sends_the_good_lines_only_when_told(
    settings: Settings, kafka: str, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASIENTO_KAFKA_BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("ASIENTO_TOPIC_PREFIX", settings.topic_prefix)
    file = tmp_path / "events.jsonl"
    file.write_bytes(orjson.dumps(examples.placed()) + b"\n[\n" + orjson.dumps(examples.captured()))
    for options, sent in (([], 0), (["--skip-invalid"], 2)):
        result = CliRunner().invoke(app, ["events", "send", str(file), "--json", *options])
        assert isinstance(result.exception, CommandError)
        assert orjson.loads(result.stdout)["sent"] == sent
    result = CliRunner().invoke(app, ["events", "tail", "--from-beginning", "--limit", "2", "--json"])
    assert result.exit_code == 0
    assert [orjson.loads(line)["event"]["type"] for line in result.stdout.splitlines()] == ["OrderPlaced", "PaymentCaptured"]
