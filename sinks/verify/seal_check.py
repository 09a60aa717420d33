"""The seals: over the bookkeeping columns that the stream does not say, from the first entry booked to the last."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sinks.bookkeeping.audit import LedgerAudit
from sinks.bookkeeping.rows import cursor_seal
from sinks.chain import START, Unsealable, entry_seal, seal
from sinks.verify.kept_heads import KeptHeads
from sinks.verify.report import Problems
from sinks.verify.spelling import spell, spell_id


@dataclass(slots=True)
class SealCheck:
    """Walks the ledger in the order of booking; call `run` once. `acked_to` is then the entry_no up to which acks are published."""

    audit: LedgerAudit
    problems: Problems
    kept: KeptHeads | None = None
    acked_to: int = 0
    _seals: dict[int, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Check the seals of entries, conflicts, source offsets and cursor."""
        cursor = self.audit.cursor()
        wanted = {row[1] for row in cursor} | ({self.kept.entry_no} if self.kept else set())
        self._seals = {0: START}
        self._entries(wanted)
        for row in self.audit.offsets():
            if not _sealed(row[-1], seal, *row[:-1]):
                text = f"the source_offset of partition {spell(row[3])} does not match its seal: a column was changed: {_spell_row(row)}"
                self.problems.add("seal_broken", text, partition=row[3] if type(row[3]) is int else None)
        for row in self.audit.conflicts():
            if not _sealed(row[-1], seal, *row[:-1]):
                text = f"conflict_no {row[0]} (entry {spell_id(row[1])}) does not match its seal: a column was changed"
                self.problems.add("seal_broken", text, entry_id=spell_id(row[1]))
        self._cursor(cursor)
        if self.kept is not None and self._seals.get(self.kept.entry_no) != self.kept.seal:
            self._differs_from_kept(self.kept)

    def _entries(self, wanted: set[Any]) -> None:
        before, number_before = START, 0
        for entry_no, entry_id, link, own_seal, booked_at, partition in self.audit.seals():
            if entry_no in wanted:
                self._seals[entry_no] = own_seal
            if entry_no != number_before + 1 or not _sealed(own_seal, entry_seal, before, link, entry_no, booked_at):
                text = (
                    f"entry {spell_id(entry_id)} (entry_no {entry_no}, booked_at {spell(booked_at)}) does not match its seal, which "
                    f"follows from entry_no {number_before}: entry_no, booked_at, chain_hash or seal of one of them was changed, or the "
                    "entry before it removed, moved or added"
                )
                number = partition if type(partition) is int else None
                self.problems.add("seal_broken", text, partition=number, entry_id=spell_id(entry_id))
            before, number_before = own_seal, entry_no

    def _cursor(self, rows: list[Any]) -> None:
        if len(rows) == 1:
            number, entry_no, conflict_no, own_seal = rows[0]
            known = number == 1 and entry_no in self._seals
            if known and _sealed(own_seal, cursor_seal, self._seals[entry_no], entry_no, conflict_no):
                self.acked_to = entry_no
                return
        said = "; ".join(_spell_row(row) for row in rows) or "no row"
        self.problems.add("seal_broken", f"the ack_cursor does not match its seal: its row was changed, removed or doubled: {said}")

    def _differs_from_kept(self, kept: KeptHeads) -> None:
        if kept.entry_no not in self._seals:
            text = (
                f"the kept heads were taken after entry_no {kept.entry_no}, which the ledger does not hold: its end was cut, "
                "or it is an older copy"
            )
            self.problems.add("tail_cut", text)
        else:
            text = (
                f"the seal of entry_no {kept.entry_no} is {spell(self._seals[kept.entry_no])}, kept was {kept.seal}: entry_no or booked_at "
                "of it or of an entry before it were changed and sealed again, or the ledger was booked anew"
            )
            self.problems.add("heads_differ", text)


def _sealed(stored: Any, sealing: Callable[..., str], *values: Any) -> bool:
    try:
        return bool(sealing(*values) == stored)
    except Unsealable:
        return False


def _spell_row(row: Any) -> str:
    return ", ".join(spell(value) for value in row)
