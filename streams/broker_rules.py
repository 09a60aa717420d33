"""What of a broker's set-up would lose or double records, or let a worker die again and again: pure rules on what brokers answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from asiento.runtime.settings import Settings
from schemas.topics import TopicSpec, catalogue

OFFSETS_TOPIC: Final = "__consumer_offsets"
TRANSACTIONS_TOPIC: Final = "__transaction_state"
INTERNAL_TOPICS: Final = (OFFSETS_TOPIC, TRANSACTIONS_TOPIC)
"""Kafka's own topics that a transaction is written to; they exist once somebody has used them."""

APPLY: Final = "run `asiento topics apply`"
UNLIMITED: Final = -1
AT_LEAST: Final = {
    "retention.ms": "records would be deleted that a replay, a restore or an audit needs",
    "retention.bytes": "records would be deleted that a replay, a restore or an audit needs",
    "min.insync.replicas": "records would count that fewer brokers have, and be lost with them",
    "min.compaction.lag.ms": "the evidence of the last transactions would be compacted away",
    "max.message.bytes": "a large record would be refused again and again, and its partition stand still",
}
"""Numbers that may exceed the catalogue's (-1: no limit), and what happens if they are less."""


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic as the brokers have it; `config` is None if it may not be read."""

    partitions: int
    copies: int
    config: Mapping[str, str | None] | None


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The brokers: how many, and the configuration of each that let itself be read."""

    brokers: int
    configs: tuple[Mapping[str, str | None], ...]


def topic_problems(settings: Settings, found: Mapping[str, TopicFacts]) -> Iterator[str]:
    """One text per fault of topics that exist, by name on the broker. Topics outside of the catalogue are checked for copies only."""
    known = catalogue(settings.app_id, settings.partitions, settings.replication_factor, settings.min_insync_replicas)
    specs = {settings.topic(spec.name): spec for spec in known}
    for name, facts in found.items():
        if facts.copies < settings.replication_factor:
            yield (
                f"{name} has {facts.copies} copies of a partition, ASIENTO_REPLICATION_FACTOR is {settings.replication_factor}: move its "
                "replicas with Kafka's reassignment tool, or set what the installation is meant to have"
            )
        config = facts.config or {}
        if config.get("unclean.leader.election.enable") == "true":
            yield (
                f"{name} has unclean.leader.election.enable=true: a broker without the last records could become leader and lose them. Set "
                "it to false on the topic, or on the brokers"
            )
        if name in specs:
            yield from _differences(name, specs[name], config)
        elif name in INTERNAL_TOPICS:
            yield from _too_small(name, "min.insync.replicas", config, str(settings.min_insync_replicas), "set it with kafka-configs.sh")


def _differences(name: str, spec: TopicSpec, config: Mapping[str, str | None]) -> Iterator[str]:
    for key, wanted in spec.config.items():
        if key in AT_LEAST:
            yield from _too_small(name, key, config, wanted, APPLY)
        elif key == "cleanup.policy" and config.get(key, wanted) != wanted:
            yield (
                f"{name} has cleanup.policy={config[key]}, {wanted} is wanted: else records are lost, or states never fit the disk. Was it "
                "created by hand, or by a broker that creates topics by itself? Alter it with kafka-configs.sh"
            )
        elif key == "message.timestamp.type" and config.get(key, wanted) != wanted:
            yield f"{name} has message.timestamp.type={config[key]}: lag and ages would be measured from the wrong time; {APPLY}"


def _too_small(name: str, key: str, config: Mapping[str, str | None], wanted: str, mend: str) -> Iterator[str]:
    value = config.get(key)
    if value is None or int(value) == UNLIMITED:
        return
    if int(wanted) == UNLIMITED or int(value) < int(wanted):
        yield f"{name} has {key}={value}, {wanted} is wanted: {AT_LEAST[key]}; {mend}"


def cluster_problems(settings: Settings, cluster: ClusterFacts) -> Iterator[str]:
    """One text per fault of the brokers themselves."""
    if settings.replication_factor == 1 and cluster.brokers > 1:
        yield (
            f"ASIENTO_REPLICATION_FACTOR is 1 on a cluster of {cluster.brokers} brokers: the books would be lost with one disk. Set it to "
            "3 and ASIENTO_MIN_INSYNC_REPLICAS to 2 (2 and 2 on two brokers) before the topics are created"
        )
    seen: set[str] = set()
    for config in cluster.configs:
        seen.update(_broker_problems(settings, config))
    yield from sorted(seen)


def _broker_problems(settings: Settings, config: Mapping[str, str | None]) -> Iterator[str]:
    session, transaction = settings.kafka_session_timeout_seconds, settings.kafka_transaction_timeout_seconds
    limits = (
        ("transaction.max.timeout.ms", transaction, "ASIENTO_KAFKA_TRANSACTION_TIMEOUT_SECONDS"),
        ("group.max.session.timeout.ms", session, "ASIENTO_KAFKA_SESSION_TIMEOUT_SECONDS"),
    )
    for key, seconds, setting in limits:
        most = config.get(key)
        if most is not None and seconds * 1000 > int(most):
            yield f"the brokers allow {key}={most}, {setting} is {seconds:g} s: lower it, or raise the brokers' limit"
    least = config.get("group.min.session.timeout.ms")
    if least is not None and session * 1000 < int(least):
        yield (
            f"the brokers demand group.min.session.timeout.ms={least}, ASIENTO_KAFKA_SESSION_TIMEOUT_SECONDS is {session:g} s: raise it, "
            "or lower the brokers' limit"
        )
