"""The topics plan: what is created, what is set, what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from asiento.runtime.settings import load_settings
from asiento.runtime.topic_admin import ConfigChange, ExistingTopic, TopicCreation, TopicPlan, compare

SETTINGS = load_settings({"topic_prefix": "p-"})


@dataclass(frozen=True)
class Spec:
    name: str = "orders"
    partitions: int = 8
    replication_factor: int = 3
    config: Mapping[str, str] = field(default_factory=lambda: {"retention.ms": "1000"})


def _existing(config: Mapping[str, str] | None = None, partitions: int = 8, replication_factor: int = 3) -> dict[str, ExistingTopic]:
    values: dict[str, str | None] = dict(config or {"retention.ms": "1000"})
    return {"p-orders": ExistingTopic(partitions, replication_factor, values, values)}


def test_a_missing_topic_is_created_under_its_prefix() -> None:
    assert compare(SETTINGS, [Spec()], {}) == TopicPlan(create=(TopicCreation("p-orders", 8, 3, {"retention.ms": "1000"}),))


def test_what_is_as_wanted_is_left_alone() -> None:
    plan = compare(SETTINGS, [Spec()], _existing())
    assert plan == TopicPlan(unchanged=("p-orders",))
    assert plan.is_empty


@pytest.mark.parametrize(
    ("key", "current", "wanted"),
    [
        ("retention.ms", "500", "1000"),
        ("retention.ms", "500", "-1"),
        ("retention.bytes", "9", "-1"),
        ("max.message.bytes", "9", "7"),
        ("min.insync.replicas", "1", "2"),
    ],
)
def test_a_safe_difference_is_set(key: str, current: str, wanted: str) -> None:
    plan = compare(SETTINGS, [Spec(config={key: wanted})], _existing({key: current}))
    assert plan == TopicPlan(alter=(ConfigChange("p-orders", key, current, wanted),))


@pytest.mark.parametrize(
    ("key", "current", "wanted"),
    [
        ("retention.ms", "2000", "1000"),
        ("retention.ms", "-1", "1000"),
        ("retention.bytes", "-1", "9"),
        ("cleanup.policy", "compact", "delete"),
        ("cleanup.policy", "delete", "compact"),
    ],
)
def test_a_difference_that_can_delete_records_is_refused(key: str, current: str, wanted: str) -> None:
    plan = compare(SETTINGS, [Spec(config={key: wanted})], _existing({key: current}))
    assert not plan.alter
    assert [(item.topic, item.reason.partition(" ")[0]) for item in plan.refused] == [("p-orders", key)]


@pytest.mark.parametrize("partitions", [4, 16])
def test_another_partition_count_is_refused_in_both_directions(partitions: int) -> None:
    plan = compare(SETTINGS, [Spec()], _existing(partitions=partitions))
    assert f"has {partitions} partitions, 8 are wanted" in plan.refused[0].reason


def test_another_replication_factor_is_refused() -> None:
    assert "replication factor 1, 3 is wanted" in compare(SETTINGS, [Spec()], _existing(replication_factor=1)).refused[0].reason
