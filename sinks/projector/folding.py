"""Decisions folded in the order of their partition: which outcome of a record counts, and where an event stands."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from schemas.decisions import DecisionBatch, HealedOutcome, RecordOutcome
from sinks.databases.database import Row
from sinks.ledger import OffsetRange
from sinks.projector.rows import ids, text

WATCHED = frozenset({"deferred", "rejected"})
"""Outcomes that make an event one to be looked after."""


class EventKey(NamedTuple):
    """An event on a partition: whoever uses an event_id twice keeps his two events apart at least there."""

    partition: int
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventState:
    """Where an event that ever waited or was rejected stands; see the table `event_state`."""

    record_offset: int | None
    order_key: str | None
    outcome: str
    code: str | None
    since: int
    batch_offset: int

    def row(self, key: EventKey) -> Row:
        """The values of upsert_event_state.sql."""
        return (*key, self.record_offset, self.order_key, self.outcome, self.code, self.since, self.batch_offset)


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """A decision batch and its offset on the decisions topic."""

    offset: int
    batch: DecisionBatch


def named_events(batches: Iterable[PlacedBatch]) -> set[EventKey]:
    """The events whose state a batch may change: the answer of the database about them is handed to `DecisionFold`."""
    found: set[EventKey] = set()
    for placed in batches:
        partition = placed.batch.partition
        found.update(EventKey(partition, item.event_id) for item in placed.batch.outcomes if item.event_id and _may_change(item))
        found.update(EventKey(partition, item.event_id) for item in placed.batch.healed)
    return found


def _may_change(item: RecordOutcome) -> bool:
    return item.outcome == "posted" or item.outcome in WATCHED


def named_again(batches: Iterable[PlacedBatch], decided_until: Mapping[int, int]) -> list[OffsetRange]:
    """The ranges before the end of what is decided that batches decide about: none, unless a group was set back or a worker fenced."""
    ranges = []
    for placed in batches:
        batch, until = placed.batch, decided_until.get(placed.batch.partition, 0)
        if batch.first_offset < until:
            ranges.append(OffsetRange(partition=batch.partition, start=batch.first_offset, end=min(batch.next_offset, until)))
    return ranges


class DecisionFold:
    """Turns batches into rows. `states` are the states before, `decided_until` the end of the decided range by partition.

    decided: offsets by partition that have an outcome already, of the ranges that `named_again` answers.
    """

    def __init__(self, states: Mapping[EventKey, EventState], decided_until: Mapping[int, int], decided: Mapping[int, Set[int]]) -> None:
        self._states = dict(states)
        self._changed: set[EventKey] = set()
        self._until = dict(decided_until)
        self._decided_before = decided
        self._decided: dict[int, set[int]] = {}
        self.batches: list[Row] = []
        self.decisions: list[Row] = []
        self.healed: list[Row] = []

    def add(self, placed: PlacedBatch) -> None:
        """The next batch of its partition. What was decided before counts once: its first decision does, however late that comes."""
        batch, offset = placed.batch, placed.offset
        partition, until = batch.partition, self._until.get(batch.partition, 0)
        self.batches.append((partition, offset, batch.first_offset, batch.next_offset, text(batch.worker), batch.decided_at))
        if batch.first_offset < until and partition not in self._decided:
            of_these = {number for where, number, *_ in self.decisions if where == partition}
            self._decided[partition] = of_these.union(self._decided_before.get(partition, ()))
        decided = self._decided.get(partition)
        for item in batch.outcomes:
            if decided is not None:
                if item.offset in decided:
                    continue
                decided.add(item.offset)
            self.decisions.append((partition, item.offset, offset, item.event_id, item.outcome, item.code, ids(item.entry_ids)))
            if item.event_id is not None:
                self._judged(EventKey(partition, item.event_id), item, placed)
        self._heal(placed, only_parked=batch.next_offset <= until)
        self._until[partition] = max(batch.next_offset, until)

    def _heal(self, placed: PlacedBatch, *, only_parked: bool) -> None:
        """only_parked: the whole range was decided before, so that what it heals may have been healed then."""
        partition = placed.batch.partition
        for place, item in enumerate(placed.batch.healed):
            key = EventKey(partition, item.event_id)
            before = self._states.get(key)
            if only_parked and (before is None or before.outcome != "deferred"):
                continue
            self.healed.append((partition, placed.offset, place, item.event_id, item.outcome, item.code, ids(item.entry_ids)))
            self._judged_again(key, item, placed)

    @property
    def states(self) -> list[Row]:
        """The rows of the events whose state has changed."""
        return [self._states[key].row(key) for key in sorted(self._changed)]

    @property
    def decided_until(self) -> Mapping[int, int]:
        """The end of the decided range by partition, these batches included."""
        return self._until

    def _judged(self, key: EventKey, item: RecordOutcome, placed: PlacedBatch) -> None:
        before = self._states.get(key)
        if item.outcome in WATCHED or (item.outcome == "posted" and before is not None):
            order_key = None if item.order_key is None else text(item.order_key)
            waits_still = before is not None and before.outcome == item.outcome == "deferred"
            self._states[key] = EventState(
                record_offset=item.offset,
                order_key=order_key,
                outcome=item.outcome,
                code=item.code,
                since=before.since if before is not None and waits_still else placed.batch.decided_at,
                batch_offset=placed.offset,
            )
            self._changed.add(key)

    def _judged_again(self, key: EventKey, item: HealedOutcome, placed: PlacedBatch) -> None:
        decided_at = placed.batch.decided_at
        before = self._states.get(key)
        if before is None:
            before = EventState(record_offset=None, order_key=None, outcome="", code=None, since=decided_at, batch_offset=placed.offset)
        since = before.since if before.outcome == item.outcome else decided_at
        self._states[key] = replace(before, outcome=item.outcome, code=item.code, since=since, batch_offset=placed.offset)
        self._changed.add(key)
