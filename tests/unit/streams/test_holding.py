"""A record that has to wait holds its partition and nothing else: no bytes, no transaction, no other partition, no rebalance."""

import asyncio
from collections.abc import Mapping

import pytest
from faust.types import TP

from streams.engine import slots as slots_module
from streams.engine.failure import ExitCode
from streams.engine.processor import RangeWaits, SourceRange
from streams.engine.slots import PartitionSlot
from tests.unit.streams.offline_engine import SOURCE, Offline, ProcessEnded, Record, Tallied, Tally, let_others_run

P0, P1 = TP(SOURCE, 0), TP(SOURCE, 1)


class Patient(Tally):
    """A tally that waits with the value `wait` until `here` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.here = asyncio.Event()
        self.failure: Exception | None = None
        self.waits = 0

    def process(self, source: SourceRange, states: Mapping[bytes, bytes]) -> Tallied:
        """As the tally does, once nothing has to be waited for."""
        place = next((place for place, record in enumerate(source.records) if record.value == b"wait"), None)
        if place is not None and not self.here.is_set():
            raise RangeWaits(place, self.until)
        return super().process(source, states)

    async def until(self) -> None:
        """Wait, and fail if the test wants it."""
        self.waits += 1
        await self.here.wait()
        if self.failure is not None:
            raise self.failure


def records(first: int, end: int, wait: int) -> list[Record]:
    """One record per offset, one of which has to wait."""
    return [Record(offset, value=b"wait" if offset == wait else b"v", timestamp=1000 + offset) for offset in range(first, end)]


@pytest.fixture
async def patient() -> Patient:
    """The job."""
    return Patient()


@pytest.fixture
async def offline(patient: Patient) -> Offline:
    """An engine whose partition 0 waits with offset 2 of [0, 4)."""
    offline = await Offline(patient).ready()
    await offline.offer(offline.chunk(0, 4, records=records(0, 4, wait=2)))
    await let_others_run()
    return offline


def slot(offline: Offline) -> PartitionSlot:
    """The slot that waits."""
    return offline.slots.by_partition[0]


async def test_what_is_before_the_record_is_committed_and_nothing_behind_it(offline: Offline, patient: Patient) -> None:
    assert patient.committed_ranges == [(0, 2)]
    assert (slot(offline).committed_offset, slot(offline).expected_offset) == (2, 2)
    assert patient.waits == 1
    assert slot(offline).busy_since is None, "the watchdog must not take a wait for work"
    assert slot(offline).oldest_timestamp_ms() == 1002, "the lag goes on growing"
    assert offline.slots.metrics.registry.get_sample_value("asiento_partitions_waiting") == 1


async def test_first_record_of_a_range_waits_without_an_empty_transaction(patient: Patient) -> None:
    offline = await Offline(patient).ready()
    await offline.offer(offline.chunk(0, 4, records=records(1, 4, wait=1)))
    assert patient.committed_ranges == []
    assert slot(offline).expected_offset == 0


async def test_the_partition_is_not_fetched_and_its_chunks_on_the_way_are_refused(offline: Offline) -> None:
    assert offline.consumer.wanted == {P1}
    late = offline.chunk(4, 6)
    await offline.offer(late)
    assert late.acked
    assert not late.committed
    assert offline.refused("old_epoch") == 1
    offline.thread.fetch_states = {P0: (6, 6)}
    for now in (100.0, 200.0):
        offline.consumer.give_back_stalled(now)
    assert offline.consumer.wanted == {P1}, "a partition that waits has not stalled"


async def test_other_partitions_go_on_however_small_the_room(offline: Offline, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots_module, "ACCEPTED_BYTES_MAX", 25)
    for first in range(0, 8, 2):
        await offline.offer(offline.chunk(first, first + 2, partition=1))
    assert offline.slots.by_partition[1].committed_offset == 8
    assert offline.slots._accepted_bytes == 0


async def test_chunks_that_came_behind_it_are_let_go_of_too(patient: Patient) -> None:
    offline = await Offline(patient, merged_records_max=4).ready()
    offline.producer(0).may_commit.clear()
    first, second = offline.chunk(0, 4, records=records(0, 4, wait=2)), offline.chunk(4, 8)
    for chunk in (first, second):
        await offline.slots.accept(chunk, offline.consumer.give_back)
        await let_others_run()
    offline.producer(0).may_commit.set()
    await offline.settle()
    assert (first.acked, second.acked, first.committed, second.committed) == (True, True, False, False)
    assert offline.slots._accepted_bytes == 0


async def test_after_the_wait_it_is_fetched_again_from_the_record_in_order(offline: Offline, patient: Patient) -> None:
    patient.here.set()
    await let_others_run()
    await offline.settle()
    assert offline.consumer.wanted == {P0, P1}
    offsets, epochs = offline.thread.seeks[-1]
    assert offsets == {P0: 2}
    await offline.offer(offline.chunk(2, 8, epoch=epochs[P0], records=records(2, 8, wait=2)))
    assert patient.committed_ranges == [(0, 2), (2, 8)]
    assert slot(offline).oldest_timestamp_ms() is None
    assert offline.slots.metrics.registry.get_sample_value("asiento_partitions_waiting") == 0


async def test_a_second_wait_of_the_same_range_is_a_hold_of_its_own(offline: Offline, patient: Patient) -> None:
    patient.here.set()
    await let_others_run()
    await offline.settle()
    patient.here.clear()
    await offline.offer(offline.chunk(2, 4, records=records(2, 4, wait=3)))
    await let_others_run()
    assert patient.waits == 2
    assert patient.committed_ranges == [(0, 2), (2, 3)]
    assert offline.consumer.wanted == {P1}


async def test_rebalance_and_shutdown_end_the_wait_at_once(offline: Offline, patient: Patient) -> None:
    seeks = len(offline.thread.seeks)
    offline.consumer.stop_flow()
    await asyncio.wait_for(offline.consumer.wait_empty(), 1.0)
    await let_others_run()
    assert offline.slots.metrics.registry.get_sample_value("asiento_partitions_waiting") == 0
    patient.here.set()
    await let_others_run()
    assert len(offline.thread.seeks) == seeks, "nobody seeks for an assignment that is gone"


async def test_new_assignment_fetches_the_partition_again(offline: Offline) -> None:
    offline.consumer.stop_flow()
    await offline.consumer._open_slots({TP(topic, partition) for topic in (SOURCE, "changelog") for partition in (0, 1)})
    offline.consumer.resume_partitions({P0, P1})
    await offline.consumer.perform_seek()
    offline.consumer.resume_flow()
    assert offline.consumer.wanted == {P0, P1}


async def test_suspension_while_the_part_before_it_is_committed_holds_nothing(patient: Patient) -> None:
    offline = await Offline(patient).ready()
    offline.producer(0).may_commit.clear()
    chunk = offline.chunk(0, 4, records=records(0, 4, wait=2))
    await offline.slots.accept(chunk, offline.consumer.give_back)
    await let_others_run()
    offline.slots.suspend()
    offline.producer(0).may_commit.set()
    await offline.settle()
    await let_others_run()
    assert patient.waits == 0
    assert patient.committed_ranges == [(0, 2)]
    assert chunk.acked
    assert not chunk.committed


async def test_wait_that_fails_ends_the_process(ended: list[ExitCode], offline: Offline, patient: Patient) -> None:
    """A partition that nobody wakes would stand still for ever."""
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context.get("exception")))
    patient.failure = ValueError()
    patient.here.set()
    await let_others_run(6)
    assert ended == [ExitCode.CHUNK_FAILED]
    assert isinstance(problems[0], ProcessEnded)
