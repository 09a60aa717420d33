"""The broker as a backup sees it."""

from collections.abc import Mapping
from typing import Protocol

from aiokafka.admin import AIOKafkaAdminClient

from sinks.backup.positions import Offsets
from sinks.verify.log import BrokerLog, Log


class BackupLog(Log, Protocol):
    """Topics, and what groups have committed."""

    async def group_positions(self, group: str) -> Mapping[str, Offsets]:
        """Topic -> what the group has committed; empty for an unknown group."""
        ...


class BackupBroker(BrokerLog):
    """The topics and groups of a running broker; see `BackupLog`."""

    async def group_positions(self, group: str) -> Mapping[str, Offsets]:
        """See `BackupLog.group_positions`."""
        admin = AIOKafkaAdminClient(**self._options)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(group)
        finally:
            await admin.close()
        found: dict[str, dict[int, int]] = {}
        for place, position in offsets.items():
            if position.offset >= 0:
                found.setdefault(place.topic, {})[place.partition] = position.offset
        return found
