"""What a ledger outside answers, and how a call to it fails: the taxonomy that the posting state machine acts on.

One answer per document:

    Posted         it stands there (now, or since an earlier try)
    Refused        it does not, and sending it again as it is changes nothing
    Unknown        the call ended without an answer about this document

A call that failed as a whole raises one of

    CallFailed
    +-- NotSent          certainly nothing was booked (no connection, refused before it was read): try again
    |   +-- Throttled    too many calls: wait as long as the ledger says; what was sent was not booked
    |   +-- QuotaSpent   the day's quota is used up: wait until it is renewed
    |   +-- AuthRefused  the credentials are not accepted: the whole connection waits for a person
    +-- Uncertain        it may have been booked (time-out, connection lost, a gateway's error): look it up before sending again
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Refusal(StrEnum):
    """Why a ledger does not take a document."""

    INVALID = "invalid"
    """Its form or content: a defect of ours or of the mapping; kept for a person."""
    PERIOD_CLOSED = "period_closed"
    """Its date lies in a closed period: policy decides."""
    MAPPING = "mapping"
    """An account, item, tax code or contact that is unknown or not active there."""
    CONFLICT = "conflict"
    """Another content stands there under its key."""
    DEPENDENCY = "dependency"
    """What it settles is not there, or has less open than it wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The document stands in the ledger: its id there, the number people know, and whether an earlier try had brought it."""

    remote_id: str
    number: str | None = None
    earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The ledger's word against a document: its own code and message; `about` names what is unmapped or closed."""

    refusal: Refusal
    code: str
    message: str
    about: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No answer about this document. failure: that of its call, where the connection has to act on it (wait, ask for credentials)."""

    reason: str
    failure: "CallFailed | None" = None


PostResult: TypeAlias = Posted | Refused | Unknown


class CallFailed(Exception):
    """A call that failed as a whole; the message says what happened, where, and how to mend it, without secrets."""


class NotSent(CallFailed):
    """Certainly nothing was booked. `retry_after_seconds`: what the ledger asked for."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Throttled(NotSent):
    """Too many calls just now."""


class QuotaSpent(NotSent):
    """The quota of the day is used up."""


class AuthRefused(NotSent):
    """The credentials or rights are not accepted."""


class Uncertain(CallFailed):
    """It may have been booked."""


def unanswered(failure: CallFailed) -> Unknown:
    """The answer about a document whose call failed, where others of the same `post` have an answer of their own."""
    return Unknown(reason=str(failure), failure=failure)


def failure_in(answers: Iterable[PostResult]) -> CallFailed | None:
    """The first failed call among these answers."""
    return next((answer.failure for answer in answers if isinstance(answer, Unknown) and answer.failure is not None), None)
