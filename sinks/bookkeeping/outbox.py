"""The outbox of a ledger: what it has to say of each entry, in the order in which it was booked.

Entries and conflicts are append-only and numbered, so they are their own outbox: an ack is pending in the very transaction
that books its entry, and costs it nothing. How far acks are published is one row, the cursor, which is moved forward by
compare-and-set after the broker has stored them. A crash between the two publishes some again, never none.
"""

from dataclasses import dataclass

import orjson

from schemas.acks import Ack
from sinks.bookkeeping.picture import Picture
from sinks.bookkeeping.rows import Row, cursor_seal
from sinks.chain import START
from sinks.ledger import AckPage, OffsetMoved, PendingAck


def pending_acks(picture: Picture, ledger: str, acks_max: int) -> AckPage:
    """The next acks, at most `acks_max`, entries and conflicts in their order; `ledger` is the name they carry."""
    entry_no, conflict_no = picture.rows("cursor")[0]
    posted = picture.rows("posted_after", (entry_no, acks_max))
    rejected = picture.rows("rejected_after", (conflict_no, acks_max))
    if not rejected:  # nearly always
        return AckPage(acks=tuple([_posted(row, ledger) for row in posted]), behind=(posted[-1][0] if posted else entry_no, conflict_no))
    complete = len(posted) < acks_max
    merged = [((row[0], 0), _posted(row, ledger)) for row in posted]
    merged += [((row[1], row[0]), _rejected(row, ledger)) for row in rejected if complete or row[1] < posted[-1][0]]
    merged.sort(key=lambda item: item[0])
    page = merged[:acks_max]
    for (after, number), _ in page:
        entry_no, conflict_no = (after, conflict_no) if number == 0 else (entry_no, number)
    return AckPage(acks=tuple(ack for _, ack in page), behind=(entry_no, conflict_no))


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorMove:
    """The step of the acks' cursor over one page: (entry_no, conflict_no) before and after it, and the seal there."""

    before: tuple[int, int]
    after: tuple[int, int]
    seal: str

    @classmethod
    def over(cls, page: AckPage, picture: Picture) -> "CursorMove":
        """The step over this page."""
        entry_no, conflict_no = page.behind
        rows = picture.rows("seal_of_entry", (entry_no,))
        rejected = sum(1 for pending in page.acks if pending.ack.status == "REJECTED")
        return cls(
            before=(entry_no - (len(page.acks) - rejected), conflict_no - rejected),
            after=(entry_no, conflict_no),
            seal=cursor_seal(rows[0][0] if rows else START, entry_no, conflict_no),
        )

    def refused(self) -> OffsetMoved:
        """The error where the cursor does not stand before the page."""
        place = "entry_no {}, conflict_no {}".format(*self.before)
        return OffsetMoved(f"the cursor of the acks is not at {place}: another process has published")


def _posted(row: Row, ledger: str) -> PendingAck:
    entry_no, entry_id, partition, order_key, booked_at, link = row
    ack = Ack(entry_id=entry_id, ledger=ledger, status="POSTED", remote_id=str(entry_no), at=booked_at, chain_hash=link)
    return PendingAck(partition=partition, order_key=order_key, ack=ack)


def _rejected(row: Row, ledger: str) -> PendingAck:
    _, _, entry_id, partition, entry, seen_at, offset = row
    reason = f"another content is booked under this entry_id; partition {partition} offset {offset} was kept aside, not booked"
    ack = Ack(entry_id=entry_id, ledger=ledger, status="REJECTED", reason=reason, at=seen_at)
    return PendingAck(partition=partition, order_key=orjson.loads(entry)["order_key"], ack=ack)
