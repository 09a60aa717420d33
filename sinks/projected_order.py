"""The file of one order from the operational database: one indexed look-up per table, whatever the length of the topics."""

from collections.abc import Mapping

from asiento.accounting.order_events import OrderEvent
from asiento.runtime.settings import Settings
from schemas.refusal import REASONS, Refusal
from sinks import order_file
from sinks.order_file import OrderFile, ParkedLine
from sinks.projector.answers import EventLine, OrderRecords
from sinks.projector.reader import OperationalReader

MILLISECOND = 1_000


def read_projected_order(settings: Settings, order_key: str) -> OrderFile:
    """Collect the file of an order; its `state` is left to be told from its events. Raises `OperationalError`, `ForeignLedger`.

    When an entry was booked is known from the acks; where a ledger of this machine has no ack yet, from the ledger itself.
    """
    with OperationalReader.at(settings.operational_location) as reader:
        records = reader.order(order_key)
    return order_file_of(records, order_file.booked_at(settings, order_key))


def order_file_of(records: OrderRecords, booked_in_ledger: Mapping[str, int]) -> OrderFile:
    """The records of an order as its file."""
    acks = records.acks_of
    acked = {ack.entry_id: ack.at for lines in acks.values() for ack in lines if ack.status == "POSTED"}
    entries = [line.entry() for line in records.entries]
    events = {line.event_id: line.event() for line in records.events if line.event_id is not None}
    partitions = [*(line.partition for line in records.events), *(line.partition for line in records.entries)]
    return OrderFile(
        order_key=records.order_key,
        partition=partitions[0] if partitions else None,
        events=tuple(_event_line(line) for line in records.events),
        entries=order_file.entry_lines(entries, {**booked_in_ledger, **acked}),
        state=None,
        parked=tuple(
            ParkedLine(event, waiting.code or "", waiting.since)
            for waiting in records.parked
            if isinstance(event := events.get(waiting.event_id), OrderEvent)
        ),
        source="database",
        as_of=records.as_of,
        discrepancies=records.discrepancies,
        acks=acks,
        dead_letters=records.dead_letters,
        actions=records.actions,
    )


def _event_line(line: EventLine) -> order_file.EventLine:
    event = line.event()
    if line.first_outcome == "dead_letter" and not isinstance(event, Refusal):  # readable, but not fit for the core
        event = Refusal(line.first_code if line.first_code in REASONS else "undecodable", "")
    return order_file.EventLine(
        offset=line.offset,
        record_at=line.record_at // MILLISECOND,
        event=event,
        outcome=line.outcome,
        code=line.code,
        entry_ids=line.entry_ids,
        healed=bool(line.healed),
    )
