"""The transitions of documents, as a table."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from sinks.external.capabilities import Repeat
from sinks.external.port import ClosedPeriod
from sinks.external.results import AuthRefused, CallFailed, NotSent, Posted, QuotaSpent, Refusal, Refused, Throttled, Uncertain, Unknown
from sinks.posting.clock import DAY, SECOND
from sinks.posting.rows import PostingRow, PostingState
from sinks.posting.rules import PostingRules
from sinks.posting.transitions import (
    Circumstances,
    NextStep,
    after_answer,
    after_failed_look_up,
    after_failure,
    after_look_up,
    first_open_day,
    next_step,
    on_another_day,
)
from tests.posting_store_cases import NOW, document
from tests.scripted_ledger import able

RULES = PostingRules()
ABOUT = Circumstances(now=NOW, random=Random(1), rules=RULES, capabilities=able())
REFUSED = Refused(refusal=Refusal.INVALID, code="1", message="no")


def row(state: PostingState = PostingState.SENDING, **changes: Any) -> PostingRow:
    """A document that was sent once, a second ago."""
    plain = PostingRow(
        number=1,
        document=document("a"),
        digest=document("a").digest,
        state=state,
        ready_at=NOW,
        planned_at=NOW,
        attempt=1,
        failures=0,
        tried_since=NOW - SECOND,
        first_sent_at=NOW - SECOND,
        sent_at=NOW - SECOND,
        sent_with=1,
        open_since=None,
        reason=None,
        about=None,
        code=None,
        message=None,
        remote_id=None,
        remote_number=None,
        posted_at=None,
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("answer", "state", "is_open"),
    [
        (Posted(remote_id="7"), PostingState.POSTED, False),
        (REFUSED, PostingState.PARKED, False),
        (Unknown(reason="?"), PostingState.UNCERTAIN, True),
    ],
)
def test_after_an_answer(answer: Any, state: PostingState, is_open: bool) -> None:
    step = after_answer(row(open_since=NOW - 5), answer, ABOUT)
    assert (step.state, step.open_since is not None) == (state, is_open)


@pytest.mark.parametrize(
    ("failure", "open_since", "state", "failures"),
    [
        (NotSent("no"), None, PostingState.PLANNED, 1),
        (NotSent("no"), NOW - 5, PostingState.UNCERTAIN, 1),
        (Throttled("no", 7), None, PostingState.PLANNED, 0),
        (Throttled("no", 7), NOW - 5, PostingState.UNCERTAIN, 0),
        (QuotaSpent("no"), None, PostingState.PLANNED, 0),
        (AuthRefused("no"), None, PostingState.PLANNED, 0),
        (Uncertain("no"), None, PostingState.UNCERTAIN, 1),
    ],
)
def test_after_a_failure(failure: CallFailed, open_since: int | None, state: PostingState, failures: int) -> None:
    step = after_failure(row(open_since=open_since), failure, ABOUT)
    assert (step.state, step.failures) == (state, failures)
    if open_since is not None:
        assert step.open_since == open_since


def test_a_document_s_own_retry_after_is_never_cut() -> None:
    step = after_failure(row(), NotSent("busy", 60), ABOUT)
    assert NOW + 60 * SECOND <= step.ready_at <= NOW + 66 * SECOND


def test_a_refused_document_may_be_booked_if_there_is_another_content_under_its_key() -> None:
    conflict = Refused(refusal=Refusal.CONFLICT, code="1", message="other total")
    step = after_look_up(row(PostingState.UNCERTAIN, open_since=NOW - 5), conflict, ABOUT)
    assert (step.state, step.reason, step.open_since) == (PostingState.PARKED, "conflict", NOW - 5)


def test_missing_is_believed_when_the_request_is_over() -> None:
    over = NOW + round(RULES.answer_max * SECOND)
    early = after_look_up(row(PostingState.UNCERTAIN, open_since=NOW), None, ABOUT)
    assert (early.state, early.ready_at, early.open_since) == (PostingState.UNCERTAIN, over, NOW)
    late = after_look_up(row(PostingState.UNCERTAIN, open_since=NOW), None, replace(ABOUT, now=over))
    assert (late.state, late.open_since) == (PostingState.PLANNED, None)


def test_a_look_up_that_fails_for_too_long_is_a_person_s() -> None:
    tired = row(PostingState.UNCERTAIN, open_since=NOW, failures=4, tried_since=NOW - 2 * DAY)
    step = after_failed_look_up(tired, NotSent("away"), ABOUT)
    assert (step.state, step.reason, step.open_since) == (PostingState.PARKED, "uncertain", NOW)
    paused = after_failed_look_up(tired, Throttled("busy", 3), ABOUT)
    assert (paused.state, paused.failures) == (PostingState.UNCERTAIN, 4)


@pytest.mark.parametrize(
    ("words", "changes", "expected"),
    [
        ({}, {}, NextStep.LOOK_UP),
        ({"findable": False}, {}, NextStep.PARK),
        ({"findable": False, "repeat": Repeat.ANSWERS_FIRST}, {}, NextStep.PARK),
        ({"findable": False, "repeat": Repeat.ANSWERS_FIRST, "repeat_seconds": 3600}, {}, NextStep.SEND_AGAIN),
        ({"findable": False, "repeat": Repeat.ANSWERS_FIRST, "repeat_seconds": 3600}, {"sent_with": 2}, NextStep.PARK),
        (
            {"findable": False, "repeat": Repeat.ANSWERS_FIRST, "repeat_seconds": 3600},
            {"first_sent_at": NOW - 3300 * SECOND},
            NextStep.PARK,
        ),
        ({"findable": False, "repeat": Repeat.BOOKS_AGAIN, "repeat_seconds": 3600}, {}, NextStep.PARK),
    ],
)
def test_what_is_done_about_a_document_without_an_answer(words: Any, changes: Any, expected: NextStep) -> None:
    assert next_step(row(PostingState.UNCERTAIN, **changes), replace(ABOUT, capabilities=able(**words))) is expected


@pytest.mark.parametrize(
    ("day", "closed", "expected"),
    [
        ("2025-06-01", [], "2025-06-01"),
        ("2025-06-01", [(None, "2025-06-03")], "2025-06-04"),
        ("2025-06-01", [("2025-06-01", "2025-06-03"), ("2025-06-04", "2025-06-05"), (None, "2025-05-31")], "2025-06-06"),
        ("2025-06-01", [(None, "2025-06-15")], None),
        ("2024-12-31", None, "2025-01-01"),
        ("2025-06-01", None, None),
    ],
)
def test_the_first_open_day(day: str, closed: list[tuple[str | None, str]] | None, expected: str | None) -> None:
    periods = None if closed is None else [ClosedPeriod(start=start, end=end, name="x") for start, end in closed]
    assert first_open_day(day, periods, NOW) == expected  # 2025-06-15


def test_a_document_that_moves_twice_keeps_its_own_day() -> None:
    twice = on_another_day(on_another_day(document("a"), "2025-07-01"), "2025-08-01")
    assert (twice.date, twice.original_date, twice.memo) == ("2025-08-01", "2025-06-15", "a [of 2025-06-15, which was closed]")
