"""Lag in records and seconds per partition, from what is committed and not from what was fetched."""

import pytest
from faust.types import TP

from streams.engine.lag import LagMeter
from tests.unit.streams.offline_engine import SOURCE, Offline, Record

NOW = 1_000.0


def _value(offline: Offline, name: str, partition: int) -> float | None:
    labels = {"group": "tally", "topic": SOURCE, "partition": str(partition)}
    return offline.slots.metrics.registry.get_sample_value(name, labels)


async def test_nothing_unprocessed_is_no_lag() -> None:
    offline = await Offline().ready()
    offline.thread.fetch_states = {TP(SOURCE, 0): (5, 5)}
    await offline.offer(offline.chunk(0, 5))
    LagMeter(offline.engine).measure(NOW)
    assert (_value(offline, "asiento_lag_records", 0), _value(offline, "asiento_lag_seconds", 0)) == (0, 0)


async def test_age_is_that_of_the_oldest_uncommitted_record() -> None:
    """In work counts as unprocessed."""
    offline = await Offline().ready()
    offline.thread.fetch_states = {TP(SOURCE, 0): (2, 7)}
    offline.producer(0).may_commit.clear()
    chunk = offline.chunk(0, 2, records=[Record(0, timestamp=940_000), Record(1, timestamp=990_000)])
    await offline.slots.accept(chunk, offline.consumer.give_back)
    LagMeter(offline.engine).measure(NOW)
    assert (_value(offline, "asiento_lag_records", 0), _value(offline, "asiento_lag_seconds", 0)) == (7, 60)
    offline.producer(0).may_commit.set()
    await offline.settle()


async def test_age_without_a_fetched_record_counts_from_when_the_lag_was_seen() -> None:
    offline = await Offline().ready()
    offline.thread.fetch_states = {TP(SOURCE, 0): (0, 7)}
    meter = LagMeter(offline.engine)
    meter.measure(NOW)
    meter.measure(NOW + 12)
    assert _value(offline, "asiento_lag_seconds", 0) == pytest.approx(12)


async def test_a_producer_whose_clock_is_ahead_hides_no_lag() -> None:
    offline = await Offline().ready()
    offline.thread.fetch_states = {TP(SOURCE, 0): (2, 7)}
    offline.producer(0).may_commit.clear()
    await offline.slots.accept(offline.chunk(0, 2, records=[Record(0, timestamp=9_000_000)]), offline.consumer.give_back)
    meter = LagMeter(offline.engine)
    meter.measure(NOW)
    assert _value(offline, "asiento_lag_seconds", 0) == 0
    meter.measure(NOW + 30)
    assert _value(offline, "asiento_lag_seconds", 0) == 30
    offline.producer(0).may_commit.set()
    await offline.settle()


async def test_a_backlog_that_moves_has_the_age_of_what_waits_and_not_that_of_the_backlog() -> None:
    """Between two chunks nothing may be fetched: what waits then has not waited since the lag began."""
    offline = await Offline().ready()
    meter = LagMeter(offline.engine)
    for number in range(3):
        offline.thread.fetch_states = {TP(SOURCE, 0): (number, 100)}
        meter.measure(NOW + 60 * number)
        await offline.offer(offline.chunk(number, number + 1))
    offline.thread.fetch_states = {TP(SOURCE, 0): (3, 100)}
    meter.measure(NOW + 180)
    assert _value(offline, "asiento_lag_seconds", 0) == 0


async def test_what_is_not_known_is_not_shown() -> None:
    """Before the first answer of the brokers, and when they have not answered for long: 0 would be a lag of none."""
    offline = await Offline().ready()
    meter = LagMeter(offline.engine)
    meter.measure(NOW)
    assert _value(offline, "asiento_lag_records", 0) is None
    offline.thread.fetch_states = {TP(SOURCE, 0): (0, 0)}
    offline.thread.answers = {TP(SOURCE, 0): NOW}
    meter.measure(NOW + 1)
    assert _value(offline, "asiento_lag_records", 0) == 0
    meter.measure(NOW + 16)
    assert _value(offline, "asiento_lag_records", 0) is None


async def test_a_partition_that_is_held_back_is_not_asked_about_and_keeps_its_lag() -> None:
    offline = await Offline().ready()
    offline.thread.fetch_states = {TP(SOURCE, 0): (0, 4)}
    offline.thread.answers = {TP(SOURCE, 0): NOW}
    offline.consumer.hold_back(0)
    LagMeter(offline.engine).measure(NOW + 100)
    assert _value(offline, "asiento_lag_records", 0) == 4


async def test_partition_that_left_has_no_lag_here() -> None:
    offline = await Offline().ready()
    offline.thread.fetch_states = {TP(SOURCE, 1): (0, 0)}
    meter = LagMeter(offline.engine)
    meter.measure(NOW)
    assert _value(offline, "asiento_lag_records", 1) == 0
    offline.engine.on_flow_stopped()
    meter.measure(NOW)
    assert _value(offline, "asiento_lag_records", 1) is None
