"""The file of one order: what came, what was decided, what was booked, and where it stands; read from topics and ledger.

The one partition of the order's key is read from its first offset to the ends of the moment. `sinks.projected_order` answers
the same, and more, from the operational database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from asiento.accounting.balances import BALANCE_SIGNS, Balances
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.runtime.settings import Settings
from schemas.decisions import RecordOutcome, decode_decisions
from schemas.entries import decode_entry
from schemas.events import decode_event
from schemas.order_state import decode_state
from schemas.partitioning import partition_for
from schemas.refusal import Refusal
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS, changelog_name
from sinks.entry_stream import Record
from sinks.ledger import LedgerUnavailable, LedgerUnreachable
from sinks.ledger_access import reader_at
from sinks.projector.answers import AckLine, ActionLine, DeadLetterLine, DiscrepancyLine
from sinks.topic_scan import TopicScan

STILL_SECONDS_BEYOND_TRANSACTION = 30.0


@dataclass(frozen=True, slots=True)
class EventLine:
    """A record under the order's key, and what became of it: outcome None = not judged yet. `record_at` in milliseconds.

    `healed` says that the outcome is not the first one: the event was parked and judged again.
    """

    offset: int
    record_at: int
    event: OrderEvent | Refusal
    outcome: str | None = None
    code: str | None = None
    entry_ids: tuple[str, ...] = ()
    healed: bool = False


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry of the order, the customer balances after it, and when the ledger booked it (microseconds; None: not yet)."""

    entry: JournalEntry
    balances: Balances
    booked_at: int | None


@dataclass(frozen=True, slots=True)
class ParkedLine:
    """An event that waits, why, and since when (microseconds; None where only the state knows of it)."""

    event: OrderEvent
    code: str
    since: int | None = None


@dataclass(frozen=True, slots=True)
class OrderFile:
    """Everything about one order; `state` is None before a worker has judged its first event, `partition` in a file of events.

    The last four, and `as_of` (microseconds: arrival of the newest record that is projected), come from the operational
    database only; discrepancies from a file of events, too. acks: entry_id -> the newest of each ledger.
    """

    order_key: str
    partition: int | None
    events: tuple[EventLine, ...]
    entries: tuple[EntryLine, ...]
    state: OrderState | None
    parked: tuple[ParkedLine, ...] = ()
    source: Literal["topics", "database", "file"] = "topics"
    as_of: int | None = None
    discrepancies: tuple[DiscrepancyLine, ...] = ()
    acks: Mapping[str, tuple[AckLine, ...]] = field(default_factory=dict)
    dead_letters: tuple[DeadLetterLine, ...] = ()
    actions: tuple[ActionLine, ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything was ever seen under the key."""
        return bool(self.events or self.entries or self.state or self.dead_letters or self.actions)


async def read_order_file(settings: Settings, order_key: str) -> OrderFile:
    """Collect the file of an order; raises `StreamUnknown`, `ScanStuck`, `KafkaError`, `ForeignLedger`."""
    key = order_key.encode()
    async with TopicScan.of(settings) as scan:
        source = settings.topic(ORDERS_EVENTS)
        partition = partition_for(key, len(await scan.partitions(source)))
        lines = [_event_line(record) for record in await _with_key(scan, source, partition, key)]
        lines = await _judged(scan, settings.topic(ACCOUNTING_DECISIONS), partition, lines)
        sent = await _with_key(scan, settings.topic(ACCOUNTING_ENTRIES), partition, key)
        snapshots = await _with_key(scan, settings.topic(changelog_name(settings.app_id)), partition, key)
    values = [record.value for record in snapshots[-1:] if record.value is not None]
    entries = {item.entry.entry_id: item.entry for item in (decode_entry(record.value) for record in reversed(sent))}
    ordered = sorted(entries.values(), key=lambda entry: entry.entry_seq)
    state = decode_state(values[0]) if values else None
    return OrderFile(
        order_key=order_key,
        partition=partition,
        events=tuple(lines),
        entries=entry_lines(ordered, booked_at(settings, order_key)),
        state=state,
        parked=tuple(ParkedLine(waiting.event, waiting.code) for waiting in state.parked) if state is not None else (),
    )


async def _with_key(scan: TopicScan, topic: str, partition: int, key: bytes) -> list[Record]:
    starts, ends = await scan.starts(topic, (partition,)), await scan.ends(topic, (partition,))
    return [record async for records in scan.read(topic, starts, ends) for record in records if record.key == key]


def _event_line(record: Record) -> EventLine:
    return EventLine(record.offset, record.timestamp, decode_event(record.value))


async def _judged(scan: TopicScan, topic: str, partition: int, lines: Sequence[EventLine]) -> list[EventLine]:
    """The lines with their outcomes, the newest of each."""
    judged = {line.offset: line for line in lines}
    waiting: dict[str, int] = {}
    starts, ends = await scan.starts(topic, (partition,)), await scan.ends(topic, (partition,))
    async for records in scan.read(topic, starts, ends):
        for record in records:
            batch = decode_decisions(record.value)
            for item in batch.outcomes:
                if item.offset in judged:
                    judged[item.offset] = _with_outcome(judged[item.offset], item)
                    if item.outcome == "deferred" and item.event_id is not None:
                        waiting[item.event_id] = item.offset
            for healed in batch.healed:
                offset = waiting.get(healed.event_id)
                if offset is not None:
                    line = judged[offset]
                    ids = (*line.entry_ids, *healed.entry_ids)
                    judged[offset] = replace(line, outcome=healed.outcome, code=healed.code, entry_ids=ids, healed=True)
    return list(judged.values())


def _with_outcome(line: EventLine, item: RecordOutcome) -> EventLine:
    return replace(line, outcome=item.outcome, code=item.code, entry_ids=item.entry_ids)


def booked_at(settings: Settings, order_key: str) -> Mapping[str, int]:
    """entry_id -> when it was booked; nothing where there is no ledger yet. Raises `LedgerUnreachable`, `ForeignLedger`."""
    try:
        with reader_at(settings.ledger_location) as reader:
            return {row.entry_id: row.booked_at for row in reader.of_order(order_key)}
    except LedgerUnreachable:
        raise
    except LedgerUnavailable:
        return {}


def entry_lines(entries: Sequence[JournalEntry], booked: Mapping[str, int]) -> tuple[EntryLine, ...]:
    """The entries with the balances that their postings add up to, one after the other."""
    running = dict.fromkeys(BALANCE_SIGNS, 0)
    lines = []
    for entry in entries:
        for leg in entry.postings:
            if leg.account in running:
                running[leg.account] += leg.amount if leg.side == "DEBIT" else -leg.amount
        balances = Balances._make(sign * running[account] for account, sign in BALANCE_SIGNS.items())
        lines.append(EntryLine(entry, balances, booked.get(entry.entry_id)))
    return tuple(lines)
