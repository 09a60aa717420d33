"""The normalizer's job: raw records in; events, fetch requests, links, dead letters and snapshots out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from asiento import __version__
from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.metrics.declaring import begin
from asiento.runtime.settings import Settings
from schemas.refusal import REASONS
from schemas.topics import FETCH_REQUESTS, ORDERS_DLQ, ORDERS_EVENTS, ORDERS_RAW, SNAPSHOT_TABLE, snapshot_changelog_name
from sources.platforms.catalogue import adapters_with
from streams.engine.job import Job
from streams.engine.processor import OutputRecord, SourceRange, StateRecord
from streams.engine.runner import run_worker
from streams.normalizer.connections import Connections, load_connections
from streams.normalizer.fold import Bench, RawOutput, fold_raw, give_up_raw

FOLD_SECONDS_MAX: Final = 4.0
"""After this a chunk is folded in halves: the event loop has to turn for heartbeats and health pages."""
ORDERS_LOGGED_MAX: Final = 1_000
"""Most order ids in the log line of one privacy request."""
OUTPUT_TOPICS: Final = (ORDERS_EVENTS, FETCH_REQUESTS, ORDERS_RAW, ORDERS_DLQ)
"""Topics that the normalizer writes, beside its changelog; names of the catalogue."""


@dataclass(frozen=True, slots=True)
class RawResult:
    """A folded chunk with the broker's topic names."""

    output: RawOutput
    outputs: Mapping[str, list[OutputRecord]]

    @property
    def states(self) -> list[StateRecord]:
        """The new snapshot of each object that changed."""
        return self.output.states


class RawProcessor:
    """Folds chunks with the adapters and counts what was committed."""

    def __init__(self, settings: Settings, metrics: Metrics, connections: Connections) -> None:
        self._partition_count = settings.partitions
        self._connections = connections
        self._adapter_of = adapters_with(settings.mappers)
        self._topics = {name: settings.topic(name) for name in OUTPUT_TOPICS}
        self._metrics = metrics
        begin(metrics.dead_letters, REASONS)

    def process(self, source: SourceRange, states: Mapping[bytes, bytes]) -> RawResult:
        """Fold one range on the committed snapshots."""
        return self._result(fold_raw(source, states, self._bench()))

    def give_up(self, source: SourceRange, detail: str) -> RawResult:
        """The dead letter of a record that kills workers; it is not decoded."""
        return self._result(give_up_raw(source, detail, self._bench()))

    def committed(self, source: SourceRange, result: RawResult) -> None:
        """Count the range."""
        del source
        counts, metrics = result.output.counts, self._metrics
        for (platform, outcome), count in counts.outcomes.items():
            metrics.raw_records.labels(platform, outcome).inc(count)
        for platform, count in counts.notices.items():
            metrics.payload_notices.labels(platform).inc(count)
        for reason, count in counts.refusals.items():
            metrics.dead_letters.labels(reason).inc(count)
        metrics.fetches_requested.inc(len(result.output.fetches))
        for address, request in result.output.privacy:
            metrics.privacy_requests.labels(address.platform, request.kind).inc()
            about = {"kind": request.kind, "customer": request.customer, "orders": list(request.orders[:ORDERS_LOGGED_MAX])}
            get_logger().warning(log_events.PRIVACY_REQUEST, tenant=address.tenant, source=address.source, **about)

    def _bench(self) -> Bench:
        late_at = time.monotonic() + FOLD_SECONDS_MAX
        return Bench(
            partition_count=self._partition_count,
            connections=self._connections,
            adapter_of=self._adapter_of,
            worker_version=__version__,
            decided_at=time.time_ns() // 1000,
            is_late=lambda: time.monotonic() > late_at,
        )

    def _result(self, output: RawOutput) -> RawResult:
        parts = {ORDERS_EVENTS: output.events, FETCH_REQUESTS: output.fetches, ORDERS_RAW: output.links, ORDERS_DLQ: output.dead_letters}
        return RawResult(output, {self._topics[name]: records for name, records in parts.items() if records})


def normalizer_job(settings: Settings, metrics: Metrics, connections: Connections) -> Job:
    """The job of `asiento streams run normalizer`."""
    return Job(
        id=settings.normalizer_id,
        table=SNAPSHOT_TABLE,
        source_topic=settings.topic(ORDERS_RAW),
        changelog_topic=settings.topic(snapshot_changelog_name(settings.app_id)),
        output_topics=tuple(settings.topic(name) for name in OUTPUT_TOPICS),
        processor=RawProcessor(settings, metrics, connections),
    )


def run_normalizer(settings: Settings) -> None:
    """Run one normalizer until SIGTERM; see `streams.engine.runner.run_worker` for what it raises.

    Also raises `SettingsError` where the connections file or a mapper cannot be used.
    """
    metrics, connections = Metrics(Exporter.NORMALIZER), load_connections(settings.connections)
    run_worker(settings, normalizer_job(settings, metrics, connections), metrics)
