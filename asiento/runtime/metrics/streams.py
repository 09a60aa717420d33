"""Metrics of what goes from topic to topic: order workers, normalizer, fetcher."""

from typing import Final

from asiento.runtime.metrics import labels
from asiento.runtime.metrics.declaring import Declarer, Exporter

AGE_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
"""Seconds."""
_ENGINE: Final = (Exporter.WORKER, Exporter.NORMALIZER)
_WORKER: Final = (Exporter.WORKER,)
_NORMALIZER: Final = (Exporter.NORMALIZER,)
_FETCHER: Final = (Exporter.FETCHER,)


class StreamMetrics:
    """Declared by `Metrics`."""

    def _declare_worker(self, declare: Declarer) -> None:
        self._declare_lag(declare)
        self._declare_transactions(declare)
        self._declare_engine_troubles(declare)
        self.records_consumed = declare.counter(
            "asiento_records_consumed", "records", "Source records judged", _WORKER, labels={"outcome": labels.OUTCOME}
        )
        self.dead_letters = declare.counter(
            "asiento_dead_letters", "records", "Records that never reached the core", _ENGINE, labels={"reason": labels.REFUSAL}
        )
        self.healed_events = declare.counter(
            "asiento_healed_events", "events", "Parked events judged again, by new outcome", _WORKER, labels={"outcome": labels.OUTCOME}
        )
        self.entries_emitted = declare.counter(
            "asiento_entries_emitted", "entries", "Journal entries committed to Kafka", _WORKER, labels={"entry_kind": labels.ENTRY_KIND}
        )
        self.entry_age_seconds = declare.batched_histogram(
            "asiento_entry_age_seconds",
            "seconds",
            "Time from the arrival of an event's record in Kafka until the entries that it led to were committed, once for each entry",
            _WORKER,
            buckets=AGE_BUCKETS,
        )
        self.discrepancies = declare.counter(
            "asiento_discrepancies",
            "discrepancies",
            "Discrepancies raised or resolved by workers",
            _WORKER,
            labels={"code": labels.CODE, "state": labels.DISCREPANCY_STATE},
        )
        self.parked_events = declare.gauge(
            "asiento_parked_events", "events", "Events parked in order states", _WORKER, labels={"partition": labels.PARTITION}
        )

    def _declare_lag(self, declare: Declarer) -> None:
        by = (*_ENGINE, Exporter.LEDGER, Exporter.PROJECTOR)
        place = {"group": labels.GROUP, "topic": labels.TOPIC, "partition": labels.PARTITION}
        self.lag_records = declare.gauge(
            "asiento_lag_records",
            "offsets",
            "How far a process is behind the end of a partition that it works on, as it sees it itself",
            by,
            labels=place,
        )
        self.lag_seconds = declare.gauge(
            "asiento_lag_seconds",
            "seconds",
            "Age of the oldest record of that partition that it has not done, as far as it knows it; 0 if none",
            by,
            labels=place,
        )

    def _declare_transactions(self, declare: Declarer) -> None:
        self.transactions = declare.counter(
            "asiento_transactions", "transactions", "Kafka transactions", _ENGINE, labels={"result": labels.WORKER_TRANSACTION_RESULT}
        )
        self.transaction_seconds = declare.histogram(
            "asiento_transaction_seconds", "seconds", "Time of one transaction from begin to commit", _ENGINE, buckets=AGE_BUCKETS
        )
        self.chunk_records = declare.histogram(
            "asiento_chunk_records", "records", "Records in one transaction", _ENGINE, buckets=(1, 3, 10, 30, 100, 300, 1000, 3000)
        )
        self.chunks_refused = declare.counter(
            "asiento_chunks_refused", "chunks", "Chunks given back by seeking", _ENGINE, labels={"reason": labels.CHUNK_REFUSAL}
        )

    def _declare_engine_troubles(self, declare: Declarer) -> None:
        self.partitions_waiting = declare.gauge(
            "asiento_partitions_waiting", "partitions", "Partitions that wait until the registry tells a schema id", _WORKER
        )
        self.schema_ids = declare.counter(
            "asiento_schema_ids",
            "ids",
            "Schema ids beyond the lock file that were decided",
            _WORKER,
            labels={"result": labels.SCHEMA_ID_RESULT},
        )
        self.registry_requests = declare.counter(
            "asiento_registry_requests", "requests", "Questions to the schema registry", _WORKER, labels={"result": labels.REGISTRY_RESULT}
        )
        self.unexplained_deaths = declare.counter(
            "asiento_unexplained_deaths",
            "deaths",
            "Deaths of workers found at a take-over that nothing explains",
            _ENGINE,
            labels={"at": labels.DEATH_AT},
        )
        self.partitions_isolated = declare.gauge(
            "asiento_partitions_isolated", "partitions", "Partitions whose records go one at a time, as workers died there", _ENGINE
        )
        self.rebalances = declare.counter("asiento_rebalances", "assignments", "Assignments received", _ENGINE)
        self.recovery_seconds = declare.gauge("asiento_recovery_seconds", "seconds", "Time the last table recovery took", _ENGINE)

    def _declare_normalizer(self, declare: Declarer) -> None:
        platform = {"platform": labels.PLATFORM}
        self.raw_records = declare.counter(
            "asiento_raw_records", "records", "Raw payloads judged", _NORMALIZER, labels={**platform, "outcome": labels.RAW_OUTCOME}
        )
        self.payload_notices = declare.counter(
            "asiento_payload_notices",
            "notices",
            "Figures of payloads that disagree although the main ones tie",
            _NORMALIZER,
            labels=platform,
        )
        self.privacy_requests = declare.counter(
            "asiento_privacy_requests",
            "requests",
            "What platforms asked about personal data",
            _NORMALIZER,
            labels={**platform, "kind": labels.PRIVACY_KIND},
        )
        self.fetches_requested = declare.counter(
            "asiento_fetches_requested", "objects", "Objects that payloads only pointed at and that were asked for", _NORMALIZER
        )

    def _declare_fetcher(self, declare: Declarer) -> None:
        self.fetches = declare.counter(
            "asiento_fetches",
            "answers",
            "Answers of platforms",
            _FETCHER,
            labels={"platform": labels.PLATFORM, "result": labels.FETCH_RESULT},
        )
        self.fetch_seconds = declare.histogram(
            "asiento_fetch_seconds", "seconds", "Time of one request to a platform", _FETCHER, buckets=AGE_BUCKETS
        )
