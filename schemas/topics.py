"""The catalogue of topics: names, keys, schemas, retention, who reads and writes.

`topics plan|apply` creates them from here, the reference page is generated from here, the programs take the names from
here. Partition counts are equal everywhere: whatever a worker writes goes to the partition of its source record.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ORDERS_RAW = "orders.raw.v1"
FETCH_REQUESTS = "fetch.requests.v1"
ORDERS_EVENTS = "orders.events.v1"
ORDERS_DLQ = "orders.dlq.v1"
ACCOUNTING_ENTRIES = "accounting.entries.v1"
ACCOUNTING_DECISIONS = "accounting.decisions.v1"
ACCOUNTING_DISCREPANCIES = "accounting.discrepancies.v1"
ACCOUNTING_ACKS = "accounting.acks.v1"
ACCOUNTING_ACTIONS = "accounting.actions.v1"
ORDER_STATE_TABLE = "order-state"
SNAPSHOT_TABLE = "source-snapshot"

DAY_MS = 24 * 60 * 60 * 1000
FOREVER_DAYS = -1
MIB = 1024 * 1024
EVENT_RECORD_BYTES_MAX = 1 * MIB
OUTPUT_RECORD_BYTES_MAX = 8 * MIB + MIB // 2
"""8 MiB of value, and room for key, headers and the batch around them."""
DLQ_DAYS = 400
RAW_DAYS = 30
FETCH_DAYS = 30
ACKS_DAYS = 90
CHANGELOG_LAG_MS_MIN = 60 * 60 * 1000
CHANGELOG_SEGMENT_MS = 24 * 60 * 60 * 1000
CHANGELOG_SEGMENT_BYTES = 256 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """One topic as it should be on the broker; `config` holds broker settings, `retention_days` -1 is for ever."""

    name: str
    purpose: str
    key: str
    record: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    retention_days: int
    owner: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One line of the catalogue before the sizes of an installation are known.

    segment_ms: retention takes whole segments, so the oldest record of one outlives it by so much; None leaves it to the broker.
    """

    name: str
    purpose: str
    key: str
    record: str
    retention_days: int
    record_bytes_max: int
    owner: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    segment_ms: int | None = None


_DELETED: tuple[_Entry, ...] = (
    _Entry(
        name=ORDERS_RAW,
        purpose="What platforms sent, byte for byte: personal data, so it is kept for a month only, and here only.",
        key="tenant:source:resource",
        record="RawRecord",
        retention_days=RAW_DAYS,
        record_bytes_max=OUTPUT_RECORD_BYTES_MAX,
        owner="gateway",
        writers=("gateway", "fetcher", "normalizer", "dlq"),
        readers=("normalizer", "dlq"),
        segment_ms=DAY_MS,
    ),
    _Entry(
        name=FETCH_REQUESTS,
        purpose="Objects that a payload only pointed at; the fetcher answers with raw records.",
        key="tenant:source:resource",
        record="FetchRequest",
        retention_days=FETCH_DAYS,
        record_bytes_max=EVENT_RECORD_BYTES_MAX,
        owner="normalizer",
        writers=("normalizer", "fetcher"),
        readers=("fetcher",),
    ),
    _Entry(
        name=ORDERS_EVENTS,
        purpose="Order events: the source of truth; replays start here, so they are kept for ever.",
        key="tenant:source:order_id",
        record="the order events",
        retention_days=FOREVER_DAYS,
        record_bytes_max=EVENT_RECORD_BYTES_MAX,
        owner="producers",
        writers=("producers", "events send", "gateway", "normalizer", "sweeper", "dlq", "discrepancies"),
        readers=("order worker", "projector"),
    ),
    _Entry(
        name=ACCOUNTING_ENTRIES,
        purpose="Journal entries: a ledger can be rebuilt and verified from them, so they are kept for ever.",
        key="order key",
        record="JournalEntry",
        retention_days=FOREVER_DAYS,
        record_bytes_max=OUTPUT_RECORD_BYTES_MAX,
        owner="order worker",
        writers=("order worker",),
        readers=("sinks", "projector", "tie-out", "verify"),
    ),
    _Entry(
        name=ACCOUNTING_DECISIONS,
        purpose="One outcome per consumed record: the proof that nothing was lost, kept as long as the events.",
        key="none",
        record="DecisionBatch",
        retention_days=FOREVER_DAYS,
        record_bytes_max=OUTPUT_RECORD_BYTES_MAX,
        owner="order worker",
        writers=("order worker",),
        readers=("projector", "verify"),
    ),
    _Entry(
        name=ACCOUNTING_DISCREPANCIES,
        purpose="What a person should know; the open ones of a year must survive the audit of that year.",
        key="order key",
        record="Discrepancy",
        retention_days=FOREVER_DAYS,
        record_bytes_max=OUTPUT_RECORD_BYTES_MAX,
        owner="order worker",
        writers=("order worker", "sinks", "tie-out"),
        readers=("projector", "tie-out"),
    ),
    _Entry(
        name=ACCOUNTING_ACKS,
        purpose="What each ledger did with each entry; the ledger itself is the lasting record.",
        key="order key",
        record="Ack",
        retention_days=ACKS_DAYS,
        record_bytes_max=EVENT_RECORD_BYTES_MAX,
        owner="sinks",
        writers=("sinks",),
        readers=("projector", "verify"),
    ),
    _Entry(
        name=ACCOUNTING_ACTIONS,
        purpose="What operators did: every assignment, resolution and replay, with who and why; the audit trail, kept for ever.",
        key="order key, else the subject",
        record="OperatorAction",
        retention_days=FOREVER_DAYS,
        record_bytes_max=EVENT_RECORD_BYTES_MAX,
        owner="operators",
        writers=("discrepancies", "events", "dlq"),
        readers=("projector",),
    ),
    _Entry(
        name=ORDERS_DLQ,
        purpose="Refused records as they came: beyond the longest parking and the yearly close, then gone, for they may be personal.",
        key="original key",
        record="DeadLetter",
        retention_days=DLQ_DAYS,
        record_bytes_max=OUTPUT_RECORD_BYTES_MAX,
        owner="order worker",
        writers=("order worker", "normalizer"),
        readers=("projector", "dlq"),
    ),
)


def changelog_name(app_id: str) -> str:
    """The changelog of the order state: the name Faust derives for table `order-state` of app `<app_id>-orders`."""
    return f"{app_id}-orders-{ORDER_STATE_TABLE}-changelog"


def snapshot_changelog_name(app_id: str) -> str:
    """The changelog of the normalizer's snapshots: the name Faust derives for table `source-snapshot` of app `<app_id>-normalizer`."""
    return f"{app_id}-normalizer-{SNAPSHOT_TABLE}-changelog"


def of_the_books(spec: TopicSpec) -> bool:
    """Whether a topic belongs to the books: order events and what comes of them, not what events are made from."""
    return spec.owner not in {"gateway", "normalizer"}


def catalogue(app_id: str, partitions: int, replication_factor: int, min_insync_replicas: int) -> tuple[TopicSpec, ...]:
    """Every topic of an installation, names without its prefix."""
    kept = tuple(_kept_topic(entry, partitions, replication_factor, min_insync_replicas) for entry in _DELETED)
    compacted = tuple(_compacted_topic(entry, partitions, replication_factor, min_insync_replicas) for entry in _changelogs(app_id))
    return (*kept, *compacted)


def _changelogs(app_id: str) -> tuple[_Entry, ...]:
    return (
        _Entry(
            name=changelog_name(app_id),
            purpose="State of each order, newest snapshot per order: what a worker recovers from.",
            key="order key",
            record="order state (JSON, versioned)",
            retention_days=FOREVER_DAYS,
            record_bytes_max=OUTPUT_RECORD_BYTES_MAX,
            owner="order worker",
            writers=("order worker",),
            readers=("order worker", "sweeper"),
        ),
        _Entry(
            name=snapshot_changelog_name(app_id),
            purpose="What the normalizer knows of each object of a source, newest per key: nothing is told twice, no older state wins.",
            key="tenant:source:resource",
            record="source snapshot (JSON, versioned)",
            retention_days=FOREVER_DAYS,
            record_bytes_max=OUTPUT_RECORD_BYTES_MAX,
            owner="normalizer",
            writers=("normalizer",),
            readers=("normalizer",),
        ),
    )


def _kept_topic(entry: _Entry, partitions: int, replication_factor: int, min_insync_replicas: int) -> TopicSpec:
    retention_ms = -1 if entry.retention_days == FOREVER_DAYS else entry.retention_days * DAY_MS
    return _topic(
        entry,
        partitions,
        replication_factor,
        {
            "cleanup.policy": "delete",
            "retention.ms": str(retention_ms),
            "retention.bytes": "-1",
            "max.message.bytes": str(entry.record_bytes_max),
            "min.insync.replicas": str(min_insync_replicas),
            "message.timestamp.type": "CreateTime",
            **({"segment.ms": str(entry.segment_ms)} if entry.segment_ms is not None else {}),
        },
    )


def _compacted_topic(entry: _Entry, partitions: int, replication_factor: int, min_insync_replicas: int) -> TopicSpec:
    """Compacted, never deleted; an hour without compaction keeps the evidence of the last transactions."""
    return _topic(
        entry,
        partitions,
        replication_factor,
        {
            "cleanup.policy": "compact",
            "max.message.bytes": str(entry.record_bytes_max),
            "min.insync.replicas": str(min_insync_replicas),
            "min.compaction.lag.ms": str(CHANGELOG_LAG_MS_MIN),
            "segment.ms": str(CHANGELOG_SEGMENT_MS),
            "segment.bytes": str(CHANGELOG_SEGMENT_BYTES),
            "message.timestamp.type": "CreateTime",
        },
    )


def _topic(entry: _Entry, partitions: int, replication_factor: int, config: Mapping[str, str]) -> TopicSpec:
    return TopicSpec(
        name=entry.name,
        purpose=entry.purpose,
        key=entry.key,
        record=entry.record,
        partitions=partitions,
        replication_factor=replication_factor,
        config=config,
        retention_days=entry.retention_days,
        owner=entry.owner,
        writers=entry.writers,
        readers=entry.readers,
    )
