"""Checks before a worker starts: settings of the frame that would lose records, topics that are missing or differ."""

import asyncio
import time
from typing import Any, Final

import faust
from aiokafka.admin import AIOKafkaAdminClient

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings, SettingsError
from streams.engine.job import Job
from streams.engine.table import StateTable

TOPICS_SETTLE_SECONDS_MAX: Final = 30.0
"""Longest wait for topics that exist but have no leader yet, as right after a broker's start."""
POLL_SECONDS: Final = 0.5
UNKNOWN_TOPIC: Final = 3
"""Kafka's error code of a topic that does not exist."""


class TopicsUnfit(Exception):
    """Topics are missing or have another number of partitions; the message says which and how to mend it."""


def check_frame(app: faust.App, job: Job) -> None:
    """Refuse frame settings under which records can be lost or booked twice. Raises `SettingsError`."""
    conf: Any = app.conf
    wanted: dict[str, Any] = {
        "id": job.id,
        "processing_guarantee": "at_least_once",
        "stream_publish_on_commit": False,
        "producer_threaded": False,
        "table_standby_replicas": 0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
    }
    found = {name: _plain(getattr(conf, name)) for name in wanted}
    found["store"], wanted["store"] = str(conf.store), "memory:"
    problems = [f"{name} must be {value!r}, it is {found[name]!r}" for name, value in wanted.items() if found[name] != value]
    problems += [f"agent {name} must have concurrency 1" for name, agent in app.agents.items() if agent.concurrency != 1]
    problems += [f"table {name} must be a plain state table" for name, table in app.tables.items() if type(table) is not StateTable]
    if problems:
        raise SettingsError("the worker's frame is set up so that records can be lost: " + "; ".join(problems))


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


async def check_topics(settings: Settings, job: Job) -> None:
    """Compare the broker's topics with what the job needs. Raises `TopicsUnfit`, or any `KafkaError` if no broker answers."""
    partitions = await _partition_counts(settings, job)
    missing = [name for name in job.topics if name not in partitions]
    differing = [f"{name} has {count}" for name, count in partitions.items() if count != settings.partitions]
    if missing:
        raise TopicsUnfit(f"missing topics: {', '.join(missing)}; create them with `asiento topics apply`")
    if differing:
        raise TopicsUnfit(
            f"every topic must have {settings.partitions} partitions, but {', '.join(differing)}: set ASIENTO_PARTITIONS to what the "
            "topics were created with (the number is fixed for a generation of topics)"
        )


async def _partition_counts(settings: Settings, job: Job) -> dict[str, int]:
    """Partitions of the job's topics that exist; waits, bounded, while a broker does not know its topics yet."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    deadline = time.monotonic() + TOPICS_SETTLE_SECONDS_MAX
    try:
        await admin.start()
        while True:
            described = await admin.describe_topics(list(job.topics))
            unsettled = [topic["topic"] for topic in described if topic["error_code"] not in (0, UNKNOWN_TOPIC)]
            if not unsettled:
                return {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}
            if time.monotonic() > deadline:
                raise TopicsUnfit(f"topics without a leader: {', '.join(unsettled)}; look at the brokers")
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await admin.close()
