"""The conflicts that the ledger has kept, against the stream: what came again under a booked id with other content."""

from dataclasses import dataclass, field

from sinks.bookkeeping.audit import LedgerAudit
from sinks.bookkeeping.rows import Row, conflict_row
from sinks.ledger import StreamEntry
from sinks.verify.report import Problems
from sinks.verify.spelling import place_of, spell, spell_id

CONFLICTS_COMPARED_MAX = 10_000
"""Conflicts of the stream that are held in memory to be compared; each is a fault of its own, so many are a stream to be replaced."""

_COLUMNS = ("entry_id", "booked_content_hash", "content_hash", "entry", "stream_partition", "stream_offset")


@dataclass(slots=True)
class ConflictCheck:
    """Tell it of every conflict that must be kept, then call `finish` once."""

    audit: LedgerAudit
    problems: Problems
    _wanted: dict[tuple[int, int], Row] = field(default_factory=dict)
    _overflown: bool = False

    def expect(self, item: StreamEntry, booked_hash: str) -> None:
        """The ledger has read this entry, whose id was booked with another content hash."""
        if len(self._wanted) < CONFLICTS_COMPARED_MAX:
            self._wanted[item.partition, item.offset] = conflict_row((item.partition, item.offset), item.hashed, booked_hash, 0, (0, 0))[
                1:7
            ]
        else:
            self._overflown = True

    def finish(self) -> None:
        """Compare both ways; nothing is called extra where not all could be held."""
        wanted = dict(self._wanted)
        for row in self.audit.conflicts():
            expected = wanted.pop((row[5], row[6]), None)
            entry_id = spell_id(row[1])
            if expected is None:
                if not self._overflown:
                    text = f"conflict_no {row[0]} (entry {entry_id}, said to be {spell(row[5])}/{spell(row[6])}) is none on the stream"
                    self.problems.add("conflict_extra", text, entry_id=entry_id)
                continue
            said = [
                f"{name} is {spell(ours)}, not {spell(theirs)}"
                for name, ours, theirs in zip(_COLUMNS, row[1:7], expected, strict=True)
                if ours != theirs or type(ours) is not type(theirs)
            ]
            if said:
                text = f"conflict_no {row[0]} (entry {expected[0]}, {place_of(expected[4], expected[5])}) was altered: {'; '.join(said)}"
                self.problems.add("conflict_altered", text, partition=expected[4], offset=expected[5], entry_id=expected[0])
        for (partition, offset), expected in wanted.items():
            text = f"entry {expected[0]} came again with other content ({place_of(partition, offset)}), but that conflict is not kept"
            self.problems.add("conflict_missing", text, partition=partition, offset=offset, entry_id=expected[0])
