"""Every set-up of topics and brokers that could lose or double records is refused, with the reason and the mend."""

import re
from collections.abc import Mapping

import pytest

from asiento.runtime.settings import Settings, load_settings
from schemas.topics import ACCOUNTING_ENTRIES, catalogue, changelog_name
from streams.broker_rules import OFFSETS_TOPIC, TRANSACTIONS_TOPIC, ClusterFacts, TopicFacts, cluster_problems, topic_problems

SETTINGS = load_settings({"topic_prefix": "p-"})
ENTRIES = f"p-{ACCOUNTING_ENTRIES}"
CHANGELOG = f"p-{changelog_name('asiento')}"
SPECS = {f"p-{spec.name}": spec for spec in catalogue("asiento", 48, 3, 2)}


def problems(name: str, config: Mapping[str, str] | None = None, copies: int = 3, settings: Settings = SETTINGS) -> list[str]:
    """Faults of one topic that differs from the catalogue in `config`."""
    usual = SPECS[name].config if name in SPECS else {}
    return list(topic_problems(settings, {name: TopicFacts(48, copies, {**usual, **(config or {})})}))


@pytest.mark.parametrize("name", SPECS)
def test_what_topics_apply_creates_is_fine(name: str) -> None:
    assert problems(name, {"unclean.leader.election.enable": "false"}) == []


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [
        (ENTRIES, {"cleanup.policy": "compact"}, "created by hand"),
        (ENTRIES, {"retention.ms": "604800000"}, "a replay, a restore or an audit"),
        (ENTRIES, {"retention.bytes": "1000"}, "a replay, a restore or an audit"),
        (ENTRIES, {"min.insync.replicas": "1"}, "fewer brokers have.*asiento topics apply"),
        (ENTRIES, {"max.message.bytes": "1048588"}, "stand still"),
        (ENTRIES, {"message.timestamp.type": "LogAppendTime"}, "from the wrong time"),
        (ENTRIES, {"unclean.leader.election.enable": "true"}, "become leader and lose them"),
        (CHANGELOG, {"cleanup.policy": "compact,delete"}, "compact is wanted"),
        (CHANGELOG, {"min.compaction.lag.ms": "0"}, "evidence"),
        (OFFSETS_TOPIC, {"min.insync.replicas": "1"}, "fewer brokers have.*kafka-configs"),
        (TRANSACTIONS_TOPIC, {"min.insync.replicas": "1"}, "fewer brokers have.*kafka-configs"),
    ],
)
def test_a_topic_that_could_lose_records_is_refused(name: str, config: Mapping[str, str], said: str) -> None:
    found = problems(name, config)
    assert len(found) == 1
    assert name in found[0]
    assert next(iter(config)) in found[0]
    assert re.search(said, found[0]), found[0]


@pytest.mark.parametrize("name", [ENTRIES, OFFSETS_TOPIC, TRANSACTIONS_TOPIC])
def test_too_few_copies_are_refused(name: str) -> None:
    found = problems(name, copies=2)
    assert len(found) == 1
    assert "2 copies of a partition, ASIENTO_REPLICATION_FACTOR is 3" in found[0]


def test_more_than_is_wanted_is_fine() -> None:
    assert problems(ENTRIES, {"min.insync.replicas": "3", "max.message.bytes": "20000000"}, copies=4) == []


def test_a_configuration_that_may_not_be_read_is_not_judged() -> None:
    assert list(topic_problems(SETTINGS, {ENTRIES: TopicFacts(48, 3, None)})) == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"transaction.max.timeout.ms": "59999"}, "ASIENTO_KAFKA_TRANSACTION_TIMEOUT_SECONDS is 60 s"),
        ({"group.max.session.timeout.ms": "5000"}, "ASIENTO_KAFKA_SESSION_TIMEOUT_SECONDS is 6 s: lower it"),
        ({"group.min.session.timeout.ms": "10000"}, "ASIENTO_KAFKA_SESSION_TIMEOUT_SECONDS is 6 s: raise it"),
    ],
)
def test_limits_of_the_brokers_are_named_once_before_they_refuse_us(config: Mapping[str, str], said: str) -> None:
    fine = {"transaction.max.timeout.ms": "60000", "group.min.session.timeout.ms": "6000", "group.max.session.timeout.ms": "6000"}
    assert list(cluster_problems(SETTINGS, ClusterFacts(3, (fine, fine, fine)))) == []
    found = list(cluster_problems(SETTINGS, ClusterFacts(3, (fine, {**fine, **config}, {**fine, **config}))))
    assert len(found) == 1
    assert said in found[0]


def test_one_copy_is_for_one_broker_only() -> None:
    alone = load_settings({"replication_factor": 1, "min_insync_replicas": 1})
    assert list(cluster_problems(alone, ClusterFacts(1, ()))) == []
    assert "lost with one disk" in next(cluster_problems(alone, ClusterFacts(2, ())))
