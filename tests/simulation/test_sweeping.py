"""Orders, workers and sweepers in virtual time: whoever sweeps, and whenever, the books are those of deadlines told in time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.decision import Duplicate, Posted
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import Policy, PolicyBook
from asiento.accounting.standing_deadlines import Deadline, standing_deadlines
from schemas.entries import content_hash
from schemas.events import event_from_json
from schemas.order_state import encode_state
from streams.sweeper.deadline_events import deadline_event
from streams.sweeper.sweep import Sweep
from tests.oracle.lives import PROFILES, life

POLICY = Policy(parked_deadline_hours=7, unpaid_deadline_days=1, unshipped_deadline_days=2, unrefunded_deadline_days=3)
POLICIES = PolicyBook(((0, POLICY),))
MICROS_PER_DAY = 86_400_000_000
STRETCH = 6
"""A life of two days becomes one of two weeks, so that limits pass while it goes on."""
AFTER_ALL = 90 * MICROS_PER_DAY
ROUNDS_MAX = 2_000


class Worker:
    """The log of the events topic, the worker behind it, and the changelog that it writes."""

    def __init__(self) -> None:
        self.log: list[OrderEvent] = []
        self.judged = 0
        self.states: dict[str, OrderState | None] = {}
        self.changelog: list[tuple[bytes, bytes]] = []
        self.entries: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self.findings: defaultdict[str, list[tuple[str, str | None, str]]] = defaultdict(list)
        self.deadlines: list[bool] = []

    def work(self, records_max: int | None = None) -> None:
        """Judge what is in the log."""
        end = len(self.log) if records_max is None else min(len(self.log), self.judged + records_max)
        for event in self.log[self.judged : end]:
            key = event.order_key
            decision = decide(event, self.states.get(key), POLICIES)
            if event.business_key.startswith("deadline:") and event.event_id[14] == "5":
                assert isinstance(decision.outcome, Posted | Duplicate)
                self.deadlines.append(isinstance(decision.outcome, Posted))
            if decision.state is not None and decision.state is not self.states.get(key):
                self.changelog.append((key.encode(), encode_state(decision.state)))
            self.states[key] = decision.state
            self.entries[key] += [(entry.entry_id, content_hash(entry)) for entry in decision.entries]
            self.findings[key] += [(one.code, one.event_id, one.state) for one in decision.discrepancies]
        self.judged = end

    def due(self, now: int) -> list[tuple[str, Deadline]]:
        """The earliest deadline of each order that is due."""
        earliest = [(key, standing_deadlines(state, POLICY)[:1]) for key, state in self.states.items() if state is not None]
        return [(key, deadline) for key, first in earliest for deadline in first if deadline.due_at <= now]

    def tell(self, key: str, deadline: Deadline, now: int) -> None:
        self.log.append(event_from_json(deadline_event(key, deadline, now)))


class Sweeper:
    """A sweeper and its place in the changelog."""

    def __init__(self, worker: Worker, random: Random) -> None:
        self._worker = worker
        self._random = random
        self._sweep = Sweep(POLICIES, orders_max=random.choice((2, 3, 1_000)), unanswered_max=random.choice((1, 1_000)))
        self._position = 0

    def look(self, now: int) -> None:
        """Read the changelog to its end, tell what is due."""
        self._learn(self._worker.changelog[self._position :])
        if self._sweep.is_short_sighted(now):
            self._sweep.forget()
            self._learn(self._worker.changelog)
        self._position = len(self._worker.changelog)
        for key, deadline in self._sweep.take(now, self._random.choice((1, 2, 1_000))):
            assert deadline.due_at <= now
            self._worker.tell(key.decode(), deadline, now)

    def _learn(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        for key, value in records:
            self._sweep.learn(key, value)


def stretched(profile: str, seed: int) -> list[OrderEvent]:
    """A life with longer pauses."""
    events = life(profile, seed)
    begin = min(datetime.fromisoformat(event["received_at"]) for event in events)
    longer = [
        {**event, "received_at": (begin + (datetime.fromisoformat(event["received_at"]) - begin) * STRETCH).isoformat()} for event in events
    ]
    return [event_from_json(event) for event in longer]


def arrivals(profile: str, seeds: Iterable[int]) -> Iterator[tuple[int, OrderEvent]]:
    """(time, event) of several orders, in order of time; within an order as they were delivered."""
    timed = []
    for seed in seeds:
        now = 0
        for event in stretched(profile, seed):
            now = max(now, event.received_at)
            timed.append((now, event))
    yield from sorted(timed, key=lambda one: one[0])


def told_in_time(profile: str, seeds: Iterable[int]) -> Worker:
    """Every deadline told at the very moment when it is due, and judged at once."""
    worker, now = Worker(), 0
    for now, event in arrivals(profile, seeds):
        tell_all_due(worker, now)
        worker.log.append(event)
        worker.work()
    tell_all_due(worker, now + AFTER_ALL)
    return worker


def tell_all_due(worker: Worker, now: int) -> None:
    for _ in range(ROUNDS_MAX):
        due = worker.due(now)
        if not due:
            return
        key, deadline = min(due, key=lambda one: one[1])
        worker.tell(key, deadline, deadline.due_at)
        worker.work()
    pytest.fail("deadlines without end")


class Swept:
    """Two sweepers look at random instants; each may die and begin anew."""

    def __init__(self, random: Random) -> None:
        self.worker = Worker()
        self._random = random
        self._sweepers = [Sweeper(self.worker, random), Sweeper(self.worker, random)]

    def sweep_until(self, since: int, now: int) -> None:
        """Some instants in between, then again and again until nothing is due."""
        instants = sorted(self._random.randint(since, now) for _ in range(3)) if since else []
        for instant in instants:
            self.look(instant)
            self.worker.work(self._random.choice((None, 0, 1)))
        self.worker.work()
        for _ in range(ROUNDS_MAX):
            if not self.worker.due(now):
                return
            self.look(now)
            self.worker.work(self._random.choice((None, 0, 1)))
        pytest.fail("a deadline is never told")

    def look(self, now: int) -> None:
        place = self._random.randrange(2)
        if self._random.random() < 0.1:
            self._sweepers[place] = Sweeper(self.worker, self._random)
        self._sweepers[place].look(now)


@pytest.mark.parametrize("profile", PROFILES)
def test_two_sweepers_at_random_instants_give_the_books_of_deadlines_told_in_time(profile: str) -> None:
    told = 0
    for first in range(0, 28, 4):
        seeds = range(first, first + 4)
        swept, before, now = Swept(Random(first)), 0, 0
        for now, event in arrivals(profile, seeds):
            swept.sweep_until(before, now)
            swept.worker.work()
            swept.worker.log.append(event)
            swept.worker.work()
            before = now
        swept.sweep_until(before, now + AFTER_ALL)
        swept.worker.work()
        exact = told_in_time(profile, seeds)
        assert swept.worker.entries == exact.entries, f"{profile} {first}"
        assert swept.worker.findings == exact.findings, f"{profile} {first}"
        assert swept.worker.deadlines.count(True) == exact.deadlines.count(True)
        assert exact.deadlines.count(False) == 0
        told += exact.deadlines.count(True)
    assert told > 20


@pytest.mark.parametrize("profile", PROFILES)
def test_late_sweepers_and_late_workers_do_no_harm(profile: str) -> None:
    """Views are old, workers are behind: every deadline is posted once or a duplicate, and in the end none is left."""
    duplicates = 0
    for first in range(0, 20, 4):
        random = Random(first)
        late, now = Swept(random), 0
        for now, event in arrivals(profile, range(first, first + 4)):
            late.worker.log.append(event)
            if random.random() < 0.5:
                late.look(now + random.choice((0, MICROS_PER_DAY)))
            late.worker.work(random.choice((None, 0, 1, 3)))
        late.worker.work()
        late.sweep_until(0, now + AFTER_ALL)
        late.worker.work()
        duplicates += late.worker.deadlines.count(False)
        for state in late.worker.states.values():
            if state is not None:
                assert state.posted == state.balances()
                assert set(state.suspended) <= {one.event.event_id for one in state.parked} or state.placement
    assert duplicates > 0


def test_the_same_deadline_told_at_another_time_is_a_duplicate() -> None:
    worker = Worker()
    worker.log += [event for _, event in arrivals("calm", [3])][:2]
    worker.work()
    ((key, deadline),) = worker.due(AFTER_ALL * 10**6)
    for now in (deadline.due_at, deadline.due_at + 5, deadline.due_at + AFTER_ALL):
        worker.tell(key, deadline, now)
    worker.work()
    assert worker.deadlines == [True, False, False]
    assert replace(worker.log[-1], received_at=0) == replace(worker.log[-2], received_at=0)
