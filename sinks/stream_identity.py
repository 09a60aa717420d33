"""Who the stream is: cluster id, topic id and partitions, asked from the broker.

A topic that was deleted and made again keeps its name but gets another id; offsets of the old one mean nothing on it.
"""

import base64
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion, TopicAuthorizationFailedError

from asiento.runtime.kafka_metadata import NO_SUCH_TOPIC, NOT_AUTHORIZED, ask_metadata
from sinks.ledger import StreamIdentity


class StreamUnknown(Exception):
    """The topic is not there or the broker cannot name it; the message says how to mend it."""


async def identify(topic: str, client_options: dict[str, Any]) -> tuple[StreamIdentity, tuple[int, ...]]:
    """The identity of `topic` and its partition numbers in order.

    Raises `StreamUnknown` where the topic is missing or the broker is older than Kafka 2.8, `TopicAuthorizationFailedError`
    where this user may not describe it, `KafkaConnectionError` where no broker answers. Never makes a topic.
    """
    client = AIOKafkaClient(**client_options)
    try:
        await client.bootstrap()
        cluster = await ask_metadata(client, [topic])
    except (IncompatibleBrokerVersion, NotImplementedError):
        raise StreamUnknown("the broker is too old: it does not name topics by id (Kafka 2.8 or newer is needed)") from None
    finally:
        await client.close()
    found = cluster.topics[0]
    if found.error == NO_SUCH_TOPIC:
        raise StreamUnknown(f"topic {topic} does not exist; `asiento topics apply` makes it")
    if found.error == NOT_AUTHORIZED:
        raise TopicAuthorizationFailedError(topic)
    if found.error:
        raise StreamUnknown(f"topic {topic}: the broker answers error {found.error}")
    name = base64.urlsafe_b64encode(found.topic_id).rstrip(b"=").decode()
    identity = StreamIdentity(cluster_id=cluster.cluster_id, topic=topic, topic_id=name)
    return identity, found.partitions
