"""The chain as the stream gives it, against the links of the rows, the heads of the ledger and heads that were kept elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sinks.chain import EMPTY_CHAIN, START, ChainHead, next_link
from sinks.ledger import StreamEntry
from sinks.verify.kept_heads import KeptHeads
from sinks.verify.report import Problems
from sinks.verify.spelling import place_of, spell


@dataclass(slots=True)
class ChainCheck:
    """Feed it the first-seen entries of each partition in offset order, then call `finish` once.

    `booked_to` is how far the ledger says it is, `stated` the heads it states there (any values), `cut` the partitions whose
    log has lost its beginning: their chain cannot be computed.
    """

    problems: Problems
    booked_to: Mapping[int, int]
    stated: Mapping[int, tuple[Any, Any]]
    cut: frozenset[int]
    kept: KeptHeads | None = None
    _heads: dict[int, ChainHead] = field(default_factory=dict)
    _at_booked: dict[int, ChainHead] = field(default_factory=dict)
    _row_before: dict[int, Any] = field(default_factory=dict)
    _at_kept: dict[int, str] = field(default_factory=dict)

    def entry(self, item: StreamEntry) -> str:
        """The next entry on the stream; answers its link."""
        partition = item.partition
        before = self._heads.get(partition, EMPTY_CHAIN)
        head = ChainHead(length=before.length + 1, link=next_link(before.link, partition, item.offset, item.value))
        self._heads[partition] = head
        if item.offset < self.booked_to.get(partition, 0):
            self._at_booked[partition] = head
        if self.kept is not None and self.kept.length(partition) == head.length:
            self._at_kept[partition] = head.link
        return head.link

    def row(self, item: StreamEntry, link: str, stored: Any) -> None:
        """The link that the entry's row holds, beside the right one; a chain that only goes on from a wrong link is named once."""
        partition, offset, entry_id = item.partition, item.offset, item.hashed.entry.entry_id
        before = self._row_before.get(partition, START)
        self._row_before[partition] = stored
        if stored == link or partition in self.cut or _goes_on(before, stored, item):
            return
        text = f"entry {entry_id} ({place_of(partition, offset)}): its chain_hash is {spell(stored)}, the stream gives {link}"
        self.problems.add("chain_broken", text, partition=partition, offset=offset, entry_id=entry_id)

    def finish(self) -> None:
        """Compare the heads."""
        for partition, (length, link) in self.stated.items():
            right = self._at_booked.get(partition, EMPTY_CHAIN)
            if partition not in self.cut and (length, link) != (right.length, right.link):
                text = (
                    f"partition {partition}: source_offset states {spell(length)} entries booked and chain_hash {spell(link)}; the stream "
                    f"gives {right.length} and {right.link} up to offset {self.booked_to.get(partition, 0)}"
                )
                self.problems.add("head_broken", text, partition=partition)
        if self.kept is not None:
            self._compare_kept(self.kept)

    def _compare_kept(self, kept: KeptHeads) -> None:
        for partition, head in kept.heads.items():
            length = self.stated.get(partition, (0, START))[0]
            if type(length) is not int or length < head.length:
                text = (
                    f"partition {partition}: the kept head counts {head.length} entries (to offset {kept.booked_to[partition]}), the "
                    f"ledger states {spell(length)}: entries at its end were removed, or this is an older copy of the ledger"
                )
                self.problems.add("tail_cut", text, partition=partition)
            found = START if head.length == 0 else self._at_kept.get(partition)
            if found != head.link and partition not in self.cut:
                given = found or "fewer entries"
                text = f"partition {partition}: the kept head after {head.length} entries is {head.link}, the stream gives {given}"
                self.problems.add("heads_differ", text, partition=partition)


def _goes_on(before: Any, stored: Any, item: StreamEntry) -> bool:
    try:
        return bool(next_link(before, item.partition, item.offset, item.value) == stored)
    except (TypeError, ValueError):
        return False
