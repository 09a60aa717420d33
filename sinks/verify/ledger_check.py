"""The ledger against the stream, both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.entries import content_hash, decode_entry
from schemas.output_codec import DecodeError
from sinks.bookkeeping.audit import LedgerAudit, RawEntry
from sinks.entry_stream import Record
from sinks.ledger import StreamEntry
from sinks.verify.chain_check import ChainCheck
from sinks.verify.comparison import differences, imbalance, same_rows
from sinks.verify.conflict_check import ConflictCheck
from sinks.verify.report import Problems
from sinks.verify.spelling import place_of, spell, spell_id
from sinks.verify.workbook import Workbook

SLICE_ENTRIES_MAX = 1_000
"""Entries compared at once; with the record slices of the scan the memory bound of a verification."""


@dataclass(slots=True)
class LedgerCheck:
    """Compares entry by entry; feed it the entries topic in offset order, then call `finish` once.

    `booked_to` is how far the ledger says it is, per partition; `held_to` how far its entries go, whatever it says.
    """

    audit: LedgerAudit
    workbook: Workbook
    problems: Problems
    booked_to: Mapping[int, int]
    held_to: Mapping[int, int]
    chain: ChainCheck
    conflicts: ConflictCheck
    entries: dict[int, int] = field(default_factory=dict)
    pending: int = 0
    repeats: int = 0
    _matched: int = 0
    _beyond: dict[int, tuple[int, int, str]] = field(default_factory=dict)

    def stream_records(self, records: Sequence[Record]) -> None:
        """Note the entries in these records and compare those that are booked or should be."""
        for at in range(0, len(records), SLICE_ENTRIES_MAX):
            first_seen = self.note(records[at : at + SLICE_ENTRIES_MAX], chained=True)
            held = self.audit.with_ids([item.hashed.entry.entry_id for item in first_seen])
            for item in first_seen:
                self._judge(item, held.get(item.hashed.entry.entry_id, ()))

    def note(self, records: Sequence[Record], *, chained: bool) -> list[StreamEntry]:
        """Note the entries in these records; answer those that stand on the stream for the first time.

        `chained`: whether they are compared, too; what is written while a verification runs is only noted.
        """
        whole = [item for record in records if (item := self._decoded(record)) is not None]
        keys = [(item.hashed.entry.entry_id, item.hashed.content_hash, item.partition, item.offset) for item in whole]
        noted = self.workbook.note_entries(keys)
        first = []
        for item in whole:
            standing = noted.get(item.hashed.entry.entry_id)
            if standing is None or standing[1:] == (item.partition, item.offset):
                first.append(item)
            elif chained:
                self._repeat(item, standing)
        return first

    def finish(self, ends: Mapping[int, int], total: int) -> None:
        """Look for what only the ledger has and for rows that contradict themselves; `total` is how many entries it has."""
        if self._matched != total:
            self._extras()
        for entry_id, times, first, last in self.audit.doubled():
            text = f"entry {spell_id(entry_id)} is booked {times} times (entry_no {first} to {last})"
            self.problems.add("doubled", text, entry_id=spell_id(entry_id))
        for table, entry_no in self.audit.ownerless():
            self.problems.add("ownerless", f"the {table} of entry_no {spell(entry_no)} belongs to no entry")
        for partition, (count, offset, entry_id) in self._beyond.items():
            text = (
                f"partition {partition}: the ledger says booked to offset {self.booked_to.get(partition, 0)}, but holds {count} entries "
                f"from there on, first {entry_id} (offset {offset}): the offset was wound back"
            )
            self.problems.add("ledger_offset", text, partition=partition, offset=offset, entry_id=entry_id)
        for partition, offset in self.booked_to.items():
            if offset > ends.get(partition, 0):
                text = f"partition {partition}: the ledger says booked to offset {offset}, the stream ends at {ends.get(partition, 0)}"
                self.problems.add("ledger_offset", text, partition=partition, offset=offset)

    def _judge(self, item: StreamEntry, held: Sequence[RawEntry]) -> None:
        entry, partition, offset = item.hashed.entry, item.partition, item.offset
        link = self.chain.entry(item)
        self.entries[partition] = self.entries.get(partition, 0) + 1
        booked = offset < self.booked_to.get(partition, 0)
        reached = booked or offset < self.held_to.get(partition, 0)
        if held:
            self._matched += len(held)
            self.chain.row(item, link, held[0].columns[28])
            for found in held:
                if not same_rows(found, item):
                    self._altered(item, found)
            if not booked:
                count, first, name = self._beyond.get(partition, (0, offset, entry.entry_id))
                self._beyond[partition] = (count + 1, first, name)
        elif reached:
            text = f"entry {entry.entry_id} ({place_of(partition, offset)}, {spell_id(entry.order_key)}) is not booked"
            self.problems.add("missing", text, partition=partition, offset=offset, entry_id=entry.entry_id)
        else:
            self.pending += 1

    def _altered(self, item: StreamEntry, found: RawEntry) -> None:
        entry_id, partition, offset = item.hashed.entry.entry_id, item.partition, item.offset
        said = "; ".join(differences(found, item))
        text = f"entry {entry_id} (entry_no {found.columns[0]}, {place_of(partition, offset)}) was altered: {said}"
        self.problems.add("altered", text, partition=partition, offset=offset, entry_id=entry_id)
        reason = imbalance(found)
        if reason is not None:
            text = f"entry {entry_id} is not balanced: {reason}"
            self.problems.add("unbalanced", text, partition=partition, offset=offset, entry_id=entry_id)

    def _extras(self) -> None:
        for rows in self.audit.held():
            known = self.workbook.not_on_stream([row[1] for row in rows])
            for entry_no, entry_id, partition, offset in rows:
                if entry_id in known:
                    said = f"it says it came from partition {spell(partition)} offset {spell(offset)}"
                    text = f"entry {spell_id(entry_id)} (entry_no {entry_no}) is booked, but does not stand on the stream; {said}"
                    self.problems.add("extra", text, entry_id=spell_id(entry_id))

    def _repeat(self, item: StreamEntry, standing: tuple[str, int, int]) -> None:
        entry_id, partition, offset = item.hashed.entry.entry_id, item.partition, item.offset
        there, here = place_of(*standing[1:]), place_of(partition, offset)
        if standing[0] != item.hashed.content_hash:
            text = f"entry {entry_id} at {here} differs from the one at {there}"
            self.problems.add("stream_doubled", text, partition=partition, offset=offset, entry_id=entry_id)
            if offset < max(self.booked_to.get(partition, 0), self.held_to.get(partition, 0)):
                self.conflicts.expect(item, standing[0])
            return
        self.repeats += 1
        if standing[1] != partition:
            text = f"entry {entry_id} at {here} stands in another partition before ({there}): one order has one partition"
            self.problems.add("stream_doubled", text, partition=partition, offset=offset, entry_id=entry_id)

    def _decoded(self, record: Record) -> StreamEntry | None:
        partition, offset, value = record.partition, record.offset, record.value or b""
        try:
            hashed = decode_entry(value)
        except DecodeError as error:
            text = f"{place_of(partition, offset)} is no journal entry: {error}"
            self.problems.add("stream_unreadable", text, partition=partition, offset=offset)
            return None
        if content_hash(hashed.entry) != hashed.content_hash:
            entry_id = spell_id(hashed.entry.entry_id)
            text = f"entry {entry_id} at {place_of(partition, offset)} does not match its content hash"
            self.problems.add("stream_altered", text, partition=partition, offset=offset, entry_id=entry_id)
        return StreamEntry(partition=partition, offset=offset, hashed=hashed, value=value)
