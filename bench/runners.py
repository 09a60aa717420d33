"""The runners: how each is started on an input, and what it promises."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asiento.runtime.child_process import ChildProcess, start_child
from asiento.runtime.settings import Settings, load_settings
from bench.jobs import STATES, BenchJob
from bench.peers.work import SMALL
from bench.processes import environment_of, start

ROOT: Final = Path(__file__).resolve().parents[1]
WORKER: Final = "asiento worker"
EXACTLY_ONCE: Final = "exactly once v2: one transaction per chunk; fenced; state restorable"
CONFLUENT: Final = "confluent-kafka loop"
QUIX_PYTHON: Final = ROOT / ".local" / "bench" / "bin" / "python"
QUIX_CHANGELOG: Final = "changelog__{group}--{source}--default"
FAUST_RECORDS_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class RunPlace:
    """One run of one runner: `source` names the input topic, `settings` the prefix, application id and folder it writes under."""

    settings: Settings
    source: str
    job: BenchJob

    @property
    def group(self) -> str:
        """The consumer group that commits."""
        return self.settings.orders_id

    def topics(self, own_changelog: str | None = None) -> dict[str, str]:
        """Kind of output -> topic on the broker, states included."""
        found = self.job.topics_of(self.settings)
        return {**found, STATES: own_changelog.format(group=self.group, source=self.source)} if own_changelog else found


@dataclass(frozen=True, slots=True)
class Runner:
    """`start` begins a process that works until SIGTERM and commits under the group `<app_id>-orders`.

    `own_topics`: it writes under a prefix of its own, which the worker does not. `records_max`: more would take too long.
    `own_changelog`: its engine names the topic of its states itself, by group and source, and makes their keys.
    """

    name: str
    promise: str
    start: Callable[[RunPlace], ChildProcess]
    own_topics: bool = True
    records_max: int | None = None
    own_changelog: str | None = None


def settings_for(place: Path, bootstrap_servers: str, partitions: int, prefix: str, app_id: str) -> Settings:
    """Settings of one run on a broker of one node."""
    options = {"kafka_bootstrap_servers": bootstrap_servers, "topic_prefix": prefix, "app_id": app_id, "partitions": partitions}
    return load_settings({**options, "replication_factor": 1, "min_insync_replicas": 1, "data_dir": place / app_id})


def start_peer(module: str, place: RunPlace, python: str = sys.executable) -> ChildProcess:
    """Start a peer of `bench.peers` as a process."""
    settings = place.settings
    words = {
        "bootstrap-servers": settings.kafka_bootstrap_servers,
        "source": place.source,
        "prefix": settings.topic_prefix,
        "changelog": place.topics()[STATES],
        "group": place.group,
        "partitions": settings.partitions,
        "job": place.job.work,
        "folder": settings.data_dir,
    }
    argv = [python, "-m", f"bench.peers.{module}", *(part for name, value in words.items() for part in (f"--{name}", str(value)))]
    environment = environment_of(settings) | {"PYTHONPATH": str(ROOT)}
    folder = settings.data_dir
    return start_child(module, argv, environment=environment, log_file=folder / f"{module}.log", pid_file=folder / f"{module}.pid")


def peer(module: str, name: str, promise: str, *, records_max: int | None = None) -> Runner:
    """A runner out of `bench.peers`."""
    return Runner(name, promise, lambda place: start_peer(module, place), records_max=records_max)


def quix() -> Runner:
    """Quix Streams, in the environment that `make bench` makes for it."""
    promise = "at least once, checkpoints every 5 s; state restorable; not fenced"
    return Runner("Quix Streams", promise, lambda place: start_peer("quix_frame", place, str(QUIX_PYTHON)), own_changelog=QUIX_CHANGELOG)


def small_worker(place: RunPlace) -> ChildProcess:
    """The small job on our engine."""
    settings, topics = place.settings, place.topics()
    words = {
        "bootstrap-servers": settings.kafka_bootstrap_servers,
        "input": place.source,
        "output": topics["entries"],
        "changelog": topics[STATES],
        "app-id": place.group,
        "partitions": settings.partitions,
        "codec": place.job.work.removeprefix(SMALL),
    }
    argv = [sys.executable, "-m", "bench.small_job", *(part for name, value in words.items() for part in (f"--{name}", str(value)))]
    folder = settings.data_dir
    environment = environment_of(settings) | {"PYTHONPATH": str(ROOT), "ASIENTO_METRICS_PORT": "0"}
    return start_child("small-job", argv, environment=environment, log_file=folder / "small.log", pid_file=folder / "small.pid")


def small_runners() -> list[Runner]:
    """Those of the small job, our engine first."""
    return [Runner(WORKER, EXACTLY_ONCE, small_worker), *peers()]


def product_runners() -> list[Runner]:
    """Those of the product path, the worker first."""
    return [Runner(WORKER, EXACTLY_ONCE, lambda place: start(place.settings, ("streams", "run"), 0), own_topics=False), *peers()]


def peers() -> list[Runner]:
    """All peers; each does any job."""
    return [
        peer("confluent_loop", CONFLUENT, "at least once; state in memory only; not fenced"),
        peer("aiokafka_loop", "aiokafka loop, batches", "at least once; state in memory only; not fenced"),
        quix(),
        peer("faust_agent", "Faust, stock", "loses entries when killed; state restorable; not fenced", records_max=FAUST_RECORDS_MAX),
    ]
