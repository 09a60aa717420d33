"""The runners of the product path: how each is started on an input, and what it promises."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asiento.runtime.child_process import ChildProcess, start_child
from asiento.runtime.settings import Settings, load_settings
from bench.processes import environment_of, start
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES, ORDERS_DLQ, ORDERS_EVENTS, changelog_name

ROOT: Final = Path(__file__).resolve().parents[1]
WORKER: Final = "asiento worker"
CONFLUENT: Final = "confluent-kafka loop"
QUIX_PYTHON: Final = ROOT / ".local" / "bench" / "bin" / "python"
QUIX_CHANGELOG: Final = "changelog__{group}--{source}--default"
FAUST_RECORDS_MAX: Final = 20_000
KINDS_OF_TOPICS: Final = {
    "entries": ACCOUNTING_ENTRIES,
    "discrepancies": ACCOUNTING_DISCREPANCIES,
    "dead letters": ORDERS_DLQ,
    "decisions": ACCOUNTING_DECISIONS,
}


@dataclass(frozen=True, slots=True)
class RunPlace:
    """One run of one runner: `source` names the input topic, `settings` the prefix, application id and folder it writes under."""

    settings: Settings
    source: str

    @property
    def changelog(self) -> str:
        """Topic of the states."""
        return self.settings.topic(changelog_name(self.settings.app_id))

    def topics(self, own_changelog: str | None = None) -> dict[str, str]:
        """Kind of output -> topic on the broker."""
        states = own_changelog.format(group=self.settings.orders_id, source=self.source) if own_changelog else self.changelog
        return {kind: self.settings.topic(name) for kind, name in KINDS_OF_TOPICS.items()} | {"states": states}


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
        "changelog": place.changelog,
        "group": settings.orders_id,
        "partitions": settings.partitions,
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


def worker(promise: str = "exactly once v2: one transaction per chunk; fenced; state restorable") -> Runner:
    """The order worker as an installation runs it."""
    return Runner(WORKER, promise, lambda place: start(place.settings, ("streams", "run"), 0), own_topics=False)


def product_runners() -> list[Runner]:
    """All of them, the worker first."""
    return [
        worker(),
        peer("confluent_loop", CONFLUENT, "at least once; state in memory only; not fenced"),
        peer("aiokafka_loop", "aiokafka loop, batches", "at least once; state in memory only; not fenced"),
        quix(),
        peer("faust_agent", "Faust, stock", "loses entries when killed; state restorable; not fenced", records_max=FAUST_RECORDS_MAX),
    ]


def events_topic(settings: Settings) -> str:
    """The input topic under the prefix of these settings."""
    return settings.topic(ORDERS_EVENTS)
