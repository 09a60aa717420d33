"""Rows of the operational database as answers: the one place that knows the order of the columns."""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from asiento.accounting.decision import Discrepancy
from sinks.databases.database import Row
from sinks.projector.answers import (
    AckLine,
    ActionLine,
    DeadLetterLine,
    DiscrepancyLine,
    DiscrepancyRecord,
    EntryLine,
    EventLine,
    HealedLine,
    WaitingEvent,
)

WAITING_COLUMNS: Final = (
    "event_id, order_key, code, since, partition, record_offset, event_type, business_key, source, occurred_at, "
    "received_at, assignee, state"
)
DISCREPANCY_COLUMNS: Final = (
    "discrepancy_id, code, severity, order_key, event_id, entry_id, account, expected, actual, currency, parameters, raised_at, "
    "partition, record_offset, assignee, state, resolved_by"
)
DEAD_LETTER_COLUMNS: Final = (
    "subject, source_topic, source_partition, source_offset, order_key, reason, detail, schema_id, value_bytes, first_seen_at, "
    "worker_version, partition, record_offset, assignee, state, replays"
)
ACTION_COLUMNS: Final = (
    "action_id, kind, subject_kind, subject, order_key, actor, reason, acted_at, assignee, refers_to, sent_event_id, event, "
    "partition, record_offset"
)


def later_judgings(
    row: Row, healed: Mapping[tuple[int, str], Sequence[HealedLine]], parked_in: Mapping[tuple[int, str], Sequence[int]]
) -> tuple[HealedLine, ...]:
    """The judgings again that belong to a record: from the batch that parked it up to the next one that parked the event."""
    if row[12] != "deferred":
        return ()
    key = (row[0], row[5])
    next_parked = min((offset for offset in parked_in[key] if offset > row[16]), default=None)
    return tuple(
        line for line in healed.get(key, ()) if line.batch_offset >= row[16] and (next_parked is None or line.batch_offset < next_parked)
    )


def ids_of(text: str | None) -> tuple[str, ...]:
    """A JSON list of ids; none for None."""
    return tuple(orjson.loads(text)) if text else ()


def event_line(row: Row, healed: tuple[HealedLine, ...]) -> EventLine:
    """A row of events_of_order.sql, with the judgings again that belong to it."""
    return EventLine(
        partition=row[0],
        offset=row[1],
        record_at=row[2],
        order_key=row[3],
        refusal=row[4],
        event_id=row[5],
        event_type=row[6],
        business_key=row[7],
        source=row[8],
        occurred_at=row[9],
        received_at=row[10],
        body=row[11],
        first_outcome=row[12],
        first_code=row[13],
        first_entry_ids=ids_of(row[14]),
        decided_at=row[15],
        healed=healed,
    )


def entry_line(row: Row) -> EntryLine:
    """A row of entries_of_order.sql."""
    return EntryLine(partition=row[0], offset=row[1], entry_id=row[2], content_hash=row[3], order_key=row[4], entry_seq=row[5], body=row[6])


def waiting_line(row: Row) -> WaitingEvent:
    """A row of the views parked_event and rejected_event."""
    return WaitingEvent(
        event_id=row[0],
        order_key=row[1],
        code=row[2],
        since=row[3],
        partition=row[4],
        offset=row[5],
        event_type=row[6],
        business_key=row[7],
        source=row[8],
        occurred_at=row[9],
        received_at=row[10],
        assignee=row[11],
        state=row[12],
    )


def discrepancy_line(row: Row) -> DiscrepancyLine:
    """A row of the views about discrepancies."""
    value = Discrepancy(
        discrepancy_id=row[0],
        code=row[1],
        severity=row[2],
        order_key=row[3],
        event_id=row[4],
        entry_id=row[5],
        account=row[6],
        expected=row[7],
        actual=row[8],
        currency=row[9],
        parameters=tuple(sorted(orjson.loads(row[10]).items())),
        raised_at=row[11],
        state="RESOLVED" if row[16] == "stream" else "OPEN",
    )
    return DiscrepancyLine(value=value, partition=row[12], offset=row[13], assignee=row[14], state=row[15], resolved_by=row[16])


def discrepancy_record(row: Row) -> DiscrepancyRecord:
    """A row of the log of discrepancies."""
    return DiscrepancyRecord(partition=row[0], offset=row[1], discrepancy_id=row[2], state=row[3], raised_at=row[4], body=row[5])


def dead_letter_line(row: Row) -> DeadLetterLine:
    """A row of the view dead_letter_state."""
    return DeadLetterLine(
        subject=row[0],
        source_topic=row[1],
        source_partition=row[2],
        source_offset=row[3],
        order_key=row[4],
        reason=row[5],
        detail=row[6],
        schema_id=row[7],
        value_bytes=row[8],
        first_seen_at=row[9],
        worker_version=row[10],
        partition=row[11],
        offset=row[12],
        assignee=row[13],
        state=row[14],
        replays=row[15],
    )


def action_line(row: Row) -> ActionLine:
    """A row of operator_action."""
    return ActionLine(
        action_id=row[0],
        kind=row[1],
        subject_kind=row[2],
        subject=row[3],
        order_key=row[4],
        actor=row[5],
        reason=row[6],
        at=row[7],
        assignee=row[8],
        refers_to=row[9],
        sent_event_id=row[10],
        event=row[11],
        partition=row[12],
        offset=row[13],
    )


def ack_line(row: Row) -> AckLine:
    """A row of acks_of_order.sql."""
    return AckLine(
        partition=row[0],
        offset=row[1],
        entry_id=row[2],
        ledger=row[3],
        status=row[4],
        remote_id=row[5],
        document_number=row[6],
        reason=row[7],
        at=row[8],
        chain_hash=row[9],
    )
