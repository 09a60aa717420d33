"""Checks before a process of the streams starts: topics that are missing or differ."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings

TOPICS_SETTLE_SECONDS_MAX: Final = 30.0
"""Longest wait for topics that exist but have no leader yet, as right after a broker's start."""
POLL_SECONDS: Final = 0.5
UNKNOWN_TOPIC: Final = 3
"""Kafka's error code of a topic that does not exist."""


class TopicsUnfit(Exception):
    """Topics are missing or have another number of partitions; the message says which and how to mend it."""


async def check_topics(settings: Settings, topics: Sequence[str]) -> None:
    """Compare the broker's topics with what a process needs. Raises `TopicsUnfit`, or any `KafkaError` if no broker answers."""
    partitions = await _partition_counts(settings, topics)
    missing = [name for name in topics if name not in partitions]
    differing = [f"{name} has {count}" for name, count in partitions.items() if count != settings.partitions]
    if missing:
        raise TopicsUnfit(f"missing topics: {', '.join(missing)}; create them with `asiento topics apply`")
    if differing:
        raise TopicsUnfit(
            f"every topic must have {settings.partitions} partitions, but {', '.join(differing)}: set ASIENTO_PARTITIONS to what the "
            "topics were created with (the number is fixed for a generation of topics)"
        )


async def _partition_counts(settings: Settings, topics: Sequence[str]) -> dict[str, int]:
    """Partitions of the topics that exist; waits, bounded, while a broker does not know its topics yet."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    deadline = time.monotonic() + TOPICS_SETTLE_SECONDS_MAX
    try:
        await admin.start()
        while True:
            described = await admin.describe_topics(list(topics))
            unsettled = [topic["topic"] for topic in described if topic["error_code"] not in (0, UNKNOWN_TOPIC)]
            if not unsettled:
                return {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}
            if time.monotonic() > deadline:
                raise TopicsUnfit(f"topics without a leader: {', '.join(unsettled)}; look at the brokers")
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await admin.close()
