"""One installation under fire: broker and database of its own, two workers and the sink behind proxies, and a supervisor's part.

Whatever dies is started again at once. A death that nobody asked for must be one of those by which a process keeps its guarantee when
broker, database or network go away.
"""

import os
import random
import shutil
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.engine.failure import ExitCode
from tests.acceptance.chaos_checks import Scene
from tests.acceptance.chaos_load import ChaosLoad
from tests.acceptance.chaos_options import LOG
from tests.acceptance.chaos_parts import DurablePostgresql, ProxiedKafka
from tests.acceptance.copied_lives import Template, templates
from tests.acceptance.ledger_rows import LedgerRows
from tests.acceptance.metrics_watch import MetricsWatch
from tests.acceptance.order_pipeline import OrderPipeline
from tests.acceptance.small_disk import SmallDisk, small_disk
from tests.acceptance.tcp_proxy import TcpProxy
from tests.acceptance.topic_facts import ENTRIES
from tests.integration.order_stream import POLL_SECONDS, Worker
from tests.postgresql import NOBODY

WORKERS = ("w1", "w2")
SINK = "sink"
DATABASE = "ledger"
PARTITIONS = 8
SMALL_CHUNKS: dict[str, object] = {"merged_records_max": 300, "chunk_bytes_max": 65_536}
"""For runs that kill workers: two kills at one chunk make its records go one at a time (docs/crash-loop-breaker.md)."""
WAIT_SECONDS_MAX = 180.0
DRAIN_SECONDS_MAX = 900.0
EXCUSED = {
    ExitCode.FENCED,
    ExitCode.LOST_GENERATION,
    ExitCode.TRANSACTION_FAILED,
    ExitCode.CONSUMER_FAILED,
    ExitCode.PRODUCER_NOT_STARTED,
    ExitCode.NOT_RECOVERED,
    3,
}
"""How a process may end itself when its broker, its database or its partitions are taken away (3: a dependency is unreachable)."""
LOCKED_OUT = 1
"""A sink whose dead predecessor still holds the ledger, as its session has not ended yet."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What an installation is like. `database`: sqlite or postgresql; `lives`: of each profile, that all orders are copies of;
    `behind_records`: never fewer are left to do while faults are made; `full_disk`: the part that has a disk of its own, which can be
    filled: broker, database (in PostgreSQL) or ledger (the file)."""

    seed: int
    database: str = "sqlite"
    static_members: bool = False
    lives: int = 250
    behind_records: int = 6_000
    full_disk: str | None = None
    worker_settings: dict[str, object] = field(default_factory=dict)
    sink_settings: dict[str, Any] = field(default_factory=dict)


class ChaosSystem:
    """Processes, their restarts, and where the stream stands. Made by `chaos_system`."""

    def __init__(self, shape: Shape, directory: Path, broker: ProxiedKafka, database: DurablePostgresql | None) -> None:
        self.shape = shape
        self.random = random.Random(shape.seed)
        self.directory = directory
        self.broker = broker
        self.database = database
        self.database_proxy = TcpProxy(database.port) if database is not None else None
        self.prefix = f"c{uuid.uuid4().hex[:8]}-"
        self.ledger = LedgerRows(self._new_ledger(directory))
        self.pipeline = OrderPipeline(
            broker.bootstrap_servers,
            self.prefix,
            directory,
            PARTITIONS,
            kafka_bootstrap_servers=broker.servers_of(SINK),
            ledger_url=self._through_proxy(self.ledger.url),
            **shape.sink_settings,
        )
        self.stream = self.pipeline.stream
        self.sink = self.pipeline.sink
        self.workers: dict[str, Worker] = {}
        self.excused: Counter[str] = Counter()
        self.metrics = MetricsWatch()
        self.load = ChaosLoad(self.stream, _templates_of(shape), shape.seed)
        self.disk: SmallDisk | None = None
        self._began = time.monotonic()
        self._frozen: set[str] = set()

    def _new_ledger(self, directory: Path) -> str:
        return self.database.new_database(DATABASE) if self.database is not None else f"sqlite:///{directory / 'ledger' / 'ledger.sqlite'}"

    def _through_proxy(self, url: str) -> str:
        if self.database is None or self.database_proxy is None:
            return url
        return url.replace(f":{self.database.port}/", f":{self.database_proxy.port}/")

    # -- a supervisor's part ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Two workers and the sink."""
        for name in WORKERS:
            self.start_worker(name)
        self.sink.start()

    def start_worker(self, name: str, **settings: object) -> Worker:
        """Start one, or start it again."""
        member = name if self.shape.static_members else None
        servers = self.broker.servers_of(name) if name in self.broker.proxies else self.stream.kafka
        chosen: dict[str, Any] = {**self.shape.worker_settings, "kafka_bootstrap_servers": servers, **settings}
        self.workers[name] = self.stream.start_worker(instance_id=member, **chosen)
        return self.workers[name]

    def kill(self, name: str) -> None:
        """kill -9 of a worker or the sink, and start it again."""
        if name == SINK:
            self.sink.kill()
            self.sink.start()
        else:
            self.workers[name].kill()
            self.start_worker(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """SIGSTOP or SIGCONT to a worker or the sink."""
        if number is signal.SIGSTOP:
            self._frozen.add(name)
        (self.sink if name == SINK else self.workers[name].process).send_signal(number)
        if number is signal.SIGCONT:
            self._frozen.discard(name)

    def revive(self) -> None:
        """Start again what has died; a death that is not excused fails the run."""
        for name, worker in list(self.workers.items()):
            code = worker.process.poll()
            if code is not None:
                self._excuse(name, code, worker.log_file)
                self.start_worker(name)
        code = self.sink.poll()
        if code is not None:
            self._excuse(SINK, code, self.sink.log)
            self.sink.start()

    def _excuse(self, name: str, code: int, log: Path) -> None:
        told = log.read_text()[-4000:]
        locked_out = name == SINK and code == LOCKED_OUT and "another" in told
        assert code in EXCUSED or locked_out, f"{name} ended with {code}, which nothing excuses (seed {self.shape.seed}), {log}:\n{told}"
        self.excused[f"{name}:{code}"] += 1

    def until(self, condition: Callable[[], bool], what: str, seconds_max: float = WAIT_SECONDS_MAX) -> float:
        """Wait, reviving; answers the seconds it took."""
        began = time.monotonic()
        while not condition():
            self.revive()
            self.metrics.look({**{name: worker.log_file for name, worker in self.workers.items()}, SINK: self.sink.log}, self._frozen)
            assert time.monotonic() - began < seconds_max, self._too_late(what, seconds_max)
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def _too_late(self, what: str, seconds: float) -> str:
        try:
            state = f"decided {self.decided()}, booked {self.ledger.next_offsets()}, waiting {self.stream.lag()}"
        except Exception as error:  # noqa: BLE001 - said beside the reason
            state = f"the state could not be read: {error}"
        return f"seed {self.shape.seed}: not within {seconds:.0f} s: {what}; deaths {dict(self.excused)}; {state}; logs in {self.directory}"

    def linger(self, seconds: float) -> None:
        """Let time pass under a fault; whoever dies of it is started again at once."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.revive()
            time.sleep(POLL_SECONDS)

    def journal(self, text: str) -> None:
        """A line of what is done to the system."""
        line = f"{time.monotonic() - self._began:7.1f} s: {text}"
        LOG.warning("%s", line)
        with (self.directory / "nemesis.log").open("a") as file:
            file.write(f"{line}\n")

    @property
    def slice_records(self) -> int:
        """Records that are sent at once."""
        return self.shape.behind_records // 2

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    # -- where the stream stands --------------------------------------------------------------------------------------

    def decided(self) -> dict[int, int]:
        """Committed offsets of the events, by partition."""
        return self.stream.committed()

    def decided_total(self) -> int:
        """Their sum: records judged."""
        return sum(self.decided().values())

    def keep_behind(self) -> None:
        """Never let the workers run out of records."""
        if self.load.truth.sent - self.decided_total() < self.shape.behind_records:
            self.load.send(self.slice_records)

    def until_decided(self, records: int) -> None:
        """Wait until so many records are judged, with more to do behind them."""

        def decided() -> bool:
            self.keep_behind()
            return self.decided_total() >= records

        self.until(decided, f"{records} records are judged", DRAIN_SECONDS_MAX)

    def drain(self) -> None:
        """Send the rest of every order, wait until all is judged, booked and acknowledged; end everything as a person would."""
        self.load.finish()
        self.until(lambda: self.stream.lag() == 0 and not self.pipeline.open_transactions(), "all events are judged", DRAIN_SECONDS_MAX)
        self.until(lambda: self._entries_left() == 0, "all entries are booked", DRAIN_SECONDS_MAX)
        self.metrics.forget()
        self.until(lambda: self.metrics.quiet, "every process says that nothing is left to do")
        for worker in self.workers.values():
            assert worker.wait_ready().stop() == 0, worker.log_file
        assert self.sink.terminate() == 0, self.sink.log

    def _entries_left(self) -> int:
        reached = self.ledger.next_offsets()
        ends = self.pipeline.ends(f"{self.prefix}{ENTRIES}", "read_committed")
        return sum(max(end - reached.get(partition, 0), 0) for partition, end in ends.items())

    def scene(self) -> Scene:
        """For the checks."""
        return Scene(self.stream.kafka, self.prefix, self.ledger, self.load.truth)


_kept: dict[tuple[int, int], tuple[Template, ...]] = {}


def _templates_of(shape: Shape) -> tuple[Template, ...]:
    """Made once per seed and size in a test process."""
    key = shape.seed, shape.lives
    if key not in _kept:
        _kept[key] = templates(shape.seed, shape.lives)
    return _kept[key]


def _disk(shape: Shape, directory: Path, database: DurablePostgresql | None, stack: ExitStack) -> SmallDisk | None:
    """The disk of the part that has one of its own."""
    match shape.full_disk, database:
        case "broker", _:
            return stack.enter_context(small_disk(directory / "kafka" / "data"))
        case "ledger", None:
            return stack.enter_context(small_disk(directory / "ledger"))
        case "database", DurablePostgresql():
            return stack.enter_context(small_disk(database.data, os.geteuid() or NOBODY))
        case _:
            return None


@contextmanager
def chaos_system(shape: Shape, directory: Path) -> Iterator[ChaosSystem]:
    """A running broker and database with empty topics and an empty ledger; a run that went well leaves its logs only."""
    with ExitStack() as stack:
        (directory / "ledger").mkdir()
        broker = ProxiedKafka(directory / "kafka", (*WORKERS, SINK))
        database = DurablePostgresql() if shape.database == "postgresql" else None
        if database is not None:
            stack.callback(database.stop)
        disk = _disk(shape, directory, database, stack)
        for proxy in broker.proxies.values():
            stack.enter_context(proxy)
        stack.enter_context(broker)
        if database is not None:
            database.start()
        system = ChaosSystem(shape, directory, broker, database)
        system.disk = disk
        stack.callback(system.pipeline.close)
        if system.database_proxy is not None:
            stack.enter_context(system.database_proxy)
        yield system
    shutil.rmtree(directory / "kafka" / "data", ignore_errors=True)
    for file in (*directory.glob("*.out"), directory / "events.jsonl"):
        file.unlink(missing_ok=True)
