"""What may stand in a query of a board: metrics and labels that exist, counters only as rates, gauges never as such."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import promql_parser

from asiento.runtime.metrics import Metrics, VerifyMetrics

OF_ANY_TARGET: Final = frozenset({"job", "instance", "process"})
"""Labels that Prometheus puts on everything; `process` where a target is named so."""
GROWTH: Final = frozenset({"rate", "increase"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A name that Prometheus stores: `family` is its metric, `grows` says that only its growth means something."""

    family: str
    grows: bool
    labels: frozenset[str]


def of_prometheus() -> dict[str, Sample]:
    """What Prometheus adds by itself, and what its client says of each process."""
    gauges = ("up", "scrape_samples_scraped", "process_start_time_seconds", "process_resident_memory_bytes")
    found = {name: Sample(family=name, grows=False, labels=frozenset()) for name in (*gauges, "process_open_fds", "process_max_fds")}
    return {**found, "process_cpu_seconds_total": Sample(family="process_cpu_seconds", grows=True, labels=frozenset())}


def catalogue() -> dict[str, Sample]:
    """Sample name -> what it is, of every metric that the product declares."""
    found: dict[str, Sample] = {}
    for family in (*Metrics().families, *VerifyMetrics().families):
        for name in family.samples:
            bucket = {"le"} if name.endswith("_bucket") else set()
            found[name] = Sample(family=family.name, grows=family.kind != "gauge", labels=frozenset(family.labels) | bucket)
    return found


@dataclass(slots=True)
class _Walk:
    """One query being looked through; `labels` of a part are those its result can have."""

    known: Mapping[str, Sample]
    faults: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def labels(self, node: Any, *, in_growth: bool = False) -> frozenset[str]:
        match node:
            case promql_parser.VectorSelector():
                return self._selected(node, in_growth=in_growth)
            case promql_parser.MatrixSelector():
                return self._selected(node.vector_selector, in_growth=in_growth)
            case promql_parser.AggregateExpr():
                return self._aggregated(node)
            case promql_parser.Call():
                function = node.func.name
                parts = [self.labels(part, in_growth=function in GROWTH) for part in node.args]
                added = {part.val for part in node.args[1:2] if function == "label_replace"}
                return frozenset().union(*parts, added) - ({"le"} if function == "histogram_quantile" else set())
            case promql_parser.BinaryExpr():
                return self.labels(node.lhs) | self.labels(node.rhs)
            case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
                return self.labels(node.expr)
        return frozenset()

    def _selected(self, node: Any, *, in_growth: bool) -> frozenset[str]:
        self.names.add(node.name)
        if (sample := self.known.get(node.name)) is None:
            self.faults.append(f"no process exports {node.name}")
            return OF_ANY_TARGET
        if sample.grows != in_growth:
            self.faults.append(f"{node.name} is {'a counter, used raw' if sample.grows else 'a gauge, used as a counter'}")
        labels = sample.labels | OF_ANY_TARGET
        self.faults += [f"{node.name} has no label {one.name}" for one in node.matchers.matchers if one.name not in labels]
        return labels

    def _aggregated(self, node: Any) -> frozenset[str]:
        inside = self.labels(node.expr)
        if node.modifier is None:
            return inside if str(node.op) in {"topk", "bottomk"} else frozenset()
        wanted = frozenset(node.modifier.labels)
        self.faults += [f"nothing inside has the label {one}" for one in sorted(wanted - inside)]
        return wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A query that was looked through: what is wrong with it, the names it asks for, the labels of its answer."""

    faults: tuple[str, ...]
    names: frozenset[str]
    labels: frozenset[str]


def read(expression: str, known: Mapping[str, Sample]) -> Read:
    """Look through a query without variables. Raises `ValueError` where it does not parse."""
    walk = _Walk({**of_prometheus(), **known})
    labels = walk.labels(promql_parser.parse(expression))
    return Read(faults=tuple(walk.faults), names=frozenset(walk.names), labels=labels)


def families(names: Iterator[str] | frozenset[str], known: Mapping[str, Sample]) -> set[str]:
    """The metrics that these names belong to."""
    return {known[name].family for name in names if name in known}
