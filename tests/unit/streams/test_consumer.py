"""The consumer's positions: concrete after every rebalance, with seek epochs; nothing is skipped, nothing stalls."""

from contextlib import nullcontext
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, ProducerFenced
from faust.types import TP

from streams.engine import consumer as consumer_module
from streams.engine.chunks import FetchedChunk
from streams.engine.consumer import STALL_SECONDS
from streams.engine.failure import ExitCode
from streams.engine.fetch_thread import StartPosition
from tests.unit.streams.offline_engine import BROKER, CHANGELOG, SOURCE, Offline, OfflineSlots, ProcessEnded, Record, RecordingProducer

P0, P1 = TP(SOURCE, 0), TP(SOURCE, 1)


async def test_start_is_the_committed_offset_else_the_earliest() -> None:
    """A4.1: a partition without any commit has a concrete start, too, and both are sought explicitly."""
    offline = Offline()
    offline.thread.positions = {P0: StartPosition(None, 40, 90), P1: StartPosition(60, 40, 90)}
    await offline.ready()
    assert offline.thread.seeks[-1][0] == {P0: 40, P1: 60}
    assert [offline.slots.by_partition[partition].expected_offset for partition in (0, 1)] == [40, 60]


async def test_a_committed_offset_counts_only_from_the_broker_that_has_just_settled_it() -> None:
    """A broker that has just taken the group over may answer with an older offset, or none, as if a chunk had never been judged."""
    offline = await Offline().assign()
    offline.thread.coordinators = [None, BROKER + 1, BROKER]
    answers: list[int | None] = [None, None, 60]

    async def start_positions(partitions: Any) -> Any:
        committed = answers.pop(0)
        return {tp: StartPosition(committed, 0, 90) for tp in partitions}

    offline.thread.start_positions = start_positions  # type: ignore[method-assign]
    offline.consumer.resume_partitions({P0, P1})
    await offline.consumer.perform_seek()
    assert [offline.slots.by_partition[partition].expected_offset for partition in (0, 1)] == [60, 60]
    assert [offline.producer(0).settled, offline.producer(1).settled] == [3, 0]


async def test_offsets_that_cannot_be_settled_end_the_process(ended: list[ExitCode]) -> None:
    offline = await Offline().assign()
    offline.producer(0).failure = ProducerFenced()
    with pytest.raises(ProcessEnded):
        await offline.consumer.perform_seek()
    assert ended == [ExitCode.FENCED]


async def test_chunk_from_before_the_seek_is_refused() -> None:
    """A4.2: what was fetched before the positions were set carries an older epoch; its records come again by the seek."""
    offline = Offline()
    offline.thread.positions = {P0: StartPosition(1306, 0, 9000), P1: StartPosition(0, 0, 0)}
    await offline.ready()
    early = offline.chunk(1692, 1700, epoch=0)
    await offline.offer(early)
    assert not early.committed
    assert offline.refused("old_epoch") == 1
    await offline.offer(offline.chunk(1306, 1310))
    assert offline.slots.by_partition[0].committed_offset == 1310


async def test_chunk_at_another_place_is_given_back_by_seeking() -> None:
    """A gap is never skipped: the position goes back to the expected offset under a new epoch, and work goes on from there."""
    offline = await Offline().ready()
    gap = offline.chunk(5, 9)
    await offline.offer(gap)
    assert not gap.committed
    assert offline.refused("unexpected_start") == 1
    offsets, epochs = offline.thread.seeks[-1]
    assert offsets == {P0: 0}
    await offline.offer(offline.chunk(0, 9, epoch=epochs[P0]))
    assert offline.slots.by_partition[0].committed_offset == 9


async def test_chunk_lost_on_the_way_to_a_quiet_slot_is_fetched_again() -> None:
    """A4.3: no further chunk would ever show the gap, so the fetch position is compared with the expected offset."""
    offline = await Offline().ready()
    offline.thread.fetch_states = {P0: (25, 25), P1: (0, 0)}
    seeks = len(offline.thread.seeks)
    offline.consumer.give_back_stalled(now=100.0)
    await offline.settle()
    assert len(offline.thread.seeks) == seeks
    offline.consumer.give_back_stalled(now=100.0 + STALL_SECONDS + 1)
    await offline.settle()
    assert offline.thread.seeks[-1][0] == {P0: 0}
    assert offline.refused("stalled") == 1


async def test_reread_range_advances_the_acknowledged_end() -> None:
    """A4.3: a chunk that starts before the acknowledged end and ends behind it moves it; a shorter one never moves it back."""
    offline = await Offline().ready()
    ends: list[int | None] = []
    for first, end in ((0, 5), (3, 9), (2, 4)):
        offline.chunk(first, end).finish(committed=True)
        ends.append(offline.consumer._committed_offset[P0])
    assert ends == [5, 9, 9]


async def test_refused_chunk_does_not_advance_the_acknowledged_end() -> None:
    """A4.6: Faust counts offsets, we count ranges that were committed."""
    offline = await Offline().ready()
    offline.chunk(0, 5).finish(committed=False)
    assert offline.consumer._committed_offset[P0] == 0
    assert await offline.consumer.commit() is False


async def test_source_partitions_wait_for_positions_and_flow() -> None:
    """Faust resumes the source before it seeks, and empties its queues after: only then may a chunk come."""
    offline = await Offline().assign()
    offline.consumer.resume_partitions({P0, P1, TP(CHANGELOG, 0)})
    offline.consumer.resume_flow()
    assert offline.consumer.wanted == {TP(CHANGELOG, 0)}
    await offline.consumer.perform_seek()
    offline.consumer.resume_flow()
    assert offline.consumer.wanted == {P0, P1, TP(CHANGELOG, 0)}


async def test_rebalance_during_the_seek_leaves_the_slots_closed() -> None:
    """The flow stops while positions are asked for: the answer belongs to an assignment that is gone."""
    offline = await Offline().assign()
    asked = offline.thread.start_positions

    async def stop_meanwhile(partitions: Any) -> dict[TP, StartPosition]:
        offline.consumer.stop_flow()
        return await asked(partitions)

    offline.thread.start_positions = stop_meanwhile  # type: ignore[method-assign]
    await offline.consumer.perform_seek()
    assert not offline.consumer.positioned
    await offline.offer(offline.chunk(0, 2))
    assert offline.refused("old_epoch") == 1


@pytest.mark.parametrize("position", [StartPosition(10, 20, 90), StartPosition(95, 20, 90)], ids=["retention", "truncated"])
async def test_lost_source_records_end_the_process(ended: list[ExitCode], position: StartPosition) -> None:
    """The log starts behind, or ends before, the committed offset."""
    offline = Offline()
    offline.thread.positions[P0] = position
    with pytest.raises(ProcessEnded):
        await offline.ready()
    assert ended == [ExitCode.SOURCE_GONE]


@pytest.mark.parametrize("assigned", [{P0}, {P0, TP(CHANGELOG, 1)}, {TP(SOURCE, 2), TP(CHANGELOG, 2)}])
async def test_assignment_that_does_not_fit_the_state_ends_the_process(ended: list[ExitCode], assigned: set[TP]) -> None:
    offline = Offline()
    with pytest.raises(ProcessEnded):
        await offline.consumer.on_partitions_assigned(assigned, 1)
    assert ended == [ExitCode.ASSIGNMENT_UNUSABLE]


def _recovering(offline: Offline, highwater: int) -> Any:
    recovery: Any = offline.tables.recovery
    tp = TP(CHANGELOG, 0)
    recovery.add_active(offline.engine.table, tp)
    recovery.active_offsets[tp] = -1
    recovery.active_highwaters[tp] = highwater
    recovery.in_recovery = True
    offline.consumer._epochs[tp] = 1
    return recovery


async def test_recovery_ends_at_a_marker() -> None:
    """The last offset of a transactional changelog is never delivered; the range of the chunk covers it."""
    offline = await Offline().assign()
    recovery = _recovering(offline, highwater=3)
    records = [Record(0, value=b"1"), Record(1, value=b"2")]
    await offline.consumer._deliver(FetchedChunk(TP(CHANGELOG, 0), 0, 2, 1, records, 10))
    assert not recovery.signal_recovery_end.is_set()
    await offline.consumer._deliver(FetchedChunk(TP(CHANGELOG, 0), 2, 4, 1, [], 0))
    assert recovery.signal_recovery_end.is_set()
    assert offline.engine.table.store.partition(0).by_key == {b"k": b"2"}


async def test_changelog_chunk_from_before_its_seek_is_not_applied() -> None:
    """A4.7: an older epoch may start anywhere; applied, it could put an older state over a newer one."""
    offline = await Offline().assign()
    _recovering(offline, highwater=3)
    await offline.consumer._deliver(FetchedChunk(TP(CHANGELOG, 0), 0, 2, 0, [Record(0, value=b"old")], 10))
    assert offline.engine.table.store.partition(0).by_key == {}


async def test_end_of_one_recovery_is_not_the_end_of_the_next() -> None:
    """Faust lets the signal stand for seconds: partitions that come meanwhile would start with empty states."""
    offline = await Offline().assign()
    recovery = _recovering(offline, highwater=3)
    recovery.signal_recovery_end.set()
    await offline.consumer.seek_wait({TP(CHANGELOG, 0): -1})
    assert not recovery.signal_recovery_end.is_set()


@pytest.mark.parametrize(("recovered_to", "codes"), [(2, [ExitCode.NOT_RECOVERED]), (3, [])])
async def test_unrecovered_table_ends_the_process_before_the_source_is_read(
    ended: list[ExitCode], recovered_to: int, codes: list[ExitCode]
) -> None:
    """Whatever made Faust believe that its recovery has ended: no order is judged without its state."""
    offline = await Offline().assign()
    recovery = _recovering(offline, highwater=3)
    recovery.active_offsets[TP(CHANGELOG, 0)] = recovered_to
    offline.consumer.resume_partitions({P0, P1})
    await offline.consumer.perform_seek()
    with pytest.raises(ProcessEnded) if codes else nullcontext():
        offline.consumer.resume_flow()
    assert ended == codes
    assert offline.consumer.wanted == (set() if codes else {P0, P1})


async def test_own_changelog_writes_count_as_recovered() -> None:
    """A partition that stays need not read its own snapshots again at the next rebalance."""
    offline = await Offline().ready()
    recovery = _recovering(offline, highwater=0)
    await offline.offer(offline.chunk(0, 5))
    assert recovery.active_offsets[TP(CHANGELOG, 0)] == 5


class UnreachableProducer(RecordingProducer):
    """Finds no broker."""

    async def start(self) -> None:
        """Fail."""
        raise KafkaConnectionError


@pytest.mark.parametrize(("stopping", "code"), [(False, ExitCode.PRODUCER_NOT_STARTED), (True, 0)])
async def test_producers_without_a_broker_end_the_process_but_a_stop_stays_a_stop(
    ended: list[int], monkeypatch: pytest.MonkeyPatch, stopping: bool, code: int
) -> None:
    """SIGTERM while an assignment is taken over and the broker is away: exit 0, as nothing was begun."""

    def give_up_draining() -> None:
        ended.append(0)
        raise ProcessEnded

    monkeypatch.setattr(consumer_module, "give_up_draining", give_up_draining)
    monkeypatch.setattr(OfflineSlots, "new_producer", UnreachableProducer)
    offline = Offline()
    if stopping:
        offline.engine.app._stopped.set()
    with pytest.raises(ProcessEnded):
        await offline.consumer._open_slots(offline.thread.assignment())
    assert ended == [code]
