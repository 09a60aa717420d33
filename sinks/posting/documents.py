"""Documents as rows: written when entries are planned, moved step by step, each step in the document's history."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sinks.databases.database import Row
from sinks.external.documents import LedgerDocument
from sinks.posting.database import PostingSession
from sinks.posting.errors import PostingMoved
from sinks.posting.rows import Move, ParkReason, PostingRow, PostingState, body_of, posting_row

EVENTS_MAX: Final = 200
"""Steps of one document that are kept, beside its first."""
WORDS_KEPT_MAX: Final = 1_000
"""Longest message of a ledger that is kept."""
DOUBTED: Final = "it may stand there already: postings of this connection were lost or restored"


class Documents:
    """What is written about documents, inside the transactions of the stores."""

    def __init__(self, session: PostingSession) -> None:
        self._session = session

    def put(self, documents: Iterable[LedgerDocument], at: int) -> None:
        """Write documents of entries that were planned.

        One whose key is there already keeps what stands: only while it was never booked, another content takes its place, and a parked
        one goes on.
        """
        wanted = tuple(documents)
        known = {row.key: row for row in map(posting_row, self._session.ask("postings_by_key", [document.key for document in wanted]))}
        fresh = [document for document in wanted if document.key not in known]
        doubted_since = self._session.query("connection")[0][5] if fresh else None
        state = PostingState.PLANNED if doubted_since is None else PostingState.UNCERTAIN
        self._session.change_many("insert_posting", [_inserted(document, state, at, doubted_since) for document in fresh])
        self._session.change_many("insert_event", [(document.key, 1, at, None, state, 0, None, None, None) for document in fresh])
        for document in wanted:
            if document.key in known:
                self._again(document, known[document.key], at)
        self._session.change_many("insert_part", [(document.key, entry_id) for document in wanted for entry_id in document.entry_ids])
        self._session.change_many("insert_need", [(document.key, needs) for document in wanted for needs in document.depends_on])

    def move(self, moves: Sequence[Move], at: int) -> None:
        """Take steps; raises `PostingMoved` where a document does not stand where a step begins."""
        for step in moves:
            values: dict[str, object] = {
                "key": step.key,
                "before": step.before,
                "state": step.state,
                "ready_at": step.ready_at,
                "failures": step.failures,
                "tried_since": step.tried_since,
                "open_since": step.open_since,
                "reason": step.reason,
                "about": _cut(step.about),
                "code": _cut(step.code),
                "message": _cut(step.message),
                "remote_id": step.remote_id,
                "remote_number": step.remote_number,
                "posted_at": at if step.state is PostingState.POSTED else None,
            }
            self._changed(self._session.change("move_posting", values), step.key, step.before)
            if step.document is not None:
                self._replace(step.document)
            if step.state is PostingState.PARKED and step.reason == ParkReason.MAPPING and step.open_since is None:
                self._session.change("ask_outdated_again", {"key": step.key})
                self._session.change("ask_outdated_summary_again", {"key": step.key})
        self.note([(step.key, step.before, step.state, step.reason, _cut(step.code), _cut(step.message)) for step in moves], at)

    def begin(self, rows: Sequence[PostingRow], at: int) -> None:
        """Say that a call with these documents leaves; raises `PostingMoved` where one does not stand where it stood."""
        for row in rows:
            values: dict[str, object] = {"key": row.key, "before": row.state, "digest": row.digest, "at": at, "sent_with": len(rows)}
            self._changed(self._session.change("begin_attempt", values), row.key, row.state)
        self.note([(row.key, row.state, PostingState.SENDING, None, None, None) for row in rows], at)

    def note(self, steps: Sequence[tuple[str, PostingState, PostingState, str | None, str | None, str | None]], at: int) -> None:
        """Write steps (key, before, state, reason, code, message) that the rows have counted already into the history."""
        places: Mapping[str, tuple[int, int]] = {
            key: (events, attempt) for key, events, attempt in self._session.ask("event_places", [step[0] for step in steps])
        }
        rows: list[Row] = []
        for key, before, state, reason, code, message in steps:
            place, attempt = places[key]
            rows.append((key, place, at, before, state, attempt, reason, code, message))
        self._session.change_many("insert_event", rows)
        gone = [(key, places[key][0] - EVENTS_MAX) for key, *_ in steps if places[key][0] - EVENTS_MAX > 1]
        self._session.change_many("delete_event", gone)

    def _again(self, document: LedgerDocument, row: PostingRow, at: int) -> None:
        waits = row.state in (PostingState.PLANNED, PostingState.PARKED) and row.open_since is None
        parked = row.state is PostingState.PARKED and row.reason != ParkReason.UNCERTAIN
        if waits and document.digest != row.digest:
            self._replace(document)
        if waits and parked:
            self.move([again(row, at, "planned again")], at)

    def _replace(self, document: LedgerDocument) -> None:
        values: dict[str, object] = {
            "key": document.key,
            "body": body_of(document),
            "digest": document.digest,
            "sequence": document.sequence,
            "kind": document.kind,
            "reference": document.reference,
        }
        if self._session.change("replace_body", values) != 1:
            raise PostingMoved(f"document {document.key} of {self._session.connection} may be booked: its content stays as it is")
        self._session.change_many("delete_needs", [(document.key,)])
        self._session.change_many("insert_need", [(document.key, needs) for needs in document.depends_on])

    def _changed(self, rows: int, key: str, before: PostingState) -> None:
        if rows != 1:
            raise PostingMoved(
                f"{self._session.database.place}: document {key} of {self._session.connection} is not {before} any more: somebody else "
                "has written; nothing of this step was kept"
            )


def again(row: PostingRow, at: int, message: str) -> Move:
    """The step of a parked document that starts afresh."""
    return Move(
        key=row.key,
        before=row.state,
        state=PostingState.PLANNED,
        ready_at=at,
        failures=0,
        tried_since=None,
        open_since=None,
        message=message,
    )


def _inserted(document: LedgerDocument, state: PostingState, at: int, open_since: int | None) -> Row:
    return (
        document.key,
        document.group,
        document.sequence,
        document.kind,
        document.reference,
        body_of(document),
        document.digest,
        state,
        at,
        at,
        open_since,
        None if open_since is None else DOUBTED,
    )


def _cut(words: str | None) -> str | None:
    return None if words is None else words.replace("\x00", "")[:WORDS_KEPT_MAX]
