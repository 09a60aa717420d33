"""One comparison of a ledger with its stream, from start to end.

The ledger is pictured first: its places say exactly which entries of the stream it must hold. What the stream has beyond is on
its way and no difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sinks.ledger import LedgerError
from sinks.tie_out.ageing import StandingBalance, standing_balances
from sinks.tie_out.comparison import DrillDown, Found
from sinks.tie_out.facts import RangeKey
from sinks.tie_out.ledger_side import LedgerThread
from sinks.tie_out.stream_side import Backlog, CannotCompare, EntryLog, StreamSide
from sinks.tie_out.totals import CellDifference, ControlTotals, differing_cells, differing_ranges, trial_balance_differences

RANGES_DRILLED_MAX: Final = 32
"""Ranges compared entry by entry at once: some 65 000 entries in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a ledger and its stream come to.

    entries: rows of the ledger that were compared. unexplained: ranges that differ although no entry does. standing: balances of the
    accounts that must come to rest. captured, booked: currency -> money that came in by the stream, and by the ledger.
    unbooked: what the ledger has not booked as of the end of the comparison; behind: what the comparison did not cover.
    """

    entries: int
    cells: Sequence[CellDifference]
    found: Found
    unexplained: Sequence[RangeKey]
    standing: Sequence[StandingBalance]
    trial_balance: Mapping[str, int]
    captured: Mapping[str, int]
    booked: Mapping[str, int]
    chain_lengths: Mapping[int, int]
    unbooked: Backlog
    behind: Backlog

    @property
    def clean(self) -> bool:
        """Whether ledger and stream are the same."""
        return not (self.found.total or self.unexplained)


@dataclass(slots=True)
class TieOut:
    """Compares one ledger with one stream, again and again."""

    ledger: LedgerThread
    stream: StreamSide

    async def compare(self, log: EntryLog) -> Comparison:
        """Raises `LedgerError`, `CannotCompare`, `StreamUnknown`, `ScanStuck`, `KafkaError`: then nothing is known, and nothing differs."""
        try:
            sums = await self.ledger.look()
        except LedgerError:
            await self.stream.look_ahead(log)
            raise
        try:
            held = ControlTotals()
            held.add_groups(sums.groups, sums.marks)
            if sums.stream is None:
                await self.stream.look_ahead(log)
                raise CannotCompare("the ledger has never been started: `asiento sinks run ledger` books into it")
            await self.stream.advance(log, sums.stream, sums.booked_to)
            ranges = differing_ranges(self.stream.totals, held)
            found, unexplained = await self._drill(log, ranges, sums.booked_to)
            cells = differing_cells(self.stream.totals, held) if ranges else ()  # what came again on the stream has left the totals
        finally:
            await self.ledger.leave()
        await self.stream.look_ahead(log)
        return Comparison(
            entries=held.entries,
            cells=cells,
            found=found,
            unexplained=unexplained,
            standing=standing_balances(held.cells),
            trial_balance=trial_balance_differences(held.cells),
            captured=self.stream.captured(),
            booked=held.captured,
            chain_lengths=sums.chain_lengths,
            unbooked=self.stream.backlog(await self.ledger.places()),
            behind=self.stream.backlog(),
        )

    async def _drill(self, log: EntryLog, ranges: Sequence[RangeKey], booked_to: Mapping[int, int]) -> tuple[Found, Sequence[RangeKey]]:
        drill = DrillDown(booked_to, frozenset(self.stream.repeats))
        for at in range(0, len(ranges), RANGES_DRILLED_MAX):
            part = ranges[at : at + RANGES_DRILLED_MAX]
            held = await self.ledger.ask(lambda picture, part=part: picture.of_ranges(part))  # type: ignore[misc]
            drill.slice(await self.stream.entries_of(log, part), held)
        ids, orders = drill.unmatched_ids, drill.unmatched_orders
        known = await self.ledger.ask(lambda picture: picture.known_ids(ids)) if ids else frozenset()
        of_orders = await self.ledger.ask(lambda picture: picture.of_orders(orders)) if orders else []
        found = drill.finish(known, of_orders)
        self.stream.discount(found.repeats)
        explained = found.total or found.repeats or drill.beyond
        return found, () if explained else tuple(ranges)
