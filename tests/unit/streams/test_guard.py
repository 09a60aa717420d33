"""The breaker in its slot, without a broker: when it writes, what it writes, and what it makes of what it finds."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from faust.types import TP

from streams.engine.breaker import EMPTY, Ending, Note, parse_note
from streams.engine.failure import ExitCode
from streams.engine.fetch_thread import StartPosition
from streams.engine.processor import RangeWaits, SourceRange
from streams.engine.run_ends import FILE_BYTES_MAX, LINES_KEPT, RunEnds
from tests.unit.streams.offline_engine import OUTPUT, SOURCE, Offline, ProcessEnded, Record, Tallied, Tally, let_others_run

POISON = b"poison"


async def taken_over(note: Note, tally: Tally | None = None, offset: int = 0, **settings: object) -> Offline:
    """An engine that found this note beside its offset on partition 0."""
    offline = Offline(tally, **settings)
    offline.thread.positions[TP(SOURCE, 0)] = StartPosition(offset, 0, 1000, note.text)
    return await offline.ready()


def notes(offline: Offline, partition: int = 0) -> list[tuple[int, Note]]:
    """What was written beside the offset, small transactions and commits alike."""
    return [(offset, parse_note(text, offset)) for offset, text in offline.producer(partition).notes]


def sample(offline: Offline, name: str, **labels: str) -> float | None:
    """A metric of the engine."""
    return offline.slots.metrics.registry.get_sample_value(name, labels)


async def test_only_the_first_chunk_after_a_take_over_costs_a_note() -> None:
    """In normal running nothing is written but the commits, and they leave no note."""
    offline = await Offline().ready()
    for first in (0, 2, 4):
        await offline.offer(offline.chunk(first, first + 2))
    run = offline.slots.judging.run
    assert notes(offline) == [(0, Note(run=run, until=2)), (2, EMPTY), (4, EMPTY), (6, EMPTY)]


async def test_a_chunk_without_records_costs_no_note() -> None:
    offline = await Offline().ready()
    await offline.offer(offline.chunk(0, 3, records=[]))
    assert notes(offline) == [(3, EMPTY)]


async def test_isolated_records_go_one_at_a_time_marked_and_cleared() -> None:
    """Up to the end of the suspect range; then whole chunks again."""
    offline = await taken_over(Note(until=3, isolated=True))
    assert sample(offline, "asiento_partitions_isolated") == 1
    await offline.offer(offline.chunk(0, 5, records=[Record(1), Record(2), Record(3), Record(4)]))
    run = offline.slots.judging.run
    mark, clear = Note(run=run, until=3, isolated=True), Note(until=3, isolated=True)
    assert notes(offline) == [(0, mark), (0, clear), (2, clear), (2, mark), (2, clear), (3, EMPTY), (5, EMPTY)]
    assert offline.tally.committed_ranges == [(0, 2), (2, 3), (3, 5)]
    assert sample(offline, "asiento_partitions_isolated") == 0


def tried(offline: Offline, outcome: str | None) -> list[int]:
    """Let trials end so; what was tried, by number of records in sight of the fault."""
    trials: list[int] = []

    async def trial(judge: Callable[[], object], seconds_max: float) -> str | None:
        del judge
        trials.append(round(seconds_max))
        return outcome

    offline.slots.judging.trial = trial
    return trials


@pytest.mark.parametrize(
    ("deaths", "outcome", "given_up"), [(1, "it died", False), (2, None, False), (2, "it died", True)], ids=["two", "acquitted", "given up"]
)
async def test_the_third_death_inside_the_mark_puts_the_record_on_trial(deaths: int, outcome: str | None, given_up: bool) -> None:
    """If it fails it is refused without being processed; the next record is on its own."""
    offline = await taken_over(Note(run="another", deaths=deaths, until=2, isolated=True))
    trials = tried(offline, outcome)
    assert sample(offline, "asiento_unexplained_deaths_total", at="record") == 1
    await offline.offer(offline.chunk(0, 2))
    outputs = [commit[1][OUTPUT][0].value for commit in offline.producer(0).commits]
    assert [(b"workers died" in (value or b"")) for value in outputs] == [given_up, False]
    assert len(trials) == (deaths == 2)
    assert offline.slots.by_partition[0].committed_offset == 2


async def test_record_that_was_given_up_is_not_processed() -> None:
    offline = await taken_over(Note(deaths=3, until=2, isolated=True))
    await offline.offer(offline.chunk(0, 2, records=[Record(0, value=POISON), Record(1)]))
    assert [commit[0] for commit in offline.producer(0).commits] == [1, 2]
    assert b"it raised an exception" in (offline.producer(0).commits[0][1][OUTPUT][0].value or b"")


async def test_acquitted_record_is_innocent_again() -> None:
    """It goes under the mark like any other, without what was counted."""
    offline = await taken_over(Note(deaths=5, until=2, isolated=True))
    await offline.offer(offline.chunk(0, 1))
    assert notes(offline)[0] == (0, Note(run=offline.slots.judging.run, until=2, isolated=True))


async def test_defect_leaves_the_mark_and_is_blamed(ended: list[ExitCode], tmp_path: Path) -> None:
    """The next run on this machine knows that it was this partition's record, and not one of another."""
    offline = await taken_over(Note(until=2, isolated=True), data_dir=tmp_path)
    with pytest.raises(ProcessEnded):
        await offline.offer(offline.chunk(0, 1, records=[Record(0, value=POISON)]))
    judging = offline.slots.judging
    assert notes(offline)[-1] == (0, Note(run=judging.run, until=2, isolated=True))
    judging.tell_end(ended[0])
    assert judging.ends.ending_of(judging.run, 0) is Ending.TOLD
    assert judging.ends.ending_of(judging.run, 1) is Ending.EXPLAINED


async def test_defect_in_a_later_chunk_is_noted_before_the_end(ended: list[ExitCode]) -> None:
    """The first chunk has wiped the note of the take-over: the dying worker leaves one, so that its death is the first of two."""
    offline = await Offline().ready()
    await offline.offer(offline.chunk(0, 2))
    with pytest.raises(ProcessEnded):
        await offline.offer(offline.chunk(2, 4, records=[Record(2), Record(3, value=POISON)]))
    assert ended[0] is ExitCode.CHUNK_FAILED
    assert notes(offline)[-1] == (2, Note(run=offline.slots.judging.run, until=4))


async def test_failed_commit_leaves_no_note_of_its_own(ended: list[ExitCode]) -> None:
    """Nothing failed in the judgement: the record is not blamed."""
    offline = await Offline().ready()
    await offline.offer(offline.chunk(0, 2))
    offline.producer(0).failure = OSError()
    with pytest.raises(ProcessEnded):
        await offline.offer(offline.chunk(2, 4))
    assert ended[0] is ExitCode.CHUNK_FAILED
    assert notes(offline)[-1] == (2, EMPTY)
    assert offline.slots.judging.blamed is None


async def test_defect_while_the_note_cannot_be_written_ends_the_process_all_the_same(ended: list[ExitCode]) -> None:
    offline = await Offline().ready()
    await offline.offer(offline.chunk(0, 2))
    offline.producer(0).failure = OSError()
    with pytest.raises(ProcessEnded):
        await offline.offer(offline.chunk(2, 4, records=[Record(2, value=POISON)]))
    assert ended[0] is ExitCode.CHUNK_FAILED


async def test_note_of_this_very_run_is_no_death() -> None:
    """A partition that comes back to the process that left it."""
    offline = await Offline().ready()
    note = Note(run=offline.slots.judging.run, deaths=1, until=9)
    offline.slots.by_partition[0].guard.take_over(0, note.text)
    assert offline.slots.by_partition[0].guard.note == note.left()
    assert sample(offline, "asiento_unexplained_deaths_total", at="chunk") in (None, 0)


class Patient(Tally):
    """Waits once for the first record, as for a schema id."""

    def __init__(self, until: asyncio.Event) -> None:
        super().__init__()
        self._until = until

    async def _wait(self) -> None:
        await self._until.wait()

    def process(self, source: SourceRange, states: object) -> Tallied:
        """As a tally, when the wait is over."""
        if not self._until.is_set():
            raise RangeWaits(0, self._wait)
        return super().process(source, {})


@pytest.mark.parametrize("note", [EMPTY, Note(until=9, isolated=True)], ids=["chunk", "record"])
async def test_record_that_waits_leaves_nothing_that_could_count(note: Note) -> None:
    """A partition may wait long for a schema registry, and its worker may be killed meanwhile."""
    offline = await taken_over(note, Patient(asyncio.Event()))
    await offline.offer(offline.chunk(0, 2))
    assert [one.run is None for _, one in notes(offline)] == [False, True]
    offline.slots.suspend()


async def test_nothing_else_is_judged_while_a_record_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partition 1 would kill the process: it must not do so inside the mark of partition 0's record."""
    offline = await taken_over(Note(until=1, isolated=True))
    clearing, may_clear = asyncio.Event(), asyncio.Event()
    write = offline.producer(0).note

    async def slow(offset: int, text: str) -> None:
        if parse_note(text, offset).run is None:
            clearing.set()
            await may_clear.wait()
        await write(offset, text)

    monkeypatch.setattr(offline.producer(0), "note", slow)
    judged: list[int] = []
    process: Callable[..., Tallied] = offline.tally.process

    def noted(source: SourceRange, states: dict[bytes, bytes]) -> Tallied:
        judged.append(source.partition)
        return process(source, states)

    monkeypatch.setattr(offline.tally, "process", noted)
    await offline.slots.accept(offline.chunk(0, 1), offline.consumer.give_back)
    await clearing.wait()
    await offline.slots.accept(offline.chunk(0, 1, partition=1), offline.consumer.give_back)
    await let_others_run(10)
    assert judged == [0]
    may_clear.set()
    await offline.settle()
    assert judged == [0, 1]


async def test_first_chunks_are_noted_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever kills the process while partition 0 is in its first chunk finds no note of the others: they did nothing yet."""
    offline = await Offline().ready()
    writing, may_write = asyncio.Event(), asyncio.Event()
    write = offline.producer(0).note

    async def slow(offset: int, text: str) -> None:
        writing.set()
        await may_write.wait()
        await write(offset, text)

    monkeypatch.setattr(offline.producer(0), "note", slow)
    await offline.slots.accept(offline.chunk(0, 1), offline.consumer.give_back)
    await writing.wait()
    await offline.slots.accept(offline.chunk(0, 1, partition=1), offline.consumer.give_back)
    await let_others_run(10)
    assert notes(offline, 1) == []
    may_write.set()
    await offline.settle()
    assert [offset for offset, _ in notes(offline, 1)] == [0, 1]


async def test_suspension_ends_an_isolation_between_two_records() -> None:
    """A rebalance does not wait for a thousand single transactions; what is left is the next owner's."""
    offline = await taken_over(Note(until=9, isolated=True))
    offline.producer(0).may_commit.clear()
    chunk = offline.chunk(0, 3)
    await offline.slots.accept(chunk, offline.consumer.give_back)
    await let_others_run()
    offline.slots.suspend()
    offline.producer(0).may_commit.set()
    await offline.settle()
    assert offline.slots.by_partition[0].committed_offset == 1
    assert (chunk.acked, chunk.committed) == (True, False)
    assert notes(offline)[-1] == (1, Note(until=9, isolated=True))


@pytest.mark.parametrize(
    ("exit_code", "judging", "ending"),
    [
        (ExitCode.CHUNK_FAILED, 3, Ending.TOLD),
        (ExitCode.STUCK, 3, Ending.TOLD),
        (ExitCode.CHUNK_FAILED, None, Ending.EXPLAINED),
        (ExitCode.STUCK, 4, Ending.EXPLAINED),
        (ExitCode.TRANSACTION_FAILED, 3, Ending.EXPLAINED),
        (ExitCode.FENCED, 3, Ending.EXPLAINED),
        (ExitCode.LOST_GENERATION, None, Ending.EXPLAINED),
        (0, 3, Ending.EXPLAINED),
    ],
)
def test_what_the_last_words_of_a_run_explain(tmp_path: Path, exit_code: int, judging: int | None, ending: Ending) -> None:
    ends = RunEnds(tmp_path / "new" / "ends.jsonl")
    assert ends.ending_of("run", 3) is Ending.SILENT
    ends.write("run", exit_code, judging)
    ends.write("other", ExitCode.FENCED, None)
    assert ends.ending_of("run", 3) is ending
    assert ends.ending_of("unknown", 3) is Ending.SILENT


def test_file_of_ends_is_bounded_and_survives_rubbish(tmp_path: Path) -> None:
    ends = RunEnds(tmp_path / "ends.jsonl")
    ends.write("first", 71, None)
    with (tmp_path / "ends.jsonl").open("ab") as file:
        file.write(b"\xff not JSON\n[]\n" + b"x" * FILE_BYTES_MAX + b"\n")
    for number in range(LINES_KEPT):
        ends.write(f"run{number}", 71, None)
    ends.tidy()
    assert len((tmp_path / "ends.jsonl").read_bytes().splitlines()) == LINES_KEPT
    assert ends.ending_of("first", 0) is Ending.SILENT
    assert ends.ending_of("run0", 0) is Ending.EXPLAINED


def test_directory_that_cannot_be_written_is_silence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ends = RunEnds(tmp_path / "file" / "ends.jsonl")
    ends.tidy()
    ends.write("run", 71, None)
    assert ends.ending_of("run", 0) is Ending.SILENT
