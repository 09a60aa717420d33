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


async def test_partition_that_left_has_no_lag_here() -> None:
    offline = await Offline().ready()
    meter = LagMeter(offline.engine)
    meter.measure(NOW)
    assert _value(offline, "asiento_lag_records", 1) == 0
    offline.engine.on_flow_stopped()
    meter.measure(NOW)
    assert _value(offline, "asiento_lag_records", 1) is None
