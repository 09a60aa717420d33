"""Who the stream is: cluster id, topic id and partitions, asked from the broker.

A topic that was deleted and made again keeps its name but gets another id; offsets of the old one mean nothing on it.
aiokafka 0.14 speaks metadata requests up to version 5, topic ids came with version 10, so version 11 is spelled out here.
"""

import base64
from io import BytesIO
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from sinks.ledger import StreamIdentity

NO_SUCH_TOPIC = 3
_NAME = CompactString("utf-8")


class StreamUnknown(Exception):
    """The topic is not there or the broker cannot name it; the message says how to mend it."""


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

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[_MetadataStruct]) -> _MetadataStruct:
        return request_struct_class([(bytes(16), self._topic, {})], False, False, {})


async def identify(topic: str, client_options: dict[str, Any]) -> tuple[StreamIdentity, tuple[int, ...]]:
    """The identity of `topic` and its partition numbers in order.

    Raises `StreamUnknown` where the topic is missing or the broker is older than Kafka 2.8, `KafkaConnectionError`
    where no broker answers. Never makes a topic.
    """
    client = AIOKafkaClient(**client_options)
    try:
        await client.bootstrap()
        response = await client.send(client.get_random_node(), _MetadataRequest(topic))
    except (IncompatibleBrokerVersion, NotImplementedError):
        raise StreamUnknown("the broker is too old: it does not name topics by id (Kafka 2.8 or newer is needed)") from None
    finally:
        await client.close()
    code, _, topic_id, _, partitions = response.topics[0][:5]
    if code == NO_SUCH_TOPIC:
        raise StreamUnknown(f"topic {topic} does not exist; `asiento topics apply` makes it")
    if code:
        raise StreamUnknown(f"topic {topic}: the broker answers error {code}")
    name = base64.urlsafe_b64encode(topic_id).rstrip(b"=").decode()
    identity = StreamIdentity(cluster_id=response.cluster_id, topic=topic, topic_id=name)
    return identity, tuple(sorted(partition[1] for partition in partitions))
