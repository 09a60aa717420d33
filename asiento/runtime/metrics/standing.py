"""A gauge with labels that shows one picture after another: what is not in the newest one is not shown any more."""

from collections.abc import Mapping

from prometheus_client import Gauge


class StandingGauge:
    """Series are removed one by one when they are over, never all at once: a scrape in between would see none of them."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._shown: set[tuple[str, ...]] = set()

    def show(self, values: Mapping[tuple[str, ...], float]) -> None:
        """The picture of now, by the values of the labels in their order."""
        for labels, value in values.items():
            self._gauge.labels(*labels).set(value)
        for labels in self._shown - values.keys():
            self._gauge.remove(*labels)
        self._shown = set(values)

    def show_nothing(self) -> None:
        """It is not known how things stand: no figure is better than an old one."""
        self.show({})
