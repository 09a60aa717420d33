"""What every runner must write for an input: the job's rules and codecs on it, in this process, without a broker."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from bench.peers.confluent_loop import Fetched
from bench.peers.work import Folded, OrderWork, Work, work_named
from bench.topics import Record
from schemas.entries import decode_entry
from schemas.event_messages import EventMessage
from schemas.topics import ACCOUNTING_ENTRIES
from streams.engine.processor import SourceRange

CHUNK_RECORDS: Final = 1_000
STATES: Final = "states"


def reference_records(work: str, events: Iterable[EventMessage], partitions: int) -> Mapping[str, list[Record]]:
    """Topic (without prefix) -> records for these events on an empty topic of so many partitions; the last states under `states`."""
    found: defaultdict[str, list[Record]] = defaultdict(list)
    states: dict[bytes, bytes | None] = {}
    for partition, folded in _folded(work_named(work, "", partitions), events, partitions):
        for topic, records in folded.outputs.items():
            found[topic] += [Record(partition, record.key, record.value) for record in records]
        states |= {state.key: state.value for state in folded.states}
    found[STATES] = [Record(0, key, value) for key, value in states.items()]
    return found


def entries_by_event(events: Iterable[EventMessage], partitions: int) -> Mapping[str, int]:
    """entry_id -> number (from 0) of the event that leads to it: of a parked event that is the one that heals it."""
    found: dict[str, int] = {}
    work, states = OrderWork("", partitions), dict[bytes, Any]()
    for number, event in enumerate(events):
        record = Fetched(number, 0, event.key, event.value, list(event.headers))
        folded = _fold(work, states, event.partition(partitions), [record])
        for entry in folded.outputs[ACCOUNTING_ENTRIES]:
            found[decode_entry(entry.value).entry.entry_id] = number
    return found


def _folded(work: Work, events: Iterable[EventMessage], partitions: int) -> Iterator[tuple[int, Folded]]:
    waiting: defaultdict[int, list[Fetched]] = defaultdict(list)
    next_offsets: defaultdict[int, int] = defaultdict(int)
    states: dict[bytes, Any] = {}
    for event in events:
        partition = event.partition(partitions)
        waiting[partition].append(Fetched(next_offsets[partition], 0, event.key, event.value, list(event.headers)))
        next_offsets[partition] += 1
        if len(waiting[partition]) == CHUNK_RECORDS:
            yield partition, _fold(work, states, partition, waiting.pop(partition))
    for partition, records in waiting.items():
        yield partition, _fold(work, states, partition, records)


def _fold(work: Work, states: dict[bytes, Any], partition: int, records: list[Fetched]) -> Folded:
    source = SourceRange(
        topic="reference",
        partition=partition,
        first_offset=records[0].offset,
        next_offset=records[-1].offset + 1,
        records=records,
    )
    folded = work.fold(source, states.get)
    states.update(folded.decoded)
    return folded
