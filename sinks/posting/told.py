"""What is told of an entry: one status of all its documents, told when it changes, through the outbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from schemas.acks import Ack
from schemas.discrepancies import encode_discrepancy
from sinks.databases.database import Row
from sinks.ledger import AckPage, PendingAck
from sinks.posting.database import PostingSession
from sinks.posting.rows import EntryState, PostingState, RaisedDiscrepancy

REASON_LENGTH_MAX: Final = 500
_IDS_LENGTH_MAX: Final = 1_000
_BEHIND: Final = "it waits behind an earlier entry of its order"


@dataclass(frozen=True, slots=True)
class PendingDiscrepancy:
    """A discrepancy that is not published yet: its number, where it goes, its record's value."""

    number: int
    partition: int
    order_key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class _Told:
    status: str
    reason: str | None = None
    remote_id: str | None = None
    remote_number: str | None = None


class Outbox:
    """Acks and discrepancies of one connection that are to be published, in the order in which they came about."""

    def __init__(self, session: PostingSession) -> None:
        self._session = session

    def tell(self, entry_ids: Iterable[str], at: int) -> None:
        """Inside a transaction: put an ack of each entry whose status is another one than was told."""
        wanted = sorted(set(entry_ids))
        parts = {
            entry_id: [row[1:] for row in rows]
            for entry_id, rows in groupby(self._session.ask("states_of_entries", wanted), key=lambda row: str(row[0]))
        }
        acks: list[Row] = []
        for entry_id, partition, order_key, state, about, reason, told_status, told_reason in self._session.ask("told_entries", wanted):
            now = _of_entry(EntryState(state), about, reason) or _of_documents(parts.get(entry_id, []))
            if now is None or (now.status, now.reason) == (told_status, told_reason):
                continue
            acks.append((partition, order_key, entry_id, now.status, now.remote_id, now.remote_number, now.reason, at))
            self._session.change("tell_entry", {"entry_id": entry_id, "status": now.status, "reason": now.reason})
        self._session.change_many("insert_ack", acks)

    def tell_conflict(self, partition: int, order_key: str, entry_id: str, offset: int, at: int) -> None:
        """Inside a transaction: put the ack of a record that brings another content under a known entry_id."""
        reason = f"another content was taken under this entry_id; partition {partition} offset {offset} was kept aside, not posted"
        self._session.change_many("insert_ack", [(partition, order_key, entry_id, "REJECTED", None, None, reason, at)])

    def raise_all(self, discrepancies: Sequence[RaisedDiscrepancy]) -> None:
        """Inside a transaction: put discrepancies."""
        rows = [(item.partition, item.value.order_key, encode_discrepancy(item.value)) for item in discrepancies]
        self._session.change_many("insert_discrepancy", rows)

    def pending_acks(self, acks_max: int) -> AckPage:
        """The next acks that are not published; `behind` is their last number, and 0."""
        rows = self._session.query("pending_acks", {"limit": acks_max})
        acks = tuple(
            PendingAck(
                partition=row[1],
                order_key=row[2],
                ack=Ack(
                    entry_id=row[3],
                    ledger=self._session.connection,
                    status=row[4],
                    remote_id=row[5],
                    document_number=row[6],
                    reason=row[7],
                    at=row[8],
                ),
            )
            for row in rows
        )
        return AckPage(acks=acks, behind=(rows[-1][0] if rows else 0, 0))

    def mark_published(self, page: AckPage) -> None:
        """The acks of a page are published."""
        with self._session.writing():
            self._session.change("delete_acks", {"number": page.behind[0]})

    def pending_discrepancies(self, discrepancies_max: int) -> tuple[PendingDiscrepancy, ...]:
        """The next discrepancies that are not published."""
        rows = self._session.query("pending_discrepancies", {"limit": discrepancies_max})
        return tuple(PendingDiscrepancy(row[0], row[1], row[2], bytes(row[3])) for row in rows)

    def mark_raised(self, number: int) -> None:
        """The discrepancies up to this number are published."""
        with self._session.writing():
            self._session.change("delete_discrepancies", {"number": number})


def _of_entry(state: EntryState, about: str | None, reason: str | None) -> _Told | None:
    """What the entry's own state says; None where its documents say it."""
    match state:
        case EntryState.WAITING:
            return _Told("PARKED", _cut(f"mapping: {about}: {reason}" if about is not None else _BEHIND))
        case EntryState.NOTHING:
            return _Told("POSTED", _cut(f"nothing to post: {reason}"))
        case EntryState.REJECTED:
            return _Told("REJECTED", _cut(reason or "it cannot be told to this ledger"))
        case EntryState.PLANNED | EntryState.SUMMARIZED:
            return None


def _of_documents(parts: Sequence[Row]) -> _Told | None:
    """What the documents of an entry say together; None where nothing is to be told yet."""
    for status in (PostingState.REJECTED, PostingState.PARKED, PostingState.UNCERTAIN):
        for state, reason, about, message, *_ in parts:
            if state == status:
                return _Told(status.value, _cut(": ".join(word for word in (reason, about, message) if word)) or None)
    if parts and all(part[0] == PostingState.POSTED for part in parts):
        ids, numbers = [part[4] for part in parts if part[4]], [part[5] for part in parts if part[5]]
        return _Told("POSTED", None, ", ".join(ids)[:_IDS_LENGTH_MAX] or None, ", ".join(numbers)[:_IDS_LENGTH_MAX] or None)
    return None


def _cut(words: str) -> str:
    return words[:REASON_LENGTH_MAX]
