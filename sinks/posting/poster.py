"""The poster of one connection: one call at a time, and each document until it stands in the ledger once, or a person is asked.

A step does at most one thing that matters and answers how long to wait for the next. The row of a document says SENDING before its
request leaves; whatever ends the process between, the next one finds it and looks it up. Nothing here knows a vendor.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Final, TypeVar

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from sinks.external.capabilities import BatchAnswers, CallLimits
from sinks.external.connections import ClosedPeriods
from sinks.external.documents import LedgerDocument
from sinks.external.port import ClosedPeriod, Connector
from sinks.external.results import (
    AuthRefused,
    CallFailed,
    Posted,
    PostResult,
    QuotaSpent,
    Refusal,
    Refused,
    Throttled,
    Uncertain,
    Unknown,
    failure_in,
)
from sinks.posting.breaker import Breaker
from sinks.posting.clock import SECOND, Clock
from sinks.posting.errors import PostingMoved
from sinks.posting.limits import next_day
from sinks.posting.poster_metrics import PosterMetrics
from sinks.posting.rows import Move, ParkReason, PostingRow, PostingState
from sinks.posting.rules import PostingRules
from sinks.posting.sending_store import Pause
from sinks.posting.store import PostingStore, StoreCalls
from sinks.posting.transitions import (
    Circumstances,
    NextStep,
    after_answer,
    after_failed_look_up,
    after_failure,
    after_look_up,
    next_step,
    parked_uncertain,
    parked_unsent,
)

IDLE_SECONDS: Final = 1.0
"""Longest rest of `run`: what the intake took and what people decide is seen within so long."""
PERIODS_SECONDS: Final = 600
"""So long the ledger's closed periods are believed."""
CALL_SECONDS_MAX: Final = 900
"""A call that has not ended by then is given up: it may have booked. Waits for the quota inside it are a part of it."""
COUNTED_SECONDS: Final = 15
"""How often what does not stand is counted for the metrics."""
QUESTIONS_MAX: Final = 3
"""After so many questions in vain whether the ledger works again, a document is tried instead."""
CALLS_SPARED_MAX: Final = 3
"""Calls of the day that must be left before a document is begun: it may take several."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterWork:
    """What a poster is told: the connection's name, its quota, and what becomes of documents of closed periods."""

    connection: str
    limits: CallLimits = field(default_factory=CallLimits)
    closed_periods: ClosedPeriods = ClosedPeriods.PARK
    rules: PostingRules = field(default_factory=PostingRules)


class Poster:
    """See the module. `random` gives the jitter."""

    def __init__(
        self, work: PosterWork, connector: Connector, store: StoreCalls, *, clock: Clock, random: Random, metrics: Metrics | None = None
    ) -> None:
        self._work = work
        self._connector = connector
        self._store = store
        self._clock = clock
        self._random = random
        self._metrics = PosterMetrics(metrics or Metrics(), work.connection)
        self._breaker = Breaker(work.rules, random)
        self._pause: Pause | None = None
        self._must_ask = False
        self._asked_in_vain = 0
        self._throttled = 0
        self._auth_refused = 0
        self._page: deque[PostingRow] = deque()
        self._halves: deque[tuple[str, ...]] = deque()
        self._held: frozenset[str] = frozenset()
        self._periods: tuple[int, Sequence[ClosedPeriod]] | None = None
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There may be new documents."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Post until `stop`; the call under way is brought to its end. Raises `PostingError` where the store cannot go on."""
        await self.start()
        counted_at = 0
        while not stop.is_set():
            seconds = await self.step()
            if (now := self._clock.now()) - counted_at >= COUNTED_SECONDS * SECOND:
                self._metrics.standing(await self._store(lambda store: store.sending.counts()), now)
                counted_at = now
            if seconds != 0:
                await self._rest(IDLE_SECONDS if seconds is None else min(seconds, IDLE_SECONDS), stop)

    async def start(self) -> None:
        """Before the first step: what was being sent when the last process ended is uncertain, a pause goes on."""
        now = self._clock.now()
        look_up_at = now + round(self._work.rules.look_up_after * SECOND)
        found = await self._store(lambda store: store.sending.resume(now, look_up_at))
        self._pause = await self._store(lambda store: store.sending.pause())
        if self._pause is not None and self._pause.reason == "auth":
            self._pause, self._must_ask = None, True
        self._metrics.paused(self._pause.reason if self._pause else None)
        self._metrics.breaker(is_open=False)
        if found:
            get_logger().warning(log_events.POSTINGS_RESUMED, connection=self._work.connection, uncertain=found)

    async def step(self) -> float | None:
        """Do the next thing. Answers the seconds until there may be another one; None: there is nothing to wait for."""
        now = self._clock.now()
        if (seconds := await self._held_up(now)) > 0:
            return seconds
        if (self._must_ask or not self._breaker.is_closed) and not self._tries_document():
            await self._ask()
            return 0
        uncertain = await self._store(lambda store: store.sending.uncertain(now, 1))
        if uncertain:
            await self._resolve(uncertain[0])
            return 0
        if batch := await self._next_batch(now):
            await self._send(batch)
            return 0
        ready_at = await self._store(lambda store: store.sending.next_ready(now))
        return None if ready_at is None else max(ready_at - now, 1) / SECOND

    # Why no call goes out.

    async def _held_up(self, now: int) -> float:
        if self._pause is not None and self._pause.until > now:
            return (self._pause.until - now) / SECOND
        if self._pause is not None:
            await self._go_on()
        if (seconds := self._breaker.wait_seconds(now)) > 0:
            return seconds
        return await self._quota_wait(now)

    async def _quota_wait(self, now: int) -> float:
        limits = self._work.limits
        if limits == CallLimits():
            return 0
        permission = await self._store(lambda store: store.calls.wait_seconds(limits, now))
        left = await self._store(lambda store: store.calls.remaining_of_day(limits, now))
        if left is not None and limits.per_day is not None:
            self._metrics.quota_remaining(left)
            if left <= min(CALLS_SPARED_MAX, limits.per_day // 10):
                return (next_day(now) - now) / SECOND
        return permission.wait_seconds

    async def _go_on(self) -> None:
        """The pause is over."""
        reason = "" if self._pause is None else self._pause.reason
        self._must_ask = reason == "auth"
        self._pause = None
        await self._store(lambda store: store.sending.set_pause(None))
        self._metrics.paused(None)
        if reason != "throttled":
            get_logger().info(log_events.POSTING_GOES_ON, connection=self._work.connection, after=reason)

    def _tries_document(self) -> bool:
        """Whether it is a document's turn to find out: whoever may post need not have the right to ask."""
        turn = self._asked_in_vain >= QUESTIONS_MAX
        if turn:
            self._asked_in_vain = 0
        return turn

    async def _ask(self) -> None:
        """Ask with a call that books nothing whether the ledger works again."""
        reads_periods = self._connector.capabilities.reads_periods
        try:
            await self._called("ask", self._connector.closed_periods if reads_periods else self._connector.accounts)
        except CallFailed as failure:
            self._asked_in_vain += 1
            pause = self._after(failure)
            if pause is not None:
                await self._store(lambda store: store.sending.settle((), self._clock.now(), pause))

    # Documents of which nobody knows whether they stand.

    async def _resolve(self, row: PostingRow) -> None:
        about = self._circumstances()
        match next_step(row, about):
            case NextStep.LOOK_UP:
                await self._look_up(row)
            case NextStep.SEND_AGAIN:
                await self._send([row])
            case NextStep.PARK:
                await self._settle([parked_uncertain(row, about)])

    async def _look_up(self, row: PostingRow) -> None:
        try:
            found = await self._called("find", lambda: self._connector.find(row.document))
        except CallFailed as failure:
            pause = self._after(failure)
            await self._settle([after_failed_look_up(row, failure, self._circumstances())], pause)
            return
        if isinstance(found, Posted):
            self._metrics.duplicate_prevented()
        await self._settle([after_look_up(row, found, self._circumstances())])

    # Documents that are to be sent.

    async def _next_batch(self, now: int) -> list[PostingRow]:
        """The next documents for one call; those that need none take their step here."""
        while True:
            rows = await self._candidates(now)
            if not rows:
                return []
            steps = [step for row in rows if (step := self._step_without_call(row)) is not None]
            if not steps:
                return rows
            await self._settle(steps)

    async def _candidates(self, now: int) -> list[PostingRow]:
        while self._halves:
            rows = await self._store(partial(_documents, keys=self._halves.popleft()))
            if found := [row for row in rows if row.state is PostingState.PLANNED]:
                return found
        if not self._page:
            self._held = await self._store(lambda store: store.sending.held())
            self._page.extend(await self._store(lambda store: store.sending.due(now)))
        if not self._page:
            return []
        able, kind = self._connector.capabilities, self._page[0].document.kind
        same = [row for row in self._page if row.document.kind is kind] if kind in able.batch_kinds else [self._page[0]]
        batch = same[: able.batch_documents_max]
        taken = {row.key for row in batch}  # all of a page can be sent now, in any order: none needs another
        self._page = deque(row for row in self._page if row.key not in taken)
        return batch

    def _step_without_call(self, row: PostingRow) -> Move | None:
        """The step of a document of which it is known already what the ledger would say; None: it is sent."""
        now, document = self._clock.now(), row.document
        if unknown := self._held & _names_in(document):
            about = min(unknown)
            words = "the ledger did not take this for other documents; it is not sent until that is mended"
            return parked_unsent(row, ParkReason.MAPPING, about, words, now)
        closed = self._known_periods()
        if closed is not None and (holding := [one for one in closed if (one.start or "") <= document.date <= one.end]):
            message = f"{document.date} lies in {holding[0].name}, which is closed"
            refused = Refused(refusal=Refusal.PERIOD_CLOSED, code="closed", message=message, about=document.date)
            return after_answer(row, refused, self._circumstances())
        try:
            self._connector.render([document], {})
        except ValueError as problem:
            return parked_unsent(row, ParkReason.INVALID, None, str(problem), now)
        return None

    async def _send(self, rows: Sequence[PostingRow]) -> None:
        documents = [row.document for row in rows]
        needed = {key for document in documents for key in _keys_in(document)}
        remote_ids = await self._store(lambda store: store.sending.remote_ids(needed))
        at = self._clock.now()
        try:
            await self._store(lambda store: store.sending.begin_attempt(rows, at))
        except PostingMoved:  # a person decided about one of them meanwhile
            self._forget()
            return
        sending = [replace(row, state=PostingState.SENDING, tried_since=row.tried_since or at, sent_with=len(rows)) for row in rows]
        try:
            answers = await self._called("post", lambda: self._connector.post(documents, remote_ids))
        except CallFailed as failure:
            pause = self._after(failure)
            about = self._circumstances()
            await self._settle([after_failure(row, failure, about) for row in sending], pause)
            return
        await self._answered(sending, answers)

    async def _answered(self, rows: Sequence[PostingRow], answers: Sequence[PostResult]) -> None:
        if len(answers) != len(rows):
            answers = [Unknown(reason=f"{len(answers)} answers about {len(rows)} documents")] * len(rows)
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        together = self._connector.capabilities.batch_answers is BatchAnswers.TOGETHER and len(rows) > 1
        if together and len(refused) == len(rows):
            await self._halve(rows, refused[0])
            return
        failure = failure_in(answers)
        pause = None if failure is None else self._after(failure)
        if failure is None and any(answer.refusal is Refusal.PERIOD_CLOSED for answer in refused):
            await self._read_periods()
        self._metrics.duplicates_prevented(sum(isinstance(answer, Posted) and answer.earlier for answer in answers))
        about = self._circumstances()
        await self._settle([after_answer(row, answer, about) for row, answer in zip(rows, answers, strict=True)], pause)

    async def _halve(self, rows: Sequence[PostingRow], refused: Refused) -> None:
        """A batch that was refused as a whole: nothing of it stands, its halves are tried."""
        keys, middle, now = [row.key for row in rows], len(rows) // 2, self._clock.now()
        words = f"refused together with {len(rows) - 1} others: {refused.message}"
        moves = [replace(parked_unsent(row, ParkReason.INVALID, None, words, now), state=PostingState.PLANNED, reason=None) for row in rows]
        self._halves.extendleft((tuple(keys[middle:]), tuple(keys[:middle])))
        await self._settle(moves)

    # What comes back.

    async def _called(self, call: str, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the connector answers; a call that ends in any other error than its own may have booked."""
        try:
            async with asyncio.timeout(CALL_SECONDS_MAX):
                answer = await work()
        except CallFailed as failure:
            self._metrics.called(call, failure)
            raise
        except Exception as problem:  # a defect of a connector must not end the others' work, nor send anything twice
            get_logger().exception(log_events.CONNECTOR_FAILED, connection=self._work.connection, call=call)
            unknown = Uncertain(f"the connector failed with {type(problem).__name__}: its log says where")
            self._metrics.called(call, unknown)
            raise unknown from problem
        self._metrics.called(call, None)
        self._throttled = self._auth_refused = self._asked_in_vain = 0
        self._must_ask = False
        if self._breaker.succeeded():
            get_logger().info(log_events.BREAKER_CLOSED, connection=self._work.connection)
        self._metrics.breaker(is_open=False)
        return answer

    def _after(self, failure: CallFailed) -> Pause | None:
        """What a failed call means for the connection: a pause, or a step of the breaker."""
        about, now = self._circumstances(), self._clock.now()
        message = str(failure)
        if isinstance(failure, AuthRefused):
            self._auth_refused += 1
            if self._auth_refused == 1:  # other credentials may be had by now: one more try
                return None
            self._must_ask = True
            return self._paused(Pause(about.jittered(self._work.rules.auth_again), "auth", message))
        if isinstance(failure, QuotaSpent):
            wait = failure.retry_after_seconds
            until = about.jittered((next_day(now) - now) / SECOND if wait is None else wait)
            return self._paused(Pause(until, "quota", message))
        if isinstance(failure, Throttled):
            wait, self._throttled = failure.retry_after_seconds, self._throttled + 1
            if wait is None:
                wait = min(self._work.rules.throttled_first * 2.0 ** min(self._throttled - 1, 30), self._work.rules.backoff_max)
            return self._paused(Pause(about.jittered(wait), "throttled", message))
        if self._breaker.failed(now):
            get_logger().warning(log_events.BREAKER_OPENED, connection=self._work.connection, problem=message)
        self._metrics.breaker(is_open=not self._breaker.is_closed)
        return None

    def _paused(self, pause: Pause) -> Pause:
        self._pause = pause
        self._metrics.paused(pause.reason)
        seconds = round((pause.until - self._clock.now()) / SECOND)
        log = get_logger()
        say = {"auth": log.error, "quota": log.warning, "throttled": log.debug}[pause.reason]
        say(log_events.POSTING_PAUSED, connection=self._work.connection, reason=pause.reason, seconds=seconds, problem=pause.message)
        return pause

    async def _settle(self, moves: Sequence[Move], pause: Pause | None = None) -> None:
        """Take steps; where a person has decided about one of the documents meanwhile, that counts."""
        at = self._clock.now()
        try:
            await self._store(lambda store: store.sending.settle(moves, at, pause))
        except PostingMoved:
            self._forget()
            await self._settle_singly(moves, at, pause)
        self._held |= {step.about for step in moves if step.reason == ParkReason.MAPPING and step.about is not None}
        self._metrics.moved(moves)

    async def _settle_singly(self, moves: Sequence[Move], at: int, pause: Pause | None) -> None:
        for step in moves:
            if not await self._store(partial(_settled, step=step, at=at)):
                get_logger().warning(log_events.POSTING_DECIDED_MEANWHILE, connection=self._work.connection, key=step.key)
        if pause is not None:
            await self._store(lambda store: store.sending.set_pause(pause))

    async def _read_periods(self) -> None:
        if self._connector.capabilities.reads_periods and self._known_periods() is None:
            try:
                self._periods = (self._clock.now(), await self._called("periods", self._connector.closed_periods))
            except CallFailed as failure:
                self._after(failure)

    def _known_periods(self) -> Sequence[ClosedPeriod] | None:
        if self._periods is None or self._clock.now() - self._periods[0] > PERIODS_SECONDS * SECOND:
            return None
        return self._periods[1]

    def _circumstances(self) -> Circumstances:
        return Circumstances(
            now=self._clock.now(),
            random=self._random,
            rules=self._work.rules,
            capabilities=self._connector.capabilities,
            closed_periods=self._work.closed_periods,
            closed=self._known_periods(),
        )

    def _forget(self) -> None:
        """What was fetched may not be so any more."""
        self._page.clear()
        self._halves.clear()

    async def _rest(self, seconds: float, stop: asyncio.Event) -> None:
        self._woken.clear()
        waits = {asyncio.ensure_future(work) for work in (self._clock.sleep(seconds), stop.wait(), self._woken.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _documents(store: PostingStore, keys: Sequence[str]) -> tuple[PostingRow, ...]:
    return store.sending.documents(keys)


def _settled(store: PostingStore, step: Move, at: int) -> bool:
    try:
        store.sending.settle([step], at)
    except PostingMoved:
        return False
    return True


def _keys_in(document: LedgerDocument) -> set[str]:
    """The documents that this one names: their ids in the ledger are needed."""
    return {*document.depends_on, *(part.key for part in (document.settles, document.source) if part is not None)}


def _names_in(document: LedgerDocument) -> frozenset[str]:
    """Everything of a mapping that the document names."""
    names: set[str | None] = {document.receivable, document.account, document.contact}
    for line in document.lines:
        names |= {line.account, line.item, line.contact}
        if line.tax is not None:
            names |= {line.tax.code, line.tax.account}
    return frozenset(name for name in names if name is not None)
