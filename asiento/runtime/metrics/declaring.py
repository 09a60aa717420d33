"""How a metric is declared: what it is, what its labels may say, and which process shows it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final, Literal, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from asiento.runtime.metrics.batched_histogram import BatchedHistogram

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nobody asks

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]


class Exporter(StrEnum):
    """A kind of process; the job of Prometheus is `asiento-` and this word."""

    WORKER = "worker"
    NORMALIZER = "normalizer"
    FETCHER = "fetcher"
    GATEWAY = "gateway"
    SWEEPER = "sweeper"
    LEDGER = "ledger"
    CONNECTION = "connection"
    PROJECTOR = "projector"
    LAG_EXPORTER = "lag-exporter"
    TIE_OUT = "tie-out"
    UP = "up"
    SCHEMA_SERVER = "schema-server"
    VERIFY = "verify"


COMMANDS: Final = {
    Exporter.WORKER: "`streams run`",
    Exporter.NORMALIZER: "`streams run normalizer`",
    Exporter.FETCHER: "`fetcher run`",
    Exporter.GATEWAY: "`gateway run`",
    Exporter.SWEEPER: "`sweeper run`",
    Exporter.LEDGER: "`sinks run ledger`",
    Exporter.CONNECTION: "`sinks run CONNECTION`",
    Exporter.PROJECTOR: "`sinks run projector`",
    Exporter.LAG_EXPORTER: "`lag-exporter`",
    Exporter.TIE_OUT: "`tie-out run`",
    Exporter.UP: "`up`, the supervisor itself",
    Exporter.SCHEMA_SERVER: "`schemas serve`",
    Exporter.VERIFY: "`verify --metrics-file`, through the textfile collector of a node exporter",
}
"""Every kind of process, and the `asiento` command that it is."""

LASTING: Final = tuple(one for one in Exporter if one is not Exporter.VERIFY)
"""Processes that have a page of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What one label of a metric may say: `values` themselves, or `source` (`module:name`) where the program keeps them, or neither.

    With neither, `meaning` says which part of the settings names them. A set never grows with orders, events or entries.
    """

    meaning: str
    values: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric as the catalogue has it. `name` is without the suffixes `_total`, `_bucket`, `_sum` and `_count`."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: Mapping[str, Label]
    exporters: tuple[Exporter, ...]

    @property
    def samples(self) -> tuple[str, ...]:
        """The names that Prometheus stores."""
        match self.kind:
            case "counter":
                return (f"{self.name}_total",)
            case "histogram":
                return (f"{self.name}_bucket", f"{self.name}_sum", f"{self.name}_count")
            case "gauge":
                return (self.name,)


class Declarer:
    """Declares metrics for one process: those of other kinds of process can be set, and are shown nowhere.

    A gauge without labels would stand at 0 in every process otherwise, and 0 is an answer.
    """

    def __init__(self, exporter: Exporter | None) -> None:
        self.registry = CollectorRegistry()
        self.families: list[Family] = []
        self._exporter = exporter

    def counter(self, name: str, unit: str, meaning: str, by: Sequence[Exporter], labels: Mapping[str, Label] | None = None) -> Counter:
        """What only grows, from 0 at the start of its process; see `begin` where its labels are no fixed words."""
        registry = self._note(_family("counter", name, unit, meaning, by=by, labels=labels))
        counter = Counter(name, meaning, tuple(labels or ()), registry=registry)
        if labels and all(label.values and not label.source for label in labels.values()):
            begin(counter, *(label.values for label in labels.values()))
        return counter

    def gauge(self, name: str, unit: str, meaning: str, by: Sequence[Exporter], labels: Mapping[str, Label] | None = None) -> Gauge:
        """What stands at some figure now."""
        registry = self._note(_family("gauge", name, unit, meaning, by=by, labels=labels))
        return Gauge(name, meaning, tuple(labels or ()), registry=registry)

    def histogram(
        self,
        name: str,
        unit: str,
        meaning: str,
        by: Sequence[Exporter],
        labels: Mapping[str, Label] | None = None,
        *,
        buckets: Sequence[float],
    ) -> Histogram:
        """How often what came to at most so much."""
        registry = self._note(_family("histogram", name, unit, meaning, by=by, labels=labels))
        return Histogram(name, meaning, tuple(labels or ()), buckets=tuple(buckets), registry=registry)

    def batched_histogram(
        self, name: str, unit: str, meaning: str, by: Sequence[Exporter], *, buckets: Sequence[float]
    ) -> BatchedHistogram:
        """A histogram without labels that is told many observations at once."""
        registry = self._note(_family("histogram", name, unit, meaning, by=by, labels=None))
        return BatchedHistogram(name, meaning, buckets, registry)

    def _note(self, family: Family) -> CollectorRegistry | None:
        self.families.append(family)
        return self.registry if self._exporter is None or self._exporter in family.exporters else None


def begin(counter: Counter, *values: Iterable[str]) -> None:
    """Let a series stand at 0 for every combination of these values of its labels, in their order.

    A series that springs into being at 1 has not increased, as Prometheus sees it: the first one would go unnoticed.
    """
    for combination in product(*values):
        counter.labels(*combination)


def _family(kind: Kind, name: str, unit: str, meaning: str, *, by: Sequence[Exporter], labels: Mapping[str, Label] | None) -> Family:
    return Family(name=name, kind=kind, unit=unit, meaning=meaning, labels=dict(labels or {}), exporters=tuple(by))
