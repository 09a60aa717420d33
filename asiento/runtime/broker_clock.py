"""The broker's clock: the leader of the brokers' own log says when it saw itself last, and that is its now.

aiokafka does not speak this request (DescribeQuorum, version 1, Kafka 3.3 and newer), so it is spelled out here.
"""

import time
from typing import Any, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings

_API_KEY: Final = 55
_METADATA_TOPIC: Final = "__cluster_metadata"
_NAME = CompactString("utf-8")
_REPLICAS = CompactArray(
    ("replica_id", Int32),
    ("log_end_offset", Int64),
    ("last_fetch_timestamp", Int64),
    ("last_caught_up_timestamp", Int64),
    ("tags", TaggedFields),
)


class _QuorumResponse(Response):  # type: ignore[misc]
    API_KEY = _API_KEY
    API_VERSION = 1
    SCHEMA = Schema(
        ("error_code", Int16),
        (
            "topics",
            CompactArray(
                ("topic", _NAME),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("error_code", Int16),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("high_watermark", Int64),
                        ("voters", _REPLICAS),
                        ("observers", _REPLICAS),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _QuorumStruct(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = _API_KEY
    API_VERSION = 1
    RESPONSE_TYPE = _QuorumResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic", _NAME), ("partitions", CompactArray(("partition", Int32), ("tags", TaggedFields))), ("tags", TaggedFields)
            ),
        ),
        ("tags", TaggedFields),
    )


class _QuorumRequest(Request[_QuorumStruct]):  # type: ignore[misc]
    API_KEY = _API_KEY

    def build(self, request_struct_class: type[_QuorumStruct]) -> _QuorumStruct:
        return request_struct_class([(_METADATA_TOPIC, [(0, {})], {})], {})


async def clock_ahead_milliseconds(settings: Settings) -> int | None:
    """How far the broker's clock is ahead of ours (below 0: behind), half of the way there and back taken off.

    None where it does not say: it is older, or this user may not describe the cluster. Raises `KafkaError`, `OSError`.
    """
    client = AIOKafkaClient(**client_options(settings))
    try:
        await client.bootstrap()
        node = next((broker.nodeId for broker in client.cluster.brokers()), None)
        if node is None:
            return None
        before = time.time_ns()
        answer: Any = await client.send(node, _QuorumRequest())
        after = time.time_ns()
    except (NotImplementedError, IncompatibleBrokerVersion):
        return None
    finally:
        await client.close()
    told = _leaders_time(answer)
    return None if told is None else told - (before + after) // 2_000_000


def _leaders_time(answer: Any) -> int | None:
    """The time of the leader, in milliseconds since 1970."""
    for _, partitions, _ in answer.topics:
        for _, error, leader, _, _, voters, _, _ in partitions:
            found = [voter[2] for voter in voters if voter[0] == leader]
            if not error and found and found[0] > 0:
                return int(found[0])
    return None
