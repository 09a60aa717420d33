"""`asiento lag-exporter` on a real broker: transactions, groups without a living member, a broker that goes away and comes back."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from typer.testing import CliRunner

from asiento.cli.main import app
from asiento.runtime import topic_admin
from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.ports import free_ports
from asiento.runtime.settings import Settings, load_settings
from schemas.topics import ACCOUNTING_ENTRIES, ORDERS_EVENTS, catalogue
from sinks.lag_exporter.groups import watched_groups
from sinks.lag_exporter.lags import Lags, PartitionLag
from sinks.lag_exporter.process import LagExporter, read_lags

PARTITIONS = 2
SECONDS_MAX = 30.0
STILL_SECONDS = 1.5


def settings_of(kafka: str, prefix: str) -> Settings:
    """Group names of a test's own as well: what it commits is nobody else's."""
    return load_settings({"kafka_bootstrap_servers": kafka, "topic_prefix": prefix, "app_id": prefix.rstrip("-"), "partitions": PARTITIONS})


@pytest.fixture
async def settings(kafka: str, topic_prefix: str) -> Settings:
    found = settings_of(kafka, topic_prefix)
    await topic_admin.apply(found, list(catalogue(found.app_id, PARTITIONS, 1, 1)))
    return found


@asynccontextmanager
async def transactional(settings: Settings, name: str) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, transactional_id=f"{settings.app_id}-{name}", compression_type="gzip"
    ) as producer:
        yield producer


async def commit(settings: Settings, group: str, topic: str, offsets: dict[int, int]) -> None:
    """As a sink notes its positions: without being a member."""
    async with AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign([TopicPartition(topic, number) for number in offsets])
        await consumer.commit({TopicPartition(topic, number): offset for number, offset in offsets.items()})


async def lags_of(settings: Settings, group: str, topic: str) -> tuple[PartitionLag, ...]:
    for found in await read_lags(settings):
        if found.name == group:
            return tuple(lag for lag in found.partitions if lag.topic == topic)
    raise AssertionError(f"{group} is not shown")


async def test_markers_and_aborted_records_are_no_lag_and_what_is_left_has_its_age(settings: Settings) -> None:
    topic, group = settings.topic(ACCOUNTING_ENTRIES), settings.ledger_group
    hour_ago = round((time.time() - 3_600) * 1000)
    async with transactional(settings, "one") as producer:
        async with producer.transaction():
            for _ in range(3):
                await producer.send(topic, b"entry", partition=0, timestamp_ms=hour_ago)
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"never", partition=0, timestamp_ms=1)
        await producer.abort_transaction()
    # 0 1 2 records, 3 marker, 4 aborted, 5 marker
    behind, empty = await lags_of(settings, group, topic)
    assert (behind.committed, behind.end, behind.records) == (None, 6, 6)
    assert 3_599 < behind.seconds < 3_660
    assert (empty.end, empty.records, empty.seconds) == (0, 0, 0.0)
    await commit(settings, group, topic, {0: 2})
    assert 3_599 < (await lags_of(settings, group, topic))[0].seconds < 3_660, "the middle of a batch is found as well"
    for done in (3, 4, 5, 6):
        await commit(settings, group, topic, {0: done})
        lag = (await lags_of(settings, group, topic))[0]
        assert (lag.committed, lag.end, lag.records, lag.seconds) == (done, 6, 0, 0.0)


async def test_a_transaction_that_stays_open_is_lag_until_it_is_aborted(settings: Settings) -> None:
    topic, group = settings.topic(ACCOUNTING_ENTRIES), settings.ledger_group
    long_ago = round((time.time() - 600) * 1000)
    async with transactional(settings, "hangs") as producer, transactional(settings, "goes-on") as other:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"open", partition=1, timestamp_ms=long_ago)
        async with other.transaction():
            await other.send(topic, b"behind it", partition=1)
        await commit(settings, group, topic, {1: 0})
        lag = (await lags_of(settings, group, topic))[1]
        assert lag.records == 3
        assert 599 < lag.seconds < 660
        await producer.abort_transaction()
        lag = (await lags_of(settings, group, topic))[1]
        assert lag.records == 4
        assert lag.seconds < 60, "the oldest is the record behind it now"
    await commit(settings, group, topic, {1: 3})
    assert (await lags_of(settings, group, topic))[1].records == 0


async def test_batches_longer_than_one_look_and_groups_side_by_side(settings: Settings) -> None:
    topic = settings.topic(ORDERS_EVENTS)
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers, max_request_size=1_000_000) as producer:
        for number in range(4):
            stamp = round((time.time() - 1_000 + number * 100) * 1000)
            for partition in range(PARTITIONS):
                await producer.send_and_wait(topic, os.urandom(400_000), partition=partition, timestamp_ms=stamp)
    await commit(settings, settings.orders_id, topic, {0: 1, 1: 3})
    await commit(settings, settings.projector_group, topic, {0: 3, 1: 4})
    seconds = {
        group: [round(lag.seconds, -1) for lag in await lags_of(settings, group, topic)]
        for group in (settings.orders_id, settings.projector_group)
    }
    assert seconds == {settings.orders_id: [900, 700], settings.projector_group: [700, 0]}


async def test_members_are_those_that_the_brokers_know(settings: Settings) -> None:
    topic = settings.topic(ORDERS_EVENTS)
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=settings.kafka_bootstrap_servers, group_id=settings.orders_id, auto_offset_reset="earliest"
    ) as consumer:
        await consumer.getmany(timeout_ms=10)
        async with asyncio.timeout(SECONDS_MAX):
            while not consumer.assignment():
                await consumer.getmany(timeout_ms=50)
        assert {group.name: group.members for group in await read_lags(settings)} == {
            settings.orders_id: 1,
            settings.ledger_group: 0,
            settings.projector_group: 0,
        }
    assert {group.members for group in await read_lags(settings)} == {0}


async def test_once_prints_one_object_or_lines(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = settings.topic(ORDERS_EVENTS)
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers) as producer:
        await producer.send_and_wait(topic, b"event", partition=1, timestamp_ms=round((time.time() - 100) * 1000))
    for name in ("kafka_bootstrap_servers", "topic_prefix", "app_id", "partitions"):
        monkeypatch.setenv(f"ASIENTO_{name.upper()}", str(getattr(settings, name)))
    answer = await asyncio.to_thread(CliRunner().invoke, app, ["lag-exporter", "--once", "--json"])
    assert answer.exit_code == 0, answer.output
    orders = next(group for group in orjson.loads(answer.stdout)["groups"] if group["group"] == settings.orders_id)
    assert [lag["lag_records"] for lag in orders["partitions"]] == [0, 1]
    assert orders["partitions"][1]["committed"] is None
    answer = await asyncio.to_thread(CliRunner().invoke, app, ["lag-exporter", "--once"])
    assert f"{settings.orders_id}: 0 members" in answer.stdout
    assert f"  {topic}: 1 behind on 1 of 2 partitions, the oldest 10" in answer.stdout


async def test_a_broker_that_is_slow_goes_away_and_comes_back(local_kafka: LocalKafka, topic_prefix: str) -> None:
    settings = settings_of(local_kafka.bootstrap_servers, topic_prefix)
    await topic_admin.apply(settings, list(catalogue(settings.app_id, PARTITIONS, 1, 1)))
    metrics = Metrics(Exporter.LAG_EXPORTER)
    exporter = LagExporter(settings, Lags(watched_groups(settings), time.time), metrics)
    place = {"group": settings.orders_id, "topic": settings.topic(ORDERS_EVENTS), "partition": "0"}

    def shown(name: str, labels: dict[str, str] | None = None) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    assert shown("asiento_broker_up") == 0
    assert exporter.obstacles()
    await exporter.step()
    assert (shown("asiento_broker_up"), shown("asiento_group_lag_records", place), exporter.obstacles()) == (1, 0, ())
    assert (shown("asiento_broker_answer_seconds") or 0) < STILL_SECONDS
    assert local_kafka.pid is not None
    os.kill(local_kafka.pid, signal.SIGSTOP)
    asyncio.get_running_loop().call_later(STILL_SECONDS, os.kill, local_kafka.pid, signal.SIGCONT)
    await exporter.step()
    assert shown("asiento_broker_up") == 1, "slow is not away"
    assert (shown("asiento_broker_answer_seconds") or 0) > 0.9 * STILL_SECONDS
    await exporter.step()
    assert (shown("asiento_broker_answer_seconds") or 0) < STILL_SECONDS, "of the last look alone"
    local_kafka.kill()
    began = time.monotonic()
    await exporter.step()
    assert time.monotonic() - began < SECONDS_MAX
    assert (shown("asiento_broker_up"), shown("asiento_group_lag_records", place)) == (0, None), "an old lag is no lag"
    assert exporter.obstacles()
    await exporter.step()
    assert shown("asiento_broker_up") == 0
    local_kafka.start()  # in this thread: a broker ends with the one that started it
    async with asyncio.timeout(SECONDS_MAX):
        while shown("asiento_broker_up") == 0:
            await exporter.step()
    assert (shown("asiento_group_lag_records", place), exporter.obstacles()) == (0, ())
    stop = asyncio.Event()
    running = asyncio.create_task(exporter.run(stop))
    stop.set()
    async with asyncio.timeout(SECONDS_MAX):
        await running


def test_once_without_a_broker_says_so_and_exits_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_ports(1)[0]}")
    answer = CliRunner().invoke(app, ["lag-exporter", "--once", "--json"])
    assert getattr(answer.exception, "exit_code", None) == 3
