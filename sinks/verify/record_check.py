"""Every consumed record against the decisions: ranges that join, one outcome each, and the entries they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.decisions import decode_decisions
from schemas.output_codec import DecodeError
from sinks.entry_stream import Record
from sinks.verify.report import Problems
from sinks.verify.workbook import Workbook


@dataclass(slots=True)
class RecordCheck:
    """Feed it the decisions topic in offset order, then the source topic up to `decided_to`, then call `finish` once.

    `source_starts` are the first offsets the source log still has, `committed` what the workers' group has committed.
    """

    workbook: Workbook
    problems: Problems
    source_starts: Mapping[int, int]
    committed: Mapping[int, int]
    decided_to: dict[int, int] = field(default_factory=dict)
    _reached_commit: set[int] = field(default_factory=set)

    def decision_records(self, records: Sequence[Record]) -> None:
        """Check that the ranges join and note the outcomes."""
        for record in records:
            where = f"decisions partition {record.partition} offset {record.offset}"
            try:
                batch = decode_decisions(record.value)
            except DecodeError as error:
                self.problems.add("gap", f"{where} cannot be read: {error}", partition=record.partition, offset=record.offset)
                continue
            partition, first = batch.partition, batch.first_offset
            expected = self.decided_to.get(partition)
            if expected is None:
                self._first_range(partition, first)
            elif first != expected:
                fault = "Offsets {0} to {1} of partition {2} were {3} ({4})"
                low, high = min(first, expected), max(first, expected) - 1
                if first > expected:
                    self.problems.add("gap", fault.format(low, high, partition, "never decided", where), partition=partition, offset=low)
                else:
                    self.problems.add(
                        "overlap", fault.format(low, high, partition, "decided twice", where), partition=partition, offset=low
                    )
            self.decided_to[partition] = max(batch.next_offset, self.decided_to.get(partition, 0))
            if batch.next_offset == self.committed.get(partition):
                self._reached_commit.add(partition)
            doubled, strangers = self.workbook.note_decisions(batch)
            if doubled:
                text = f"{where}: {doubled} records already had an outcome"
                self.problems.add("decided_twice", text, partition=partition, offset=first)
            for event_id in strangers:
                text = f"{where}: event {event_id} is healed, but was not parked"
                self.problems.add("healed_nothing", text, partition=partition, offset=first)

    def source_records(self, records: Sequence[Record]) -> None:
        """Note which offsets below `decided_to` hold a record."""
        self.workbook.note_records([(record.partition, record.offset) for record in records])

    def finish(self) -> None:
        """Compare outcomes with records, and the committed positions with the ends of the ranges."""
        for partition, offset in self.workbook.undecided():
            text = f"the record at partition {partition} offset {offset} has no outcome"
            self.problems.add("undecided", text, partition=partition, offset=offset)
        for partition, offset in self.workbook.decided_nothing(self.source_starts):
            text = f"partition {partition} offset {offset} has an outcome, but no record"
            self.problems.add("decided_nothing", text, partition=partition, offset=offset)
        for partition, offset in self.committed.items():
            start = self.source_starts.get(partition, 0)
            if partition not in self._reached_commit and not (partition not in self.decided_to and offset <= start):
                reached = self.decided_to.get(partition, start)
                text = f"partition {partition}: the workers committed offset {offset}, which ends no decided range (decided to {reached})"
                self.problems.add("committed_offset", text, partition=partition, offset=offset)

    def entries(self, stream_ends: Mapping[int, int]) -> None:
        """Compare the entries that decisions name with those on the stream; `stream_ends` bound the way back."""
        for entry_id, partition, first in self.workbook.named_but_absent():
            text = f"entry {entry_id} is named by the decisions of partition {partition} from offset {first}, but is not on the stream"
            self.problems.add("entry_absent", text, partition=partition, offset=first, entry_id=entry_id)
        for entry_id, partition, offset in self.workbook.never_named(stream_ends):
            text = f"entry {entry_id} (partition {partition} offset {offset}) is named by no decision"
            self.problems.add("entry_not_named", text, partition=partition, offset=offset, entry_id=entry_id)

    def _first_range(self, partition: int, first: int) -> None:
        start = self.source_starts.get(partition, 0)
        if first > start:
            text = f"offsets {start} to {first - 1} of partition {partition} were never decided"
            self.problems.add("gap", text, partition=partition, offset=start)
