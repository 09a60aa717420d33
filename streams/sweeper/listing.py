"""The deadlines that stand now, for people: read once, nothing is told."""

import asyncio
from typing import NamedTuple

from asiento.accounting.order_events import DeadlineKind
from asiento.accounting.policy import PolicyBook
from asiento.accounting.standing_deadlines import Deadline
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from schemas.topics import changelog_name
from streams.sweeper.changelog import StateChangelog
from streams.sweeper.sweep import deadlines_of
from streams.topic_checks import check_topics


class Standing(NamedTuple):
    """A deadline and the order that it belongs to; sorts by due_at (UTC microseconds)."""

    due_at: int
    order_key: str
    kind: DeadlineKind
    about_event_id: str


async def read_standing(settings: Settings, policies: PolicyBook) -> list[Standing]:
    """All standing deadlines of all orders, earliest first. Raises `TopicsUnfit` or `KafkaError`."""
    topic = settings.topic(changelog_name(settings.app_id))
    await check_topics(settings, (topic,))
    found: dict[bytes, tuple[Deadline, ...]] = {}
    changelog = StateChangelog(topic, settings.partitions, client_options(settings))

    def learn(order_key: bytes, value: bytes | None) -> None:
        standing = deadlines_of(value, policies)
        if standing:
            found[order_key] = standing
        else:
            found.pop(order_key, None)

    try:
        await changelog.start()
        await changelog.catch_up(learn, asyncio.Event())
    finally:
        await changelog.stop()
    return sorted(
        Standing(one.due_at, order_key.decode(), one.kind, one.about_event_id) for order_key, standing in found.items() for one in standing
    )
