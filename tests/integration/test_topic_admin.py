"""`topics apply` on a real broker."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from asiento.runtime import topic_admin
from asiento.runtime.settings import Settings, load_settings
from asiento.runtime.topic_admin import BrokerUnreachable, TopicPlan, TopicsError, TopicsRefused


@dataclass(frozen=True)
class Spec:
    name: str
    partitions: int = 2
    replication_factor: int = 1
    config: Mapping[str, str] = field(default_factory=dict)


TOPICS = (
    Spec("orders", config={"retention.ms": "86400000", "segment.ms": "60000"}),
    Spec("changelog", config={"cleanup.policy": "compact"}),
)


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> Settings:
    return load_settings({"kafka_bootstrap_servers": kafka, "topic_prefix": topic_prefix})


async def test_the_second_apply_does_nothing(settings: Settings, topic_prefix: str) -> None:
    names = (f"{topic_prefix}orders", f"{topic_prefix}changelog")
    assert tuple(item.topic for item in (await topic_admin.plan(settings, TOPICS)).create) == names
    assert tuple(item.topic for item in (await topic_admin.apply(settings, TOPICS)).create) == names
    assert await topic_admin.apply(settings, TOPICS) == TopicPlan(unchanged=names)


async def test_a_safe_change_is_set_and_the_other_values_stay(settings: Settings) -> None:
    await topic_admin.apply(settings, TOPICS)
    longer = (replace(TOPICS[0], config={"retention.ms": "172800000"}), TOPICS[1])
    done = await topic_admin.apply(settings, longer)
    assert [(item.key, item.current, item.wanted) for item in done.alter] == [("retention.ms", "86400000", "172800000")]
    both = (replace(TOPICS[0], config={"retention.ms": "172800000", "segment.ms": "60000"}), TOPICS[1])
    assert (await topic_admin.plan(settings, both)).is_empty


async def test_another_partition_count_is_refused_and_nothing_else_is_done(settings: Settings) -> None:
    await topic_admin.apply(settings, TOPICS)
    with pytest.raises(TopicsRefused, match="has 2 partitions, 4 are wanted"):
        await topic_admin.apply(settings, (replace(TOPICS[0], partitions=4), TOPICS[1], Spec("new")))
    assert [item.topic for item in (await topic_admin.plan(settings, (*TOPICS, Spec("new")))).create] == [settings.topic("new")]


async def test_more_copies_than_brokers_is_an_error_with_the_brokers_reason(settings: Settings) -> None:
    with pytest.raises(TopicsError, match=r"was not created: .*replication factor of 3"):
        await topic_admin.apply(settings, [Spec("orders", replication_factor=3)])


async def test_no_broker_is_said_with_its_address() -> None:
    settings = load_settings({"kafka_bootstrap_servers": "127.0.0.1:9", "kafka_request_timeout_seconds": 6})
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:9: nobody listens there"):
        await topic_admin.plan(settings, TOPICS)
