"""The same orders over and over: repeats of events that were judged already, and among them a few new payments of the same orders.

Repeats change no order, so what the workers hold must not grow; a new payment adds one fact to one order and one entry to the ledger.
"""

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from confluent_kafka import Producer

from schemas.event_messages import EventMessage, message_from_json
from tests.acceptance.copied_lives import judged
from tests.integration.order_stream import OrderStream
from tests.oracle.lives import life

NEW_PER_MILLE = 2
SEND_SECONDS_MAX = 60.0
CALM = "calm"


class SteadyLoad:
    """So many orders. `first` is all their events, `more` goes on for ever; `news` counts the payments that are new facts."""

    def __init__(self, stream: OrderStream, orders: int, seed: int) -> None:
        self._topic = stream.events
        self._partitions = stream.partitions
        self._random = random.Random(seed)
        self._producer = Producer({"bootstrap.servers": stream.kafka, "linger.ms": 20, "enable.idempotence": True, "log_level": 0})
        lives = [life(CALM, seed * 100_000 + number) for number in range(orders)]
        self.first = [message_from_json(event) for events in lives for event in events]
        posted = [said for events in lives for said in zip(events, judged(events).verdicts, strict=True)]
        applied = [event for event, (outcome, _) in posted if outcome == "posted"]
        self._repeats = [message_from_json(event) for event in applied]
        self._payments = [event for event in applied if event["type"] == "PaymentCaptured"]
        self.sent = self.news = 0

    def send_first(self) -> None:
        """The events of all orders, once."""
        self._send(iter(self.first))

    def send(self, records: int) -> None:
        """So many more."""
        self._send(self._more(records))

    def _more(self, records: int) -> Iterator[EventMessage]:
        for _ in range(records):
            new = self._random.randrange(1_000) < NEW_PER_MILLE
            yield message_from_json(self._new_payment()) if new else self._random.choice(self._repeats)

    def _new_payment(self) -> dict[str, Any]:
        self.news += 1
        event_id = str(UUID(int=self._random.getrandbits(128), version=4))
        told = {"event_id": event_id, "business_key": f"new:{event_id}", "payment_id": f"new-{self.news}"}
        payment = {name: value for name, value in self._random.choice(self._payments).items() if name != "source_sequence"}
        return {**payment, **told}

    def _send(self, messages: Iterator[EventMessage]) -> None:
        for message in messages:
            self._producer.produce(self._topic, message.value, message.key, message.partition(self._partitions))
            self.sent += 1
            self._producer.poll(0)
        assert self._producer.flush(SEND_SECONDS_MAX) == 0, "the broker does not take the events"
