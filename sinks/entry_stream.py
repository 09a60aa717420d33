"""The entries topic as a sink reads it: committed records only, all partitions, from exactly the ledger's offsets.

The partitions are taken by hand, not through a consumer group: the embedded ledger has one writing process, held by a
lock, so a group would add rebalances and sessions but no safety; the fence is the ledger's own compare-and-set. The
group's name is still used to note positions on the broker, only so that lag tools see this sink. Nobody reads them back.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError, OffsetOutOfRangeError

from asiento.accounting.values import value
from sinks.ledger import OffsetRange

POLL_SECONDS_MAX = 0.25
"""Longest wait for records; bounds how late a stop request is seen."""
FETCH_WAIT_MS_MAX = 20
"""Longest wait of the broker for a fetch. While one waits, records of a partition that was not named in it, since its last ones were
still on their way to us, are not seen: they would be that late."""
NOTE_SECONDS_MAX = 3.0
"""Longest wait for noted positions: without a broker aiokafka tries for ever, and SIGTERM would wait for it."""


class StreamBroken(Exception):
    """The stream does not keep its promise; the sink must not go on. The message says where and how to mend it."""


@value
class Record:
    """One record as it came; `timestamp` in UTC milliseconds. Sinks have no use for headers and leave them out."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class EntryStream:
    """All partitions of one topic, read from given offsets on. `fetch` never skips and never resets."""

    def __init__(self, topic: str, partitions: Sequence[int], group: str, client_options: Mapping[str, Any]) -> None:
        self._topic = topic
        self._assigned = [TopicPartition(topic, number) for number in partitions]
        self._handed: dict[int, int] = {}
        self._taken: dict[int, int] = {}
        self._consumer = AIOKafkaConsumer(
            **client_options,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_WAIT_MS_MAX,
        )

    async def start(self, next_offsets: Mapping[int, int]) -> None:
        """Go to the ledger's offsets; raises `StreamBroken` where the log does not hold them any more."""
        await self._consumer.start()
        self._consumer.assign(self._assigned)
        earliest = await self._consumer.beginning_offsets(self._assigned)
        latest = await self.end_offsets()
        for partition in self._assigned:
            number, wanted = partition.partition, next_offsets[partition.partition]
            if not earliest[partition] <= wanted <= latest[number]:
                raise StreamBroken(_out_of_range(self._topic, number, wanted, earliest[partition], latest[number]))
            self._consumer.seek(partition, wanted)
        self._handed, self._taken = dict(next_offsets), dict(next_offsets)

    async def stop(self) -> None:
        """Leave the broker."""
        await self._consumer.stop()

    async def fetch(self, records_max: int) -> list[Record]:
        """Wait shortly for committed records, at most `records_max`, each partition's in offset order."""
        try:
            fetched = await self._consumer.getmany(timeout_ms=int(POLL_SECONDS_MAX * 1000), max_records=records_max)
        except OffsetOutOfRangeError as error:
            raise StreamBroken(
                f"topic {self._topic}: the broker does not hold the next offset any more ({error.args[0]}); {_MEND}"
            ) from error
        return [
            Record(partition.partition, record.offset, record.timestamp, record.key, record.value)
            for partition, records in fetched.items()
            for record in records
        ]

    async def ranges(self) -> tuple[OffsetRange, ...]:
        """The offsets fetched and not handed over yet: records, and behind them control records and aborted ones.

        Call it in the same turn of the event loop in which `fetch` answered: whoever fetches meanwhile moves it on.
        """
        moved = []
        for partition in self._assigned:
            start, end = self._handed[partition.partition], await self._consumer.position(partition)
            if end < start:
                raise StreamBroken(
                    f"topic {self._topic} partition {partition.partition}: position {end} lies before offset {start}, which was taken"
                )
            if end > start:
                moved.append(OffsetRange(partition=partition.partition, start=start, end=end))
        return tuple(moved)

    def hand_over(self, ranges: Sequence[OffsetRange]) -> None:
        """These ranges are on their way into the ledger; the next ones start at their ends."""
        for moved in ranges:
            self._handed[moved.partition] = moved.end

    def take(self, ranges: Sequence[OffsetRange]) -> None:
        """These ranges are booked, handed over before or not."""
        for moved in ranges:
            self._taken[moved.partition] = moved.end
            self._handed[moved.partition] = max(self._handed[moved.partition], moved.end)

    @property
    def next_offsets(self) -> Mapping[int, int]:
        """The booked position per partition."""
        return self._taken

    async def end_offsets(self) -> dict[int, int]:
        """The end of each partition as a reader of committed records sees it (last stable offset)."""
        ends = await self._consumer.end_offsets(self._assigned)
        return {partition.partition: end for partition, end in ends.items()}

    async def note_positions(self) -> str | None:
        """Commit the booked positions under the group's name; answer what went wrong, as nothing depends on it."""
        positions = {partition: self._taken[partition.partition] for partition in self._assigned}
        try:
            async with asyncio.timeout(NOTE_SECONDS_MAX):  # wait_for would lose a cancellation that comes as the commit ends
                await self._consumer.commit(positions)
        except (KafkaError, IllegalOperation, TimeoutError) as error:
            return repr(error)
        return None


_MEND = (
    "either the broker or the topic was replaced, or retention removed entries that this ledger has not booked. "
    "Nothing was skipped: restore the topic, or start a new ledger on a complete stream"
)


def _out_of_range(topic: str, partition: int, wanted: int, earliest: int, latest: int) -> str:
    return f"topic {topic} partition {partition}: the ledger goes on at offset {wanted}, the log holds {earliest} to {latest}; {_MEND}"
