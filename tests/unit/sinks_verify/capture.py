"""Topics in memory, and small installations: books on them, booked by the real ledger, acks published."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from asiento.accounting.journal import JournalEntry
from schemas.acks import encode_ack
from schemas.decisions import DecisionBatch, RecordOutcome, encode_decisions
from schemas.entries import encode_entry
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS
from sinks.delivery import bookable_of
from sinks.entry_stream import Record
from sinks.ledger import Batch, OffsetRange, StreamIdentity
from sinks.ledger_access import writer_at
from sinks.verify import Report
from sinks.verify.kept_heads import KeptHeads
from sinks.verify.run import verify_log
from tests.unit.sinks.journal import BOOKED_AT, capture, invoice

IDENTITY = StreamIdentity(cluster_id="cluster-a", topic=ACCOUNTING_ENTRIES, topic_id="AAAAAAAAAAAAAAAAAAAAAA")
SLICE_RECORDS = 700
CHUNK_RECORDS = 40


@dataclass
class CapturedLog:
    """Topics as lists of records per partition; offsets may have holes. Satisfies `sinks.verify.log.Log`."""

    partitions: int
    records: dict[str, list[list[Record]]] = field(default_factory=dict)
    ends_of: dict[str, list[int]] = field(default_factory=dict)
    starts_of: dict[str, list[int]] = field(default_factory=dict)
    commits: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for topic in (ORDERS_EVENTS, ACCOUNTING_ENTRIES, ACCOUNTING_DECISIONS, ACCOUNTING_ACKS):
            self.records[topic] = [[] for _ in range(self.partitions)]
            self.ends_of[topic], self.starts_of[topic] = [0] * self.partitions, [0] * self.partitions

    def append(self, topic: str, partition: int, key: bytes | None, value: bytes) -> int:
        """Write a record; answers its offset."""
        offset = self.ends_of[topic][partition]
        self.records[topic][partition].append(Record(partition, offset, BOOKED_AT // 1000, key, value))
        self.ends_of[topic][partition] += 1
        return offset

    def control(self, topic: str, partition: int) -> None:
        """A marker of a transaction: an offset without a record."""
        self.ends_of[topic][partition] += 1

    async def identity(self, topic: str) -> tuple[StreamIdentity, tuple[int, ...]]:
        """See `Log.identity`."""
        return replace(IDENTITY, topic=topic), tuple(range(self.partitions))

    async def starts(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """See `Log.starts`."""
        return {number: self.starts_of[topic][number] for number in partitions}

    async def ends(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """See `Log.ends`."""
        return {number: self.ends_of[topic][number] for number in partitions}

    async def read(self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[list[Record]]:
        """See `Log.read`."""
        for number, start in starts.items():
            inside = [record for record in self.records[topic][number] if start <= record.offset < ends[number]]
            for at in range(0, len(inside), SLICE_RECORDS):
                yield inside[at : at + SLICE_RECORDS]

    async def committed(self, topic: str) -> Mapping[int, int]:
        """See `Log.committed`."""
        return self.commits


class Books:
    """Writes entries with their source records and decisions to a captured log."""

    def __init__(self, log: CapturedLog) -> None:
        self.log = log
        self._outcomes: dict[int, list[RecordOutcome]] = defaultdict(list)
        self._first: dict[int, int] = defaultdict(int)

    def write(self, partition: int, entries: Sequence[JournalEntry], *, outcome: str = "posted") -> None:
        """One source record and the entries it gave."""
        key = entries[0].order_key.encode()
        offset = self.log.append(ORDERS_EVENTS, partition, key, b"event")
        for entry in entries:
            self.log.append(ACCOUNTING_ENTRIES, partition, key, encode_entry(entry))
        ids = tuple(entry.entry_id for entry in entries)
        self._outcomes[partition].append(
            RecordOutcome(
                offset=offset, event_id=entries[0].event_id, order_key=entries[0].order_key, outcome=outcome, code=None, entry_ids=ids
            )
        )
        if len(self._outcomes[partition]) == CHUNK_RECORDS:
            self.decide(partition)

    def decide(self, partition: int) -> None:
        """One DecisionBatch over what is not decided yet, and the marker of its transaction on every topic."""
        end = self.log.ends_of[ORDERS_EVENTS][partition]
        batch = DecisionBatch(
            topic=ORDERS_EVENTS,
            partition=partition,
            first_offset=self._first[partition],
            next_offset=end,
            outcomes=tuple(self._outcomes[partition]),
            healed=(),
            worker="test",
            decided_at=BOOKED_AT,
        )
        self.log.append(ACCOUNTING_DECISIONS, partition, None, encode_decisions(batch))
        for topic in (ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES):
            self.log.control(topic, partition)
        self._outcomes[partition], self._first[partition] = [], end
        self.log.commits[partition] = end


@dataclass
class Installation:
    """A captured log and a ledger that has booked from it."""

    log: CapturedLog
    ledger: Path
    database: str | None = None

    @property
    def url(self) -> str:
        """The ledger's URL: a database, or else the file."""
        return self.database or f"sqlite:///{self.ledger}"

    async def verify(self, kept: KeptHeads | None = None) -> Report:
        """What `asiento verify` finds."""
        return await verify_log(self.log, lambda name: name, self.url, kept)

    async def book(self, *, batch_entries: int = 97, entries_max: int | None = None, clock: int = BOOKED_AT) -> None:
        """Let the ledger book what it has not booked, partitions in turn, at most so many entries of each."""
        now = iter(range(clock, clock + 10**9))
        ledger = writer_at(self.url, lambda: next(now))
        offsets = dict(await ledger.open(IDENTITY, range(self.log.partitions)))
        left = True
        while left:
            left = False
            for number, start in list(offsets.items()):
                limit = None if entries_max is None else entries_max
                records = [record for record in self.log.records[ACCOUNTING_ENTRIES][number] if record.offset >= start]
                taken = (
                    records[:batch_entries] if limit is None else [record for record in records[:batch_entries] if record.offset < limit]
                )
                whole = len(taken) == len(records)
                end = self.log.ends_of[ACCOUNTING_ENTRIES][number] if whole else taken[-1].offset + 1 if taken else start
                if end == start:
                    continue
                moved = OffsetRange(partition=number, start=start, end=end)
                await ledger.book(Batch(ranges=(moved,), entries=tuple(bookable_of(record) for record in taken)))
                offsets[number], left = end, True
        await ledger.close()

    async def publish(self, *, leave: int = 0, page_acks: int = 50) -> None:
        """Publish acks as the sink does, all but about the last `leave`."""
        ledger = writer_at(self.url, lambda: BOOKED_AT)
        await ledger.open(IDENTITY, range(self.log.partitions))
        waiting = len((await ledger.pending_acks(10**6)).acks)
        while waiting > leave and (page := await ledger.pending_acks(min(page_acks, waiting - leave))).acks:
            for pending in page.acks:
                self.log.append(ACCOUNTING_ACKS, pending.partition, pending.order_key.encode(), encode_ack(pending.ack))
            await ledger.mark_published(page)
            waiting -= len(page.acks)
        await ledger.close()


def order_entries(number: int, partition: int, noise: random.Random) -> list[JournalEntry]:
    """A capture and an invoice of an order that differ from those of other orders in more than their ids."""
    amount = noise.randrange(116, 2_000_000, 116)
    memo = noise.choice(["paid by card", "Æble & ñandú", "", "a" * 200])
    return [
        replace(capture(number, amount=amount), memo=memo, late=noise.random() < 0.2, business_date=f"2025-06-{noise.randint(10, 28)}"),
        replace(invoice(number, amount=amount), memo=memo, posting_date=f"2025-06-{noise.randint(10, 28)}"),
    ]


async def install(
    folder: Path, *, orders: int = 500, partitions: int = 3, seed: int = 1, conflicts: int = 12, database: str | None = None
) -> Installation:
    """Books of `orders` orders, two entries each, with repeats and conflicts among them; booked, acks published but the last ten."""
    noise = random.Random(seed)
    log = CapturedLog(partitions)
    books = Books(log)
    for number in range(1, orders + 1):
        partition = number % partitions
        entries = order_entries(number, partition, noise)
        for entry in entries:
            books.write(partition, [entry])
        if number % 50 == 0:
            books.write(partition, entries[:1], outcome="duplicate")
        if conflicts and number % (orders // conflicts) == 0:
            other = replace(entries[0], postings=tuple(replace(leg, amount=leg.amount + 1) for leg in entries[0].postings))
            books.write(partition, [other])
    for partition in range(partitions):
        books.decide(partition)
    installation = Installation(log, folder / "ledger.sqlite", database)
    await installation.book()
    await installation.publish(leave=10)
    return installation


def problems_beyond(report: Report, before: Iterable[str]) -> list[str]:
    """Problems as `fault: text` that are not among those of an untouched ledger."""
    known = set(before)
    said = [f"{problem.fault}: {problem.text}" for problem in report.problems.listed]
    return [text for text in said if text not in known]
