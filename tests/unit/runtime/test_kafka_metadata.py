"""Asking for metadata: a broker that has just died is listed still, the next one is asked."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError

from asiento.runtime.kafka_metadata import ask_metadata

READ_WRITE_DESCRIBE = 1 << 3 | 1 << 4 | 1 << 8
TOPIC: tuple[Any, ...] = (0, "orders", b"i" * 16, False, [(0, 1), (0, 0)], READ_WRITE_DESCRIBE, {})
UNKNOWN: tuple[Any, ...] = (3, "nothing", bytes(16), False, [], -(1 << 31), {})


class Client:
    """Brokers by number, of which only some answer."""

    def __init__(self, brokers: int, alive: frozenset[int]) -> None:
        self.cluster = SimpleNamespace(brokers=lambda: [SimpleNamespace(nodeId=number) for number in range(brokers)])
        self._alive = alive
        self.asked: list[int] = []

    async def send(self, node: int, _: Any) -> Any:
        """An answer, or what aiokafka says of a broker that is away."""
        self.asked.append(node)
        if node not in self._alive:
            raise NodeNotReadyError
        return SimpleNamespace(cluster_id="c", brokers=[(1, "kafka", 9092, None, {})], topics=[TOPIC, UNKNOWN])


async def test_the_next_broker_is_asked() -> None:
    client: Any = Client(3, frozenset({2}))
    found = await ask_metadata(client, ["orders", "nothing"])
    assert client.asked == [0, 1, 2]
    assert (found.cluster_id, found.brokers) == ("c", (("kafka", 9092),))
    orders, nothing = found.topics
    assert (orders.partitions, orders.operations) == ((0, 1), frozenset({"read", "write", "describe"}))
    assert (nothing.error, nothing.operations) == (3, frozenset())


@pytest.mark.parametrize(("brokers", "error"), [(2, NodeNotReadyError), (0, KafkaConnectionError)])
async def test_where_none_answers_it_says_so(brokers: int, error: type[Exception]) -> None:
    client: Any = Client(brokers, frozenset())
    with pytest.raises(error):
        await ask_metadata(client, ["orders"])
