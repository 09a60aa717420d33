"""Lag of the assigned partitions, in records and in seconds, and how much is parked."""

import asyncio
import time
from typing import Any, Final

from faust.types import TP

from streams.engine.app import Engine

INTERVAL_SECONDS: Final = 1.0
UNKNOWN_SECONDS: Final = 15.0
"""A partition about which the brokers have not answered for so long has no lag that is known; they are asked ten times a second."""


class LagMeter:
    """Measures once a second; the gauges' children are kept per partition and removed when it leaves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._oldest_since: dict[int, tuple[int, float]] = {}
        self._children: dict[int, tuple[Any, Any, Any]] = {}

    async def run(self) -> None:
        """Run for ever: measure, and look for stalled slots."""
        while True:
            self.measure(time.time())
            if self._engine.ready:
                consumer: Any = self._engine.app.consumer
                consumer.give_back_stalled(time.monotonic())
            await asyncio.sleep(INTERVAL_SECONDS)

    def measure(self, now: float) -> None:
        """Set the gauges; `now` in seconds since the epoch. A partition of which nothing is known has none."""
        engine = self._engine
        slots = engine.slots.by_partition if engine.ready else {}
        ends = {partition: end for partition in slots if (end := self._end(partition, now)) is not None}
        for partition in [partition for partition in self._children if partition not in ends]:
            self._remove(partition)
        for partition, end in ends.items():
            slot = slots[partition]
            records = max(end - slot.committed_offset, 0)
            lag_records, lag_seconds, parked = self._of(partition)
            lag_records.set(records)
            lag_seconds.set(self._seconds(partition, slot.committed_offset, records, slot.oldest_timestamp_ms(), now))
            parked.set(slot.states.parked_events)

    def _end(self, partition: int, now: float) -> int | None:
        """The end of the readable log, as far as it is known: a partition that is held back keeps the end that was seen last."""
        consumer: Any = self._engine.app.consumer
        tp = TP(self._engine.job.source_topic, partition)
        _, end = consumer.fetch_thread.fetch_state(tp)
        is_old = now - consumer.fetch_thread.answered_at(tp) > UNKNOWN_SECONDS
        return None if is_old and tp in consumer.wanted else end

    def _seconds(self, partition: int, committed: int, records: int, oldest_ms: int | None, now: float) -> float:
        """Age of the oldest unprocessed record, which is at least the time for which it has been that: clocks of producers may be ahead.

        While none of them has been fetched, that time is all that is known.
        """
        if not records:
            self._oldest_since.pop(partition, None)
            return 0.0
        before = self._oldest_since.get(partition)
        since = before[1] if before is not None and before[0] == committed else now
        self._oldest_since[partition] = (committed, since)
        return max(now - since, 0.0 if oldest_ms is None else now - oldest_ms / 1000)

    def _of(self, partition: int) -> tuple[Any, Any, Any]:
        if partition not in self._children:
            metrics, labels = self._engine.metrics, self._labels(partition)
            self._children[partition] = (
                metrics.lag_records.labels(*labels),
                metrics.lag_seconds.labels(*labels),
                metrics.parked_events.labels(str(partition)),
            )
        return self._children[partition]

    def _remove(self, partition: int) -> None:
        metrics, labels = self._engine.metrics, self._labels(partition)
        metrics.lag_records.remove(*labels)
        metrics.lag_seconds.remove(*labels)
        metrics.parked_events.remove(str(partition))
        del self._children[partition]
        self._oldest_since.pop(partition, None)

    def _labels(self, partition: int) -> tuple[str, str, str]:
        return self._engine.job.id, self._engine.job.source_topic, str(partition)
