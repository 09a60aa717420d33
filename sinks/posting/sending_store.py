"""The side of the store that sends: which documents are next, the step before a call and the steps after it, what people decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sinks.external.results import Posted
from sinks.posting.closed_days import ClosedDays
from sinks.posting.database import PostingSession
from sinks.posting.documents import DOUBTED, WORDS_KEPT_MAX, Documents, again
from sinks.posting.errors import PostingMoved
from sinks.posting.rows import EventRow, Move, ParkReason, PostingRow, PostingState, posting_rows
from sinks.posting.told import Outbox

PAGE_DOCUMENTS_MAX: Final = 200
"""Documents that are handed out at once."""


PAUSES: Final = ("throttled", "quota", "auth")
"""Why a whole connection pauses."""


@dataclass(frozen=True, slots=True)
class Pause:
    """No call of a connection before `until`; `reason` is one of PAUSES, `message` for people."""

    until: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many documents stand in a state for a reason, and since when the oldest of them was planned."""

    state: PostingState
    reason: str
    documents: int
    oldest_at: int


class SendingStore:
    """See the module; every method that writes is one transaction."""

    def __init__(self, session: PostingSession, documents: Documents, outbox: Outbox, closed_days: ClosedDays) -> None:
        self._session = session
        self._documents = documents
        self._outbox = outbox
        self._closed_days = closed_days

    def due(self, now: int, limit: int = PAGE_DOCUMENTS_MAX) -> tuple[PostingRow, ...]:
        """The next documents that can be sent: their time has come, what they need stands, nothing earlier of their group is open."""
        return posting_rows(self._session.query("due", {"now": now, "after": 0, "limit": limit}))

    def uncertain(self, now: int, limit: int = PAGE_DOCUMENTS_MAX) -> tuple[PostingRow, ...]:
        """The next documents that are to be looked up, or sent again, now."""
        return posting_rows(self._session.query("uncertain_due", {"now": now, "limit": limit}))

    def next_ready(self, now: int) -> int | None:
        """When the next document's time comes that waits for its time; None: none does."""
        found: int | None = self._session.query("next_ready", {"now": now})[0][0]
        return found

    def resume(self, at: int, look_up_at: int) -> int:
        """At start: whatever was SENDING may have been booked until now, and is UNCERTAIN; answers how many."""
        with self._session.writing():
            rows = posting_rows(self._session.query("sending"))
            moves = [
                Move(
                    key=row.key,
                    before=PostingState.SENDING,
                    state=PostingState.UNCERTAIN,
                    ready_at=look_up_at,
                    failures=row.failures,
                    tried_since=row.tried_since,
                    open_since=at,
                    message="the process ended while the call was under way",
                )
                for row in rows
            ]
            self._settle(moves, at)
        return len(rows)

    def begin_attempt(self, rows: Sequence[PostingRow], at: int) -> None:
        """Say that a call with these documents leaves now. Raises `PostingMoved` where one is not as it was handed out."""
        with self._session.writing():
            self._documents.begin(rows, at)

    def settle(self, moves: Sequence[Move], at: int, pause: Pause | None = None) -> None:
        """Take the steps that a call led to, tell what changed of their entries, and pause where it says so. Raises `PostingMoved`."""
        with self._session.writing():
            self._settle(moves, at)
            if pause is not None:
                self._pause(pause)

    def held(self) -> frozenset[str]:
        """What the ledger did not know of a mapping and nobody has mended yet: documents that name it need not be sent."""
        return frozenset(row[0] for row in self._session.query("held"))

    def remote_ids(self, keys: Iterable[str]) -> dict[str, str]:
        """The ids in the ledger of those of these documents that stand there."""
        return {row[0]: row[1] for row in self._session.ask("remote_ids", sorted(set(keys)))}

    def documents(self, keys: Iterable[str]) -> tuple[PostingRow, ...]:
        """Documents by their keys."""
        return posting_rows(list(self._session.ask("postings_by_key", keys)))

    def needs_of(self, key: str) -> tuple[PostingRow, ...]:
        """The documents that a document waits for, or waited for."""
        return self.documents(row[0] for row in self._session.query("needs_of_key", {"key": key}))

    def documents_of_entry(self, entry_id: str) -> tuple[PostingRow, ...]:
        """The documents that an entry is in."""
        return self.documents(row[0] for row in self._session.query("keys_of_entry", {"entry_id": entry_id}))

    def entry_ids_of(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The entries that are in these documents."""
        return tuple(sorted({row[0] for row in self._session.ask("entry_ids_of_keys", keys)}))

    def history(self, key: str) -> tuple[EventRow, ...]:
        """What became of a document: its first step and the newest."""
        return tuple(
            EventRow(place=row[0], at=row[1], before=row[2], state=row[3], attempt=row[4], reason=row[5], code=row[6], message=row[7])
            for row in self._session.query("events_of_key", {"key": key})
        )

    def listed(
        self, state: PostingState, *, reason: str | None = None, about: str | None = None, after: int = 0, limit: int = PAGE_DOCUMENTS_MAX
    ) -> tuple[PostingRow, ...]:
        """Documents in a state, in the order in which they were planned, behind that with the number `after`."""
        values: dict[str, object] = {"state": state, "reason": reason, "about": about, "after": after, "limit": limit}
        return posting_rows(self._session.query("listed", values))

    def release(self, rows: Sequence[PostingRow], actor: str, reason: str, at: int) -> None:
        """A person says that these parked documents are to be tried again.

        One that may be booked is looked up again, not sent. Raises `PostingMoved` where one is not parked any more.
        """
        with self._session.writing():
            self._settle([_released(row, at, f"{actor}: {reason}") for row in rows], at)

    def retry(self, rows: Sequence[PostingRow], actor: str, reason: str, at: int) -> None:
        """A person says that these parked documents do not stand in the ledger: they are sent. Raises `PostingMoved`."""
        with self._session.writing():
            self._settle([again(row, at, f"{actor}, it does not stand there: {reason}") for row in rows], at)

    def confirm(self, row: PostingRow, found: Posted, actor: str, reason: str, at: int) -> None:
        """A person has found this parked document in the ledger. Raises `PostingMoved`."""
        message = f"{actor}, it stands there: {reason}"
        with self._session.writing():
            self._settle([_decided(row, PostingState.POSTED, at, message=message, found=found)], at)

    def reject(self, rows: Sequence[PostingRow], actor: str, reason: str, at: int) -> tuple[str, ...]:
        """A person gives these documents up; those that need them are parked. Answers the keys of the latter. Raises `PostingMoved`."""
        with self._session.writing():
            self._settle([_decided(row, PostingState.REJECTED, at, message=f"{actor}: {reason}") for row in rows], at)
            keys = self._needing([row.key for row in rows])
            held = [row for row in self.documents(keys) if row.state is PostingState.PLANNED]
            self._settle([_orphaned(row, at) for row in held], at)
        return tuple(row.key for row in held)

    def doubt(self, actor: str, reason: str, at: int) -> int:
        """A person says that documents may stand in the ledger of which nothing is known here: the database was lost, or restored.

        From now on every document is looked up before it is sent; answers how many of those that were to be sent.
        """
        with self._session.writing():
            self._session.change("set_doubt", {"since": at})
            rows = posting_rows(self._session.query("planned"))
            self._settle([_doubted(row, at, f"{DOUBTED} ({actor}: {reason})") for row in rows], at)
        return len(rows)

    def trust(self) -> None:
        """What is not known here is not in the ledger: new documents are sent without a look-up again."""
        with self._session.writing():
            self._session.change("set_doubt", {"since": None})

    def doubted_since(self) -> int | None:
        """Since when documents are looked up before they are sent; None: they are not."""
        found: int | None = self._session.query("connection")[0][5]
        return found

    def pause(self) -> Pause | None:
        """Until when no call goes out; None: the connection is not paused."""
        _, _, until, reason, message, _ = self._session.query("connection")[0]
        return None if until is None else Pause(until, reason, message)

    def set_pause(self, pause: Pause | None) -> None:
        """Remember that no call goes out before a time, over restarts too; None: go on."""
        with self._session.writing():
            self._pause(pause)

    def changes(self) -> int:
        """Grows whenever something was written for the connection, by whomever."""
        found: int = self._session.query("connection")[0][0]
        return found

    def counts(self) -> tuple[StateCount, ...]:
        """How many documents do not stand in the ledger, by state and reason."""
        return tuple(StateCount(PostingState(row[0]), row[1], row[2], row[3]) for row in self._session.query("state_counts"))

    def _settle(self, moves: Sequence[Move], at: int) -> None:
        if moves:
            self._documents.move(moves, at)
            self._outbox.tell(self.entry_ids_of([step.key for step in moves]), at)
            self._closed_days.moved(moves, at)

    def _pause(self, pause: Pause | None) -> None:
        until, reason, message = (None, None, None) if pause is None else (pause.until, pause.reason, pause.message[:WORDS_KEPT_MAX])
        self._session.change("set_pause", {"until": until, "reason": reason, "message": message})

    def _needing(self, keys: Sequence[str]) -> list[str]:
        """The documents that need these, and those that need them in turn."""
        found: dict[str, None] = {}
        asked = list(keys)
        while asked:
            asked = [row[0] for row in self._session.ask("needing", asked) if row[0] not in found]
            found.update(dict.fromkeys(asked))
        return list(found)


def _released(row: PostingRow, at: int, message: str) -> Move:
    step = again(row, at, message)
    return step if row.open_since is None else replace(step, state=PostingState.UNCERTAIN, open_since=row.open_since)


def _doubted(row: PostingRow, at: int, message: str) -> Move:
    return replace(again(row, at, message), state=PostingState.UNCERTAIN, open_since=at)


def _decided(row: PostingRow, state: PostingState, at: int, *, message: str, found: Posted | None = None) -> Move:
    if row.state is PostingState.SENDING:
        raise PostingMoved(f"document {row.key} is being sent just now: decide about it when the call has ended")
    return Move(
        key=row.key,
        before=row.state,
        state=state,
        ready_at=at,
        failures=row.failures,
        tried_since=row.tried_since,
        open_since=None if state is PostingState.POSTED else row.open_since,
        reason=None if state is PostingState.POSTED else ParkReason.OPERATOR,
        message=message,
        remote_id=None if found is None else found.remote_id,
        remote_number=None if found is None else found.number,
    )


def _orphaned(row: PostingRow, at: int) -> Move:
    return Move(
        key=row.key,
        before=row.state,
        state=PostingState.PARKED,
        ready_at=at,
        failures=row.failures,
        tried_since=row.tried_since,
        open_since=row.open_since,
        reason=ParkReason.DEPENDENCY,
        message="a document that it needs was given up",
    )
