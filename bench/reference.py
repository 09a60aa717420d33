"""What every runner must write for an input: the core and the codecs on it, in this process, without a broker."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bench.outputs import Outputs, decisions_form, letters_form, records_form, states_form
from bench.peers.confluent_loop import Fetched
from bench.peers.work import Folded, OrderWork
from bench.topics import Record
from schemas.event_messages import EventMessage
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES, ORDERS_DLQ, ORDERS_EVENTS
from streams.engine.processor import SourceRange

CHUNK_RECORDS: Final = 1_000


def expected_outputs(events: Iterable[EventMessage], partitions: int) -> Outputs:
    """The outputs for these events on an empty topic of so many partitions."""
    found: defaultdict[str, list[Record]] = defaultdict(list)
    states: dict[bytes, bytes | None] = {}
    for partition, folded in _folded(events, partitions):
        for topic, records in folded.outputs.items():
            found[topic] += [Record(partition, record.key, record.value) for record in records]
        states |= {state.key: state.value for state in folded.states}
    return {
        "entries": records_form(found[ACCOUNTING_ENTRIES]),
        "discrepancies": records_form(found[ACCOUNTING_DISCREPANCIES]),
        "dead letters": letters_form(found[ORDERS_DLQ]),
        "decisions": decisions_form(found[ACCOUNTING_DECISIONS]),
        "states": states_form(Record(0, key, value) for key, value in states.items()),
    }


def _folded(events: Iterable[EventMessage], partitions: int) -> Iterator[tuple[int, Folded]]:
    waiting: defaultdict[int, list[Fetched]] = defaultdict(list)
    next_offsets: defaultdict[int, int] = defaultdict(int)
    work, states = OrderWork("", partitions), dict[bytes, Any]()
    for event in events:
        partition = event.partition(partitions)
        waiting[partition].append(Fetched(next_offsets[partition], 0, event.key, event.value, list(event.headers)))
        next_offsets[partition] += 1
        if len(waiting[partition]) == CHUNK_RECORDS:
            yield partition, _fold(work, states, partition, waiting.pop(partition))
    for partition, records in waiting.items():
        yield partition, _fold(work, states, partition, records)


def _fold(work: OrderWork, states: dict[bytes, Any], partition: int, records: list[Fetched]) -> Folded:
    source = SourceRange(
        topic=ORDERS_EVENTS,
        partition=partition,
        first_offset=records[0].offset,
        next_offset=records[-1].offset + 1,
        records=records,
    )
    folded = work.fold(source, states.get)
    states.update(folded.decoded)
    return folded
