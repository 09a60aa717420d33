"""The state table: a dict per partition, nothing of an earlier stay survives, parked events are counted."""

from dataclasses import dataclass

import pytest
from faust.types import TP

from streams.engine.processor import StateRecord
from streams.engine.table import PartitionStates, StateStore, changelog_headers, state_from_changelog


@dataclass(frozen=True)
class Record:
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp: int = 0


class Topic:
    def get_topic_name(self) -> str:
        return "changelog"


class Table:
    name = "orders"
    changelog_topic = Topic()


def _store() -> StateStore:
    return StateStore("memory://", None, Table())  # type: ignore[arg-type]


async def test_what_leaves_and_what_comes_is_dropped_what_stays_is_kept() -> None:
    """A4.5: keys written locally must not survive a partition that leaves and returns."""
    store = _store()
    for partition in (0, 1, 2):
        store.partition(partition).apply([StateRecord(b"k", b"v")])
    await store.on_rebalance({TP("changelog", 1), TP("changelog", 2)}, {TP("changelog", 0)}, {TP("changelog", 2), TP("source", 1)})
    assert [store.partition(partition).by_key for partition in (0, 1, 2)] == [{}, {b"k": b"v"}, {}]


def test_parked_events_follow_the_states() -> None:
    states = PartitionStates()
    states.apply([StateRecord(b"a", b"1", 2), StateRecord(b"b", b"1", 1)])
    assert states.parked_events == 3
    states.apply([StateRecord(b"a", b"2", 1), StateRecord(b"b", None, 0)])
    assert states.parked_events == 1
    assert states.by_key == {b"a": b"2"}


def test_state_round_trips_through_its_changelog_record() -> None:
    state = StateRecord(b"a", b"1", 7)
    assert state_from_changelog(Record(0, state.key, state.value, tuple(changelog_headers(state.parked)))) == state


def test_changelog_record_without_key_is_refused() -> None:
    with pytest.raises(ValueError, match="offset 5"):
        state_from_changelog(Record(5, None, b"1"))


def test_record_path_of_faust_is_closed() -> None:
    with pytest.raises(RuntimeError):
        _store().apply_changelog_batch([object()], None, None)
