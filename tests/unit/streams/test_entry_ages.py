"""How old the events are when their entries are committed, counted once for each entry, by chunk."""

import time
from dataclasses import replace

import pytest

from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.metrics.batched_histogram import BatchedHistogram
from asiento.runtime.settings import load_settings
from streams.engine.processor import SourceRange
from streams.orders import OrderProcessor
from tests.unit.streams.test_chunk import day_records

NOW_MS = 1_800_000_000_000


def test_ages_are_those_of_the_records_that_led_to_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics(Exporter.WORKER)
    processor = OrderProcessor(load_settings({"partitions": 1}), metrics, DEFAULT_POLICIES)
    old, ahead = NOW_MS - 2_000, NOW_MS + 3_600_000
    records = [replace(record, timestamp=ahead if record.offset % 2 else old) for record in day_records(10)]
    source = SourceRange(topic="orders", partition=0, first_offset=0, next_offset=len(records), records=records)
    result = processor.process(source, {})
    monkeypatch.setattr(time, "time_ns", lambda: NOW_MS * 1_000_000)
    processor.committed(source, result)
    entries = [len(one.entry_ids) for one in result.output.batch.outcomes]
    healed = sum(len(one.entry_ids) for one in result.output.batch.healed)
    from_old = metrics.registry.get_sample_value("asiento_entry_age_seconds_sum")
    assert metrics.registry.get_sample_value("asiento_entry_age_seconds_count") == sum(entries) + healed == len(result.output.entries)
    assert from_old == 2 * (metrics.registry.get_sample_value("asiento_entry_age_seconds_bucket", {"le": "+Inf"}) or 0) - 2 * (
        metrics.registry.get_sample_value("asiento_entry_age_seconds_bucket", {"le": "0.005"}) or 0
    ), "those of a producer whose clock is ahead are 0 old, the others 2 s"


def test_a_batch_is_counted_like_its_values_one_by_one() -> None:
    registry = Metrics(Exporter.SWEEPER).registry
    histogram = BatchedHistogram("ages", "Ages", (0.5, 1), registry)
    histogram.observe_many([(0.5, 3), (0.6, 2), (0.0, 1), (0.0, 1), (7.0, 1)])
    buckets = [registry.get_sample_value("ages_bucket", {"le": bound}) for bound in ("0.5", "1.0", "+Inf")]
    assert buckets == [5, 7, 8]
    assert registry.get_sample_value("ages_count") == 8
    assert registry.get_sample_value("ages_sum") == pytest.approx(1.5 + 1.2 + 7)
