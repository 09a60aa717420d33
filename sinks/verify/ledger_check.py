"""The ledger against the stream, both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from asiento.accounting.journal import JournalEntry
from schemas.entries import HashedEntry, content_hash, decode_entry
from schemas.output_codec import DecodeError
from sinks.entry_stream import Record
from sinks.sqlite_ledger import BookedRow, DamagedRow, LedgerReader
from sinks.verify.report import Problems
from sinks.verify.workbook import Workbook


@dataclass(slots=True)
class LedgerCheck:
    """Compares entry by entry; feed it the entries topic in offset order, then call `finish` once."""

    reader: LedgerReader
    workbook: Workbook
    problems: Problems
    booked_to: Mapping[int, int]
    entries: int = 0
    pending: int = 0
    repeats: int = 0

    def stream_records(self, records: Sequence[Record]) -> None:
        """Note the entries in these records and compare those that are booked or should be."""
        found = self.note(records)
        rows: dict[str, BookedRow] = {}
        for booked in self.reader.with_ids([item.entry.entry_id for _, item in found]):
            rows.setdefault(booked.entry_id, booked)
        for record, item in found:
            row = rows.get(item.entry.entry_id)
            if row is not None:
                self._compare(record, item, row)
            elif record.offset < self.booked_to.get(record.partition, 0):
                self.problems.add("missing", f"entry {item.entry.entry_id} ({_place(record)}, {item.entry.order_key}) is not booked")
            else:
                self.pending += 1

    def note(self, records: Sequence[Record]) -> list[tuple[Record, HashedEntry]]:
        """Note the entries in these records; answer those that stand on the stream for the first time."""
        whole = [(record, item) for record in records if (item := self._decoded(record)) is not None]
        keys = [(item.entry.entry_id, item.content_hash, record.partition, record.offset) for record, item in whole]
        noted = self.workbook.note_entries(keys)
        first = []
        for record, item in whole:
            standing_hash, *standing_place = noted[item.entry.entry_id]
            if standing_place == [record.partition, record.offset]:
                self.entries += 1
                first.append((record, item))
            elif standing_hash == item.content_hash:
                self.repeats += 1
            else:
                there = f"partition {standing_place[0]} offset {standing_place[1]}"
                self.problems.add("stream_doubled", f"entry {item.entry.entry_id} at {_place(record)} differs from the one at {there}")
        return first

    def finish(self, ends: Mapping[int, int]) -> int:
        """Look for what only the ledger has and for rows that contradict themselves; answer how many entries are booked."""
        booked = 0
        for ids in self.reader.id_slices():
            booked += len(ids)
            for entry_id in self.workbook.not_on_stream(ids):
                self.problems.add("extra", f"entry {entry_id} is booked, but does not stand on the stream")
        for entry_id, balance, found, named in self.reader.unbalanced():
            reason = f"debits less credits = {balance}, {found} of {named} postings"
            self.problems.add("unbalanced", f"entry {entry_id} is not balanced: {reason}")
        for entry_id, times in self.reader.doubled():
            self.problems.add("doubled", f"entry {entry_id} is booked {times} times")
        for table, entry_no in self.reader.ownerless():
            self.problems.add("ownerless", f"the {table} of entry_no {entry_no} belongs to no entry")
        for name in self.reader.missing_protections():
            self.problems.add("unprotected", f"the ledger's own protection {name} is gone or was changed")
        for partition, offset in self.booked_to.items():
            if offset > ends.get(partition, 0):
                text = f"partition {partition}: the ledger says booked to offset {offset}, the stream ends at {ends.get(partition, 0)}"
                self.problems.add("ledger_offset", text)
        return booked

    def _decoded(self, record: Record) -> HashedEntry | None:
        try:
            item = decode_entry(record.value)
        except DecodeError as error:
            self.problems.add("stream_unreadable", f"{_place(record)} is no journal entry: {error}")
            return None
        if content_hash(item.entry) != item.content_hash:
            self.problems.add("stream_altered", f"entry {item.entry.entry_id} at {_place(record)} does not match its content hash")
        return item

    def _compare(self, record: Record, item: HashedEntry, row: BookedRow) -> None:
        """Believe nothing but the rows: the hash is computed again from them, then every field is compared."""
        differences = []
        try:
            booked = row.entry()
        except DamagedRow as error:
            differences.append(f"its rows are no entry any more ({error})")
        else:
            differences += [f"{name} is {ours!r}, not {theirs!r}" for name, ours, theirs in _differences(booked, item.entry)]
            if content_hash(booked) != item.content_hash:
                differences.append("its rows do not give the content hash of the stream")
        if row.content_hash != item.content_hash:
            differences.append("its stored content hash is another")
        if (row.partition, row.offset) != (record.partition, record.offset):
            differences.append(f"it says it came from partition {row.partition} offset {row.offset}")
        if differences:
            self.problems.add("altered", f"entry {item.entry.entry_id} ({_place(record)}) was altered: {'; '.join(differences)}")


def _differences(booked: JournalEntry, sent: JournalEntry) -> list[tuple[str, object, object]]:
    if booked == sent:
        return []
    pairs = ((field.name, getattr(booked, field.name), getattr(sent, field.name)) for field in fields(JournalEntry))
    return [(name, ours, theirs) for name, ours, theirs in pairs if ours != theirs]


def _place(record: Record) -> str:
    return f"partition {record.partition} offset {record.offset}"
