"""Lag in records and seconds, from what brokers answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from sinks.lag_exporter.broker_reader import EARLIEST, BrokerReader, Found, Place
from sinks.lag_exporter.groups import WatchedGroup
from sinks.lag_exporter.lags import Lags, PartitionLag

TOPIC = "events"
PLACE = (TOPIC, 0)


@dataclass
class Answers:
    """Stands for `BrokerReader`: one partition that holds `end - begin` records with these times."""

    committed: int | None = None
    begin: int = 0
    times_ms: list[int] = field(default_factory=list)
    members_of_group: int = 0
    topics: tuple[str, ...] = (TOPIC,)

    async def partitions(self, topics: Iterable[str]) -> dict[str, tuple[int, ...]]:
        return {topic: (0,) for topic in topics if topic in self.topics}

    async def positions(self, group: str, places: Iterable[Place]) -> dict[Place, int]:
        del group
        return {} if self.committed is None else dict.fromkeys(places, self.committed)

    async def members(self, group: str) -> int:
        del group
        return self.members_of_group

    async def offsets(self, places: Iterable[Place], when: int) -> dict[Place, int]:
        return dict.fromkeys(places, self.begin if when == EARLIEST else self.begin + len(self.times_ms))

    async def first_records(self, starts: Mapping[Place, int], *, committed: bool, bytes_max: int) -> dict[Place, Found]:
        del committed, bytes_max
        end = self.begin + len(self.times_ms)
        return {place: Found(start, self.times_ms[start - self.begin], start, end, end) for place, start in starts.items()}


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def look(lags: Lags, answers: Answers) -> PartitionLag:
    (group,) = await lags.look(cast("BrokerReader", answers))
    (lag,) = group.partitions
    return lag


def lags_of(clock: Clock, *, expected: bool = True) -> Lags:
    return Lags([WatchedGroup("orders", (TOPIC,), expected)], clock)


async def test_a_dead_group_ages_with_its_oldest_record() -> None:
    clock, answers = Clock(1_000.0), Answers(committed=1, times_ms=[990_000, 995_000, 999_000])
    lags = lags_of(clock)
    assert await look(lags, answers) == PartitionLag(topic=TOPIC, partition=0, committed=1, end=3, records=2, seconds=5.0)
    clock.now += 60
    assert (await look(lags, answers)).seconds == 65.0


async def test_a_group_at_the_end_has_no_lag_however_old_the_last_record() -> None:
    lag = await look(lags_of(Clock(1_000.0)), Answers(committed=2, times_ms=[1, 2]))
    assert (lag.records, lag.seconds) == (0, 0.0)


async def test_a_group_that_never_committed_is_behind_from_the_begin_of_the_log() -> None:
    lag = await look(lags_of(Clock(1_000.0)), Answers(begin=10, times_ms=[900_000, 999_000]))
    assert (lag.committed, lag.records, lag.seconds) == (None, 2, 100.0)


async def test_what_retention_took_is_not_waited_for() -> None:
    lag = await look(lags_of(Clock(1_000.0)), Answers(committed=3, begin=10, times_ms=[900_000]))
    assert (lag.committed, lag.records, lag.seconds) == (3, 1, 100.0)


async def test_a_producer_whose_clock_is_ahead_hides_nothing() -> None:
    clock, answers = Clock(1_000.0), Answers(committed=0, times_ms=[5_000_000, 5_000_000])
    lags = lags_of(clock)
    assert (await look(lags, answers)).seconds == 0.0
    clock.now += 90
    assert (await look(lags, answers)).seconds == 90.0
    answers.committed = 1
    assert (await look(lags, answers)).seconds == 0.0, "another record is the oldest now, and it has just been seen"


async def test_a_record_without_a_time_has_the_age_for_which_it_was_seen() -> None:
    clock, answers = Clock(1_000.0), Answers(committed=0, times_ms=[-1])
    lags = lags_of(clock)
    await look(lags, answers)
    clock.now += 7
    assert (await look(lags, answers)).seconds == 7.0


async def test_a_group_that_may_not_exist_is_shown_when_there_is_something_of_it() -> None:
    lags = lags_of(Clock(1_000.0), expected=False)
    assert await lags.look(cast("BrokerReader", Answers())) == ()
    assert len(await lags.look(cast("BrokerReader", Answers(times_ms=[1])))) == 1
    assert len(await lags.look(cast("BrokerReader", Answers(committed=0)))) == 1


async def test_topics_that_do_not_exist_yet_have_no_partitions() -> None:
    (group,) = await lags_of(Clock(1_000.0)).look(cast("BrokerReader", Answers(topics=())))
    assert (group.members, group.partitions) == (0, ())
