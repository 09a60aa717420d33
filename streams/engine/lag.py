"""Lag of the assigned partitions, in records and in seconds, and how much is parked."""

import asyncio
import time
from typing import Any, Final

from faust.types import TP

from streams.engine.app import Engine

INTERVAL_SECONDS: Final = 1.0


class LagMeter:
    """Measures once a second; the gauges' children are kept per partition and removed when it leaves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._behind_since: dict[int, float] = {}
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
        """Set the gauges; `now` in seconds since the epoch."""
        engine = self._engine
        slots = engine.slots.by_partition if engine.ready else {}
        for partition in [partition for partition in self._children if partition not in slots]:
            self._remove(partition)
        for partition, slot in slots.items():
            consumer: Any = engine.app.consumer
            _, end = consumer.fetch_thread.fetch_state(TP(engine.job.source_topic, partition))
            records = max((end or 0) - slot.committed_offset, 0)
            oldest = slot.oldest_timestamp_ms()
            lag_records, lag_seconds, parked = self._of(partition)
            lag_records.set(records)
            lag_seconds.set(self._seconds(partition, records, oldest, now))
            parked.set(slot.states.parked_events)

    def _seconds(self, partition: int, records: int, oldest_ms: int | None, now: float) -> float:
        """Age of the oldest unprocessed record; while none of them has been fetched yet, how long there has been one."""
        if not records:
            self._behind_since.pop(partition, None)
            return 0.0
        since = self._behind_since.setdefault(partition, now)
        return max(now - (since if oldest_ms is None else oldest_ms / 1000), 0.0)

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
        self._behind_since.pop(partition, None)

    def _labels(self, partition: int) -> tuple[str, str, str]:
        return self._engine.job.id, self._engine.job.source_topic, str(partition)
