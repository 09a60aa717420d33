"""What a chaos run sends: copied lives and poison, and the truth about every record that was sent."""

import random
from array import array
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import cycle

from confluent_kafka import Producer

from schemas.partitioning import partition_for
from tests.acceptance.copied_lives import COPY, FIRST, Arrivals, Order, Template, Told, Verdict, order_id_of_copy
from tests.acceptance.poison import Poison, poison
from tests.integration.order_stream import OrderStream

POISON_PER_MILLE = 5
POISON_BYTES_MAX = 1_000
SEND_SECONDS_MAX = 120.0
NUMBER_BITS = 16
ORDERS_KEPT = 4_096
REFUSED = -1
"""Codes below 0 are poison: -1 the first kind, -2 the second, and so on."""


class Truth:
    """Every record sent, by partition in the order of its offsets: the only producer writes each record exactly once."""

    def __init__(self, found: tuple[Template, ...], partitions: int) -> None:
        self.partitions = partitions
        self._by_number = {_number(template.order_id): template for template in found}
        self._poison = _harmless_poison()
        self._codes = [array("q") for _ in range(partitions)]
        self.sent = 0
        self.entries_of = lru_cache(ORDERS_KEPT)(self._entries_of)

    def note_event(self, order: Order, number: int) -> tuple[bytes, bytes, int]:
        """Key, value and partition of an event that is to be sent next."""
        key = order.key
        partition = partition_for(key, self.partitions)
        name = _number(order_id_of_copy(order.template.order_id, order.copy))
        self._codes[partition].append(name << NUMBER_BITS | number)
        self.sent += 1
        return key, order.value(number), partition

    def note_poison(self, kind: int) -> tuple[bytes | None, bytes | None, int]:
        """Key, value and partition of a record that must end as a dead letter."""
        case = self._poison[kind % len(self._poison)]
        partition = case.partition(self.partitions)
        self._codes[partition].append(REFUSED - kind % len(self._poison))
        self.sent += 1
        return case.key, case.value, partition

    def records(self, partition: int) -> Iterator[tuple[bytes | None, bytes | None, Verdict]]:
        """Key, value and right verdict of each record of a partition, in the order of the offsets."""
        for code in self._codes[partition]:
            if code < 0:
                case = self._poison[REFUSED - code]
                yield case.key, case.value, ("dead_letter", None)
            else:
                order, number = self.order(code >> NUMBER_BITS), code & (1 << NUMBER_BITS) - 1
                yield order.key, order.value(number), order.template.verdicts[number]

    def length(self, partition: int) -> int:
        """Records sent to a partition."""
        return len(self._codes[partition])

    def orders(self, partition: int | None = None) -> Iterator[Order]:
        """The orders of a partition, or all, each once."""
        places = range(self.partitions) if partition is None else (partition,)
        for place in places:
            for name in dict.fromkeys(code >> NUMBER_BITS for code in self._codes[place] if code >= 0):
                yield self.order(name)

    def order(self, number: int) -> Order:
        """The order with this number in its id. Raises `KeyError` for one that nobody has sent."""
        return Order(self._by_number[number - (number - FIRST) // COPY * COPY], (number - FIRST) // COPY)

    def order_of(self, order_key: str) -> Order:
        """The order with this key. Raises `KeyError` or `ValueError` for one that nobody has sent."""
        return self.order(_number(order_key))

    def _entries_of(self, order_key: str) -> tuple[Told, ...]:
        """What the ledger has to have of the order with this key; nothing for one that nobody has sent."""
        try:
            return self.order_of(order_key).entries()
        except (KeyError, ValueError):
            return ()

    def outcomes(self) -> Counter[str]:
        """How many records end how."""
        counts: Counter[str] = Counter()
        for codes in self._codes:
            refused = sum(code < 0 for code in codes)
            counts["dead_letter"] += refused
        for order in self.orders():
            counts.update(outcome for outcome, _ in order.template.verdicts)
        return counts


def _number(order_id: str) -> int:
    return int(order_id.rpartition("-")[2])


def _harmless_poison() -> tuple[Poison, ...]:
    """One record each of what must be refused before the core; the very large ones are left out."""
    return tuple(case for case in poison() if case.outcome == "dead_letter" and len(case.value or b"") <= POISON_BYTES_MAX)


class ChaosLoad:
    """Sends and notes. One at a time writes to the topic."""

    def __init__(self, stream: OrderStream, found: tuple[Template, ...], seed: int) -> None:
        self.truth = Truth(found, stream.partitions)
        self._arrivals = Arrivals(found, seed)
        self._random = random.Random(seed)
        self._kinds = cycle(range(1_000_000))
        self._topic = stream.events
        options = {"linger.ms": 20, "enable.idempotence": True, "reconnect.backoff.max.ms": 500, "log_level": 0}
        self._producer = Producer({"bootstrap.servers": stream.kafka, "queue.buffering.max.messages": 1_000_000, **options})

    def send(self, records: int) -> None:
        """So many records; returns when the broker has them."""
        for _ in range(records):
            if self._random.randrange(1_000) < POISON_PER_MILLE:
                self._produce(self.truth.note_poison(next(self._kinds)))
            else:
                self._produce(self.truth.note_event(*self._arrivals.next()))
        self._flush()

    def finish(self) -> None:
        """The rest of every order that has begun."""
        for order, number in self._arrivals.rest():
            self._produce(self.truth.note_event(order, number))
        self._flush()

    def _produce(self, record: tuple[bytes | None, bytes | None, int]) -> None:
        key, value, partition = record
        self._producer.produce(self._topic, value, key, partition)

    def _flush(self) -> None:
        assert self._producer.flush(SEND_SECONDS_MAX) == 0, "the broker does not take the events"
