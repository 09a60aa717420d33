"""Slots: exact order, merging within bounds, one transaction per merged range, nothing acknowledged that is not committed."""

import asyncio

import pytest
from aiokafka.errors import ProducerFenced

from streams.engine import slots as slots_module
from streams.engine.failure import ExitCode
from tests.unit.streams.offline_engine import Offline, ProcessEnded, Record, Tally, let_others_run


async def test_chunk_is_committed_with_its_whole_range() -> None:
    """Offsets without records, at both ends, belong to the range."""
    offline = await Offline().ready()
    chunk = offline.chunk(0, 7, records=[Record(2), Record(3)])
    await offline.offer(chunk)
    assert [commit[0] for commit in offline.producer(0).commits] == [7]
    assert offline.slots.by_partition[0].committed_offset == 7
    assert chunk.acked
    assert chunk.committed


async def test_chunk_without_records_advances_the_offset() -> None:
    offline = await Offline().ready()
    await offline.offer(offline.chunk(0, 3, records=[]))
    assert [commit[0] for commit in offline.producer(0).commits] == [3]


async def test_state_is_seen_by_the_next_chunk_only_after_its_commit() -> None:
    offline = await Offline().ready()
    await offline.offer(offline.chunk(0, 2))
    await offline.offer(offline.chunk(2, 3))
    assert offline.engine.table.store.partition(0).by_key == {b"k": b"3"}


async def test_waiting_chunks_are_merged_within_the_bound() -> None:
    """While one transaction runs, three more chunks come: they become one range of 4 records and one of 2."""
    offline = await Offline(merged_records_max=4).ready()
    offline.producer(0).may_commit.clear()
    for first in (0, 2, 4, 6):
        await offline.slots.accept(offline.chunk(first, first + 2), offline.consumer.give_back)
        await let_others_run()
    offline.producer(0).may_commit.set()
    await offline.settle()
    assert offline.tally.committed_ranges == [(0, 2), (2, 6), (6, 8)]


async def test_range_that_is_too_large_is_halved_until_it_fits() -> None:
    """The halves join; offsets without records stay covered."""
    offline = await Offline(Tally(records_max=2)).ready()
    await offline.offer(offline.chunk(0, 20, records=[Record(offset) for offset in (1, 5, 6, 9, 15)]))
    assert offline.tally.committed_ranges == [(0, 6), (6, 9), (9, 20)]
    assert [commit[0] for commit in offline.producer(0).commits] == [6, 9, 20]


@pytest.mark.parametrize(("error", "code"), [(ProducerFenced(), ExitCode.FENCED), (OSError(), ExitCode.CHUNK_FAILED)])
async def test_failed_commit_ends_the_process_and_acknowledges_nothing(ended: list[ExitCode], error: Exception, code: ExitCode) -> None:
    offline = await Offline().ready()
    offline.producer(0).failure = error
    chunk = offline.chunk(0, 2)
    with pytest.raises(ProcessEnded):
        await offline.offer(chunk)
    assert ended[0] is code
    assert not chunk.acked
    assert offline.engine.table.store.partition(0).by_key == {}


async def test_defect_in_processing_ends_the_process(ended: list[ExitCode]) -> None:
    offline = await Offline().ready()
    with pytest.raises(ProcessEnded):
        await offline.offer(offline.chunk(0, 1, records=[Record(0, value=b"poison")]))
    assert ended[0] is ExitCode.CHUNK_FAILED
    assert offline.producer(0).commits == []


async def test_suspension_drops_what_waits_and_lets_the_running_transaction_end() -> None:
    """Rebalance or shutdown: the waiting chunk is acknowledged to Faust as not committed, its range does not advance."""
    offline = await Offline().ready()
    offline.producer(0).may_commit.clear()
    running, waiting = offline.chunk(0, 2), offline.chunk(2, 4)
    await offline.slots.accept(running, offline.consumer.give_back)
    await let_others_run()
    await offline.slots.accept(waiting, offline.consumer.give_back)
    offline.slots.suspend()
    offline.producer(0).may_commit.set()
    await offline.settle()
    assert (running.committed, waiting.committed) == (True, False)
    assert waiting.acked
    late = offline.chunk(4, 6)
    await offline.offer(late)
    assert not late.committed
    assert offline.slots.by_partition[0].committed_offset == 2


async def test_full_slots_make_the_agent_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-pressure: no chunk is taken beyond the bound on bytes until one is done; a suspension frees who waits."""
    monkeypatch.setattr(slots_module, "ACCEPTED_BYTES_MAX", 25)
    offline = await Offline().ready()
    offline.producer(0).may_commit.clear()
    await offline.slots.accept(offline.chunk(0, 2), offline.consumer.give_back)
    second = asyncio.create_task(offline.slots.accept(offline.chunk(2, 4), offline.consumer.give_back))
    await let_others_run()
    assert not second.done()
    offline.producer(0).may_commit.set()
    await second
    await offline.settle()
    assert offline.slots.by_partition[0].committed_offset == 4


async def test_new_assignment_starts_new_producers_and_closes_the_old_ones() -> None:
    offline = await Offline().ready()
    old = offline.producer(0)
    await offline.assign()
    assert old.stopped
    assert offline.producer(0).started
    assert offline.producer(0) is not old
