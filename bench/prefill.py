"""Seeded input for benchmarks: a synthetic day, repeated under other tenants until there are enough records.

The day is encoded once; a copy replaces the tenant and the event ids in the bytes, by others of the same length. It takes some 20 us of
CPU per record, sending included, so that an input of millions is made in less time than it takes to work through it.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from confluent_kafka import Producer

from asiento.runtime.settings import Settings
from schemas.event_messages import EventMessage, message_from_json
from schemas.partitioning import partition_for
from schemas.topics import ORDERS_EVENTS
from sources.synthetic.day import trading_day

DAY_ORDERS: Final = 2_000
FLUSH_SECONDS_MAX: Final = 120.0
LOG_ERRORS: Final = 3
ID_DIGITS: Final = 8
"""First digits of an event id; those of a copy are its number's."""
EVENT_ID: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Template:
    """A message of the day with what a copy of it has to replace."""

    message: EventMessage
    event_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class DayTemplates:
    """The encoded day: its tenant, and its messages in order of arrival."""

    tenant: bytes
    templates: tuple[Template, ...]

    def copy(self, template: Template, number: int) -> EventMessage:
        """The message under the tenant and the ids of copy `number` (0 to 2**32 - 1); the same number gives the same bytes."""
        message, digits = template.message, b"%08x" % number
        tenant = b"t%0*d" % (len(self.tenant) - 1, number)
        value = message.value.replace(self.tenant, tenant, 1)
        for event_id in template.event_ids:
            value = value.replace(event_id, digits + event_id[ID_DIGITS:])
        headers = {**dict(message.headers), "ce_subject": tenant + message.key[len(self.tenant) :]}
        headers["ce_id"] = digits + headers["ce_id"][ID_DIGITS:]
        return EventMessage(headers["ce_subject"], value, tuple(headers.items()))


def day_templates(seed: int, orders: int = DAY_ORDERS) -> DayTemplates:
    """Encode a day. Every event names its own id and its tenant; ids of other events in it are renamed along."""
    day = trading_day(seed, orders)
    messages = [message_from_json(event) for event in day.events]
    found = [Template(message, tuple(set(EVENT_ID.findall(message.value)))) for message in messages]
    return DayTemplates(day.tenant.encode(), tuple(found))


def messages(seed: int, records: int) -> Iterator[EventMessage]:
    """`records` messages; duplicates stay duplicates."""
    day = day_templates(seed)
    copies = -(-records // len(day.templates))
    return islice((day.copy(template, number) for number in range(copies) for template in day.templates), records)


def prefill(settings: Settings, seed: int, records: int) -> int:
    """Send them to the events topic of `settings`; returns how many were stored."""
    return send(settings, ORDERS_EVENTS, messages(seed, records))


def send(settings: Settings, name: str, events: Iterable[EventMessage]) -> int:
    """Send messages to the topic of that name behind the prefix and wait until all are stored; ends the program if they are not."""
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "enable.idempotence": True,
            "linger.ms": 50,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 1_000_000,
            "log_level": LOG_ERRORS,
        }
    )
    topic, sent = settings.topic(name), 0
    partitions: dict[bytes, int] = {}
    for event in events:
        partition = partitions.get(event.key)
        if partition is None:
            partition = partitions[event.key] = partition_for(event.key, settings.partitions)
        while True:
            try:
                producer.produce(topic, event.value, event.key, partition, headers=list(event.headers))
                break
            except BufferError:
                producer.poll(0.1)
        sent += 1
    if producer.flush(FLUSH_SECONDS_MAX):
        sys.exit("the broker did not store the input")
    return sent
