"""Every metric of the product, declared once: name, unit, labels, meaning.

Labels come from closed sets only; never an order, event or entry id. Each process has one `Metrics` with its
own registry. Hot paths keep the children (`labels(...)`) they need, so that no look-up happens per event.
"""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, write_to_textfile

AGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """The registry of one process and all its metrics."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.lag_records = Gauge(
            "asiento_lag_records", "Records behind the end of the partition", ["group", "topic", "partition"], registry=registry
        )
        self.lag_seconds = Gauge(
            "asiento_lag_seconds", "Age of the oldest unprocessed record, 0 if none", ["group", "topic", "partition"], registry=registry
        )
        self.process_restarts = Counter(
            "asiento_process_restarts", "Processes the supervisor started again", ["process"], registry=registry
        )
        self.build_info = Gauge("asiento_build_info", "Version of the program", ["version"], registry=registry)
        self.asyncio_tasks = Gauge(
            "asiento_asyncio_tasks", "Tasks of the main event loop; a process at work has a steady few", registry=registry
        )
        self._declare_worker(registry)
        self._declare_normalizer(registry)
        self._declare_ledger(registry)
        self._declare_sweeper_and_projector(registry)
        self._declare_postings(registry)
        self._declare_gateway(registry)

    def _declare_postings(self, registry: CollectorRegistry) -> None:
        connection = ["connection"]
        self.postings = Counter(
            "asiento_postings",
            "Documents that came to stand, or to wait, by state and reason",
            ["connection", "state", "reason"],
            registry=registry,
        )
        self.postings_standing = Gauge(
            "asiento_postings_standing",
            "Documents that do not stand in the ledger, by state and reason",
            ["connection", "state", "reason"],
            registry=registry,
        )
        self.posting_oldest_seconds = Gauge(
            "asiento_posting_oldest_seconds",
            "Age of the oldest document that is still to be posted, 0 if none",
            connection,
            registry=registry,
        )
        self.posting_calls = Counter(
            "asiento_posting_calls",
            "Calls to ledgers outside, by what they were for and how they ended",
            ["connection", "call", "result"],
            registry=registry,
        )
        self.posting_quota_remaining = Gauge(
            "asiento_posting_quota_remaining", "Calls that the vendor's quota leaves until the UTC day ends", connection, registry=registry
        )
        self.reconcile_findings = Gauge(
            "asiento_reconcile_findings",
            "Differences between a ledger and what was posted there, as it was read back last",
            ["connection", "difference"],
            registry=registry,
        )
        self.reconcile_last_run = Gauge(
            "asiento_reconcile_last_run_timestamp_seconds", "When a ledger was read back last", connection, registry=registry
        )
        self.posting_breaker_open = Gauge(
            "asiento_posting_breaker_open", "1 while no call goes out, as the last ones all failed", connection, registry=registry
        )
        self.posting_paused = Gauge(
            "asiento_posting_paused", "1 while the connection pauses, by reason", ["connection", "reason"], registry=registry
        )
        self.posting_duplicates_prevented = Counter(
            "asiento_posting_duplicates_prevented",
            "Documents that stood there already and were not booked twice",
            connection,
            registry=registry,
        )

    def _declare_worker(self, registry: CollectorRegistry) -> None:
        self.records_consumed = Counter("asiento_records_consumed", "Source records judged, by outcome", ["outcome"], registry=registry)
        self.dead_letters = Counter("asiento_dead_letters", "Records that never reached the core, by reason", ["reason"], registry=registry)
        self.healed_events = Counter("asiento_healed_events", "Parked events judged again, by new outcome", ["outcome"], registry=registry)
        self.entries_emitted = Counter(
            "asiento_entries_emitted", "Journal entries committed to Kafka, by kind", ["entry_kind"], registry=registry
        )
        self.discrepancies = Counter(
            "asiento_discrepancies", "Discrepancies raised or resolved, by code", ["code", "state"], registry=registry
        )
        self.parked_events = Gauge("asiento_parked_events", "Events parked in order states, by partition", ["partition"], registry=registry)
        self.transactions = Counter("asiento_transactions", "Kafka transactions, by result", ["result"], registry=registry)
        self.transaction_seconds = Histogram(
            "asiento_transaction_seconds", "Time from begin to commit", buckets=AGE_BUCKETS, registry=registry
        )
        self.chunk_records = Histogram(
            "asiento_chunk_records", "Records in one transaction", buckets=(1, 3, 10, 30, 100, 300, 1000, 3000), registry=registry
        )
        self.chunks_refused = Counter("asiento_chunks_refused", "Chunks given back by seeking, by reason", ["reason"], registry=registry)
        self.partitions_waiting = Gauge(
            "asiento_partitions_waiting", "Partitions that wait until the registry tells a schema id", registry=registry
        )
        self.schema_ids = Counter(
            "asiento_schema_ids", "Schema ids beyond the lock file that were decided, by result", ["result"], registry=registry
        )
        self.registry_requests = Counter(
            "asiento_registry_requests", "Questions to the schema registry, by result", ["result"], registry=registry
        )
        self.unexplained_deaths = Counter(
            "asiento_unexplained_deaths",
            "Deaths of workers found at a take-over that nothing explains, by chunk or record",
            ["at"],
            registry=registry,
        )
        self.partitions_isolated = Gauge(
            "asiento_partitions_isolated", "Partitions whose records go one at a time, as workers died there", registry=registry
        )
        self.rebalances = Counter("asiento_rebalances", "Assignments received", registry=registry)
        self.recovery_seconds = Gauge("asiento_recovery_seconds", "Time the last table recovery took", registry=registry)

    def _declare_normalizer(self, registry: CollectorRegistry) -> None:
        self.raw_records = Counter(
            "asiento_raw_records",
            "Raw payloads judged, by platform and outcome: events, waiting, refetch, unchanged, nothing or refused",
            ["platform", "outcome"],
            registry=registry,
        )
        self.payload_notices = Counter(
            "asiento_payload_notices", "Figures of payloads that disagree although the main ones tie", ["platform"], registry=registry
        )
        self.privacy_requests = Counter(
            "asiento_privacy_requests",
            "What platforms asked about personal data, by kind: access, erase_customer or erase_shop",
            ["platform", "kind"],
            registry=registry,
        )
        self.fetches_requested = Counter(
            "asiento_fetches_requested", "Objects that payloads only pointed at and that were asked for", registry=registry
        )

        self.fetches = Counter(
            "asiento_fetches",
            "Answers of platforms, by result: fetched, gone, again or not_configured",
            ["platform", "result"],
            registry=registry,
        )
        self.fetch_seconds = Histogram("asiento_fetch_seconds", "Time of one request to a platform", buckets=AGE_BUCKETS, registry=registry)

    def _declare_ledger(self, registry: CollectorRegistry) -> None:
        self.entries_booked = Counter(
            "asiento_entries_booked", "Entries offered to the ledger, by result", ["ledger", "result"], registry=registry
        )
        self.booked_age_seconds = Histogram(
            "asiento_booked_age_seconds",
            "Age of the event when its entry was booked (booked at - arrival of the event's record in Kafka)",
            ["ledger"],
            buckets=AGE_BUCKETS,
            registry=registry,
        )
        self.acks_published = Counter(
            "asiento_acks_published", "Acks stored on their topic, by status", ["ledger", "status"], registry=registry
        )
        self.acks_failed = Counter("asiento_acks_failed", "Attempts to publish acks that failed", ["ledger"], registry=registry)
        self.ledger_transactions = Counter(
            "asiento_ledger_transactions", "Ledger transactions, by result", ["ledger", "result"], registry=registry
        )

    def _declare_sweeper_and_projector(self, registry: CollectorRegistry) -> None:
        self.deadlines_told = Counter(
            "asiento_deadlines_told", "DeadlinePassed events that the sweeper sent, by kind", ["kind"], registry=registry
        )
        self.deadlines_standing = Gauge("asiento_deadlines_standing", "Orders whose next deadline the sweeper holds", registry=registry)
        self.deadlines_unanswered = Gauge(
            "asiento_deadlines_unanswered", "Orders with deadlines that were told and that no worker has judged yet", registry=registry
        )
        self.last_sweep = Gauge(
            "asiento_last_sweep_timestamp_seconds",
            "When the sweeper last told all that was due, seconds since the epoch",
            registry=registry,
        )
        self.projected_records = Counter(
            "asiento_projected_records",
            "Records written into the operational database, by topic of the catalogue",
            ["topic"],
            registry=registry,
        )
        self.operational_transactions = Counter(
            "asiento_operational_transactions", "Transactions of the operational database, by result", ["result"], registry=registry
        )
        self.open_items = Gauge(
            "asiento_open_items",
            "What waits for a person: kind is parked, rejected, discrepancy, dead_letter or proposal; code says why",
            ["kind", "code"],
            registry=registry,
        )

    def _declare_gateway(self, registry: CollectorRegistry) -> None:
        """tenant and source are those of the configuration; both are empty for requests to no source."""
        self.gateway_requests = Counter(
            "asiento_gateway_requests",
            "Requests answered: stored, spooled, repeated, greeted, or the code of the refusal",
            ["tenant", "source", "result"],
            registry=registry,
        )
        self.gateway_signature_failures = Counter(
            "asiento_gateway_signature_failures",
            "Requests that did not prove who sent them, by reason",
            ["tenant", "source", "reason"],
            registry=registry,
        )
        self.gateway_stored_seconds = Histogram(
            "asiento_gateway_stored_seconds",
            "Time from taking a record to the brokers' confirmation, records of the spool left out",
            buckets=AGE_BUCKETS,
            registry=registry,
        )
        self.gateway_broker_there = Gauge("asiento_gateway_broker_there", "1 while records go to Kafka without a detour", registry=registry)
        self.gateway_spool_records = Gauge("asiento_gateway_spool_records", "Records on disk that are not in Kafka yet", registry=registry)
        self.gateway_spool_bytes = Gauge("asiento_gateway_spool_bytes", "Bytes of those records", registry=registry)
        self.gateway_spool_age_seconds = Gauge(
            "asiento_gateway_spool_age_seconds", "Age of the oldest of those records, 0 if none", registry=registry
        )
        self.webhook_silence_seconds = Gauge(
            "asiento_webhook_silence_seconds",
            "Time since a source sent something that was proven, or since the start: platforms end subscriptions without a word",
            ["tenant", "source"],
            registry=registry,
        )
        self.webhook_expected_seconds = Gauge(
            "asiento_webhook_expected_seconds",
            "Longest silence that is usual for a source, from the configuration",
            ["tenant", "source"],
            registry=registry,
        )


class VerifyMetrics:
    """What one verification found, for the textfile collector of a node exporter: the run ends, its figures stay."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.problems = Gauge(
            "asiento_verify_problems", "Problems that the last verification found, by fault", ["fault"], registry=registry
        )
        self.last_run = Gauge("asiento_verify_last_run_timestamp_seconds", "When the last verification ended", registry=registry)
        self.seconds = Gauge("asiento_verify_duration_seconds", "How long the last verification took", registry=registry)
        self.entries = Gauge("asiento_verify_entries_checked", "Entries that the last verification compared", registry=registry)

    def write(self, path: Path) -> None:
        """Write all of them, or leave the file as it is; raises `OSError`."""
        write_to_textfile(str(path), self._registry)
