"""The records of a world's events topic: lives of orders from the oracle's merchant, delivered badly, with poison among them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Final

from aiokafka.structs import TopicPartition

from schemas.events import encode_event_json
from schemas.partitioning import partition_for
from tests.acceptance.poison import Poison, poison
from tests.oracle.figures import Event
from tests.oracle.lives import PROFILES, life
from tests.simulation.broker import Broker, NewRecord
from tests.simulation.loop import SimLoop
from tests.simulation.machine import EPOCH_SECONDS

LIVES: Final = (4, 9)
LIFE_RECORDS_MAX: Final = 14
"""The oracle tells the whole life again for every record of it: long lives cost most of the time."""
LIFE_SEEDS: Final = 1_000_000
POISON_BYTES_MAX: Final = 20_000
TRANSACTION_SECONDS_MAX: Final = 60.0


@dataclass(frozen=True, slots=True)
class Letter:
    """A record on its way; `refused`: it must end as a dead letter. `fate`: plain, kept or aborted (in a transaction)."""

    when: float
    partition: int
    key: bytes | None
    value: bytes | None
    refused: bool
    fate: str


@dataclass(slots=True)
class Mail:
    """All letters by time, in shares of the whole; `refused` has (partition, key, value) of those that are no events."""

    letters: list[Letter]
    last: list[Letter]
    refused: set[tuple[int, bytes | None, bytes | None]] = field(default_factory=set)

    @property
    def records(self) -> int:
        """How many records of them are there for a reader."""
        return sum(letter.fate != "aborted" for letter in self.letters) + len(self.last)

    def post(self, loop: SimLoop, broker: Broker, topic: str, seconds: float) -> None:
        """Write each letter at its time; some in transactions, as the operators' desk does."""
        self.refused = {(one.partition, one.key or None, one.value or None) for one in (*self.letters, *self.last) if one.refused}
        for number, letter in enumerate(self.letters):
            loop.later(letter.when * seconds, self._write, loop, broker, TopicPartition(topic, letter.partition), letter, number)

    def post_last(self, broker: Broker, topic: str) -> None:
        """Write one more letter to each partition."""
        for letter in self.last:
            broker.write(TopicPartition(topic, letter.partition), [NewRecord(0, letter.key, letter.value)], "producer")

    @staticmethod
    def _write(loop: SimLoop, broker: Broker, tp: TopicPartition, letter: Letter, number: int) -> None:
        record = NewRecord(round((EPOCH_SECONDS + loop.now) * 1000), letter.key, letter.value)
        if letter.fate == "plain":
            broker.write(tp, [record], "producer")
            return
        name = f"desk-{number}"
        epoch = broker.init_producer(name).result()
        broker.produce(name, epoch, tp, [record], TRANSACTION_SECONDS_MAX)
        loop.later(0.3, lambda: broker.end_transaction(name, epoch, committed=letter.fate == "kept"))


def mail_of(random: Random, partitions: int) -> Mail:
    """The letters of a world."""
    letters = [letter for _ in range(random.randint(*LIVES)) for letter in _life(random, partitions)]
    letters += [_poisoned(random, random.randrange(partitions)) for _ in range(random.randint(2, 8))]
    return Mail(sorted(letters, key=lambda letter: letter.when), [_poisoned(random, number) for number in range(partitions)])


def _life(random: Random, partitions: int) -> Iterator[Letter]:
    """An order; its records come in bursts, some twice, some before their turn."""
    profile = random.choice(PROFILES)
    events: list[Event] = []
    while not 0 < len(events) <= LIFE_RECORDS_MAX:
        events = life(profile, random.randrange(LIFE_SEEDS))
    when, bursts = random.uniform(0.0, 0.5), random.choice((0.0, 0.02, 0.1))
    for event in events:
        key = f"{event['tenant']}:{event['source']}:{event['order_id']}".encode()
        value = encode_event_json(event)
        when = min(when + random.uniform(0.0, bursts), 1.0)
        early = random.random() < 0.05
        for again in range(1 + (random.random() < 0.1)):
            fate = random.choices(("plain", "kept", "aborted"), (90, 6, 2))[0]
            at = max(0.0, when - 0.05) if early else min(1.0, when + again * random.uniform(0.0, 0.3))
            yield Letter(at, partition_for(key, partitions), key, value, False, fate)


@cache
def _poison() -> tuple[Poison, ...]:
    unreadable = (one for one in poison() if one.outcome == "dead_letter" and one.code not in {"wrong_key", "wrong_partition"})
    return tuple(one for one in unreadable if len(one.value or b"") <= POISON_BYTES_MAX)


def _poisoned(random: Random, partition: int) -> Letter:
    """No event, whatever its key: it may stand anywhere."""
    one = random.choice(_poison())
    return Letter(random.random(), partition, one.key, one.value, True, "plain")
