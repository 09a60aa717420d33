"""Kills, freezes, joins and restarts at seeded instants, with a supervisor's part: whatever died is started again.

A worker or sink is first frozen at a seeded instant. If it was at work, it is killed right there, frozen as it is; else it goes
on and the next seeded instant is tried. A worker was at work, a chunk of its partitions in flight, if on the partitions that
only it claims the committed offsets had just moved and more than a chunk's records are not committed; a sink, if a committed
entry is not booked.
"""

import logging
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from asiento.runtime.local_kafka import LocalKafka
from streams.engine.failure import KNOWN_CAUSES, ExitCode
from streams.engine.faults import STEPS
from tests.acceptance.load import Load
from tests.acceptance.order_pipeline import OrderPipeline
from tests.integration.order_stream import POLL_SECONDS, Worker

LOG = logging.getLogger("nemesis")

WORKERS = ("w1", "w2")
GUEST = "w3"
SLICE_RECORDS = 300
CHUNK_RECORDS = 20
"""Records that a worker puts into one transaction, unless one fetch brings more."""
INSTANT_SECONDS_MAX = 0.2
TRIES_MAX = 12
WAITS_MAX = 150
"""Tries for a victim that has nothing to do, as while the group of the workers settles: a kill counts under load only."""
"""Instants tried for one kill before the test says that there is no load."""
STEP_COUNT_MAX = 3
RESTARTS_MAX = 12
"""Deaths that nobody asked for; a broker that goes away causes some."""
WAIT_SECONDS_MAX = 90.0
EXCUSED = KNOWN_CAUSES | {ExitCode.PRODUCER_NOT_STARTED, 3}
"""How a process may end itself when its broker or its partitions are taken away (3: a dependency is unreachable)."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill -9: whether something was left to do, whether the victim was at it, and whether the broker has its open transaction."""

    victim: str
    behind: bool
    in_flight: bool
    in_transaction: bool
    tries: int


@dataclass(slots=True)
class History:
    """What was done, for the assertions and for people."""

    worker_kills: list[Kill] = field(default_factory=list)
    sink_kills: list[Kill] = field(default_factory=list)
    steps_behind: dict[str, bool] = field(default_factory=dict)
    excused_deaths: list[tuple[str, int]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def in_flight(self) -> int:
        """Kills of workers that had a chunk in flight."""
        return sum(kill.in_flight for kill in self.worker_kills)

    def __str__(self) -> str:
        return (
            f"{len(self.worker_kills)} worker kills, {self.in_flight} in flight, "
            f"{sum(kill.in_transaction for kill in self.worker_kills)} with output not committed, {len(self.sink_kills)} sink kills, "
            f"tries {sum(kill.tries for kill in self.worker_kills + self.sink_kills)}, steps {sorted(self.steps_behind)}, "
            f"other deaths {self.excused_deaths}, {self.seconds:.0f} s"
        )


class Victim(Protocol):
    """What can be frozen and killed."""

    def poll(self) -> int | None: ...
    def send_signal(self, number: signal.Signals) -> None: ...
    def kill(self) -> None: ...


class Nemesis:
    """One run: `start`, then `plan`, then `drain`."""

    slice_records = SLICE_RECORDS
    chunk_records = CHUNK_RECORDS

    def __init__(self, pipeline: OrderPipeline, broker: LocalKafka, load: Load, seed: int, *, static_members: bool) -> None:
        self.history = History()
        self._pipeline = pipeline
        self._stream = pipeline.stream
        self._sink = pipeline.sink
        self._broker = broker
        self._load = load
        self._random = random.Random(seed)
        self._static_members = static_members
        self._workers: dict[str, Worker] = {}
        self._steps_to_come = self._random.sample(STEPS, len(STEPS))
        self._faults: dict[str, str] = {}
        self._started_at = time.monotonic()

    def start(self) -> None:
        """Two workers and the sink."""
        for name in WORKERS:
            self._start_worker(name)
        self._sink.start()

    def plan(self, worker_kills: int, sink_kills: int) -> None:
        """All kills in seeded order; among them a third worker joins and leaves, and the broker is killed and restarted."""
        actions: list[Callable[[], None]] = [self._kill_worker] * worker_kills + [self._kill_sink] * sink_kills
        self._random.shuffle(actions)
        places = sorted(self._random.sample(range(len(actions) + 1), 3), reverse=True)
        for place, action in zip(places, (self._leave, self._kill_broker, self._join), strict=True):
            actions.insert(place, action)
        for action in actions:
            LOG.warning("%5.1f s: %s", time.monotonic() - self._started_at, action.__name__)
            action()
        self._until(self._all_steps_done, "a worker has died at each step of a commit")

    def drain(self) -> None:
        """Wait until all is booked, end everything as a person would."""
        self._wait_booked()
        for worker in self._workers.values():
            assert worker.wait_ready().stop() == 0
        assert self._sink.terminate() == 0
        self.history.seconds = time.monotonic() - self._started_at

    # -- what is done -------------------------------------------------------------------------------------------------

    def _kill_worker(self) -> None:
        kill = None
        while kill is None:
            self._until(lambda: any(self._ready(name) for name in WORKERS), "a worker is ready")
            kill = self._kill_ready_worker(self._random.choice([name for name in WORKERS if self._ready(name)]))

    def _kill_ready_worker(self, name: str) -> Kill | None:
        """Kill and restart this one; None: it died by itself meanwhile."""
        worker = self._workers[name]
        own, before = self._own(name), self._stream.committed()

        def look(attempt: int) -> Kill:
            nonlocal own, before
            now, marks = self._stream.committed(), self._stream.watermarks()
            left = sum(marks[partition][1] - now.get(partition, 0) for partition in own)
            moved = any(now.get(partition, 0) > before.get(partition, 0) for partition in own)
            behind, open_now = self._stream.lag() > 0, bool(own & self._pipeline.open_transactions())
            kill = Kill(name, behind, open_now or (moved and left > self.chunk_records), open_now, attempt)
            own, before = self._own(name), now
            return kill

        kill = self._strike(worker.process, look)
        if kill is not None:
            self.history.worker_kills.append(kill)
            self._steps_to_come += filter(None, [self._faults.pop(name, None)])  # it did not come that far
            self._start_worker(name)
        return kill

    def _kill_sink(self) -> None:
        while self._kill_busy_sink() is None:
            pass

    def _kill_busy_sink(self) -> Kill | None:
        self._until(self._entries_come, "the sink has entries to book")

        def look(attempt: int) -> Kill:
            waits = self._pipeline.entry_waits()
            return Kill("sink", waits, waits, False, attempt)

        kill = self._strike(self._sink, look)
        if kill is not None:
            self.history.sink_kills.append(kill)
            self._sink.start()
        return kill

    def _strike(self, victim: Victim, look: Callable[[int], Kill]) -> Kill | None:
        """Freeze, look, kill where it was at work; after some tries any lag will do. None: it died by itself meanwhile."""
        for attempt in range(1, WAITS_MAX + 1):
            self._load.send(self.slice_records)
            time.sleep(self._random.uniform(0, INSTANT_SECONDS_MAX))  # not a wait: the seeded instant
            victim.send_signal(signal.SIGSTOP)
            if victim.poll() is not None:
                return None
            kill = look(attempt)
            if kill.in_flight or (attempt >= TRIES_MAX and kill.behind):
                break
            if attempt < WAITS_MAX:
                victim.send_signal(signal.SIGCONT)
        victim.kill()
        return kill

    def _kill_broker(self) -> None:
        self._keep_behind()
        self._stream.disconnect()
        self._broker.kill()
        assert self._broker.start() == self._stream.kafka
        self._stream.connect()

    def _join(self) -> None:
        self._start_worker(GUEST)
        self._until(lambda: self._ready(GUEST), "the third worker has partitions")

    def _leave(self) -> None:
        self._keep_behind()
        self._until(lambda: self._ready(GUEST), "the third worker has partitions")
        assert self._workers.pop(GUEST).stop() == 0

    def _wait_booked(self) -> None:
        self._until(lambda: self._stream.lag() == 0 and not self._pipeline.open_transactions(), "all events are judged")
        self._until(lambda: self._pipeline.ledger_lag() == 0, "all entries are booked")

    # -- a supervisor's part ------------------------------------------------------------------------------------------

    def _start_worker(self, name: str) -> None:
        """Start a worker; one of the two at a time is to die at a step of a commit, as long as there is one to come."""
        member, unsafe = None, None
        if name != GUEST:
            member = name if self._static_members else None
            if self._steps_to_come and not self._faults:
                self._faults[name] = self._steps_to_come.pop()
                unsafe = f"crash:{self._faults[name]}:{self._random.randint(1, STEP_COUNT_MAX)}"
        self._workers[name] = self._stream.start_worker(
            instance_id=member, unsafe=unsafe, merged_records_max=self.chunk_records, chunk_bytes_max=16_384
        )

    def _revive(self) -> None:
        """Start again what has died: at its forced step, or in a way that is excused."""
        for name, worker in list(self._workers.items()):
            code = worker.process.poll()
            if code is None:
                continue
            step = self._faults.pop(name, None)
            if code == -signal.SIGKILL and step is not None:
                self.history.steps_behind[step] = self._stream.lag() > 0
            else:
                self._excuse(name, code, worker.log_file.read_text())
                self._steps_to_come += filter(None, [step])
            self._start_worker(name)
        if (code := self._sink.poll()) is not None:
            self._excuse("sink", code, self._sink.log.read_text())
            self._sink.start()

    def _excuse(self, name: str, code: int, log: str) -> None:
        assert code in EXCUSED, f"{name} ended with {code}:\n{log[-4000:]}"
        self.history.excused_deaths.append((name, code))
        assert len(self.history.excused_deaths) <= RESTARTS_MAX, self.history

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        self._revive()
        while not condition():
            assert time.monotonic() < deadline, f"not within {WAIT_SECONDS_MAX:.0f} s: {what}; {self.history}"
            time.sleep(POLL_SECONDS)
            self._revive()

    def _all_steps_done(self) -> bool:
        self._keep_behind()
        return len(self.history.steps_behind) == len(STEPS)

    def _entries_come(self) -> bool:
        """Whether somebody fills the topic: a group waits for a dead dynamic member's session."""
        self._keep_behind()
        return self._pipeline.entry_waits()

    def _keep_behind(self) -> None:
        """Never let the workers run out of records."""
        if self._stream.lag() < self.slice_records:
            self._load.send(self.slice_records)

    # -- what is seen -------------------------------------------------------------------------------------------------

    def _ready(self, name: str) -> bool:
        """Whether a worker has partitions and recovered them since its last assignment."""
        lines = [line["event"] for line in self._workers[name].log() if line["event"] in ("partitions_assigned", "worker_ready")]
        return self._workers[name].process.poll() is None and lines[-1:] == ["worker_ready"]

    def _own(self, name: str) -> set[int]:
        """The partitions that this worker claims and no other."""
        claims = Counter(partition for worker in self._workers.values() for partition in _claimed(worker))
        return {partition for partition in _claimed(self._workers[name]) if claims[partition] == 1}


def _claimed(worker: Worker) -> set[int]:
    """The partitions of a living worker's last assignment."""
    if worker.process.poll() is not None:
        return set()
    assigned = [line["partitions"] for line in worker.log() if line["event"] == "partitions_assigned"]
    return set(assigned[-1]) if assigned else set()
