"""One verification from start to end.

The order of reading makes it right on a running system. The ends of the acks are taken before the ledger is pictured, so that
what they acknowledge is in the picture; the ledger is pictured before the ends of the entries are taken, so that all it holds
is on the stream below them. The decisions' ends are taken after the entries were read, so that they cover every transaction
those entries came from; the entries written meanwhile are read last, for what the decisions name.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from asiento.runtime.database_urls import place_of
from asiento.runtime.settings import Settings
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS
from sinks.bookkeeping.audit import LedgerAudit
from sinks.chain import START
from sinks.ledger import ForeignLedger, LedgerUnavailable
from sinks.ledger_access import audit_at
from sinks.stream_identity import StreamUnknown
from sinks.verify.ack_check import AckCheck
from sinks.verify.chain_check import ChainCheck
from sinks.verify.conflict_check import ConflictCheck
from sinks.verify.file_check import Stated, check_file, check_offsets
from sinks.verify.kept_heads import KeptHeads
from sinks.verify.ledger_check import LedgerCheck
from sinks.verify.log import BrokerLog, Log
from sinks.verify.record_check import RecordCheck
from sinks.verify.report import PartitionFacts, Problems, Report
from sinks.verify.seal_check import SealCheck
from sinks.verify.spelling import spell_id
from sinks.verify.workbook import Workbook


async def verify(settings: Settings, kept: KeptHeads | None = None) -> Report:
    """Compare ledger, entries, acks, decisions and source records; changes nothing.

    Raises `LedgerError` (also where SQLite itself cannot read the file), `StreamUnknown`, `ScanStuck`, `KafkaError`.
    """
    async with BrokerLog.of(settings) as log:
        return await verify_log(log, settings.topic, settings.ledger_location, kept)


async def verify_log(log: Log, topic: Callable[[str], str], ledger_url: str, kept: KeptHeads | None = None) -> Report:
    """The same on any log; `topic` gives the name of a topic of the catalogue there."""
    acks = await _Acks.before(log, topic(ACCOUNTING_ACKS))
    try:
        with audit_at(ledger_url) as audit, closing(Workbook()) as workbook:
            return await _Verification(log, topic, audit, workbook, Problems(), kept).run(acks)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter: SQLite's message quotes bytes of a spoilt schema
        raise LedgerUnavailable(
            f"{place_of(ledger_url)}: SQLite cannot go on ({error}). If the disk has room for temporary files, the ledger's file is "
            "malformed: keep it as it is, restore a copy or book a new ledger from the stream, and verify that"
        ) from error


@dataclass(frozen=True, slots=True)
class _Acks:
    """The acks topic as it was before the ledger was pictured; no partitions where there is no such topic yet."""

    topic: str
    partitions: tuple[int, ...]
    starts: Mapping[int, int]
    ends: Mapping[int, int]

    @classmethod
    async def before(cls, log: Log, topic: str) -> "_Acks":
        try:
            _, partitions = await log.identity(topic)
        except StreamUnknown:
            return cls(topic, (), {}, {})
        return cls(topic, partitions, await log.starts(topic, partitions), await log.ends(topic, partitions))


@dataclass(frozen=True, slots=True)
class _Verification:
    log: Log
    topic: Callable[[str], str]
    audit: LedgerAudit
    workbook: Workbook
    problems: Problems
    kept: KeptHeads | None

    async def run(self, acks: _Acks) -> Report:
        """Everything in its order; see the module."""
        entries, problems = self.topic(ACCOUNTING_ENTRIES), self.problems
        stream, numbers = await self.log.identity(entries)
        if self.kept is not None and self.kept.stream != stream:
            raise ForeignLedger(f"the kept heads are those of topic id {self.kept.stream.topic_id}, {entries} has the id {stream.topic_id}")
        total = check_file(self.audit, problems)
        stated = check_offsets(self.audit, problems, stream, numbers)
        seals = SealCheck(self.audit, problems, self.kept)
        seals.run()
        starts, ends = await self.log.starts(entries, numbers), await self.log.ends(entries, numbers)
        ledger = await self._ledger(entries, starts, ends, stated)
        ledger.finish(ends, total)
        ack_check = await self._acks(acks, seals.acked_to)
        facts, lag = await self._records(numbers, ledger, ends, stated)
        return Report(
            entries_on_stream=sum(ledger.entries.values()),
            entries_booked=total,
            pending=ledger.pending,
            repeats=ledger.repeats,
            acks=ack_check.compared,
            consumed=sum(fact.consumed for fact in facts),
            outcomes=sum((Counter(fact.outcomes) for fact in facts), Counter()),
            lag=lag,
            partitions=facts,
            problems=problems,
        )

    async def _ledger(self, entries: str, starts: Mapping[int, int], ends: Mapping[int, int], stated: Stated) -> LedgerCheck:
        cut = frozenset(number for number, start in starts.items() if start > 0)
        for number in sorted(cut):
            text = f"partition {number} of the entries topic begins at offset {starts[number]}: retention or somebody removed entries"
            self.problems.add("stream_cut", text, partition=number, offset=starts[number])
        chain = ChainCheck(self.problems, stated.booked_to, stated.heads, cut, self.kept)
        conflicts = ConflictCheck(self.audit, self.problems)
        check = LedgerCheck(self.audit, self.workbook, self.problems, stated.booked_to, self.audit.reached(ends), chain, conflicts)
        async for records in self.log.read(entries, starts, ends):
            check.stream_records(records)
        chain.finish()
        conflicts.finish()
        return check

    async def _acks(self, acks: _Acks, acked_to: int) -> AckCheck:
        check = AckCheck(self.audit, self.problems, self.audit.kind, acks.ends, acked_to, acks.starts)
        async for records in self.log.read(acks.topic, acks.starts, await self.log.ends(acks.topic, acks.partitions)):
            check.records(records)
        check.finish()
        return check

    async def _records(
        self, numbers: Sequence[int], ledger: LedgerCheck, ends: Mapping[int, int], stated: Stated
    ) -> tuple[tuple[PartitionFacts, ...], int]:
        """Read decisions and source; answer what each partition comes to, and how many source offsets are not decided yet."""
        log, (decisions, source) = self.log, (self.topic(name) for name in (ACCOUNTING_DECISIONS, ORDERS_EVENTS))
        source_starts = await log.starts(source, (await log.identity(source))[1])
        check = RecordCheck(self.workbook, self.problems, source_starts, await log.committed(source))
        decided_in = (await log.identity(decisions))[1]
        async for records in log.read(decisions, await log.starts(decisions, decided_in), await log.ends(decisions, decided_in)):
            check.decision_records(records)
        source_ends = await log.ends(source, tuple(source_starts))
        decided = {number: min(check.decided_to.get(number, start), source_ends[number]) for number, start in source_starts.items()}
        async for records in log.read(source, source_starts, decided):
            check.source_records(records)
        check.finish()
        entries = self.topic(ACCOUNTING_ENTRIES)
        async for records in log.read(entries, ends, await log.ends(entries, numbers)):
            ledger.note(records, chained=False)
        check.entries(ends)
        outcomes, consumed = self.workbook.outcome_totals(), self.workbook.records_total()
        facts = tuple(
            PartitionFacts(
                partition=number,
                source_start=start,
                source_end=source_ends[number],
                decided_to=check.decided_to.get(number, start),
                consumed=consumed.get(number, 0),
                outcomes=outcomes.get(number, {}),
                entries_on_stream=ledger.entries.get(number, 0),
                booked_to=stated.booked_to.get(number, 0),
                chain_length=_number(stated.heads.get(number, (0, START))[0]),
                chain_head=spell_id(stated.heads.get(number, (0, START))[1]),
            )
            for number, start in sorted(source_starts.items())
        )
        return facts, sum(source_ends[number] - max(decided[number], start) for number, start in source_starts.items())


def _number(value: Any) -> int:
    return value if type(value) is int else 0
