"""How a sink process finds its topic at its start."""

from aiokafka.errors import KafkaError

from asiento.runtime.broker_access import connection_words
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from sinks.ledger import StreamIdentity
from sinks.stream_identity import identify


class BrokerUnreachable(Exception):
    """No broker answered at start."""


async def identified(topic: str, settings: Settings) -> tuple[StreamIdentity, tuple[int, ...]]:
    """A topic's identity and partitions; raises `BrokerUnreachable`, `StreamUnknown`."""
    try:
        return await identify(topic, client_options(settings))
    except KafkaError as error:
        raise BrokerUnreachable(await connection_words(settings, error)) from error
