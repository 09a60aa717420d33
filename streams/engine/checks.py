"""Checks before a worker starts: settings of the frame that would lose records, topics that are missing or differ."""

from typing import Any

import faust
from aiokafka.admin import AIOKafkaAdminClient

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings, SettingsError
from streams.engine.job import Job
from streams.engine.table import StateTable


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
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        described = await admin.describe_topics(list(job.topics))
    finally:
        await admin.close()
    partitions = {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}
    missing = [name for name in job.topics if name not in partitions]
    differing = [f"{name} has {count}" for name, count in partitions.items() if count != settings.partitions]
    if missing:
        raise TopicsUnfit(f"missing topics: {', '.join(missing)}; create them with `asiento topics apply`")
    if differing:
        raise TopicsUnfit(
            f"every topic must have {settings.partitions} partitions, but {', '.join(differing)}: set ASIENTO_PARTITIONS to what the "
            "topics were created with (the number is fixed for a generation of topics)"
        )
