"""The SDK's producers and its outbox on a real broker: what they confirm is there, what dies in between loses nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import psutil
import pytest

from asiento.accounting.decide import decide
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.settings import Settings, load_settings
from schemas.event_faults import FaultyEvent
from sources.sdk.outbox import add, backlog, create_outbox
from sources.sdk.producer import IN_FLIGHT_EVENTS_MAX, AsyncProducer, BrokerUnavailable, NotConfirmed, TopicMissing
from sources.sdk.samples import samples
from sources.sdk.sync_producer import SyncProducer
from tests.integration.events_topic import make_topic, stored_events
from tests.unit.sdk.outbox_doubles import capture

RELAY = """
import asyncio, os, signal, sqlite3, sys
from asiento.runtime.settings import load_settings
from sources.sdk import outbox_relay
from sources.sdk.outbox_relay import OutboxRelay
from sources.sdk.producer import AsyncProducer

marks_left, mark = int(sys.argv[2]), outbox_relay.mark_confirmed

def die_before_marking(connection, positions):
    global marks_left
    if marks_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    marks_left -= 1
    mark(connection, positions)

outbox_relay.mark_confirmed = die_before_marking

async def main():
    async with AsyncProducer(load_settings()) as producer:
        async with OutboxRelay(lambda: sqlite3.connect(sys.argv[1]), producer, batch_events_max=20) as relay:
            while (await relay.run_once()).found:
                pass

asyncio.run(main())
"""
"""A relay that ends when nothing waits any more, and is killed where it would mark after so many marks (-1: never)."""


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> Settings:
    return load_settings({"kafka_bootstrap_servers": kafka, "topic_prefix": topic_prefix})


async def test_what_async_flush_confirms_is_on_the_topic(settings: Settings) -> None:
    await make_topic(settings)
    async with AsyncProducer(settings) as producer:
        for sample in samples():
            await producer.send(sample)
        await producer.send(samples()[0].to_json())  # the twin of the first again: a double by its id
        with pytest.raises(FaultyEvent, match="/amount"):
            await producer.send({**capture("1", "p1").to_json(), "amount": 0.5})
        assert (await producer.flush()).confirmed == len(samples()) + 1
        assert (await producer.flush()).confirmed == 0
        await producer.deliver([capture("7", "p1"), capture("7", "p2")])
    found = await stored_events(settings)
    assert len(found) == len(samples()) + 3
    kept = [one.event.event_id for one in found if one.event.order_id == "1001"]
    assert kept == [sample.to_json()["event_id"] for sample in [*samples(), samples()[0]] if sample.order.order_id == "1001"]


async def test_more_than_fits_in_flight_waits_for_room(settings: Settings) -> None:
    await make_topic(settings)
    async with AsyncProducer(settings) as producer:
        for number in range(IN_FLIGHT_EVENTS_MAX + 200):
            await producer.send(capture(str(number % 7), str(number)))
    assert len(await stored_events(settings)) == IN_FLIGHT_EVENTS_MAX + 200


async def test_the_sync_producer_does_the_same_from_any_thread(settings: Settings) -> None:
    await make_topic(settings)
    with SyncProducer(settings) as producer:
        for sample in samples():
            producer.send(sample)
        with pytest.raises(FaultyEvent):
            producer.send({"type": "PaymentCaptured"})
        producer.deliver([capture("7", "p1")])
        report = producer.flush()
        assert (report.confirmed, report.failed) == (len(samples()), ())
    assert len(await stored_events(settings)) == len(samples()) + 1


async def test_no_topic_and_no_broker_are_told(settings: Settings) -> None:
    with pytest.raises(TopicMissing, match="topics apply"):
        async with AsyncProducer(settings):
            pass
    nowhere = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:1"), SyncProducer(nowhere):
        pass


async def test_a_silent_broker_is_told_event_by_event_and_nobody_waits_for_ever(settings: Settings, local_kafka: LocalKafka) -> None:
    await make_topic(settings)
    assert local_kafka.pid is not None
    broker = psutil.Process(local_kafka.pid)
    producer = AsyncProducer(settings, in_flight_events_max=3)
    await producer.start()
    broker.suspend()
    try:
        for number in range(2):
            await producer.send(capture("1", str(number)))
        started = time.monotonic()
        report = await producer.flush(wait_seconds_max=1)
        assert [one.event_id for one in report.failed] == [capture("1", str(number)).to_json()["event_id"] for number in range(2)]
        assert {one.order_key for one in report.failed} == {"acme:oms:main:1"}
        assert "no confirmation within 1 s" in report.failed[0].why
        with pytest.raises(NotConfirmed, match="send them again"):
            await producer.deliver([capture("1", "2")], wait_seconds_max=1)
        with pytest.raises(BrokerUnavailable, match="confirmed nothing for 1 s"):
            await producer.send(capture("1", "3"), wait_seconds_max=1)
        await producer.stop()
        assert time.monotonic() - started < 20
    finally:
        broker.resume()
    async with AsyncProducer(settings) as again:
        for number in range(3):
            await again.send(capture("1", str(number)))
    assert {one.event.event_id for one in await stored_events(settings)} == {
        capture("1", str(number)).to_json()["event_id"] for number in range(3)
    }


def relay_environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")}
    assert settings.kafka_bootstrap_servers is not None
    return kept | {"ASIENTO_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers, "ASIENTO_TOPIC_PREFIX": settings.topic_prefix}


async def test_a_relay_that_is_killed_between_sending_and_marking_loses_nothing_and_doubles_by_id(
    settings: Settings, tmp_path: Path
) -> None:
    await make_topic(settings)
    database = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(database)
    create_outbox(connection)
    events = [capture(str(number % 5), str(number)) for number in range(100)]
    add(connection, *events)
    connection.commit()

    deaths = 0
    for marks in (0, 1, 3, 0, 2, -1):
        command = [sys.executable, "-c", RELAY, str(database), str(marks)]
        ended = subprocess.run(command, env=relay_environment(settings), capture_output=True, timeout=60, check=False)
        deaths += ended.returncode == -signal.SIGKILL
        assert ended.returncode in (0, -signal.SIGKILL), ended.stderr.decode()
    assert deaths == 5
    assert backlog(connection).events == 0
    connection.close()

    stored = await stored_events(settings)
    first_told: dict[str, list[str]] = defaultdict(list)
    values: dict[str, bytes] = {}
    states: dict[str, OrderState | None] = {}
    outcomes: dict[str, list[str]] = defaultdict(list)
    for one in stored:
        event = one.event
        if event.event_id not in values:
            first_told[event.order_key].append(event.event_id)
        assert values.setdefault(event.event_id, one.value) == one.value
        decision = decide(event, states.get(event.order_key), DEFAULT_POLICIES)
        states[event.order_key] = decision.state or states.get(event.order_key)
        outcomes[event.event_id].append(type(decision.outcome).__name__)
    added: dict[str, list[str]] = defaultdict(list)
    for sent in events:
        added[sent.order.key].append(sent.to_json()["event_id"])
    assert first_told == added
    assert len(stored) > len(events)
    assert all(set(told[1:]) <= {"Duplicate"} for told in outcomes.values())
