"""One world out of one seed: orders and their lives, processes, and what befalls them. `run` plays it to its end and checks it."""

import gc
import hashlib
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch

from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, RequestTimedOutError
from aiokafka.structs import TopicPartition

from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings, load_settings
from streams import chunk, orders
from streams.engine import slots
from streams.engine.faults import STEPS
from tests.simulation import checks
from tests.simulation.broker import Broker, Fate, Network
from tests.simulation.clients import Wire
from tests.simulation.loop import PROCESS, Process, SimLoop, bury
from tests.simulation.machine import HOOKS, machine, run_process, run_projector, run_sink, run_worker
from tests.simulation.mail import Mail, mail_of

SHARED_MEMORY: Final = Path("/dev/shm")
FAULTY_SECONDS: Final = 60.0
"""How long things go wrong; the orders' records arrive within the first three quarters of it."""
DRAIN_SECONDS_MAX: Final = 240.0
QUIET_LOOKS: Final = 9
"""Looks, two seconds apart, that must find nothing to do: requests that are on their way still arrive meanwhile."""
LATE_SECONDS: Final = 12.0
"""So long after all is well again the last records come; one of their chunks is lost."""
STOP_SECONDS_MAX: Final = 40.0
FAULTS_MIN: Final = 50
PLANNED_FAULTS: Final = (44, 60)
KINDS: Final = (
    ("kill worker", 4),
    ("kill worker at step", 6),
    ("kill worker in a request", 8),
    ("freeze worker", 3),
    ("freeze worker in a request", 3),
    ("stop worker", 3),
    ("another worker", 3),
    ("rebalance", 10),
    ("cut off", 3),
    ("kill sink", 2),
    ("kill sink in a call", 4),
    ("freeze sink", 2),
    ("stop sink", 1),
    ("kill projector in a call", 3),
    ("ledger fails", 4),
    ("slow disk", 2),
    ("broker away", 2),
    ("slow markers", 2),
    ("bad network", 2),
    ("compaction", 2),
    ("coordinator moves", 2),
    ("chunk lost", 3),
    ("chunk doubled", 2),
    ("commit fails", 5),
    ("produce acks fails", 2),
)
"""What the nemesis does, by weight."""
RESTART_SECONDS: Final = {"worker": (0.2, 2.0), "sink": (0.5, 6.0), "projector": (0.2, 2.0)}
LEDGER_FAULTS: Final = ("refused", "unavailable", "timed out after commit", "timed out after commit", "no answer")
KAFKA_ERRORS: Final[tuple[type[KafkaError], ...]] = (KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError)
HARMLESS: Final = frozenset({"fetch", "heartbeat", "metadata", "list offsets", "note offsets"})
"""Requests that change nothing: dying in one of them is dying at any time."""
TRACE_TAIL: Final = 40


@dataclass(slots=True)
class Report:
    """What became of a seed. `problems` is empty for a world that ended well."""

    seed: int
    faults: Counter[str]
    records: int
    problems: list[str]
    trace: list[str]
    digest: str
    cpu_seconds: float
    virtual_seconds: float

    def told(self) -> str:
        """For people: seed, problems, the last lines of the trace, and how to see it again."""
        lines = [f"seed {self.seed}: {sum(self.faults.values())} faults, {self.records} records, {len(self.trace)} lines of trace"]
        lines += [f"  {problem}" for problem in self.problems]
        lines += ["the end of the trace:", *(f"  {line}" for line in self.trace[-TRACE_TAIL:])]
        return "\n".join([*lines, f"again: .venv/bin/python -m tests.simulation --seed {self.seed} --trace"])


@dataclass(slots=True)
class Kind:
    """A kind of process that the supervisor keeps running: `wanted` of them."""

    main: Callable[[Settings, Metrics], Any]
    wanted: int
    running: list[Process] = field(default_factory=list)


class World:
    """Everything that one seed draws."""

    def __init__(self, seed: int, faults_max: int | None, directory: Path) -> None:
        self.seed = seed
        self.directory, self._pid = str(directory), f"process {os.getpid()} "
        self.loop = SimLoop()
        self.trace: list[str] = []
        self.problems: list[str] = []
        self.faults: Counter[str] = Counter()
        self.metrics: list[tuple[str, Metrics]] = []
        self.processes: list[Process] = []
        self.healed = self.closed = False
        self._faults_left = 10**9 if faults_max is None else faults_max
        self._chance = self._random("nemesis")
        self._luck = self._random("network")
        draw = self._random("shape")
        self.partitions = draw.randint(2, 4)
        self.locked = draw.random() < 0.5
        self.broker = Broker(self.loop, self._random("broker"), self.partitions, self.note)
        self.broker.problem = self.problem
        self.network = Network(self.loop, self._fate)
        self.settings = load_settings(_settings_of(draw, self.partitions, directory))
        self.kinds = {
            "worker": Kind(run_worker, draw.randint(2, 3)),
            "sink": Kind(run_sink, draw.randint(1, 2) if self.locked else 2),
            "projector": Kind(run_projector, 1),
        }
        self.accepted_bytes_max = draw.choice((20_000, slots.ACCEPTED_BYTES_MAX))
        self.fold_seconds_max = draw.choice((orders.FOLD_SECONDS_MAX, -1.0))
        self.output_bytes_max = draw.choice((12_000, chunk.OUTPUT_BYTES_MAX))
        self.mail: Mail = mail_of(self._random("mail"), self.partitions)
        self._last_chunk_fault = 0.0
        self._away_until = self._bad_until = self._slow_disk_until = 0.0
        self._cut_until: dict[str, float] = {}
        self._doomed_at: dict[str, str] = {}
        self._doomed_requests: dict[str, tuple[str, int]] = {}
        self._doomed_calls: dict[str, int] = {}
        self._doomed_answers: dict[str, str] = {}
        self._ledger_fate: list[str] = []
        self._chunk_fates: list[str] = []
        self._born: Counter[str] = Counter()
        self.loop.executor_seconds, self.loop.called = self._executor_seconds, self._called

    def forget(self) -> None:
        """Let go of everything that is left of the processes, while nobody hears what it still says."""
        while self.processes:
            bury(self.processes.pop())
        self.broker.forget()
        for _ in range(2):  # what is collected may call the loop once more
            self.loop.forget()
            gc.collect()
        self.loop.forget()

    def _random(self, concern: str) -> Random:
        return Random(f"{self.seed}:{concern}")

    def note(self, *words: object) -> None:
        """A line of the trace."""
        if self.closed:
            return
        process = PROCESS.get()
        self.trace.append(
            f"{self.loop.now:9.4f} {process.name if process is not None else '-':12} "
            + " ".join(map(str, words)).replace(self.directory, "...").replace(self._pid, "process X ")
        )

    def problem(self, text: str) -> None:
        """Something that must not be."""
        if not self.closed:
            self.note("PROBLEM", text)
            self.problems.append(text)

    def fault(self, kind: str, *details: object) -> bool:
        """Whether this may go wrong now; counted."""
        if self._faults_left <= 0 or (self.healed and self.loop.now > self._last_chunk_fault):
            return False
        self._faults_left -= 1
        self.faults[kind] += 1
        self.note("FAULT", kind, *details)
        return True

    # -- processes --------------------------------------------------------------------------------------------------------

    def start(self, name: str) -> Process:
        """Begin a process of a kind."""
        kind, metrics = self.kinds[name], Metrics()
        self._born[name] += 1
        process = Process(f"{name}-{self._born[name]}")
        self.processes.append(process)
        kind.running.append(process)
        self.metrics.append((name, metrics))
        run_process(self.loop, process, lambda: kind.main(self.settings, metrics), lambda gone: self._gone(name, gone))
        return process

    def _gone(self, name: str, process: Process) -> None:
        self.note(process.name, "has gone, exit code", process.exit_code)
        kind = self.kinds[name]
        kind.running.remove(process)
        self.loop.later(self._chance.uniform(*RESTART_SECONDS[name]), self._supervise, name)

    def _supervise(self, name: str) -> None:
        kind = self.kinds[name]
        if len(kind.running) < kind.wanted:
            self.start(name)

    def _one_of(self, name: str) -> Process | None:
        running = [process for process in self.kinds[name].running if not process.frozen]
        return self._chance.choice(running) if running else None

    # -- what goes wrong --------------------------------------------------------------------------------------------------

    def strike(self) -> None:
        """One planned fault, now."""
        kinds, weights = zip(*KINDS, strict=True)
        what = self._chance.choices(kinds, weights)[0]
        verb, _, target = what.partition(" ")
        if target.split(" ")[0] in self.kinds and verb in {"kill", "freeze", "stop"}:
            process = self._one_of(target.split(" ")[0])
            if process is not None:
                self._strike_process(what, verb, process)
        else:
            self._strike_world(what)

    def _strike_process(self, what: str, verb: str, process: Process) -> None:
        if what.endswith("at step"):
            self._doomed_at[process.name] = self._chance.choice(STEPS)
        elif what.endswith("in a request"):
            self._doomed_requests[process.name] = verb, self._chance.randint(0, 8)
        elif what.endswith("in a call"):
            self._doomed_calls[process.name] = self._chance.randint(0, 3)
        elif verb == "kill" and self.fault(what, process.name):
            process.die(-9)
        elif verb == "stop" and self.fault(what, process.name):
            self.loop.send_signal(process, signal.SIGTERM)
        elif verb == "freeze" and self.fault(what, process.name):
            self._freeze(process)

    def _freeze(self, process: Process) -> None:
        process.frozen = True
        self.loop.later(self._chance.choice((0.4, 3.0, 9.0, 16.0)) * self._chance.uniform(0.5, 1.5), self.loop.thaw, process)

    def _strike_world(self, what: str) -> None:
        now, chance = self.loop.now, self._chance
        match what:
            case "another worker":
                if len(self.kinds["worker"].running) < 5 and self.fault(what):
                    self.start("worker")
            case "rebalance" if self.fault(what):
                self.broker.group(self.settings.orders_id).prepare()
            case "cut off":
                process = self._one_of(chance.choice(("worker", "worker", "sink")))
                if process is not None and self.fault(what, process.name):
                    self._cut_until[process.name] = now + chance.choice((1.0, 4.0, 14.0))
            case "chunk lost" | "chunk doubled":
                self._chunk_fates.append(what)
            case "commit fails" | "produce acks fails":
                self._doomed_answers[what.removesuffix(" fails")] = chance.choice(("request lost", "answer lost"))
            case "ledger fails":
                self._ledger_fate.append(chance.choice(LEDGER_FAULTS))
            case "slow disk" if self.fault(what):
                self._slow_disk_until = now + 4.0
            case "broker away" if self.fault(what):
                self._away_until = now + chance.uniform(0.3, 9.0)
            case "bad network" if self.fault(what):
                self._bad_until = now + 1.0
            case "slow markers" if self.fault(what):
                self.broker.slow_markers = True
                self.loop.later(4.0, setattr, self.broker, "slow_markers", False)
            case "coordinator moves" if self.fault(what):
                self.broker.move_coordinator()
            case "compaction" if self.fault(what):
                for number in range(self.partitions):
                    self.broker.log(TopicPartition(checks.changelog_of(self.settings), number)).compact()

    def at_step(self, process: Process, step: str) -> None:
        """A commit has reached a named step."""
        if self._doomed_at.get(process.name) == step and self.fault("kill worker at step", process.name, step):
            del self._doomed_at[process.name]
            process.die(-9)

    def _called(self, process: Process) -> None:
        """A process's database has done something that the process does not know yet."""
        calls = self._doomed_calls.pop(process.name, None)
        if calls:
            self._doomed_calls[process.name] = calls - 1
        elif calls is not None and self.fault("kill in a call", process.name):
            process.die(-9)

    def _asked(self, process: Process, label: str, seconds: float) -> None:
        """A process asks the broker for something: the instant at which it may die or freeze lies on the way there or back."""
        if label in HARMLESS or process.name not in self._doomed_requests:
            return
        verb, left = self._doomed_requests.pop(process.name)
        if left:
            self._doomed_requests[process.name] = verb, left - 1
        elif self.fault(f"{verb} in a request", process.name, label):
            strike = self._freeze if verb == "freeze" else lambda gone: gone.die(-9)
            self.loop.later(self._luck.uniform(0.0, seconds), strike, process)

    def chunk_times(self) -> int:
        """How often the next chunk of the source reaches its slot."""
        fate = self._chunk_fates.pop(0) if self._chunk_fates else "once"
        if fate == "once" or not self.fault(fate):
            return 1
        return 0 if fate == "chunk lost" else 2

    def booking(self) -> str:
        """What the ledger does with the next batch."""
        if self._ledger_fate:
            fate = self._ledger_fate.pop(0)
            if self.fault("ledger fails", fate):
                return fate
        return "fine"

    def _executor_seconds(self) -> float:
        slow = self.loop.now < self._slow_disk_until and not self.healed
        return self._luck.uniform(0.05, 0.6) if slow else self._luck.uniform(0.0002, 0.003)

    def _fate(self, label: str) -> Fate:
        luck, process = self._luck, PROCESS.get()
        there, back = luck.uniform(0.0002, 0.003), luck.uniform(0.0002, 0.003)
        if self.healed:
            return Fate(there, back)
        cut = self._cut_until.get(process.name, 0.0) if process is not None else 0.0
        there = max(there, max(self._away_until, cut) - self.loop.now)
        if process is not None:
            self._asked(process, label, there + back)
        dice = luck.random() * (1 if self.loop.now < self._bad_until else 40)
        doom = self._doomed_answers.pop(label, "request lost" if dice < 0.02 else "answer lost" if dice < 0.04 else "")
        if doom and self.fault(doom, label):
            lost = doom == "request lost"
            return Fate(there, back if lost else back + luck.choice((0.0, 2.0)), lost=lost, error=luck.choice(KAFKA_ERRORS)())
        if dice < 0.08 and self.fault("request late", label):
            return Fate(there + luck.choice((0.1, 1.0, 8.0)), back)
        if dice < 0.10 and self.fault("answer late", label):
            return Fate(there, back + luck.choice((0.1, 1.0, 8.0)))
        return Fate(there, back)

    # -- the course of things ---------------------------------------------------------------------------------------------

    async def live(self) -> None:
        """From the first start to the last stop."""
        self._tick()
        for name, kind in self.kinds.items():
            for _ in range(kind.wanted):
                self.loop.later(self._chance.uniform(0.0, 1.5), self._supervise, name)
        self.mail.post(self.loop, self.broker, checks.events_of(self.settings), FAULTY_SECONDS * 0.75)
        for _ in range(self._chance.randint(*PLANNED_FAULTS)):
            self.loop.later(self._chance.uniform(2.0, FAULTY_SECONDS), self.strike)
        await self.loop.lapse(FAULTY_SECONDS)
        while sum(self.faults.values()) < FAULTS_MIN and self._faults_left > 0:
            self.strike()
            await self.loop.lapse(0.5)
        await self._heal()
        await self._stop()

    def _tick(self) -> None:
        self.broker.expire_sessions()
        self.loop.later(1.0, self._tick)

    async def _heal(self) -> None:
        self.note("HEALED")
        self.healed = True
        self._last_chunk_fault = self.loop.now + LATE_SECONDS
        self._chunk_fates.append("chunk lost")  # with nothing behind it that would show it
        for process in list(self.processes):
            if process.frozen:
                self.loop.thaw(process)
        await self.loop.lapse(LATE_SECONDS)
        self.mail.post_last(self.broker, checks.events_of(self.settings))
        self._last_chunk_fault = self.loop.now + 1.0
        since, quiet = self.loop.now, 0
        while quiet < QUIET_LOOKS and self.loop.now - since < DRAIN_SECONDS_MAX:
            await self.loop.lapse(2.0)
            left = checks.unfinished(self)
            quiet = 0 if left else quiet + 1
        if left:
            self.problem(f"not finished {DRAIN_SECONDS_MAX:.0f} s after all was well again: {left}")

    async def _stop(self) -> None:
        for name, kind in self.kinds.items():
            kind.wanted = 0
            for process in list(kind.running):
                self.note("stopping", name)
                self.loop.send_signal(process, signal.SIGTERM)
        since = self.loop.now
        while any(kind.running for kind in self.kinds.values()) and self.loop.now - since < STOP_SECONDS_MAX:
            await self.loop.lapse(0.5)
        for kind in self.kinds.values():
            for process in list(kind.running):
                self.problem(f"{process.name} has not stopped {STOP_SECONDS_MAX:.0f} s after SIGTERM")
                process.die(-9)


def _settings_of(draw: Random, partitions: int, directory: Path) -> dict[str, Any]:
    return {
        "kafka_bootstrap_servers": "127.0.0.1:9",
        "partitions": partitions,
        "data_dir": directory,
        "kafka_session_timeout_seconds": 6.0,
        "kafka_transaction_timeout_seconds": draw.choice((20.0, 30.0)),
        "kafka_producer_request_timeout_seconds": 5.0,
        "chunk_age_seconds_max": draw.choice((10.0, 15.0)),
        "merged_records_max": draw.choice((1, 5, 30, 1000)),
        "sink_batch_entries_max": draw.choice((3, 20, 500)),
        "projector_batch_records_max": draw.choice((10, 1000)),
    }


@contextmanager
def _connected(world: World) -> Iterator[None]:
    """The product's modules, clients and hooks belong to this world."""
    Wire.broker, Wire.network, Wire.loop = world.broker, world.network, world.loop
    HOOKS.note, HOOKS.step, HOOKS.booking = world.note, world.at_step, world.booking
    HOOKS.chunk = world.chunk_times
    HOOKS.unexpected = lambda error: world.problem(f"a process ended by {error}")
    Wire.unexpected = world.problem
    with ExitStack() as stack:
        stack.enter_context(machine(world.loop, locked=world.locked))
        stack.enter_context(patch.object(slots, "ACCEPTED_BYTES_MAX", world.accepted_bytes_max))
        stack.enter_context(patch.object(orders, "FOLD_SECONDS_MAX", world.fold_seconds_max))  # below zero: always too late, halves
        stack.enter_context(patch.object(chunk, "OUTPUT_BYTES_MAX", world.output_bytes_max))
        yield


def run(seed: int, *, faults_max: int | None = None) -> Report:
    """Play a seed. `faults_max` lets only its first faults happen: the way to a shorter story of a failure."""
    began = time.process_time()
    directory = Path(tempfile.mkdtemp(prefix="simulation-", dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None))
    collecting = gc.isenabled()
    gc.disable()
    gc.freeze()
    world = World(seed, faults_max, directory)
    try:
        with _connected(world):
            world.loop.run_until_complete(world.live())
            world.problems += checks.findings(world)
            world.closed = True
            world.forget()
    finally:
        world.loop.close()
        shutil.rmtree(directory)
        gc.unfreeze()
        if collecting:
            gc.enable()
    return Report(
        seed=seed,
        faults=world.faults,
        records=world.mail.records,
        problems=world.problems,
        trace=world.trace,
        digest=hashlib.sha256("\n".join(world.trace).encode()).hexdigest(),
        cpu_seconds=time.process_time() - began,
        virtual_seconds=world.loop.now,
    )
