"""What is sent while processes are killed: endless seeded records, in slices that return when the broker has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice
from random import Random

from confluent_kafka import Producer

from schemas.event_messages import message_from_json
from schemas.partitioning import partition_for
from sources.synthetic.day import trading_day
from tests.acceptance.poison import placed_before, poison
from tests.integration.order_stream import OrderStream
from tests.oracle.figures import Event
from tests.oracle.lives import PROFILES, life

DAY_ORDERS = 400
DAYS_MAX = 100
LIVES_AT_ONCE = 20
LIFE_PERCENT, POISON_PERCENT = 30, 4
SEND_SECONDS_MAX = 90.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A record; `refused`: it must end as a dead letter."""

    key: bytes | None
    value: bytes | None
    partition: int
    refused: bool = False


class Load:
    """Records, one after the other; `refused` has those that were sent and are to end as dead letters."""

    def __init__(self, stream: OrderStream, records: Iterator[Sent]) -> None:
        self._topic = stream.events
        self._records = records
        self._producer = Producer({"bootstrap.servers": stream.kafka, "linger.ms": 5, "batch.num.messages": 10, "log_level": 0})
        self.refused: set[Sent] = set()

    def send(self, records: int) -> None:
        """The next records, in small batches; returns when the broker has them."""
        found = list(islice(self._records, records))
        assert found, "there are no more records"
        for one in found:
            self._producer.produce(self._topic, one.value, one.key, one.partition)
            if one.refused:
                self.refused.add(one)
        assert self._producer.flush(SEND_SECONDS_MAX) == 0


def trading_days(stream: OrderStream, seed: int) -> Iterator[Sent]:
    """Synthetic days, one after the other, in their order of arrival."""
    days = (trading_day(seed * DAYS_MAX + number, DAY_ORDERS) for number in range(DAYS_MAX))
    for arrival in chain.from_iterable(day.arrivals for day in days):
        value, key, partition = stream.record(arrival)
        yield Sent(key, value, partition, refused=arrival.strays or arrival.event is None)


def everything(stream: OrderStream, seed: int) -> Iterator[Sent]:
    """Trading days, between their records those of orders with hard lives, and each kind of poison again and again."""
    random = Random(seed)
    days, lives, refusals = trading_days(stream, seed), _lives(random, seed, stream.partitions), _poison(stream.partitions)
    while True:
        chance = random.randrange(100)
        found = next(refusals if chance < POISON_PERCENT else lives if chance < POISON_PERCENT + LIFE_PERCENT else days, None)
        if found is None:
            return
        yield found


def _lives(random: Random, seed: int, partitions: int) -> Iterator[Sent]:
    """Orders in all states of disorder, some at a time; each one's events in their order of arrival."""
    fresh = (iter(life(random.choice(PROFILES), seed * 100_000 + number)) for number in range(100_000))
    at_once: list[Iterator[Event]] = list(islice(fresh, LIVES_AT_ONCE))
    while True:
        place = random.randrange(LIVES_AT_ONCE)
        event = next(at_once[place], None)
        if event is None:
            at_once[place] = next(fresh)
            continue
        message = message_from_json(event)
        yield Sent(message.key, message.value, message.partition(partitions))


def _poison(partitions: int) -> Iterator[Sent]:
    key, value = placed_before()
    yield Sent(key, value, partition_for(key, partitions))
    for case in cycle(poison()):
        yield Sent(case.key, case.value, case.partition(partitions), refused=case.outcome == "dead_letter")
