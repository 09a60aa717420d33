"""The acks that the ledger has published, against the ledger: they stand outside of its file, so a cut tail shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.acks import Ack, decode_ack
from schemas.output_codec import DecodeError
from sinks.bookkeeping.audit import LedgerAudit
from sinks.bookkeeping.rows import Row
from sinks.entry_stream import Record
from sinks.verify.report import Problems
from sinks.verify.spelling import place_of, spell, spell_id

ENTRIES_MARKED_MAX = 400_000_000
"""Entries whose ack can be marked as seen: one bit each, 50 MB at most."""

SLICE_ACKS_MAX = 2_000


@dataclass(slots=True)
class AckCheck:
    """Feed it the acks topic in offset order, then call `finish` once.

    ledger: the name the acks of this ledger carry. must_hold: per partition the end of the acks topic before the ledger was
    pictured: what an ack below says is booked must be there. acked_to: the entry_no up to which the ledger says its acks
    are published. log_starts: where the acks topic begins, later than 0 where retention has taken the older ones.
    """

    audit: LedgerAudit
    problems: Problems
    ledger: str
    must_hold: Mapping[int, int]
    acked_to: int
    log_starts: Mapping[int, int]
    compared: int = 0
    _seen: bytearray = field(default_factory=bytearray)
    _oldest: dict[int, int] = field(default_factory=dict)
    _differing: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """One bit per entry, set where nothing is missing: entry 0 is none, and none is wanted behind `acked_to`."""
        last = min(self.acked_to, ENTRIES_MARKED_MAX)
        self._seen = bytearray(last // 8 + 1)
        self._seen[0] |= 1
        self._seen[-1] |= 0xFF & ~((1 << (last % 8 + 1)) - 1)

    def records(self, records: Sequence[Record]) -> None:
        """Compare these acks; the last one of an entry counts."""
        for at in range(0, len(records), SLICE_ACKS_MAX):
            acks = [(record, ack) for record in records[at : at + SLICE_ACKS_MAX] if (ack := self._decoded(record)) is not None]
            held = self.audit.places([ack.entry_id for _, ack in acks])
            for record, ack in acks:
                self._compare(record, ack, held.get(ack.entry_id))

    def finish(self) -> None:
        """Report acks that differ, and entries whose ack is gone."""
        for entry_id, (text, partition, offset) in self._differing.items():
            self.problems.add("ack_differs", text, partition=partition, offset=offset, entry_id=entry_id)
        if self._seen.count(0xFF) == len(self._seen):
            return
        for entry_no, entry_id, _, _, booked_at, partition in self.audit.seals():
            if not 0 < entry_no <= self.acked_to or self._marked(entry_no) or self._too_old(partition, booked_at):
                continue
            text = (
                f"entry {spell_id(entry_id)} (entry_no {entry_no}): its ack is published, says the ledger; the acks topic does not have it"
            )
            self.problems.add("ack_missing", text, entry_id=spell_id(entry_id))

    def _decoded(self, record: Record) -> Ack | None:
        try:
            ack = decode_ack(record.value)
        except DecodeError as error:
            text = f"acks topic, {place_of(record.partition, record.offset)}: no ack: {error}"
            self.problems.add("stream_unreadable", text, partition=record.partition, offset=record.offset)
            return None
        if ack.ledger != self.ledger:
            return None
        self._oldest.setdefault(record.partition, ack.at)
        return ack if ack.status == "POSTED" else None

    def _compare(self, record: Record, ack: Ack, row: Row | None) -> None:
        self.compared += 1
        place = f"acks topic, {place_of(record.partition, record.offset)}"
        if row is None:
            if record.offset < self.must_hold.get(record.partition, 0):
                text = (
                    f"entry {ack.entry_id} was acknowledged as booked ({place}, entry_no {ack.remote_id}), but is not in the ledger: "
                    "its end was cut or the entry removed, or this ledger is an older copy or still being booked anew"
                )
                self.problems.add("tail_cut", text, partition=record.partition, offset=record.offset, entry_id=ack.entry_id)
            return
        _, entry_no, booked_at, link = row
        self._mark(entry_no)
        said = _differences(ack, entry_no, booked_at, link, published=entry_no <= self.acked_to)
        if said:
            text = f"entry {ack.entry_id} is not as it was acknowledged ({place}): {'; '.join(said)}"
            self._differing[ack.entry_id] = (text, record.partition, record.offset)
        else:
            self._differing.pop(ack.entry_id, None)

    def _mark(self, entry_no: int) -> None:
        if 0 < entry_no < len(self._seen) * 8:
            self._seen[entry_no >> 3] |= 1 << (entry_no & 7)

    def _marked(self, entry_no: int) -> bool:
        return bool(self._seen[entry_no >> 3] & (1 << (entry_no & 7))) if entry_no < len(self._seen) * 8 else True

    def _too_old(self, partition: Any, booked_at: Any) -> bool:
        """Whether retention may have taken the ack: it is older than the oldest that is left."""
        if self.log_starts.get(partition, 0) == 0:
            return False
        oldest = self._oldest.get(partition)
        return oldest is None or type(booked_at) is not int or booked_at <= oldest


def _differences(ack: Ack, entry_no: int, booked_at: Any, link: Any, *, published: bool) -> list[str]:
    """A ledger that is booked anew gives other numbers and times until it has published its own acks; the chain stays."""
    said = []
    if link != ack.chain_hash:
        said.append(f"chain_hash is {spell(link)}, acknowledged was {spell(ack.chain_hash)}")
    if published and str(entry_no) != ack.remote_id:
        said.append(f"entry_no is {entry_no}, acknowledged was {spell(ack.remote_id)}")
    if published and booked_at != ack.at:
        said.append(f"booked_at is {spell(booked_at)}, acknowledged was {spell(ack.at)}")
    return said
