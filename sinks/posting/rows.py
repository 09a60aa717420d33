"""Rows of the database of postings as values; times in UTC microseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import orjson

from asiento.accounting.decision import Discrepancy
from sinks.databases.database import Row
from sinks.external.documents import LedgerDocument, document_from_values, document_values
from sinks.ledger import OffsetRange, StreamEntry


class PostingState(StrEnum):
    """Where a document stands."""

    PLANNED = "PLANNED"
    """To be sent."""
    SENDING = "SENDING"
    """A call with it may be under way."""
    UNCERTAIN = "UNCERTAIN"
    """A call with it ended without an answer: it may stand there or not."""
    POSTED = "POSTED"
    """It stands in the ledger."""
    PARKED = "PARKED"
    """It waits for a person, or for a rule."""
    REJECTED = "REJECTED"
    """It is given up."""


OPEN_STATES: Final = frozenset({PostingState.PLANNED, PostingState.SENDING, PostingState.UNCERTAIN})
"""States that go on by themselves."""


class ParkReason(StrEnum):
    """Why a document is parked, or was rejected."""

    UNCERTAIN = "uncertain"
    """It may stand there and nobody can tell but a person."""
    DEADLINE = "deadline"
    """It was tried for too long."""
    PERIOD_CLOSED = "period_closed"
    MAPPING = "mapping"
    CONFLICT = "conflict"
    """Another content stands there under its key."""
    INVALID = "invalid"
    DEPENDENCY = "dependency"
    OPERATOR = "operator"
    """A person has said so."""


class EntryState(StrEnum):
    """What became of an entry."""

    PLANNED = "PLANNED"
    """Its documents exist."""
    WAITING = "WAITING"
    """A rule is missing, or it waits behind an earlier entry of its order."""
    SUMMARIZED = "SUMMARIZED"
    """In a summary, open or closed."""
    NOTHING = "NOTHING"
    """Nothing of it is told to this ledger."""
    REJECTED = "REJECTED"
    """It can never be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The documents of an entry; of a summary's, those of all its entries."""

    documents: tuple[LedgerDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """An entry that cannot be planned yet. about: what no rule maps; None: it waits behind an earlier entry of its order."""

    about: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarized:
    """An entry for a summary. subject: what the summary is about; it closes at `closes_at` where this entry is its first."""

    subject: str
    closes_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """An entry of which nothing is told to this ledger."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """An entry that can never be told to this ledger."""

    reason: str


Plan: TypeAlias = Planned | Waits | Summarized | Nothing | Impossible


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedDiscrepancy:
    """A discrepancy for its topic, on the partition of the entry that it is about."""

    partition: int
    value: Discrepancy


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenEntry:
    """An entry of the stream with what the planner made of it."""

    entry: StreamEntry
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What is taken in one transaction: ranges of offsets, the entries in them in offset order per partition, what is to be raised."""

    ranges: tuple[OffsetRange, ...]
    entries: tuple[TakenEntry, ...]
    discrepancies: tuple[RaisedDiscrepancy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenCounts:
    """What became of an intake: entries that are new, that were there already, and that bring another content."""

    taken: int
    duplicates: int
    conflicts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry as it is kept. `value`: its record while it may be planned again; told: the last ack's status and reason."""

    entry_id: str
    partition: int
    offset: int
    order_key: str
    entry_seq: int
    content_hash: str
    state: EntryState
    about: str | None
    reason: str | None
    summary: str | None
    value: bytes | None
    taken_at: int
    told_status: str | None
    told_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """A summary that is due; `members`: how many entries it has."""

    name: str
    subject: str
    generation: int
    closes_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """A document and where it stands; see the table `posting`."""

    number: int
    document: LedgerDocument
    digest: str
    state: PostingState
    ready_at: int
    planned_at: int
    attempt: int
    failures: int
    tried_since: int | None
    first_sent_at: int | None
    sent_at: int | None
    sent_with: int
    open_since: int | None
    reason: str | None
    about: str | None
    code: str | None
    message: str | None
    remote_id: str | None
    remote_number: str | None
    posted_at: int | None

    @property
    def key(self) -> str:
        """The document's key."""
        return self.document.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step of one document: from `before` (what is expected to stand there) to `state`, and all that changes with it.

    document: another content under the same key, allowed before anything was sent only. open_since None: nothing is open any more.
    """

    key: str
    before: PostingState
    state: PostingState
    ready_at: int
    failures: int
    tried_since: int | None
    open_since: int | None
    reason: str | None = None
    about: str | None = None
    code: str | None = None
    message: str | None = None
    remote_id: str | None = None
    remote_number: str | None = None
    document: LedgerDocument | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One step of a document's history; `before` None: it was planned."""

    place: int
    at: int
    before: str | None
    state: str
    attempt: int
    reason: str | None
    code: str | None
    message: str | None


ENTRY_COLUMNS: Final = (
    "entry_id, partition, entry_offset, order_key, entry_seq, content_hash, state, about, reason, summary, value, taken_at, "
    "told_status, told_reason"
)
POSTING_COLUMNS: Final = (
    "number, body, digest, state, ready_at, planned_at, attempt, failures, tried_since, first_sent_at, sent_at, sent_with, open_since, "
    "reason, about, code, message, remote_id, remote_number, posted_at"
)


def body_of(document: LedgerDocument) -> str:
    """A document as the text that is stored."""
    return orjson.dumps(document_values(document)).decode()


def entry_row(row: Row) -> EntryRow:
    """A row of ENTRY_COLUMNS."""
    return EntryRow(
        entry_id=row[0],
        partition=row[1],
        offset=row[2],
        order_key=row[3],
        entry_seq=row[4],
        content_hash=row[5],
        state=EntryState(row[6]),
        about=row[7],
        reason=row[8],
        summary=row[9],
        value=None if row[10] is None else bytes(row[10]),
        taken_at=row[11],
        told_status=row[12],
        told_reason=row[13],
    )


def posting_row(row: Row) -> PostingRow:
    """A row of POSTING_COLUMNS."""
    return PostingRow(
        number=row[0],
        document=document_from_values(orjson.loads(row[1])),
        digest=row[2],
        state=PostingState(row[3]),
        ready_at=row[4],
        planned_at=row[5],
        attempt=row[6],
        failures=row[7],
        tried_since=row[8],
        first_sent_at=row[9],
        sent_at=row[10],
        sent_with=row[11],
        open_since=row[12],
        reason=row[13],
        about=row[14],
        code=row[15],
        message=row[16],
        remote_id=row[17],
        remote_number=row[18],
        posted_at=row[19],
    )


def posting_rows(rows: Sequence[Row]) -> tuple[PostingRow, ...]:
    """Rows of POSTING_COLUMNS."""
    return tuple(posting_row(row) for row in rows)
