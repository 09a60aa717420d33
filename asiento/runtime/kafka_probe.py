"""Whether a local broker works: one record produced, the same record fetched."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

PROBE_TOPIC = "asiento-readiness-probe"
ATTEMPT_SECONDS_MAX = 20.0
POLL_SECONDS = 0.05


class ProbeFailed(Exception):
    """The broker did not answer in time or ended; the message says which."""


def probe_broker(bootstrap_servers: str, seconds_max: float, exit_code: Callable[[], int | None]) -> None:
    """Return when a record went through the broker on loopback; raises `ProbeFailed` when it ended or time is up."""
    host, _, port = bootstrap_servers.rpartition(":")
    deadline = time.monotonic() + seconds_max
    last: Exception | None = None
    while time.monotonic() < deadline:
        code = exit_code()
        if code is not None:
            raise ProbeFailed(f"it ended with exit code {code}")
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            _in_own_thread(bootstrap_servers)
        except Exception as error:  # noqa: BLE001 - whatever a client meets while a broker starts; kept for the message
            last = error
            time.sleep(POLL_SECONDS)
        else:
            return
    raise ProbeFailed(f"no record went through {bootstrap_servers} within {seconds_max:.0f} s (last: {type(last).__name__}: {last})")


def _in_own_thread(bootstrap_servers: str) -> None:
    """Run the probe in a loop of its own, so that callers may already be inside one."""
    result: Future[None] = Future()

    def run() -> None:
        try:
            result.set_result(asyncio.run(asyncio.wait_for(_round_trip(bootstrap_servers), ATTEMPT_SECONDS_MAX)))
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            result.set_exception(error)

    thread = threading.Thread(target=run, name="kafka-probe", daemon=True)
    thread.start()
    result.result(ATTEMPT_SECONDS_MAX + 5)


async def _round_trip(bootstrap_servers: str) -> None:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        if PROBE_TOPIC not in await admin.list_topics():
            await admin.create_topics([NewTopic(PROBE_TOPIC, 1, 1, topic_configs={"retention.ms": "3600000"})])
    finally:
        await admin.close()
    sent = os.urandom(16)
    partition = TopicPartition(PROBE_TOPIC, 0)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all") as producer:
        stored = await producer.send_and_wait(PROBE_TOPIC, sent, partition=0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None) as consumer:
        consumer.assign([partition])
        consumer.seek(partition, stored.offset)
        record = await consumer.getone(partition)
    if record.value != sent:
        raise ProbeFailed(f"a record came back altered from {bootstrap_servers}")
