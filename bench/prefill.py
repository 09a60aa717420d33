"""Seeded input for benchmarks: a synthetic day, repeated under other tenants until there are enough records."""

import uuid
from collections.abc import Iterator

from asiento.cli.event_producer import EventProducer
from asiento.runtime.settings import Settings
from schemas.event_messages import EventMessage, message_from_json
from sources.synthetic.day import trading_day

DAY_ORDERS = 2_000
NAMESPACE = uuid.UUID("5f0c6d0e-6d0a-4f0b-9a55-0d8c1f1f3c11")


def messages(seed: int, records: int) -> Iterator[EventMessage]:
    """`records` messages; duplicates stay duplicates, since ids are renamed by tenant and old id."""
    events = trading_day(seed, DAY_ORDERS).events
    copies = -(-records // len(events))
    left = records
    for copy in range(copies):
        for event in events[:left]:
            event_id = str(uuid.uuid5(NAMESPACE, f"{copy}|{event['event_id']}"))
            yield message_from_json(event | {"tenant": f"bench-{copy}", "event_id": event_id})
        left -= min(left, len(events))


async def prefill(settings: Settings, seed: int, records: int) -> int:
    """Send them to the events topic of `settings`; returns how many were stored."""
    async with EventProducer(settings) as producer:
        for message in messages(seed, records):
            await producer.send(message)
    return producer.sent
