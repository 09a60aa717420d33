"""The local broker: what it keeps over crashes, and that nothing of it stays behind."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from asiento.runtime.child_process import read_pid_file, start_mark
from asiento.runtime.local_kafka import LocalKafka, LocalKafkaError

pytestmark = pytest.mark.kafka

DEADLINE_SECONDS = 60.0


def until(condition: Callable[[], bool]) -> bool:
    """Poll a condition until it holds or the deadline passes."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


async def _create_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()


async def _produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)


async def _fetch(bootstrap: str, topic: str, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        return [(await consumer.getone()).value for _ in range(count)]


async def test_records_survive_a_kill_and_a_restart_on_the_same_address(tmp_path: Path) -> None:
    sent = [b"one", b"two", b"three"]
    with LocalKafka(tmp_path) as broker:
        first_address = broker.bootstrap_servers
        await _create_topic(first_address, "kept")
        await _produce(first_address, "kept", sent)
        broker.kill()
        assert read_pid_file(broker.pid_file) is None
        assert broker.start() == first_address
        assert await _fetch(first_address, "kept", len(sent)) == sent
        pid = broker.pid
        assert pid is not None
    assert start_mark(pid) is None
    assert not broker.pid_file.exists()


async def test_a_second_broker_on_the_same_directory_is_refused(local_kafka: LocalKafka) -> None:
    with pytest.raises(LocalKafkaError, match=f"already runs on .*pid {local_kafka.pid}"):
        LocalKafka(local_kafka.directory).start()


async def test_a_missing_topic_is_not_made_up_by_the_broker(kafka: str, topic_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.describe_topics([topic_prefix + "never-created"])
        assert topic_prefix + "never-created" not in await admin.list_topics()
    finally:
        await admin.close()


def test_the_broker_ends_with_its_parent_even_if_that_is_killed(tmp_path: Path) -> None:
    program = "import signal, sys; from pathlib import Path; from asiento.runtime.local_kafka import LocalKafka\n"
    program += "k = LocalKafka(Path(sys.argv[1])); k.start(); print('ready', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        broker = read_pid_file(tmp_path / "broker.pid")
        assert broker is not None
        parent.kill()
    assert until(lambda: not broker.is_alive())
