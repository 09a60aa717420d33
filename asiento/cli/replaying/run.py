"""One replay from start to end.

It is right on a running system by the order of reading: the decisions up to their end of now; then a picture of the ledger; then,
from where that stands, the entries topic up to its end of now, which lies behind all those decisions' entries. What the sink has
not booked yet is compared as it stands on the topic.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from asiento.accounting.policy import PolicyBook
from asiento.cli.exits import CommandError
from asiento.cli.replaying.folding import Folding, SchemaDecider
from asiento.cli.replaying.notes import Notes
from asiento.cli.replaying.ranges import ReplayLog, TakenRanges, Wanted
from asiento.cli.replaying.report import ReplayReport
from asiento.cli.replaying.shadow import ShadowLedger
from schemas.decisions import decode_decisions
from schemas.entries import HashedEntry, decode_entry, encode_entry
from schemas.output_codec import DecodeError
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS
from sinks.bookkeeping.booked import ROWS_READ_MAX
from sinks.ledger_access import BookedRow, DamagedRow, LedgerReader, reader_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """What is replayed into which new file, beside which ledger. `topic` gives a topic's name; `clock` UTC microseconds."""

    wanted: Wanted
    ledger_url: str
    shadow: Path
    policies: PolicyBook
    topic: Callable[[str], str]
    clock: Callable[[], int]
    decider: SchemaDecider | None = None


async def replay(log: ReplayLog, plan: ReplayPlan) -> ReplayReport:
    """Replay and compare; writes nothing but the shadow ledger.

    Raises `CommandError`, `LedgerError`, `StreamUnknown`, `ScanStuck`, `KafkaError`.
    """
    if plan.shadow.exists():
        raise CommandError(f"{plan.shadow} is there already: nothing was changed; name a new file with --into")
    with closing(Notes()) as notes:
        ranges = await decided_ranges(log, plan, notes)
        report = ReplayReport(ranges)
        with reader_at(plan.ledger_url) as ledger:
            numbers = (await log.identity(plan.topic(ACCOUNTING_ENTRIES)))[1]
            ends = await log.ends(plan.topic(ACCOUNTING_ENTRIES), numbers)
            await _fold(log, plan, report, notes)
            with reader_at(f"sqlite:///{plan.shadow}") as shadow:
                _note_shadow(shadow, report, notes)
            for there in _booked(ledger, notes):
                _compare(there, report, notes)
            async for there in _waiting(log, plan, ledger.next_offsets(), ends, notes):
                report.pending += 1
                _compare(there, report, notes)
        for value in notes.unmet():
            report.alone("here", decode_entry(value).entry)
        for found in notes.differing_outcomes():
            report.outcome(found)
        report.outcomes = notes.outcome_counts()
    return report


async def decided_ranges(log: ReplayLog, plan: ReplayPlan, notes: Notes) -> Mapping[int, tuple[int, int]]:
    """Note the decisions; answer the offsets `[start, end)` that are replayed, per partition: whole batches of decisions."""
    events, decisions = plan.topic(ORDERS_EVENTS), plan.topic(ACCOUNTING_DECISIONS)
    partitions = (await log.identity(events))[1]
    for number, start in (await log.starts(events, partitions)).items():
        if start > 0:
            raise CommandError(
                f"topic {events} partition {number} begins at offset {start}: the states of its orders cannot be made without what "
                "stood before; restore the topic"
            )
    ranges = TakenRanges(await plan.wanted.on(log, events, partitions))
    numbers = (await log.identity(decisions))[1]
    async for records in log.read(decisions, await log.starts(decisions, numbers), await log.ends(decisions, numbers)):
        for record in records:
            try:
                batch = decode_decisions(record.value)
            except DecodeError as error:
                raise CommandError(f"decisions partition {record.partition} offset {record.offset}: {error}; `asiento verify`") from None
            inside = ranges.take(batch.partition, batch.first_offset, batch.next_offset)
            notes.decisions("there", batch, inside=inside)
            if inside:
                notes.name(batch)
    return ranges.taken


async def _waiting(
    log: ReplayLog, plan: ReplayPlan, booked_to: Mapping[int, int], ends: Mapping[int, int], notes: Notes
) -> AsyncIterator[HashedEntry]:
    """Entries of the range that the sink has not booked yet."""
    entries = plan.topic(ACCOUNTING_ENTRIES)
    starts = await log.starts(entries, tuple(ends))
    async for records in log.read(entries, {number: max(booked_to.get(number, 0), start) for number, start in starts.items()}, ends):
        try:
            found = [decode_entry(record.value) for record in records]
        except DecodeError as error:
            raise CommandError(f"topic {entries}: {error}; run `asiento verify`") from None
        claimed = notes.claim([one.entry.entry_id for one in found])
        first = {one.entry.entry_id: one for one in reversed(found)}
        for entry_id in sorted(claimed):
            yield first[entry_id]


async def _fold(log: ReplayLog, plan: ReplayPlan, report: ReplayReport, notes: Notes) -> None:
    events = plan.topic(ORDERS_EVENTS)
    identity, partitions = await log.identity(events)
    folding = Folding(topic=events, partition_count=len(partitions), policies=plan.policies, decider=plan.decider)
    shadow = ShadowLedger(plan.shadow, plan.clock)
    await shadow.open(identity, partitions)
    try:
        for number, (start, end) in sorted(report.ranges.items()):
            records = log.read(events, {number: 0}, {number: end})
            async for inside, output in folding.partition(number, start, records):
                notes.decisions("here", output.batch, inside=inside)
                if inside:
                    report.records += len(output.batch.outcomes)
                    await shadow.book(number, output.entries)
    finally:
        await shadow.close()


def _note_shadow(shadow: LedgerReader, report: ReplayReport, notes: Notes) -> None:
    for rows in _slices(shadow.all_rows()):
        entries = [row.entry() for row in rows]
        notes.replayed([(entry.entry_id, encode_entry(entry)) for entry in entries])
        report.here += len(entries)
        for entry in entries:
            report.add("here", entry)


def _booked(ledger: LedgerReader, notes: Notes) -> Iterator[HashedEntry]:
    """The entries of the range in the real ledger."""
    for rows in _slices(ledger.all_rows()):
        claimed = notes.claim([row.entry_id for row in rows])
        for row in rows:
            if row.entry_id in claimed:
                try:
                    yield HashedEntry(row.entry(), row.content_hash)
                except DamagedRow as error:
                    raise CommandError(f"{error}; run `asiento verify`") from None


def _compare(there: HashedEntry, report: ReplayReport, notes: Notes) -> None:
    report.there += 1
    report.add("there", there.entry)
    here = notes.meet(there.entry.entry_id)
    if here is None:
        report.alone("there", there.entry)
    elif (replayed := decode_entry(here)) == there:
        report.equal += 1
    else:
        report.differs(replayed, there)


def _slices(rows: Iterator[BookedRow]) -> Iterator[list[BookedRow]]:
    found: list[BookedRow] = []
    for row in rows:
        found.append(row)
        if len(found) == ROWS_READ_MAX:
            yield found
            found = []
    if found:
        yield found
