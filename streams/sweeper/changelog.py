"""The changelog of the order states as the sweeper reads it: all partitions, committed records, from the start.

Partitions are taken by hand: every sweeper reads all of them, so that none depends on another.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition

Learn: TypeAlias = Callable[[bytes, bytes | None], None]
"""Takes the key and the newest state of one order, None where it has none any more."""

POLL_MILLISECONDS: Final = 250
FETCHED_RECORDS_MAX: Final = 5_000
LEARNT_AT_ONCE_MAX: Final = 200
"""States learnt before the event loop turns: health pages and signals wait for so many at most."""


class StateChangelog:
    """Follows the changelog; `catch_up` is the only way to get on."""

    def __init__(self, topic: str, partitions: int, client_options: Mapping[str, Any]) -> None:
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._consumer = AIOKafkaConsumer(
            **client_options, enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed"
        )

    async def start(self) -> None:
        """Connect and go to the start; raises `KafkaError`."""
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        await self.rewind()

    async def stop(self) -> None:
        """Leave the broker."""
        await self._consumer.stop()

    async def rewind(self) -> None:
        """Go to the start of all partitions."""
        await self._consumer.seek_to_beginning(*self._partitions)

    async def catch_up(self, learn: Learn, stop: asyncio.Event) -> bool:
        """Read up to the ends that the partitions have now; False where `stop` came first.

        Of the states of one order that come together only the last is learnt.
        """
        behind = dict(await self._consumer.end_offsets(self._partitions))
        while True:
            for partition in [*behind]:
                if await self._consumer.position(partition) >= behind[partition]:
                    del behind[partition]
            if not behind:
                return True
            if stop.is_set():
                return False
            fetched = await self._consumer.getmany(timeout_ms=POLL_MILLISECONDS, max_records=FETCHED_RECORDS_MAX)
            newest = {record.key: record.value for records in fetched.values() for record in records}
            for number, (order_key, value) in enumerate(newest.items(), 1):
                learn(order_key, value)
                if number % LEARNT_AT_ONCE_MAX == 0:
                    await asyncio.sleep(0)
