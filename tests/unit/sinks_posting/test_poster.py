"""The poster, one behaviour each, on a scripted ledger under a virtual clock."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from asiento.runtime.metrics import Metrics
from sinks.external.capabilities import BatchAnswers, CallLimits
from sinks.external.connections import ClosedPeriods
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.port import ClosedPeriod
from sinks.external.results import Refusal, Refused
from sinks.posting.access import CountedAccess
from sinks.posting.clock import DAY, SECOND
from sinks.posting.poster import Poster, PosterWork
from sinks.posting.rows import PostingRow, PostingState
from sinks.posting.rules import PostingRules
from sinks.posting.sending_store import PAUSES
from sinks.posting.store import PostingStore
from tests.posting_faults import KillableStore, KillPlan, VirtualClock, take
from tests.posting_store_cases import document, key_of, told
from tests.scripted_ledger import RETRY_AFTER_SECONDS, ScriptedLedger, able

OTHER = "another token"
_PARKED = {"connection": "books", "state": "parked", "reason": "invalid"}


@dataclass
class Given:
    """A word for now: the token that a connector carries."""

    now: str = "good"
    refused_tokens: list[str] = field(default_factory=list)

    async def token(self) -> str:
        return self.now

    async def refused(self, token: str) -> None:
        self.refused_tokens.append(token)


@dataclass
class Desk:
    """A store, a clock and a ledger, and posters on them."""

    store: PostingStore
    clock: VirtualClock = field(default_factory=VirtualClock)
    metrics: Metrics = field(default_factory=Metrics)
    given: Given = field(default_factory=Given)
    steps: int = 0

    async def poster(self, ledger: ScriptedLedger, **words: object) -> Poster:
        """A poster that has started."""
        work = replace(PosterWork(connection="books"), **words)  # type: ignore[arg-type]
        calls = KillableStore(self.store, KillPlan())
        access = CountedAccess(self.given, calls, work.limits, self.clock)
        poster = Poster(work, ledger.connector(access, self.clock), calls, clock=self.clock, random=Random(7), metrics=self.metrics)
        await poster.start()
        return poster

    async def post(self, poster: Poster, *, until: int | None = None) -> None:
        """Let it work until nothing is left, or so many microseconds have passed."""
        end = None if until is None else self.clock.now() + until
        for _ in range(10_000):
            seconds = await poster.step()
            self.steps += 1
            if seconds is None or (end is not None and self.clock.now() + round(seconds * SECOND) > end):
                return
            await self.clock.sleep(seconds)
        raise AssertionError("it goes in circles")

    def row(self, name: str) -> PostingRow:
        return self.store.sending.documents([key_of(name)])[0]

    def states(self, *names: str) -> list[str]:
        return [self.row(name).state.value for name in names]

    def value(self, metric: str, *labels: str) -> float:
        found: float = getattr(self.metrics, metric).labels("books", *labels)._value.get()
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(PostingStore.serve(f"sqlite:///{tmp_path / 'postings.sqlite'}", "books")) as store:
        yield Desk(store)


def refusing(refusal: Refusal, *names: str, about: str | None = None) -> ScriptedLedger:
    """A ledger that refuses the documents of these names."""

    def refuse(one: LedgerDocument) -> Refused | None:
        return Refused(refusal=refusal, code="c-1", message="not so", about=about) if one.reference in names else None

    return ScriptedLedger(refuse=refuse)


async def test_a_document_stands_with_its_number(desk: Desk) -> None:
    take(desk.store, [document("a")])
    ledger = ScriptedLedger()
    await desk.post(await desk.poster(ledger))
    row = desk.row("a")
    assert (row.state, row.remote_id, row.remote_number, row.attempt) == (PostingState.POSTED, f"r-{row.key}", "N1", 1)
    assert told(desk.store) == [("POSTED", None)]
    assert desk.value("postings", "posted", "") == 1
    assert desk.value("posting_calls", "post", "answered") == 1


async def test_what_was_booked_without_an_answer_is_found_not_sent(desk: Desk) -> None:
    take(desk.store, [document("a")])
    ledger = ScriptedLedger(once=["drop_after"])
    await desk.post(await desk.poster(ledger))
    assert desk.states("a") == ["POSTED"]
    assert dict(ledger.held()) == {key_of("a"): 1}
    assert told(desk.store) == [("UNCERTAIN", "lost after it was booked"), ("POSTED", None)]
    assert desk.value("posting_duplicates_prevented") == 1


async def test_that_it_is_missing_is_believed_only_when_its_request_is_over(desk: Desk) -> None:
    take(desk.store, [document("a")])
    ledger = ScriptedLedger(once=["slow"])
    poster = await desk.poster(ledger)
    await desk.post(poster, until=30 * SECOND)
    assert desk.states("a") == ["UNCERTAIN"]
    await desk.post(poster)
    assert desk.states("a") == ["POSTED"]
    assert dict(ledger.held()) == {key_of("a"): 1}


async def test_without_that_patience_it_would_be_doubled(desk: Desk) -> None:
    """The test above can fail."""
    take(desk.store, [document("a")])
    ledger = ScriptedLedger(once=["slow"])
    await desk.post(await desk.poster(ledger, rules=PostingRules(answer_max=0.1)))
    assert dict(ledger.held()) == {key_of("a"): 2}


async def test_retry_after_is_kept_within_a_tenth_and_over_a_restart(desk: Desk) -> None:
    take(desk.store, [document("a")])
    ledger = ScriptedLedger(once=["throttled"])
    first = await desk.poster(ledger)
    assert await first.step() == 0
    asked_at = desk.clock.now()
    again = await desk.poster(ledger)
    seconds = await again.step()
    assert seconds is not None
    assert RETRY_AFTER_SECONDS <= seconds <= RETRY_AFTER_SECONDS * 1.1
    await desk.post(again)
    assert desk.clock.now() - asked_at < RETRY_AFTER_SECONDS * 1.1 * SECOND
    assert (desk.row("a").state, desk.row("a").failures) == (PostingState.POSTED, 0)


async def test_a_ledger_that_asks_to_wait_in_the_middle_of_a_batch_is_left_alone(desk: Desk) -> None:
    take(desk.store, [document(name, group=name) for name in "abc"])
    ledger = ScriptedLedger(able=able(batch=2), once=["throttled_inside"])
    poster = await desk.poster(ledger)
    assert await poster.step() == 0
    assert desk.states("a", "b", "c") == ["POSTED", "UNCERTAIN", "PLANNED"]
    seconds = await poster.step()
    assert seconds is not None
    assert RETRY_AFTER_SECONDS <= seconds <= RETRY_AFTER_SECONDS * 1.1
    await desk.post(poster)
    assert desk.states("a", "b", "c") == ["POSTED"] * 3


async def test_documents_of_a_kind_go_in_one_call_whatever_stands_between_them(desk: Desk) -> None:
    kinds = (DocumentKind.JOURNAL, DocumentKind.INVOICE, DocumentKind.JOURNAL, DocumentKind.INVOICE, DocumentKind.JOURNAL)
    names = [f"d{number}" for number in range(len(kinds))]
    take(desk.store, [replace(document(name, group=name), kind=kind) for name, kind in zip(names, kinds, strict=True)])
    ledger = ScriptedLedger(able=able(batch=2))
    await desk.post(await desk.poster(ledger))
    assert desk.states(*names) == ["POSTED"] * len(names)
    assert [booked.document.reference for booked in ledger.books] == ["d0", "d2", "d1", "d3", "d4"]
    assert desk.value("posting_calls", "post", "answered") == 3


async def test_throttling_without_a_time_waits_longer_each_time(desk: Desk) -> None:
    take(desk.store, [document("a")])
    poster = await desk.poster(ScriptedLedger(once=["throttled_silently"] * 3))
    waits = []
    for _ in range(3):
        assert await poster.step() == 0
        seconds = await poster.step()
        assert seconds is not None
        waits.append(seconds)
        await desk.clock.sleep(seconds)
    assert [5 <= waits[0] <= 5.25, 10 <= waits[1] <= 10.5, 20 <= waits[2] <= 21] == [True] * 3


async def test_the_day_s_quota_pauses_until_the_next_utc_day(desk: Desk) -> None:
    take(desk.store, [document("a")])
    poster = await desk.poster(ScriptedLedger(once=["quota"]))
    await desk.post(poster, until=0)
    pause = desk.store.sending.pause()
    assert pause is not None
    assert pause.reason == "quota"
    next_day = desk.clock.now() // DAY * DAY + DAY
    assert next_day <= pause.until <= next_day + DAY // 20
    await desk.post(poster)
    assert desk.states("a") == ["POSTED"]
    assert desk.store.sending.pause() is None


async def test_our_own_count_stops_before_the_day_s_quota(desk: Desk) -> None:
    take(desk.store, [document(f"d{number}", group=f"o{number}") for number in range(30)])
    ledger = ScriptedLedger()
    await desk.post(await desk.poster(ledger, limits=CallLimits(per_day=20)), until=3_600 * SECOND)
    assert len(ledger.books) == 18
    assert desk.value("posting_quota_remaining") == 2
    await desk.post(await desk.poster(ledger, limits=CallLimits(per_day=20)), until=3_600 * SECOND)
    assert len(ledger.books) == 18


async def test_refused_credentials_pause_the_connection_and_park_nothing(desk: Desk) -> None:
    take(desk.store, [document(f"d{number}", group=f"o{number}") for number in range(20)])
    ledger = ScriptedLedger(good_token=OTHER)
    poster = await desk.poster(ledger)
    await desk.post(poster, until=3_600 * SECOND)
    assert {desk.row(f"d{number}").state for number in range(20)} == {PostingState.PLANNED}
    assert len(desk.given.refused_tokens) < 20
    assert desk.value("posting_paused", "auth") == 1
    desk.given.now = OTHER
    await desk.post(poster)
    assert {desk.row(f"d{number}").state for number in range(20)} == {PostingState.POSTED}


async def test_a_pause_that_goes_on_over_a_restart_is_shown_from_the_start(desk: Desk) -> None:
    take(desk.store, [document("a")])
    await (await desk.poster(ScriptedLedger(once=["throttled"]))).step()
    desk.metrics = Metrics()
    await desk.poster(ScriptedLedger())
    assert [desk.value("posting_paused", reason) for reason in PAUSES] == [1, 0, 0]
    assert desk.value("posting_breaker_open") == 0


async def test_another_token_is_tried_once_before_the_pause(desk: Desk) -> None:
    take(desk.store, [document("a")])
    poster = await desk.poster(ScriptedLedger(good_token=OTHER))
    assert await poster.step() == 0
    desk.given.now = OTHER
    await desk.post(poster, until=0)
    assert desk.states("a") == ["POSTED"]
    assert desk.store.sending.pause() is None


async def test_failures_in_a_row_open_the_breaker_and_one_question_closes_it(desk: Desk) -> None:
    take(desk.store, [document(f"d{number}", group=f"o{number}") for number in range(20)])
    ledger = ScriptedLedger(percent={"busy": 100}, find_percent={"busy": 100})
    poster = await desk.poster(ledger)
    await desk.post(poster, until=20 * SECOND)
    assert desk.value("posting_breaker_open") == 1
    posts = ledger.faults["busy"]
    assert posts == 5
    await desk.post(poster, until=1_800 * SECOND)
    assert ledger.faults["busy"] - posts < 12  # questions only, ever more seldom
    ledger.percent, ledger.find_percent = {}, {}
    await desk.post(poster)
    assert desk.value("posting_breaker_open") == 0
    assert {desk.row(f"d{number}").state for number in range(20)} == {PostingState.POSTED}


async def test_who_may_post_but_not_ask_goes_on_all_the_same(desk: Desk) -> None:
    take(desk.store, [document(f"d{number}", group=f"o{number}") for number in range(10)])
    ledger = ScriptedLedger(percent={"busy": 100}, find_percent={"busy": 100})
    poster = await desk.poster(ledger)
    await desk.post(poster, until=20 * SECOND)
    ledger.percent = {}  # posting works again, questions do not
    await desk.post(poster)
    assert {desk.row(f"d{number}").state for number in range(10)} == {PostingState.POSTED}


async def test_a_document_that_fails_for_too_long_is_parked(desk: Desk) -> None:
    take(desk.store, [document("a"), document("b", group="other")])
    poster = await desk.poster(ScriptedLedger(percent={"busy": 100}), rules=PostingRules(tried_max=600))
    await desk.post(poster)
    assert desk.states("a", "b") == ["PARKED", "PARKED"]
    assert (desk.row("a").reason, desk.row("a").message) == ("deadline", "busy")
    assert desk.row("a").attempt >= 5


async def test_waits_after_failures_are_random_and_bounded(desk: Desk) -> None:
    take(desk.store, [document("a")])
    poster = await desk.poster(ScriptedLedger(percent={"busy": 100}), rules=PostingRules(breaker_failures=10**6))
    waits: list[float] = []
    while len(waits) < 40:
        seconds = await poster.step()
        assert seconds is not None
        if seconds:
            waits.append(seconds)
            await desk.clock.sleep(seconds)
    assert max(waits[:3]) <= 16
    assert 150 < max(waits) <= 300
    assert min(waits[10:]) < 100


async def test_a_closed_period_parks_by_default(desk: Desk) -> None:
    take(desk.store, [document("a")])
    ledger = ScriptedLedger(closed=(ClosedPeriod(start=None, end="2025-06-15", name="June"),))
    await desk.post(await desk.poster(ledger))
    row = desk.row("a")
    assert (row.state, row.reason, row.about) == (PostingState.PARKED, "period_closed", "2025-06-15")
    ledger.closed = ()
    desk.store.sending.release([row], "ana", "open again", desk.clock.now())
    await desk.post(await desk.poster(ledger))
    assert desk.states("a") == ["POSTED"]


async def test_a_closed_period_can_reject(desk: Desk) -> None:
    take(desk.store, [document("a")])
    ledger = ScriptedLedger(closed=(ClosedPeriod(start=None, end="2025-06-15", name="June"),))
    await desk.post(await desk.poster(ledger, closed_periods=ClosedPeriods.REJECT))
    assert desk.states("a") == ["REJECTED"]
    assert [status for status, _ in told(desk.store)] == ["REJECTED"]


@pytest.mark.parametrize(
    ("reads_periods", "closed", "own_day", "day"),
    [
        (True, [("2025-06-01", "2025-06-15")], "2025-06-05", "2025-06-16"),
        (True, [(None, "2025-06-10"), ("2025-06-11", "2025-06-14"), ("2025-06-15", "2025-06-15")], "2025-06-05", "2025-06-16"),
        (True, [(None, "2025-06-10"), ("2025-06-12", "2025-06-14")], "2025-06-05", "2025-06-11"),
        (False, [("2025-05-01", "2025-05-31")], "2025-05-20", "2025-06-01"),
    ],
)
async def test_a_closed_period_can_move_to_the_first_open_day(
    desk: Desk, reads_periods: bool, closed: Sequence[tuple[str | None, str]], own_day: str, day: str
) -> None:
    desk.clock.time += DAY * 5
    take(desk.store, [replace(document("a"), date=own_day)])
    periods = tuple(ClosedPeriod(start=start, end=end, name=f"until {end}") for start, end in closed)
    ledger = ScriptedLedger(able=able(reads_periods=reads_periods), closed=periods)
    await desk.post(await desk.poster(ledger, closed_periods=ClosedPeriods.NEXT_OPEN))
    row = desk.row("a")
    assert (row.state, row.document.date, row.document.original_date) == (PostingState.POSTED, day, own_day)
    assert row.document.memo == f"a [of {own_day}, which was closed]"
    assert (row.digest, row.key) == (row.document.digest, key_of("a"))
    assert ledger.books[0].document == row.document


async def test_where_no_day_is_open_until_today_it_is_parked(desk: Desk) -> None:
    take(desk.store, [document("a")])
    ledger = ScriptedLedger(able=able(reads_periods=True), closed=(ClosedPeriod(start=None, end="2099-12-31", name="all"),))
    await desk.post(await desk.poster(ledger, closed_periods=ClosedPeriods.NEXT_OPEN))
    assert (desk.row("a").state, desk.row("a").reason) == (PostingState.PARKED, "period_closed")


async def test_known_closed_periods_cost_no_calls(desk: Desk) -> None:
    take(desk.store, [document(f"d{number}", group=f"o{number}") for number in range(50)])
    ledger = ScriptedLedger(able=able(reads_periods=True), closed=(ClosedPeriod(start=None, end="2025-06-30", name="June"),))
    await desk.post(await desk.poster(ledger))
    assert desk.value("posting_calls", "post", "answered") == 1
    assert desk.value("posting_calls", "periods", "answered") == 1
    assert {row.reason for row in desk.store.sending.listed(PostingState.PARKED)} == {"period_closed"}


async def test_what_the_ledger_does_not_know_parks_all_that_name_it(desk: Desk) -> None:
    known = document("known", group="g1", account="1000")
    take(desk.store, [*(document(f"d{number}", group=f"o{number}", account="4711") for number in range(50)), known])
    ledger = refusing(Refusal.MAPPING, *(f"d{number}" for number in range(50)), about="4711")
    await desk.post(await desk.poster(ledger))
    parked = desk.store.sending.listed(PostingState.PARKED)
    assert {(row.reason, row.about) for row in parked} == {("mapping", "4711")}
    assert len(parked) == 50
    assert desk.states("known") == ["POSTED"]
    assert desk.value("posting_calls", "post", "answered") == 2
    ledger.refuse = lambda _: None
    desk.store.sending.release(parked, "ana", "made", desk.clock.now())
    await desk.post(await desk.poster(ledger))
    assert desk.store.sending.listed(PostingState.PARKED) == ()


@pytest.mark.parametrize("refusal", [Refusal.INVALID, Refusal.CONFLICT, Refusal.DEPENDENCY])
async def test_other_refusals_park_for_a_person(desk: Desk, refusal: Refusal) -> None:
    take(desk.store, [document("a"), document("b", group="other")])
    await desk.post(await desk.poster(refusing(refusal, "a")))
    row = desk.row("a")
    assert (row.state, row.reason, row.code, row.message) == (PostingState.PARKED, refusal.value, "c-1", "not so")
    assert desk.states("b") == ["POSTED"]


async def test_a_document_without_a_form_there_is_parked_without_a_call(desk: Desk) -> None:
    take(desk.store, [replace(document("a"), memo="no form"), document("b", group="other")])
    await desk.post(await desk.poster(ScriptedLedger()))
    assert (desk.row("a").reason, desk.row("a").attempt) == ("invalid", 0)
    assert desk.states("a", "b") == ["PARKED", "POSTED"]


async def test_a_batch_refused_together_is_halved_down_to_the_culprit(desk: Desk) -> None:
    take(desk.store, [document(f"d{number}", group=f"o{number}") for number in range(16)])
    ledger = refusing(Refusal.INVALID, "d11")
    ledger.able = able(batch=16, answers=BatchAnswers.TOGETHER)
    await desk.post(await desk.poster(ledger))
    assert desk.states("d11") == ["PARKED"]
    assert len(ledger.books) == 15
    assert desk.value("posting_calls", "post", "answered") == 9


async def test_a_defect_of_a_connector_is_uncertain_not_the_end(desk: Desk) -> None:
    take(desk.store, [document("a"), document("b", group="other")])
    ledger = ScriptedLedger(once=["defect"])
    await desk.post(await desk.poster(ledger))
    assert desk.states("a", "b") == ["POSTED", "POSTED"]
    assert dict(ledger.held()) == {key_of("a"): 1, key_of("b"): 1}


async def test_what_a_person_decided_meanwhile_counts(desk: Desk) -> None:
    take(desk.store, [document("a"), document("b", group="other")])
    ledger = ScriptedLedger()
    poster = await desk.poster(ledger)
    assert await poster.step() == 0
    desk.store.sending.reject([desk.row("b")], "ana", "by hand", desk.clock.now())
    await desk.post(poster)
    assert desk.states("a", "b") == ["POSTED", "REJECTED"]
    assert dict(ledger.held()) == {key_of("a"): 1}


async def test_the_order_of_an_order_is_kept(desk: Desk) -> None:
    take(desk.store, [document(f"d{number}", group="one", sequence=number) for number in (3, 1, 2)])
    ledger = ScriptedLedger(once=["drop_after", "busy", "drop_before"])
    await desk.post(await desk.poster(ledger))
    assert [booked.document.reference for booked in ledger.books] == ["d1", "d2", "d3"]


async def test_it_runs_until_it_is_stopped_and_is_woken(desk: Desk) -> None:
    take(desk.store, [replace(document("parked"), memo="no form")])
    ledger = ScriptedLedger()
    poster = await desk.poster(ledger)
    stop = asyncio.Event()
    running = asyncio.create_task(poster.run(stop))
    take(desk.store, [document("a")])
    poster.wake()
    async with asyncio.timeout(30):
        while not ledger.books:
            await asyncio.sleep(0)
    while desk.metrics.registry.get_sample_value("asiento_postings_standing", _PARKED) is None:
        await asyncio.sleep(0)
    stop.set()
    await running
    assert desk.states("a") == ["POSTED"]
    assert desk.value("posting_oldest_seconds") >= 0


async def test_after_a_lost_database_nothing_is_doubled(desk: Desk, tmp_path: Path) -> None:
    documents = [document(f"d{number}", group=f"o{number}") for number in range(20)]
    take(desk.store, documents)
    ledger = ScriptedLedger()
    await desk.post(await desk.poster(ledger))
    with closing(PostingStore.serve(f"sqlite:///{tmp_path / 'new.sqlite'}", "books")) as store:
        store.sending.doubt("ana", "the disk was lost", desk.clock.now())
        again = Desk(store, clock=desk.clock)
        take(store, [*documents, document("fresh", group="fresh")])
        await again.post(await again.poster(ledger))
        assert {row.state for row in store.sending.documents([one.key for one in documents])} == {PostingState.POSTED}
        assert again.states("fresh") == ["POSTED"]
    assert set(ledger.held().values()) == {1}
    assert len(ledger.held()) == 21
