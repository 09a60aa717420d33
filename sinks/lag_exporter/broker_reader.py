"""What the brokers say of groups and partitions, and the first record at a place: read only, no group is joined, nothing committed.

A consumer of the client library would fetch ahead and hide what it skipped; here every question is one request, bounded in bytes.
"""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, TypeVar

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.errors import KafkaConnectionError, KafkaError, NodeNotReadyError, OffsetOutOfRangeError, RequestTimedOutError, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

Answer = TypeVar("Answer")
Place: TypeAlias = tuple[str, int]
"""Name of a topic on the broker, partition."""

EARLIEST: Final = -2
LATEST: Final = -1
REQUEST_SECONDS_MAX: Final = 5.0
"""Longest wait for one answer: whoever asks wants to know soon that there is none."""
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
_NO_GROUP: Final = 69
"""Kafka's code where a described group does not exist; older brokers call it dead."""


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a place from an offset on.

    offset, timestamp_ms: of the first record there; None where the fetched bytes hold none. next_offset: up to where they were looked
    through. readable_to: how far a reader of committed records gets; an open transaction begins there if it lies before `end`.
    """

    offset: int | None
    timestamp_ms: int | None
    next_offset: int
    readable_to: int
    end: int


class BrokerReader:
    """Use it as an async context manager; every method raises `KafkaError` where there is no usable answer."""

    def __init__(self, client_options: Mapping[str, Any]) -> None:
        bounded = min(round(REQUEST_SECONDS_MAX * 1000), client_options.get("request_timeout_ms", 40_000))
        self._client = AIOKafkaClient(**{**client_options, "request_timeout_ms": bounded})
        self._slowest_seconds: float = 0

    async def __aenter__(self) -> Self:
        """Connect; raises `KafkaConnectionError`."""
        try:
            await self._timed(self._client.bootstrap())
        except BaseException:
            await self._client.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Disconnect."""
        await self._client.close()

    def take_slowest_seconds(self) -> float:
        """How long the slowest answer took since this was asked last; an answer that never came is one, as long as it was waited for."""
        slowest, self._slowest_seconds = self._slowest_seconds, 0
        return slowest

    async def partitions(self, topics: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """The partitions of these topics, and who leads them from here on; topics that do not exist are left out and not made."""
        answer = await self._from_any(MetadataRequest(list(topics), allow_auto_topic_creation=False))
        self._client.cluster.update_metadata(answer)
        found = {topic: self._client.cluster.partitions_for_topic(topic) for topic in topics}
        return {topic: tuple(sorted(numbers)) for topic, numbers in found.items() if numbers}

    async def positions(self, group: str, places: Iterable[Place]) -> dict[Place, int]:
        """The offsets that a group has committed; places without one are left out."""
        asked = _by_topic((topic, number) for topic, number in places)
        answer = await self._from_coordinator(group, OffsetFetchRequest(group, asked))
        _require(getattr(answer, "error_code", 0))
        found = {}
        for topic, partitions in answer.topics:
            for number, offset, _, code in partitions:
                _require(code)
                if offset >= 0:
                    found[topic, number] = offset
        return found

    async def members(self, group: str) -> int:
        """How many members a group has; 0 for one that the brokers do not know."""
        answer = await self._from_coordinator(group, DescribeGroupsRequest(groups=[group]))
        for code, name, _, _, _, members, *_ in answer.groups:
            if name == group and code != _NO_GROUP:
                _require(code)
                return len(members)
        return 0

    async def offsets(self, places: Iterable[Place], when: int) -> dict[Place, int]:
        """The end of each place as it is written (`LATEST`, records of open transactions included), or its begin (`EARLIEST`)."""

        def request(asked: Iterable[Place]) -> OffsetRequest:
            return OffsetRequest(-1, READ_UNCOMMITTED, _by_topic(((topic, number) for topic, number in asked), when))

        found = {}
        for answer in await self._from_leaders(places, request):
            for topic, partitions in answer.topics:
                for number, code, _, offset in partitions:
                    _require(code)
                    found[topic, number] = offset
        return found

    async def first_records(self, starts: Mapping[Place, int], *, committed: bool, bytes_max: int) -> dict[Place, Found]:
        """What stands at each place from its offset on; with `committed` as a reader of committed records sees it.

        At most `bytes_max` of each place are looked through: where a batch is longer, nothing is found and nothing passed.
        An offset that the log does not hold is left out.
        """
        level = READ_COMMITTED if committed else READ_UNCOMMITTED

        def request(asked: Iterable[Place]) -> FetchRequest:
            topics: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
            for place in asked:
                topics[place[0]].append((place[1], starts[place], bytes_max))
            return FetchRequest(0, 0, ANSWER_BYTES_MAX, level, list(topics.items()))

        found = {}
        for answer in await self._from_leaders(starts, request):
            for topic, partitions in answer.topics:
                for number, code, end, *more in partitions:
                    if for_code(code) is OffsetOutOfRangeError:
                        continue
                    _require(code)
                    aborted = more[2] if answer.API_VERSION >= 11 else more[-2]
                    readable_to = more[0] if more[0] >= 0 else end
                    nothing = Found(None, None, starts[topic, number], readable_to, end)
                    found[topic, number] = _first_in(more[-1], aborted, level, nothing)
        return found

    async def _from_any(self, request: Any) -> Any:
        nodes = [broker.nodeId for broker in self._client.cluster.brokers()]
        for node in nodes:
            try:
                return await self._timed(self._client.send(node, request))
            except (NodeNotReadyError, KafkaConnectionError, RequestTimedOutError):
                continue
        raise KafkaConnectionError(f"none of the brokers {nodes} answers")

    async def _from_coordinator(self, group: str, request: Any) -> Any:
        lookup: Callable[[Any, str], Awaitable[int]] = self._client.coordinator_lookup
        coordinator = await self._timed(lookup(CoordinationType.GROUP, group))
        return await self._timed(self._client.send(coordinator, request))

    async def _from_leaders(self, places: Iterable[Place], request: Callable[[Iterable[Place]], Any]) -> list[Any]:
        """One answer from each leader, about the places that it leads."""
        led: dict[int, list[Place]] = defaultdict(list)
        for place in places:
            leader = self._client.cluster.leader_for_partition(TopicPartition(*place))
            if leader is None or leader < 0:
                raise KafkaConnectionError(f"partition {place[1]} of topic {place[0]} has no leader")
            led[leader].append(place)
        return [await self._timed(self._client.send(leader, request(asked))) for leader, asked in led.items()]

    async def _timed(self, answer: Awaitable[Answer]) -> Answer:
        asked_at = time.monotonic()
        try:
            return await answer
        finally:
            self._slowest_seconds = max(self._slowest_seconds, time.monotonic() - asked_at)


def _by_topic(places: Iterable[Place], *more: int) -> list[tuple[str, list[Any]]]:
    topics: dict[str, list[Any]] = defaultdict(list)
    for topic, number in places:
        topics[topic].append((number, *more) if more else number)
    return list(topics.items())


def _require(code: int) -> None:
    if code:
        raise for_code(code)


def _first_in(data: bytes, aborted: Any, level: int, nothing: Found) -> Found:
    """`nothing` with the first record in it. A batch that cannot be unpacked is a record all the same: the time of its header is taken."""
    if not data:
        return nothing
    records = PartitionRecords(TopicPartition("", 0), MemoryRecords(data), aborted, nothing.next_offset, None, None, False, level)
    try:
        record = next(records, None)
    except KafkaError:
        batch = MemoryRecords(data).next_batch()
        start = max(nothing.next_offset, batch.base_offset)
        return replace(nothing, offset=start, timestamp_ms=batch.first_timestamp)
    if record is None:
        return replace(nothing, next_offset=records.next_fetch_offset)
    return replace(nothing, offset=record.offset, timestamp_ms=record.timestamp, next_offset=record.offset)
