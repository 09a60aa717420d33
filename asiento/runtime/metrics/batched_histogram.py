"""A histogram that is told many observations at once: a chunk of a worker has hundreds of entries and a handful of ages."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class BatchedHistogram(Collector):
    """Without labels. `buckets` are upper bounds in rising order; what lies beyond the last one is counted as well."""

    def __init__(self, name: str, meaning: str, buckets: Sequence[float], registry: CollectorRegistry | None) -> None:
        self._name: Final = name
        self._meaning: Final = meaning
        self._bounds: Final = tuple(map(float, buckets))
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        self._lock = Lock()
        if registry is not None:
            registry.register(self)

    def observe_many(self, values: Iterable[tuple[float, int]]) -> None:
        """Values, each with how often it was seen."""
        with self._lock:
            for value, times in values:
                self._counts[bisect_left(self._bounds, value)] += times
                self._sum += value * times

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """What the page of the process shows."""
        with self._lock:
            counts, total = list(accumulate(self._counts)), self._sum
        bounds = [*map(floatToGoString, self._bounds), "+Inf"]
        family = HistogramMetricFamily(self._name, self._meaning)
        family.add_metric([], buckets=list(zip(bounds, counts, strict=True)), sum_value=total)
        return [family]
