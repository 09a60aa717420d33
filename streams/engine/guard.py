"""The crash-loop breaker of each partition: writes the notes that `breaker` understands, and acts on them.

A note is the metadata of the committed offset, written by the slot's own transactional producer: a worker that lost its partition is
fenced from writing one, a commit replaces it, and whoever asks for the offset has it. While a record is marked, nothing else is judged
in this process, so that no record dies for another's fault.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias, TypeVar

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from streams.engine.breaker import EMPTY, Ending, Note, parse_note
from streams.engine.faults import Faults
from streams.engine.processor import RangeTooLarge, RangeWaits, SourceRange
from streams.engine.run_ends import RunEnds
from streams.engine.trial import outcome_of_trial

TELL_SECONDS_MAX: Final = 5.0
"""Longest wait for the note of a worker that is about to end itself."""

ResultT = TypeVar("ResultT")
Trial: TypeAlias = Callable[[Callable[[], object], float], Awaitable[str | None]]
"""Judges where it does no harm, for so many seconds at most; says how it died, None if it did not."""


class NoteWriter(Protocol):
    """What writes a note durably beside the committed offset."""

    async def note(self, offset: int, text: str) -> None:
        """Commit the offset where it stands, with this text. May raise any `KafkaError`."""


class Judging:
    """What this run of a worker is judging; shared by its partitions."""

    def __init__(self, ends: RunEnds, metrics: Metrics, faults: Faults, trial_seconds_max: float, trial: Trial = outcome_of_trial) -> None:
        self.trial = trial
        self.trial_seconds_max = trial_seconds_max
        self.run = secrets.token_hex(8)
        self.ends = ends
        self.metrics = metrics
        self.faults = faults
        self.marked = asyncio.Lock()
        """Held from the mark of a record until it is cleared, and from the note of a first chunk until it is judged."""
        self.partition: int | None = None
        """The partition that is judged at this instant."""
        self.blamed: int | None = None
        """The partition whose judgement failed; the process is about to end."""

    def tell_end(self, exit_code: int) -> None:
        """Leave the last words of this run on this machine."""
        self.ends.write(self.run, exit_code, self.partition if self.blamed is None else self.blamed)


class PartitionGuard:
    """The breaker of one partition between two rebalances."""

    def __init__(self, judging: Judging, topic: str, partition: int, writer: NoteWriter) -> None:
        self.note = EMPTY
        self._judging = judging
        self._topic = topic
        self._partition = partition
        self._writer = writer
        self._proven = False

    @property
    def isolated(self) -> bool:
        """Whether records go one at a time."""
        return self.note.isolated

    def take_over(self, offset: int, text: str) -> None:
        """Begin at a committed offset with the note that stands beside it."""
        self.close()
        self._proven = False
        before = parse_note(text, offset)
        ending = self._ending_of(before.run)
        self.note = before.found(ending)
        if self.note.isolated:
            self._judging.metrics.partitions_isolated.inc()
        if before.run is None:
            return
        if ending is not Ending.EXPLAINED:
            self._judging.metrics.unexplained_deaths.labels("record" if before.isolated else "chunk").inc()
        get_logger().warning(
            log_events.WORKER_DEATH_FOUND,
            **self._place(offset),
            until=before.until,
            at="record" if before.isolated else "chunk",
            ending=ending.value,
            deaths=self.note.deaths if self.note.isolated == before.isolated else before.deaths + 1,
            isolated=self.note.isolated,
        )

    def close(self) -> None:
        """The partition leaves."""
        if self.note.isolated:
            self._judging.metrics.partitions_isolated.dec()
        self.note = EMPTY

    async def judge(self, source: SourceRange, process: Callable[[], ResultT], give_up: Callable[[str], ResultT]) -> ResultT:
        """Process a range, of at most one record while isolated, in the sight of the breaker; `give_up(detail)` refuses its one record.

        Raises what `process` raises, and any `KafkaError`.
        """
        if self.note.isolated and source.records:
            return await self._judge_one(source, process, give_up)
        try:
            if self._proven or not source.records:
                return await self._judge_freely(source, process)
            async with self._judging.marked:  # noted one after the other: a kill from outside finds few of them in their first chunk
                await self._write(source.first_offset, self.note.entered(self._judging.run, source.next_offset))
                return self._judged(source, process)
        except RangeWaits:
            await self._leave(source.first_offset)
            raise

    async def _judge_freely(self, source: SourceRange, process: Callable[[], ResultT]) -> ResultT:
        """A range that no note is needed for; it waits while another partition's record is marked."""
        if not self._judging.marked.locked():
            return self._judged(source, process)
        async with self._judging.marked:
            return self._judged(source, process)

    async def _judge_one(self, source: SourceRange, process: Callable[[], ResultT], give_up: Callable[[str], ResultT]) -> ResultT:
        if self.note.accuses:
            detail = await self._try(source, process)
            if detail is not None:
                return give_up(detail)
        async with self._judging.marked:
            await self._write(source.first_offset, self.note.entered(self._judging.run, source.next_offset))
            try:
                result = self._judged(source, process)
            except RangeWaits:
                await self._leave(source.first_offset)
                raise
            await self._leave(source.first_offset)
            return result

    async def _try(self, source: SourceRange, process: Callable[[], ResultT]) -> str | None:
        """Judge the one record of a range where it does no harm; why it is given up, None if it is acquitted."""
        judging, deaths = self._judging, self.note.deaths
        place = self._place(source.records[0].offset)

        def judge() -> None:
            judging.faults.judge(source)
            process()

        fault = await judging.trial(judge, judging.trial_seconds_max)
        if fault is None:
            self.note = self.note.acquitted()
            get_logger().error(
                log_events.RECORD_ACQUITTED,
                **place,
                deaths=deaths,
                advice="workers die, and not of this record: look at the machine and at who ends them (docs/crash-loop-breaker.md)",
            )
            return None
        get_logger().error(
            log_events.RECORD_GIVEN_UP,
            **place,
            deaths=deaths,
            trial=fault,
            advice="it is a dead letter now: send it again once the program is mended (docs/crash-loop-breaker.md)",
        )
        return f"{deaths} workers died one after the other while they judged this record; tried once more, {fault}"

    def _judged(self, source: SourceRange, process: Callable[[], ResultT]) -> ResultT:
        """Process in one turn of the event loop; a failure that is no answer of the job names the partition in the last words."""
        judging = self._judging
        judging.partition = self._partition
        try:
            judging.faults.judge(source)
            return process()
        except (RangeWaits, RangeTooLarge):
            raise
        except BaseException:
            judging.blamed = self._partition
            raise
        finally:
            judging.partition = None

    def text_after(self, next_offset: int) -> str:
        """What the commit of a range writes beside its offset."""
        return self.note.passed(next_offset).text

    def passed(self, next_offset: int) -> None:
        """A range is committed."""
        before, self.note = self.note, self.note.passed(next_offset)
        self._proven = True
        if before.isolated and not self.note.isolated:
            self._judging.metrics.partitions_isolated.dec()
            get_logger().warning(log_events.ISOLATION_ENDED, **self._place(next_offset))

    async def tell_death(self, first_offset: int, until: int) -> None:
        """The judgement of a chunk failed and the process will end: leave the trace, bounded, if none stands there; never raises."""
        if self._judging.blamed != self._partition or self.note.run is not None:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(TELL_SECONDS_MAX):
                await self._write(first_offset, self.note.entered(self._judging.run, until))

    def _ending_of(self, run: str | None) -> Ending:
        if run is None or run == self._judging.run:
            return Ending.EXPLAINED
        return self._judging.ends.ending_of(run, self._partition)

    async def _leave(self, offset: int) -> None:
        if self.note.run is not None:
            await self._write(offset, self.note.left())

    async def _write(self, offset: int, note: Note) -> None:
        await self._writer.note(offset, note.text)
        self.note = note

    def _place(self, offset: int) -> dict[str, object]:
        return {"topic": self._topic, "partition": self._partition, "offset": offset}
