"""The posting state machine without hands: what a call's answer, or the lack of one, makes of a document. Pure.

PLANNED --call--> SENDING --Posted--> POSTED
                          --Refused--> PARKED | REJECTED | PLANNED on another day
                          --NotSent--> PLANNED, later (UNCERTAIN where an earlier call is open still)
                          --no answer--> UNCERTAIN --look-up: there--> POSTED
                                                   --certainly not there--> PLANNED
                                                   --nobody can tell--> sent again where the key answers the first, else PARKED
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from sinks.external.capabilities import Capabilities, Repeat
from sinks.external.connections import ClosedPeriods
from sinks.external.documents import LedgerDocument
from sinks.external.port import ClosedPeriod
from sinks.external.results import AuthRefused, CallFailed, NotSent, Posted, PostResult, QuotaSpent, Refusal, Refused, Throttled, Unknown
from sinks.posting.clock import SECOND
from sinks.posting.rows import Move, ParkReason, PostingRow, PostingState
from sinks.posting.rules import PostingRules

_PARKED: Final = {
    Refusal.INVALID: ParkReason.INVALID,
    Refusal.PERIOD_CLOSED: ParkReason.PERIOD_CLOSED,
    Refusal.MAPPING: ParkReason.MAPPING,
    Refusal.CONFLICT: ParkReason.CONFLICT,
    Refusal.DEPENDENCY: ParkReason.DEPENDENCY,
}


class NextStep(StrEnum):
    """What is done about a document of which nobody knows whether it stands."""

    LOOK_UP = "look_up"
    SEND_AGAIN = "send_again"
    PARK = "park"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a step depends on beside the document. closed: the ledger's closed days; None where it does not tell them."""

    now: int
    random: Random
    rules: PostingRules
    capabilities: Capabilities
    closed_periods: ClosedPeriods = ClosedPeriods.PARK
    closed: Sequence[ClosedPeriod] | None = None

    def jittered(self, seconds: float) -> int:
        """This time from now, a little later at most, never earlier."""
        return self.now + round(seconds * (1 + self.random.random() * self.rules.slack_share) * SECOND)

    def backoff(self, failures: int) -> int:
        """When to try again after so many failures in a row: any time up to a bound that doubles."""
        bound = min(self.rules.backoff_max, self.rules.backoff_first * 2.0 ** min(failures, 30))
        return self.now + round(self.random.random() * bound * SECOND)


def after_answer(row: PostingRow, answer: PostResult, about: Circumstances) -> Move:
    """The step of a document that was being sent."""
    match answer:
        case Posted():
            return _move(row, PostingState.POSTED, about.now, remote_id=answer.remote_id, remote_number=answer.number)
        case Refused():
            return _refused(row, answer, about)
        case Unknown():
            return _unanswered(row, answer.reason, about)


def after_failure(row: PostingRow, failure: CallFailed, about: Circumstances) -> Move:
    """The step of a document whose call failed as a whole."""
    if not isinstance(failure, NotSent):
        return _unanswered(row, str(failure), about)
    state = PostingState.PLANNED if row.open_since is None else PostingState.UNCERTAIN
    if isinstance(failure, Throttled | QuotaSpent | AuthRefused):  # not the document's fault: the connection pauses
        return replace(_move(row, state, about.now, message=str(failure)), failures=row.failures)
    ready_at = about.backoff(row.failures)
    if failure.retry_after_seconds is not None:
        ready_at = max(ready_at, about.jittered(failure.retry_after_seconds))
    step = replace(_move(row, state, ready_at, message=str(failure)), failures=row.failures + 1)
    return _given_up(row, step, about)


def next_step(row: PostingRow, about: Circumstances) -> NextStep:
    """What is done about a document without an answer."""
    able = about.capabilities
    if row.document.kind in able.findable:
        return NextStep.LOOK_UP
    if able.repeat is not Repeat.ANSWERS_FIRST or able.repeat_seconds is None or row.sent_with != 1 or row.first_sent_at is None:
        return NextStep.PARK
    relied_on = able.repeat_seconds * about.rules.repeat_share * SECOND
    return NextStep.SEND_AGAIN if about.now - row.first_sent_at < relied_on else NextStep.PARK


def after_look_up(row: PostingRow, found: Posted | Refused | None, about: Circumstances) -> Move:
    """The step of an uncertain document that was looked for. That it is not there is believed only once its request is over."""
    if found is not None:
        return after_answer(row, found, about)
    over_at = (row.open_since or about.now) + round(about.rules.answer_max * SECOND)
    if about.now < over_at:
        return _move(row, PostingState.UNCERTAIN, over_at, message="not found yet: its request may still be under way")
    gone = replace(row, open_since=None)
    return _given_up(gone, _move(gone, PostingState.PLANNED, about.now, message="certainly not there: it is sent again"), about)


def after_failed_look_up(row: PostingRow, failure: CallFailed, about: Circumstances) -> Move:
    """The step of an uncertain document that could not be looked for."""
    own = not isinstance(failure, Throttled | QuotaSpent | AuthRefused)
    ready_at = about.backoff(row.failures) if own else about.now
    step = _move(row, PostingState.UNCERTAIN, ready_at, message=f"the look-up failed: {failure}")
    return _given_up(row, replace(step, failures=row.failures + 1), about) if own else step


def parked_uncertain(row: PostingRow, about: Circumstances) -> Move:
    """The step of a document of which only a person can say whether it stands."""
    words = "it may stand in the ledger, which cannot look it up: look there, then `postings confirm` or `postings retry`"
    return _move(row, PostingState.PARKED, about.now, reason=ParkReason.UNCERTAIN, message=row.message or words)


def parked_unsent(row: PostingRow, reason: ParkReason, about: str | None, message: str, now: int) -> Move:
    """The step of a document that is parked without a call."""
    return replace(_move(row, PostingState.PARKED, now, reason=reason, message=message), about=about)


def first_open_day(day: str, closed: Sequence[ClosedPeriod] | None, now: int) -> str | None:
    """The first day from `day` on that is not closed; None where there is none until today.

    closed None: the ledger does not tell, so that the first of the next month is tried.
    """
    today = _day_of(now)
    if closed is None:
        given = date.fromisoformat(day)
        following = (given.replace(day=1) + timedelta(days=32)).replace(day=1)
        return following.isoformat() if following <= today else None
    candidate = day
    for _ in range(len(closed) + 1):
        holding = [period for period in closed if (period.start or "") <= candidate <= period.end]
        if not holding:
            return candidate if date.fromisoformat(candidate) <= today else None
        candidate = (date.fromisoformat(max(period.end for period in holding)) + timedelta(days=1)).isoformat()
    return None


def on_another_day(document: LedgerDocument, day: str) -> LedgerDocument:
    """The same document, booked on another day; its own day is kept, and its memo says so."""
    original = document.original_date or document.date
    memo = document.memo if document.original_date is None else document.memo.rpartition(" [")[0]
    return replace(document, date=day, original_date=original, memo=f"{memo} [of {original}, which was closed]")


def _refused(row: PostingRow, answer: Refused, about: Circumstances) -> Move:
    words = {"code": answer.code, "message": answer.message}
    step = replace(_move(row, PostingState.PARKED, about.now, reason=_PARKED[answer.refusal], **words), about=answer.about, open_since=None)
    if answer.refusal is Refusal.MAPPING and answer.about is None:
        return replace(step, about=answer.code)
    if answer.refusal is Refusal.CONFLICT:
        return replace(step, open_since=row.open_since)
    if answer.refusal is not Refusal.PERIOD_CLOSED or about.closed_periods is ClosedPeriods.PARK:
        return step
    if about.closed_periods is ClosedPeriods.REJECT:
        return replace(step, state=PostingState.REJECTED)
    day = first_open_day(row.document.date, about.closed, about.now)
    if day is None or day == row.document.date:
        return step
    moved = on_another_day(row.document, day)
    return replace(step, state=PostingState.PLANNED, reason=None, about=None, document=moved, message=f"{answer.message}: goes on {day}")


def _unanswered(row: PostingRow, message: str, about: Circumstances) -> Move:
    ready_at = about.jittered(about.rules.look_up_after)
    if row.failures:
        ready_at = max(ready_at, about.backoff(row.failures))
    step = _move(row, PostingState.UNCERTAIN, ready_at, message=message)
    return replace(step, failures=row.failures + 1, open_since=about.now)


def _given_up(row: PostingRow, step: Move, about: Circumstances) -> Move:
    """The step, or the end of patience."""
    tried_since = row.tried_since if row.tried_since is not None else about.now
    if step.failures < about.rules.tried_failures_min or about.now - tried_since < about.rules.tried_max * SECOND:
        return step
    reason = ParkReason.DEADLINE if row.open_since is None else ParkReason.UNCERTAIN
    return replace(step, state=PostingState.PARKED, reason=reason, ready_at=about.now)


def _move(
    row: PostingRow,
    state: PostingState,
    ready_at: int,
    *,
    reason: str | None = None,
    code: str | None = None,
    message: str | None = None,
    remote_id: str | None = None,
    remote_number: str | None = None,
) -> Move:
    return Move(
        key=row.key,
        before=row.state,
        state=state,
        ready_at=ready_at,
        failures=0 if state is PostingState.POSTED else row.failures,
        tried_since=row.tried_since,
        open_since=None if state is PostingState.POSTED else row.open_since,
        reason=reason,
        code=code,
        message=message,
        remote_id=remote_id,
        remote_number=remote_number,
    )


def _day_of(now: int) -> date:
    return date(1970, 1, 1) + timedelta(seconds=now // SECOND)
