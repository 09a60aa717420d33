"""One round: compare, then raise what is new and resolve what is over."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from aiokafka.errors import KafkaError

from asiento.runtime.settings import Settings
from schemas.topics import ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES
from sinks.stream_identity import StreamUnknown
from sinks.tie_out.ageing import Overdue, overdue
from sinks.tie_out.broker_log import TieOutLog
from sinks.tie_out.ledger_side import LedgerThread
from sinks.tie_out.raising import of_differences, of_overdue, of_ranges
from sinks.tie_out.run import Comparison, TieOut
from sinks.tie_out.stream_side import Backlog, StreamSide
from sinks.tie_out.telling import NotTold, Telling, Wanted
from sinks.topic_scan import ScanStuck

MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round found and told. seconds: how long the comparison took. not_told: why nothing was told, None where it was."""

    comparison: Comparison
    overdue: tuple[Overdue, ...]
    at: int
    seconds: float
    raised: int = 0
    resolved: int = 0
    not_told: str | None = None


class Rounds:
    """Compares the ledger of the settings with its stream, round after round. clock: UTC microseconds."""

    def __init__(self, settings: Settings, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._clock = clock
        self._tie_out = TieOut(LedgerThread(settings.ledger_location), StreamSide(settings.topic(ACCOUNTING_ENTRIES)))
        self._telling = Telling(settings.topic(ACCOUNTING_DISCREPANCIES))

    async def compare(self, log: TieOutLog) -> Round:
        """Raises `LedgerError`, `CannotCompare`, `StreamUnknown`, `ScanStuck`, `KafkaError`: then nothing is known, and nothing differs."""
        started, at = time.monotonic(), self._clock()
        comparison = await self._tie_out.compare(log)
        called_over = overdue(comparison.standing, self._settings.tie_out_balance_age_days_max, _day(at))
        return Round(comparison=comparison, overdue=called_over, at=at, seconds=time.monotonic() - started)

    async def tell(self, log: TieOutLog, done: Round) -> Round:
        """The round with what was told of it, or why nothing was: the next one tells what is owing then."""
        try:
            raised, resolved = await self._tell(log, done)
        except (NotTold, StreamUnknown, ScanStuck) as problem:
            return replace(done, not_told=str(problem))
        except KafkaError as problem:
            return replace(done, not_told=f"discrepancies cannot be told ({problem!r})")
        return replace(done, raised=raised, resolved=resolved)

    def backlog(self) -> Backlog:
        """What stands on the stream and was not compared yet, as far as it was looked at."""
        return self._tie_out.stream.backlog()

    def close(self) -> None:
        """Ask the ledger nothing more."""
        self._tie_out.ledger.close()

    async def _tell(self, log: TieOutLog, done: Round) -> tuple[int, int]:
        partitions, found = await self._telling.partitions(log), done.comparison
        raised = (
            *of_differences(found.found.differences, partitions, done.at),
            *of_ranges(found.unexplained, done.at),
            *of_overdue(done.overdue, partitions, done.at),
        )
        return await self._telling.tell(log, Wanted(raised=raised, final=found.found.all_named))


def _day(at: int) -> date:
    return datetime.fromtimestamp(at // MICROSECONDS, UTC).date()
