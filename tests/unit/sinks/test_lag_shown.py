"""The lag that a sink shows of itself: what the brokers do not tell is not shown, and never as 0."""

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError

from asiento.runtime.metrics import Exporter, Metrics
from sinks import delivery as delivery_module
from sinks.delivery import DeliveryLoop
from sinks.lag import PartitionLag
from sinks.projector import projection as projection_module
from sinks.projector.projection import Projection

TOPIC, GROUP = "entries", "books"


class Stream:
    """One partition, read up to offset 5; the brokers tell its end, or fail, or say nothing."""

    def __init__(self, place: Any) -> None:
        self.place = place
        self.next_offsets = {place: 5}
        self.answer: int | Exception | None = 9
        self.asked = 0

    async def end_offsets(self) -> dict[Any, int]:
        self.asked += 1
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return {self.place: cast("int", self.answer)}


def delivery(stream: Stream, metrics: Metrics) -> Coroutine[Any, Any, None]:
    loop = DeliveryLoop(
        cast("Any", stream),
        cast("Any", SimpleNamespace(kind="sqlite")),
        metrics,
        group=GROUP,
        topic=TOPIC,
        batch_entries_max=1,
        booking_seconds_max=1,
        clock=lambda: 0,
    )
    return loop._measure_lag()


def projection(stream: Stream, metrics: Metrics) -> Coroutine[Any, Any, None]:
    made = Projection(
        cast("Any", stream),
        cast("Any", None),
        metrics,
        group=GROUP,
        batch_records_max=1,
        writing_seconds_max=1,
        clock=lambda: 0,
    )
    made._lags = {place: PartitionLag() for place in stream.next_offsets}
    return made._measure_lag()


@pytest.mark.parametrize(("measuring", "exporter", "place"), [(delivery, Exporter.LEDGER, 0), (projection, Exporter.PROJECTOR, (TOPIC, 0))])
@pytest.mark.parametrize("silence", [KafkaConnectionError(), None], ids=["refused", "silent"])
async def test_a_lag_is_shown_while_the_brokers_tell_it(
    monkeypatch: pytest.MonkeyPatch,
    measuring: Callable[[Stream, Metrics], Coroutine[Any, Any, None]],
    exporter: Exporter,
    place: Any,
    silence: Exception | None,
) -> None:
    for module in (delivery_module, projection_module):
        monkeypatch.setattr(module, "LAG_MEASURED_SECONDS", 0.001)
        monkeypatch.setattr(module, "ENDS_SECONDS_MAX", 0.01)
    stream, metrics = Stream(place), Metrics(exporter)

    def shown() -> float | None:
        return metrics.registry.get_sample_value("asiento_lag_records", {"group": GROUP, "topic": TOPIC, "partition": "0"})

    async def until(value: float | None) -> None:
        async with asyncio.timeout(10):
            while shown() != value:
                await asyncio.sleep(0.001)

    running = asyncio.create_task(measuring(stream, metrics))
    try:
        await until(4)
        stream.answer = silence
        await until(None)
        stream.answer = 6
        await until(1)
    finally:
        running.cancel()
