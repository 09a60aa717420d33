"""What the broker says of topics, their ids and this user's rights included.

aiokafka 0.14 speaks metadata requests up to version 5; topic ids and rights came later, so version 11 is spelled out here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError, RequestTimedOutError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

NO_SUCH_TOPIC: Final = 3
NOT_AUTHORIZED: Final = 29
"""The topic may be there or not: this user may not even ask."""

OPERATION_BITS: Final = {
    "read": 3,
    "write": 4,
    "create": 5,
    "delete": 6,
    "alter": 7,
    "describe": 8,
    "describe_configs": 10,
    "alter_configs": 11,
}
"""Kafka's numbers of the operations on a topic."""

_NAME = CompactString("utf-8")


class _Uuid:
    """16 bytes as they are."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)

    @classmethod
    def repr(cls, value: bytes) -> str:
        return value.hex()


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 11
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(("node_id", Int32), ("host", _NAME), ("port", Int32), ("rack", _NAME), ("tags", TaggedFields))),
        ("cluster_id", _NAME),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", _NAME),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataStruct(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 11
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", _NAME), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _MetadataRequest(Request[_MetadataStruct]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataStruct]) -> _MetadataStruct:
        return request_struct_class([(bytes(16), topic, {}) for topic in self._topics], False, True, {})


async def _answer(client: AIOKafkaClient, request: _MetadataRequest) -> Any:
    nodes = [broker.nodeId for broker in client.cluster.brokers()]
    if not nodes:
        raise KafkaConnectionError("the broker that answers names no brokers")
    for node in nodes[:-1]:
        try:
            return await client.send(node, request)
        except (NodeNotReadyError, KafkaConnectionError, RequestTimedOutError):  # a broker that has just died is listed still
            continue
    return await client.send(nodes[-1], request)


@dataclass(frozen=True, slots=True)
class DescribedTopic:
    """One topic as the broker describes it to this user; `error` is Kafka's code, 0 for none.

    `operations` are the names in `OPERATION_BITS` that this user may do with it: all of them where the broker has no authorizer.
    """

    name: str
    error: int
    topic_id: bytes
    partitions: tuple[int, ...]
    operations: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClusterMetadata:
    """Who the cluster is, where its brokers are to be reached, and the topics that were asked for, in that order."""

    cluster_id: str
    brokers: tuple[tuple[str, int], ...]
    topics: tuple[DescribedTopic, ...]


async def ask_metadata(client: AIOKafkaClient, topics: Sequence[str]) -> ClusterMetadata:
    """Ask the brokers of a bootstrapped client about topics, one after the other until one answers; never makes one.

    Raises `IncompatibleBrokerVersion` or `NotImplementedError` where they are older than Kafka 2.8, any `KafkaError` where none answers.
    """
    response: Any = await _answer(client, _MetadataRequest(topics))
    described = [
        DescribedTopic(
            name=name,
            error=code,
            topic_id=topic_id,
            partitions=tuple(sorted(partition[1] for partition in partitions)),
            operations=frozenset(word for word, bit in OPERATION_BITS.items() if allowed >= 0 and allowed >> bit & 1),
        )
        for code, name, topic_id, _, partitions, allowed, _ in response.topics
    ]
    return ClusterMetadata(response.cluster_id, tuple((broker[1], broker[2]) for broker in response.brokers), tuple(described))
