"""The registry of one process, put together from the declarations of each part of the pipeline."""

from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector, write_to_textfile

from asiento import __version__
from asiento.runtime.metrics import labels
from asiento.runtime.metrics.declaring import LASTING, Declarer, Exporter, Family
from asiento.runtime.metrics.gateway import GatewayMetrics
from asiento.runtime.metrics.ledgers import LedgerMetrics
from asiento.runtime.metrics.streams import AGE_BUCKETS, StreamMetrics
from asiento.runtime.metrics.tie_out import TieOutMetrics
from asiento.runtime.metrics.watchers import WatcherMetrics

__all__ = ["AGE_BUCKETS", "Metrics", "VerifyMetrics"]

_ON_DISKS = (Exporter.GATEWAY, Exporter.LEDGER, Exporter.CONNECTION, Exporter.PROJECTOR, Exporter.UP)
_ON_A_LOOP = tuple(one for one in LASTING if one is not Exporter.UP)


class Metrics(StreamMetrics, LedgerMetrics, WatcherMetrics, TieOutMetrics, GatewayMetrics):
    """All metrics; the page of a process shows those of its kind, and what Python's client says of any process (`process_...`).

    exporter: the kind of process; None shows all, as nothing but a test should.
    """

    def __init__(self, exporter: Exporter | None = None) -> None:
        declare = Declarer(exporter)
        self.registry: CollectorRegistry = declare.registry
        self.families: Sequence[Family] = declare.families
        """What is declared, in the order of the pages."""
        self._declare_every_process(declare)
        self._declare_worker(declare)
        self._declare_normalizer(declare)
        self._declare_fetcher(declare)
        self._declare_ledger(declare)
        self._declare_postings(declare)
        self._declare_sweeper(declare)
        self._declare_projector(declare)
        self._declare_lag_exporter(declare)
        self._declare_tie_out(declare)
        self._declare_gateway(declare)
        ProcessCollector(registry=self.registry)
        self.build_info.labels(__version__).set(1)
        if exporter is not None:
            self.process_info.labels(exporter.value).set(1)

    def _declare_every_process(self, declare: Declarer) -> None:
        self.build_info = declare.gauge(
            "asiento_build_info", "1", "Version of the program; always 1", LASTING, labels={"version": labels.VERSION}
        )
        self.process_info = declare.gauge(
            "asiento_process_info", "1", "Which kind of process answers here; always 1", LASTING, labels={"process": labels.EXPORTER}
        )
        self.asyncio_tasks = declare.gauge(
            "asiento_asyncio_tasks", "tasks", "Tasks of the main event loop; a process at work has a steady few", _ON_A_LOOP
        )
        place = {"place": labels.DISK_PLACE}
        self.disk_free_bytes = declare.gauge(
            "asiento_disk_free_bytes", "bytes", "What the process may still write to the disk of what it keeps", _ON_DISKS, labels=place
        )
        self.disk_size_bytes = declare.gauge("asiento_disk_size_bytes", "bytes", "Size of that disk", _ON_DISKS, labels=place)
        self.process_restarts = declare.counter(
            "asiento_process_restarts",
            "starts",
            "Processes the supervisor started again",
            (Exporter.UP,),
            labels={"process": labels.PROCESS},
        )


class VerifyMetrics:
    """What one verification found, for the textfile collector of a node exporter: the run ends, its figures stay."""

    def __init__(self) -> None:
        declare, by = Declarer(Exporter.VERIFY), (Exporter.VERIFY,)
        self._registry = declare.registry
        self.families: Sequence[Family] = declare.families
        """What is declared."""
        self.problems = declare.gauge(
            "asiento_verify_problems", "problems", "Problems that the last verification found", by, labels={"fault": labels.FAULT}
        )
        self.last_run = declare.gauge(
            "asiento_verify_last_run_timestamp_seconds", "seconds since 1970 (UTC)", "When the last verification ended", by
        )
        self.seconds = declare.gauge("asiento_verify_duration_seconds", "seconds", "How long the last verification took", by)
        self.entries = declare.gauge("asiento_verify_entries_checked", "entries", "Entries that the last verification compared", by)

    def write(self, path: Path) -> None:
        """Write all of them, or leave the file as it is; raises `OSError`."""
        write_to_textfile(str(path), self._registry)
