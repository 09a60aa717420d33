"""Checks before a process of the streams starts: topics that are missing or differ, brokers whose set-up breaks the guarantee."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from asiento.runtime import log_events
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.settings import Settings
from streams.broker_rules import INTERNAL_TOPICS, ClusterFacts, TopicFacts, cluster_problems, topic_problems

TOPICS_SETTLE_SECONDS_MAX: Final = 30.0
"""Longest wait for topics that exist but have no leader yet, as right after a broker's start."""
POLL_SECONDS: Final = 0.5


class TopicsUnfit(Exception):
    """Topics are missing, or brokers are set up so that records can be lost; the message says which and how to mend it."""


async def check_topics(settings: Settings, topics: Sequence[str]) -> None:
    """Compare the brokers with what a process needs. Raises `TopicsUnfit`, or any `KafkaError` if no broker answers."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        described = await _settled(admin, topics)
        partitions = {name: len(topic["partitions"]) for name, topic in described.items() if name in topics}
        _refuse_missing_or_differing(settings, topics, partitions)
        cluster = await _cluster_facts(admin)
        wanted = _wanted_of(settings, cluster.brokers)
        problems = [*topic_problems(wanted, await _topic_facts(admin, described)), *cluster_problems(wanted, cluster)]
    finally:
        await admin.close()
    if problems:
        raise TopicsUnfit("the brokers are set up so that the guarantee does not hold:\n" + "\n".join(problems))


def _wanted_of(settings: Settings, brokers: int) -> Settings:
    """The settings to compare with: one broker cannot hold more than one copy, so it is warned of and not refused."""
    if brokers > 1 or settings.replication_factor == 1:
        return settings
    get_logger().warning(
        log_events.ONE_COPY,
        replication_factor=settings.replication_factor,
        advice="there is one broker only: all is lost with its disk; good for a trial, not for books (docs/delivery.md)",
    )
    return settings.model_copy(update={"replication_factor": 1, "min_insync_replicas": 1})


def _refuse_missing_or_differing(settings: Settings, topics: Sequence[str], partitions: Mapping[str, int]) -> None:
    missing = [name for name in topics if name not in partitions]
    differing = [f"{name} has {count}" for name, count in partitions.items() if count != settings.partitions]
    if missing:
        raise TopicsUnfit(f"missing topics: {', '.join(missing)}; create them with `asiento topics apply`")
    if differing:
        raise TopicsUnfit(
            f"every topic must have {settings.partitions} partitions, but {', '.join(differing)}: set ASIENTO_PARTITIONS to what the "
            "topics were created with (the number is fixed for a generation of topics)"
        )


async def _settled(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, Any]:
    """What is known of these topics and Kafka's own, without those that do not exist; waits, bounded, for leaders.

    All topics are asked for: asking by name may create one.
    """
    deadline = time.monotonic() + TOPICS_SETTLE_SECONDS_MAX
    while True:
        found = {topic["topic"]: topic for topic in await admin.describe_topics() if topic["topic"] in {*topics, *INTERNAL_TOPICS}}
        unsettled = [name for name, topic in found.items() if topic["error_code"] or any(one["leader"] < 0 for one in topic["partitions"])]
        if not unsettled:
            return found
        if time.monotonic() > deadline:
            raise TopicsUnfit(f"topics without a leader: {', '.join(unsettled)}; look at the brokers")
        await asyncio.sleep(POLL_SECONDS)


async def _topic_facts(admin: AIOKafkaAdminClient, described: Mapping[str, Any]) -> dict[str, TopicFacts]:
    configs = await _configs(admin, [ConfigResource(ConfigResourceType.TOPIC, name) for name in described])
    return {
        name: TopicFacts(
            partitions=len(topic["partitions"]),
            copies=min(len(partition["replicas"]) for partition in topic["partitions"]),
            config=configs.get(name),
        )
        for name, topic in described.items()
    }


async def _cluster_facts(admin: AIOKafkaAdminClient) -> ClusterFacts:
    brokers = [str(broker["node_id"]) for broker in (await admin.describe_cluster())["brokers"]]
    configs = await _configs(admin, [ConfigResource(ConfigResourceType.BROKER, broker) for broker in brokers])
    return ClusterFacts(len(brokers), tuple(configs.values()))


async def _configs(admin: AIOKafkaAdminClient, resources: list[ConfigResource]) -> dict[str, dict[str, str | None]]:
    """Configuration by name; what may not be read is left out and logged: the process may run, but nobody looked."""
    found: dict[str, dict[str, str | None]] = {}
    for resource in [resource for answer in await admin.describe_configs(resources) for resource in answer.to_object()["resources"]]:
        name = resource["resource_name"]
        if resource["error_code"]:
            get_logger().warning(
                log_events.BROKER_NOT_CHECKED,
                resource=name,
                problem=resource["error_message"],
                advice="allow DescribeConfigs on the topics and the cluster, or compare with docs/delivery.md by hand",
            )
            continue
        found[name] = {entry["config_names"]: entry["config_value"] for entry in resource["config_entries"]}
    return found
