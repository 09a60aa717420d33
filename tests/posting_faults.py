"""Faults against the posting state machine: many documents, a ledger that fails, a poster that is killed, hours in a moment.

`post_all` takes any connector (a scripted one in memory, or a real one in front of a stand-in's socket) and a way to read what the
ledger holds by other means; it answers what a test compares with 0.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from sinks.external.access import Access
from sinks.external.capabilities import CallLimits
from sinks.external.connections import ClosedPeriods
from sinks.external.documents import LedgerDocument
from sinks.external.port import Connector, RemoteIds
from sinks.external.results import Posted, PostResult, Refused, Throttled
from sinks.ledger import OffsetRange
from sinks.posting.access import CountedAccess
from sinks.posting.clock import DAY, SECOND
from sinks.posting.poster import Poster, PosterWork
from sinks.posting.rows import Intake, ParkReason, Planned, PostingState, TakenEntry
from sinks.posting.rules import PostingRules
from sinks.posting.store import PostingStore
from tests.posting_store_cases import NOW, entry
from tests.unit.sinks.journal import STREAM

STEPS_MAX = 2_000_000
"""A run that has not ended by then goes in circles."""
TAKEN_AT_ONCE = 500
RESTART_SECONDS = 3
"""From the death of a poster to the start of the next."""

Answer = TypeVar("Answer")


class Killed(BaseException):
    """kill -9, as an await sees it."""


class VirtualClock:
    """Time that passes when somebody waits; every call takes a moment of it."""

    def __init__(self, now: int = NOW) -> None:
        self.time = now

    def now(self) -> int:
        """See `Clock.now`."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        self.time += round(seconds * SECOND)


@dataclass(slots=True)
class KillPlan:
    """When the poster dies: so many in ten thousand awaits, by a seed; or exactly at the awaits of these numbers, counted from 1."""

    per_ten_thousand: int = 0
    at: frozenset[int] = frozenset()
    random: Random = field(default_factory=lambda: Random(0))
    awaits: int = 0
    kills: int = 0

    def maybe(self) -> None:
        """Die here, if that is the plan."""
        self.awaits += 1
        if self.awaits in self.at or self.random.randrange(10_000) < self.per_ten_thousand:
            self.kills += 1
            raise Killed


class KillableStore:
    """A store whose caller may die before an answer, or behind what was written."""

    def __init__(self, store: PostingStore, kills: KillPlan) -> None:
        self._store = store
        self._kills = kills

    async def __call__(self, work: Callable[[PostingStore], Answer]) -> Answer:
        """See `StoreCalls`."""
        self._kills.maybe()
        answer = work(self._store)
        self._kills.maybe()
        return answer


@dataclass(slots=True)
class CallLog:
    """When calls left, and how long the ledger was left alone after it asked for that."""

    left_at: list[int] = field(default_factory=list)
    alone_until: int = 0
    asked_seconds: float = 0
    early: int = 0
    worst_share: float = 0.0

    def left(self, now: int) -> None:
        """A call leaves."""
        self.early += now < self.alone_until
        self.alone_until = self.asked_seconds = 0
        self.left_at.append(now)

    def waits(self, now: int, seconds: float) -> None:
        """The poster waits; the first wait after the ledger asked for one is the answer to that."""
        if self.asked_seconds:
            over = (now + seconds * SECOND - self.alone_until) / (self.asked_seconds * SECOND)
            self.worst_share = max(self.worst_share, over)
            self.asked_seconds = 0

    def throttled(self, now: int, failure: Throttled) -> None:
        """The ledger asks to be left alone."""
        if failure.retry_after_seconds:
            self.asked_seconds = failure.retry_after_seconds
            self.alone_until = now + round(failure.retry_after_seconds * SECOND)

    def most_within(self, length: int) -> int:
        """The most calls in any window of so many microseconds."""
        return max((number + 1 - bisect_left(self.left_at, at - length + 1) for number, at in enumerate(self.left_at)), default=0)

    def most_in_a_day(self) -> int:
        """The most calls in a UTC day."""
        return max(Counter(at // DAY for at in self.left_at).values(), default=0)


class _LoggedAccess:
    """Notes each call that leaves."""

    def __init__(self, access: Access, clock: VirtualClock, log: CallLog) -> None:
        self._access = access
        self._clock = clock
        self._log = log

    async def token(self) -> str:
        token = await self._access.token()
        self._log.left(self._clock.now())
        return token

    async def refused(self, token: str) -> None:
        await self._access.refused(token)


class _KillableConnector:
    """A connector whose caller may die before a call leaves, and behind its answer; each call takes a moment."""

    def __init__(self, connector: Connector, clock: VirtualClock, kills: KillPlan, log: CallLog) -> None:
        self._connector = connector
        self._clock = clock
        self._kills = kills
        self._log = log
        self.posts = 0
        self.finds = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        self.posts += 1
        return await self._called(lambda: self._connector.post(documents, remote_ids))

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        self.finds += 1
        return await self._called(lambda: self._connector.find(document))

    async def _called(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        self._kills.maybe()
        self._clock.time += SECOND // 20
        try:
            return await work()
        except Throttled as failure:
            self._log.throttled(self._clock.now(), failure)
            raise
        finally:
            self._kills.maybe()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRun:
    """What is posted, to what, how. make: a connector that asks this access before every call. held: key -> how often it counts there.

    log: for who else sees when the ledger asks to be left alone.
    """

    url: str
    make: Callable[[Access, VirtualClock], Connector]
    held: Callable[[], Mapping[str, int]]
    documents: Sequence[LedgerDocument]
    connection: str = "books"
    access: Access | None = None
    limits: CallLimits = CallLimits()  # noqa: RUF009
    closed_periods: ClosedPeriods = ClosedPeriods.PARK
    rules: PostingRules = PostingRules()  # noqa: RUF009
    seed: int = 0
    kills: KillPlan = field(default_factory=KillPlan)
    log: CallLog = field(default_factory=CallLog)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCounts:
    """What came of it. lost: said to stand and does not, or neither standing nor parked; doubled: counts more than once.

    unknown: stands in the ledger and nobody was told that it does, or may. early: calls that left while the ledger had asked to be left
    alone; worst_share: the longest wait beyond what was asked for, as a share of it.
    """

    posts: int
    finds: int
    kills: int
    posted: int
    lost: int
    doubled: int
    unknown: int
    parked: Mapping[str, int]
    rejected: int
    early: int
    worst_share: float
    hours: float
    log: CallLog


def take(store: PostingStore, documents: Sequence[LedgerDocument]) -> None:
    """Documents as if an entry each had been planned; their entries' ids take the place of what they say."""
    next_offset = store.intake.bind(STREAM, (0,))[0]
    for first in range(0, len(documents), TAKEN_AT_ONCE):
        page = documents[first : first + TAKEN_AT_ONCE]
        taken = [_taken(next_offset + number, one) for number, one in enumerate(page)]
        end = next_offset + len(page)
        store.intake.take(Intake(ranges=(OffsetRange(partition=0, start=next_offset, end=end),), entries=tuple(taken)), NOW)
        next_offset = end


async def post_all(run: FaultRun) -> FaultCounts:
    """Post until nothing is left to be done but by a person."""
    clock, log, posts, finds = VirtualClock(), run.log, 0, 0
    store = _served(run)
    take(store, run.documents)
    start, life, finished = clock.now(), 0, False
    while not finished:
        life += 1
        calls = KillableStore(store, run.kills)
        access = _LoggedAccess(CountedAccess(run.access, calls, run.limits, clock), clock, log)
        connector = _KillableConnector(run.make(access, clock), clock, run.kills, log)
        work = PosterWork(connection=run.connection, limits=run.limits, closed_periods=run.closed_periods, rules=run.rules)
        poster = Poster(work, connector, calls, clock=clock, random=Random(f"{run.seed} {life}"))
        try:
            await _until_nothing_is_left(poster, clock, log)
            finished = True
        except Killed:
            clock.time += RESTART_SECONDS * SECOND
            store.close()
            store = _served(run)
            if store.sending.pause() is None:  # it died before it could write down that it was asked to wait
                log.alone_until = log.asked_seconds = 0
        finally:
            posts, finds = posts + connector.posts, finds + connector.finds
            await connector.close()
    counts = _counted(store, run, log, (posts, finds), (clock.now() - start) / (3_600 * SECOND))
    store.close()
    return counts


def _served(run: FaultRun) -> PostingStore:
    """The store, without waiting for the disk: what dies here is a process, never the machine."""
    store = PostingStore.serve(run.url, run.connection)
    if store.session.database.dialect == "sqlite":
        store.session.database.change("PRAGMA synchronous = OFF")
    return store


async def _until_nothing_is_left(poster: Poster, clock: VirtualClock, log: CallLog) -> None:
    await poster.start()
    for _ in range(STEPS_MAX):
        seconds = await poster.step()
        if seconds is None:
            return
        if seconds > 0:
            log.waits(clock.now(), seconds)
            await clock.sleep(seconds)
    raise AssertionError("the poster goes in circles")


def _counted(store: PostingStore, run: FaultRun, log: CallLog, calls: tuple[int, int], hours: float) -> FaultCounts:
    held = run.held()
    rows = store.sending.documents([document.key for document in run.documents])
    standing = {row.key for row in rows if row.state is PostingState.POSTED}
    resting = {row.key for row in rows if row.state in (PostingState.PARKED, PostingState.REJECTED)}
    may_stand = {row.key for row in rows if row.state is PostingState.PARKED and row.reason == ParkReason.UNCERTAIN}
    said_and_missing = standing - held.keys()
    return FaultCounts(
        posts=calls[0],
        finds=calls[1],
        kills=run.kills.kills,
        posted=len(standing),
        lost=len(said_and_missing) + len(rows) - len(standing | resting),
        doubled=sum(count - 1 for count in held.values() if count > 1),
        unknown=len(held.keys() - standing - may_stand),
        parked=Counter(row.reason or "" for row in rows if row.state is PostingState.PARKED),
        rejected=sum(row.state is PostingState.REJECTED for row in rows),
        early=log.early,
        worst_share=log.worst_share,
        hours=hours,
        log=log,
    )


def _taken(offset: int, document: LedgerDocument) -> TakenEntry:
    one = entry(offset + 1, offset=offset)
    return TakenEntry(entry=one, plan=Planned(documents=(replace(document, entry_ids=(one.hashed.entry.entry_id,)),)))
