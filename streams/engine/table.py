"""The state table: one dict per partition, dropped when the partition leaves and when it comes."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from faust.stores.memory import Store as MemoryStore
from faust.tables.table import Table
from faust.types import TP

from streams.engine.processor import Headers, SourceRecord, StateRecord

PARKED_DIGITS_MAX: Final = 9
PARKED_HEADER: Final = "parked"
"""Header of a changelog record: how many events wait inside the state. Absent = none."""


class PartitionStates:
    """Encoded state per key of one partition, and how much waits inside these states."""

    __slots__ = ("_parked_by_key", "by_key", "parked_events")

    def __init__(self) -> None:
        self.by_key: dict[bytes, bytes] = {}
        self.parked_events = 0
        self._parked_by_key: dict[bytes, int] = {}

    def apply(self, states: Iterable[StateRecord]) -> None:
        """Take over states that are committed to the changelog."""
        by_key, parked_by_key = self.by_key, self._parked_by_key
        for key, value, parked in states:
            if parked_by_key and key in parked_by_key:
                self.parked_events -= parked_by_key.pop(key)
            if value is None:
                by_key.pop(key, None)
                continue
            by_key[key] = value
            if parked:
                self.parked_events += parked
                parked_by_key[key] = parked


def changelog_headers(parked: int) -> Headers:
    """Headers of the changelog record of a state in which so many events wait."""
    return [(PARKED_HEADER, b"%d" % parked)] if parked else []


def state_from_changelog(record: SourceRecord) -> StateRecord:
    """The state that a changelog record holds. Raises ValueError for a record without key, or whose count is none."""
    if record.key is None:
        raise ValueError(f"changelog record at offset {record.offset} has no key")
    counts = [value for name, value in record.headers if name == PARKED_HEADER]
    if counts and not (counts[0] and counts[0].isdigit() and len(counts[0]) <= PARKED_DIGITS_MAX):
        raise ValueError(f"changelog record at offset {record.offset} has no count of parked events in its header")
    return StateRecord(record.key, record.value, int(counts[0]) if counts else 0)


class StateStore(MemoryStore[bytes, bytes]):
    """Memory store with a dict per partition; filled by the consumer's changelog path, never record by record."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._partitions: dict[int, PartitionStates] = {}

    def partition(self, number: int) -> PartitionStates:
        """The states of a partition; empty if it has just come."""
        return self._partitions.setdefault(number, PartitionStates())

    def drop(self, numbers: Iterable[int]) -> None:
        """Forget everything about these partitions."""
        for number in numbers:
            self._partitions.pop(number, None)

    def partitions(self) -> Mapping[int, PartitionStates]:
        """What is held, by partition."""
        return self._partitions

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0) -> None:
        """Drop what leaves, and what comes: it may hold leftovers of an earlier stay."""
        del assigned, generation_id
        changelog = self.table.changelog_topic.get_topic_name()
        self.drop(tp.partition for tp in revoked | newly_assigned if tp.topic == changelog)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Nothing to purge: partitions that left were dropped as a whole."""

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """Faust's record-by-record path stays empty; a record on it would bypass the exact coverage."""
        del to_key, to_value
        if list(batch):
            raise RuntimeError("changelog records arrived outside of the chunk path")


class StateTable(Table[bytes, bytes]):
    """The one kind of table that workers use; written by committed chunks only, never through the mapping interface."""

    def _new_store(self) -> Any:
        return StateStore("memory://", self.app, self, table_name=self.name, loop=self.loop)

    @property
    def store(self) -> StateStore:
        """The store with its proper type."""
        return cast(StateStore, self.data)
