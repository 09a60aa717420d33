"""The receipt of an event: whether it arrived, what became of it, and what the ledgers did with its entries."""

from collections.abc import Sequence
from dataclasses import dataclass

from asiento.accounting.journal import JournalEntry
from schemas.wording.texts_of_receipts import ACCEPTED
from sinks.projector.answers import AckLine, EventLine
from sinks.projector.reader import OperationalReader

AGAIN = frozenset({"duplicate", "conflict"})
"""Outcomes of records that repeat an event: they do not say what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRecord:
    """One record that carries the event_id; times in UTC microseconds, `outcome` None: not judged yet."""

    partition: int
    offset: int
    arrived_at: int
    outcome: str | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptEntry:
    """An entry that the event led to; `entry` None until it is projected. `acks` has the newest word of each ledger."""

    entry_id: str
    entry: JournalEntry | None
    acks: tuple[AckLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is known of an event. `status` is `accepted` or an outcome; `detail` says more of a dead letter."""

    event_id: str
    order_key: str | None
    event_type: str | None
    business_key: str | None
    status: str
    code: str | None
    detail: str | None
    records: tuple[ReceiptRecord, ...]
    entries: tuple[ReceiptEntry, ...]


def receipt_of(reader: OperationalReader, event_id: str, events_topic: str) -> Receipt | None:
    """The receipt; None where no projected record carries the id. `events_topic` is the topic's name on the broker."""
    lines = reader.event(event_id)
    if not lines:
        return None
    line = _telling(lines)
    status = line.outcome or ACCEPTED
    entry_ids = dict.fromkeys(entry_id for one in lines for entry_id in one.entry_ids)
    return Receipt(
        event_id=event_id,
        order_key=line.order_key,
        event_type=line.event_type,
        business_key=line.business_key,
        status=status,
        code=line.code,
        detail=_detail(reader, f"{events_topic}/{line.partition}/{line.offset}") if status == "dead_letter" else None,
        records=tuple(
            ReceiptRecord(partition=one.partition, offset=one.offset, arrived_at=one.record_at, outcome=one.outcome, code=one.code)
            for one in lines
        ),
        entries=tuple(_entry(reader, entry_id) for entry_id in entry_ids),
    )


def _telling(lines: Sequence[EventLine]) -> EventLine:
    """The record that says what became of the event: the newest that is judged and no repetition, else the newest judged one."""
    judged = [line for line in lines if line.outcome is not None]
    first = [line for line in judged if line.outcome not in AGAIN]
    return (first or judged or list(lines))[-1]


def _detail(reader: OperationalReader, subject: str) -> str | None:
    letters = reader.dead_letters(subject=subject, state=None, limit=1)
    return letters[0].detail if letters else None


def _entry(reader: OperationalReader, entry_id: str) -> ReceiptEntry:
    line = reader.entry(entry_id)
    newest = {ack.ledger: ack for ack in reader.acks(entry_id)}
    return ReceiptEntry(entry_id=entry_id, entry=line.entry() if line is not None else None, acks=tuple(newest.values()))
