"""Who may do what on the broker: the least rights of each component, with the names of one installation.

`topics acls` shows and grants them, the start of every process compares them with what its user has, docs/security.md lists them.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from schemas.topics import (
    ACCOUNTING_ACKS,
    ACCOUNTING_ACTIONS,
    ACCOUNTING_DECISIONS,
    ACCOUNTING_DISCREPANCIES,
    ACCOUNTING_ENTRIES,
    FETCH_REQUESTS,
    ORDERS_DLQ,
    ORDERS_EVENTS,
    ORDERS_RAW,
    changelog_name,
    snapshot_changelog_name,
)

Resource: TypeAlias = Literal["topic", "group", "transactional_id", "cluster"]
Pattern: TypeAlias = Literal["literal", "prefixed"]
Operation: TypeAlias = Literal["read", "write", "create", "delete", "alter", "describe", "describe_configs", "alter_configs"]

PRODUCER: Final = "producer"
GATEWAY: Final = "gateway"
NORMALIZER: Final = "normalizer"
FETCHER: Final = "fetcher"
WORKER: Final = "worker"
LEDGER: Final = "ledger"
CONNECTOR: Final = "connector"
PROJECTOR: Final = "projector"
SWEEPER: Final = "sweeper"
TIE_OUT: Final = "tie-out"
LAG_EXPORTER: Final = "lag-exporter"
OPERATOR: Final = "operator"
READER: Final = "reader"
ADMIN: Final = "admin"

COMPONENTS: Final = {
    PRODUCER: "whoever sends order events: `events send`, the systems upstream",
    GATEWAY: "`gateway run`: webhooks in, and the events that come over HTTP",
    NORMALIZER: "`streams run normalizer`: raw payloads to order events",
    FETCHER: "`fetcher run`: fetches what payloads only point at",
    WORKER: "`streams run`",
    LEDGER: "`sinks run ledger`",
    CONNECTOR: "`sinks run CONNECTION`: ledgers outside",
    PROJECTOR: "`sinks run projector`, `operational rebuild`",
    SWEEPER: "`sweeper run`, `deadlines`",
    TIE_OUT: "`tie-out run`",
    LAG_EXPORTER: "`lag-exporter`: how far every group is behind",
    OPERATOR: "the operators' desk: `discrepancies`, `dlq`, `events correct|cancel|retry`",
    READER: "whatever only reads: `verify`, `orders show`, `explain`, `events tail`, `replay`, `backup`, `doctor`",
    ADMIN: "`topics plan|apply|erase-raw`",
}
"""Every component with a user of its own, and what runs as it."""

CHECKS_BROKERS: Final = (WORKER, NORMALIZER, SWEEPER)
"""Who looks before its start whether brokers and topics are set up so that the guarantee holds."""
INTERNAL_TOPICS: Final = ("__consumer_offsets", "__transaction_state")
"""Kafka's own, on which the guarantee rests."""
CLUSTER: Final = "kafka-cluster"

_OUTPUTS: Final = (ACCOUNTING_ENTRIES, ACCOUNTING_DISCREPANCIES, ORDERS_DLQ, ACCOUNTING_DECISIONS)
_KEPT: Final = (ORDERS_EVENTS, *_OUTPUTS, ACCOUNTING_ACKS, ACCOUNTING_ACTIONS)
_INCOMING: Final = (ORDERS_RAW, FETCH_REQUESTS)
_GROUPS: Final = ("orders", "ledger", "projector", "normalizer", "fetcher")
_READ: Final[tuple[Operation, ...]] = ("read", "describe")
_LOOK_AT: Final[tuple[Operation, ...]] = ("describe", "describe_configs")
_LOOK: Final[tuple[Operation, ...]] = ("read", "describe", "describe_configs")
_WRITE: Final[tuple[Operation, ...]] = ("write", "describe")


_WRITES: Final[dict[str, tuple[str, ...]]] = {
    PRODUCER: (ORDERS_EVENTS,),
    GATEWAY: (ORDERS_RAW, ORDERS_EVENTS),
    NORMALIZER: (ORDERS_EVENTS, FETCH_REQUESTS, ORDERS_RAW, ORDERS_DLQ),
    FETCHER: (ORDERS_RAW, FETCH_REQUESTS),
    WORKER: _OUTPUTS,
    LEDGER: (ACCOUNTING_ACKS,),
    CONNECTOR: (ACCOUNTING_ACKS, ACCOUNTING_DISCREPANCIES),
    SWEEPER: (ORDERS_EVENTS,),
    TIE_OUT: (ACCOUNTING_DISCREPANCIES,),
    OPERATOR: (ORDERS_EVENTS, ORDERS_RAW, ACCOUNTING_ACTIONS),
}
"""Topics that a component writes; names in the catalogue."""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """What a component may do with one resource of the broker; a `prefixed` name stands for all names that start with it.

    `needed`: it does not start without; else a look at the brokers' set-up is left out, which it says.
    """

    component: str
    resource: Resource
    name: str
    pattern: Pattern
    operations: tuple[Operation, ...]
    needed: bool = True


def rights_of(app_id: str, topic_prefix: str = "") -> tuple[Right, ...]:
    """All rights of an installation, component by component."""
    changelog = changelog_name(app_id)
    reads = {
        NORMALIZER: (ORDERS_RAW,),
        FETCHER: (FETCH_REQUESTS,),
        WORKER: (ORDERS_EVENTS,),
        LEDGER: (ACCOUNTING_ENTRIES,),
        CONNECTOR: (ACCOUNTING_ENTRIES,),
        PROJECTOR: _KEPT,
        SWEEPER: (changelog,),
        TIE_OUT: (ACCOUNTING_ENTRIES, ACCOUNTING_DISCREPANCIES),
        LAG_EXPORTER: (*_KEPT, *_INCOMING),
        OPERATOR: (ORDERS_DLQ, ORDERS_RAW),
    }
    more = _more_of(app_id, topic_prefix)
    found = []
    for component in COMPONENTS:
        found += [Right(component, "topic", topic_prefix + name, "literal", _READ) for name in reads.get(component, ())]
        found += [Right(component, "topic", topic_prefix + name, "literal", _WRITE) for name in _WRITES.get(component, ())]
        found += [Right(component, *row) for row in more.get(component, ())]
        if component in CHECKS_BROKERS:
            topics = sorted({right.name for right in found if right.component == component and right.resource == "topic"})
            found += [Right(component, "topic", name, "literal", ("describe_configs",), needed=False) for name in topics]
            found += [Right(component, "topic", name, "literal", _LOOK_AT, needed=False) for name in INTERNAL_TOPICS]
            found.append(Right(component, "cluster", CLUSTER, "literal", ("describe_configs",), needed=False))
    return tuple(found)


def _more_of(app_id: str, topic_prefix: str) -> dict[str, list[tuple[Resource, str, Pattern, tuple[Operation, ...]]]]:
    """Groups, transactional ids and changelogs by component, and what is no plain reading or writing of a topic."""
    changelog, snapshots = changelog_name(app_id), snapshot_changelog_name(app_id)
    return {
        WORKER: [
            ("topic", topic_prefix + changelog, "literal", ("read", "write", "describe")),
            ("group", f"{app_id}-orders", "literal", ("read",)),
            ("transactional_id", f"{app_id}-orders-", "prefixed", _WRITE),
        ],
        NORMALIZER: [
            ("topic", topic_prefix + snapshots, "literal", ("read", "write", "describe")),
            ("group", f"{app_id}-normalizer", "literal", ("read",)),
            ("transactional_id", f"{app_id}-normalizer-", "prefixed", _WRITE),
        ],
        FETCHER: [("group", f"{app_id}-fetcher", "literal", ("read",))],
        LEDGER: [("group", f"{app_id}-ledger", "literal", ("read",))],
        CONNECTOR: [("group", f"{app_id}-connector-", "prefixed", ("read",))],
        PROJECTOR: [("group", f"{app_id}-projector", "literal", ("read",))],
        TIE_OUT: [("transactional_id", f"{app_id}-tie-out", "literal", _WRITE)],
        LAG_EXPORTER: [
            *(("group", f"{app_id}-{word}", "literal", ("describe",)) for word in _GROUPS),
            ("group", f"{app_id}-connector-", "prefixed", ("describe",)),
        ],
        OPERATOR: [("transactional_id", f"{app_id}-desk-", "prefixed", _WRITE)],
        READER: [
            *(("topic", topic_prefix + name, "literal", _LOOK) for name in (*_KEPT, changelog)),
            *(("group", f"{app_id}-{word}", "literal", ("describe",)) for word in ("orders", "ledger", "projector")),
        ],
        ADMIN: [
            ("topic", topic_prefix + name, "literal", ("create", "describe", "describe_configs", "alter_configs"))
            for name in (*_INCOMING, *_KEPT, changelog, snapshots)
        ]
        + [
            ("topic", topic_prefix + ORDERS_RAW, "literal", ("read", "delete")),
            ("group", f"{app_id}-normalizer", "literal", ("describe",)),
        ],
    }


def needs_of(component: str, app_id: str, topic_prefix: str = "") -> tuple[Right, ...]:
    """The rights without which one component does not start."""
    return tuple(right for right in rights_of(app_id, topic_prefix) if right.component == component and right.needed)
