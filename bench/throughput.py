"""CPU per event of the order worker and of the sink, beside a bare loop with the same core, on one real broker in one run.

    python -m bench.throughput [--records 200000] [--rounds 1] [--seed 1]

Prefills 8 partitions, then runs, one after the other and never side by side: the order worker (one Kafka transaction per chunk,
fencing, recoverable state), the bare loop (at least once, state in memory only), the ledger sink on the worker's entries, and the
projector on all topics (into SQLite; its cost is told per event, with all that belongs to it). The entries of worker and bare loop
must be the same, ids and content hashes, else nothing is ranked. CPU is user + system time of the whole process, `steady` between 20
and 95 % of the work: start-up and the last waits left out. Machines are noisy: read the ratio.
"""

import argparse
import asyncio
import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Consumer, TopicPartition

from asiento.runtime.child_process import ChildProcess
from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.settings import Settings, load_settings
from asiento.runtime.topic_admin import apply
from bench.disk import disk_per_event
from bench.prefill import prefill
from bench.processes import start
from schemas.entries import decode_entry
from schemas.topics import ACCOUNTING_ENTRIES, catalogue
from sinks.projector.topics import PROJECTED

PARTITIONS = 8
RUN_SECONDS_MAX = 1_800.0
READY_SECONDS_MAX = 60.0
SAMPLE_SECONDS = 0.2
STEADY_SECONDS_MIN = 2.0
WORKER_COUNTER = re.compile(r"^asiento_records_consumed_total\{[^}]*\} (\S+)$", re.MULTILINE)
SINK_COUNTER = re.compile(r"^asiento_entries_booked_total\{[^}]*\} (\S+)$", re.MULTILINE)
PROJECTOR_COUNTER = re.compile(r"^asiento_projected_records_total\{[^}]*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """How far a process was, and what it had cost by then."""

    at: float
    done: int
    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: microseconds of CPU per item over all of it and in its steady part, items per second, memory grown and peak."""

    all_us: float
    steady_us: float
    per_second: float
    grown_bytes: int
    peak_bytes: int


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.throughput", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as place, LocalKafka(Path(place) / "kafka") as broker:
        rounds = [_round(Path(place), broker.bootstrap_servers, number, arguments) for number in range(arguments.rounds)]
    _report(arguments, rounds)


def _round(place: Path, bootstrap: str, number: int, arguments: argparse.Namespace) -> dict[str, Any]:
    ours, bare = (_settings(place, bootstrap, f"r{number}-{name}-") for name in ("ours", "bare"))
    for settings in (ours, bare):
        asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
    started = time.monotonic()
    records = asyncio.run(prefill(ours, arguments.seed, arguments.records))
    _say(f"round {number + 1}: {records} records on {PARTITIONS} partitions in {time.monotonic() - started:.0f} s")
    worker = _measured(ours, ("streams", "run"), WORKER_COUNTER, records)
    _say(f"  worker: {worker.steady_us:.1f} us")
    loop = _bare(ours, bare, records)
    _say(f"  bare loop: {loop['cpu_us']:.1f} us")
    entries = _entries(bootstrap, ours.topic(ACCOUNTING_ENTRIES))
    if entries != _entries(bootstrap, bare.topic(ACCOUNTING_ENTRIES)):
        sys.exit("worker and bare loop wrote different entries: nothing is ranked")
    sink = _measured(ours, ("sinks", "run", "ledger"), SINK_COUNTER, len(entries))
    _say(f"  sink: {sink.steady_us:.1f} us")
    projected = sum(len(_values(bootstrap, ours.topic(name))) for name in PROJECTED)
    projector = _per_event(_measured(ours, ("sinks", "run", "projector"), PROJECTOR_COUNTER, projected), projected / records)
    _say(f"  projector: {projector.steady_us:.1f} us per event, {projected} records")
    topics = {ours.topic(spec.name): spec.name for spec in catalogue(ours.app_id, PARTITIONS, 1, 1)}
    disk = disk_per_event(place / "kafka", ours, topics, records)
    return {"records": records, "entries": len(entries), "worker": worker, "bare": loop, "sink": sink, "projector": projector, "disk": disk}


def _per_event(cost: Cost, records_per_event: float) -> Cost:
    """The cost per record of all topics as one per event."""
    return replace(
        cost,
        all_us=cost.all_us * records_per_event,
        steady_us=cost.steady_us * records_per_event,
        per_second=cost.per_second / records_per_event,
    )


def _settings(place: Path, bootstrap: str, prefix: str) -> Settings:
    options = {"kafka_bootstrap_servers": bootstrap, "topic_prefix": prefix, "app_id": prefix + "bench", "partitions": PARTITIONS}
    return load_settings({**options, "replication_factor": 1, "min_insync_replicas": 1, "data_dir": place / prefix})


def _measured(settings: Settings, command: tuple[str, ...], counter: re.Pattern[str], items: int) -> Cost:
    """Start the process, sample it until all items are done, stop it."""
    port = _free_port()
    child = start(settings, command, port)
    try:
        samples = [sample := _first_sample(child, port, counter)]
        deadline = time.monotonic() + RUN_SECONDS_MAX
        while sample.done < items:
            if child.exit_code() is not None or time.monotonic() > deadline:
                sys.exit(f"{' '.join(command)} stopped at {sample.done} of {items}: see {settings.data_dir}")
            time.sleep(SAMPLE_SECONDS)
            samples.append(sample := _sample(child, port, counter))
    finally:
        child.stop(30.0)
    return _cost(samples, items)


def _first_sample(child: ChildProcess, port: int, counter: re.Pattern[str]) -> Sample:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while True:
        try:
            return _sample(child, port, counter)
        except OSError:
            if child.exit_code() is not None or time.monotonic() > deadline:
                raise
            time.sleep(SAMPLE_SECONDS)


def _sample(child: ChildProcess, port: int, counter: re.Pattern[str]) -> Sample:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    process = psutil.Process(child.pid)
    cpu = process.cpu_times()
    done = round(sum(float(value) for value in counter.findall(text)))
    return Sample(time.monotonic(), done, cpu.user + cpu.system, process.memory_info().rss)


def _cost(samples: list[Sample], items: int) -> Cost:
    last = samples[-1]
    start = next(sample for sample in samples if sample.done >= items * 0.20)
    end = next(sample for sample in samples if sample.done >= items * 0.95)
    if end.at - start.at < STEADY_SECONDS_MIN:  # too little work to tell start-up from steady running
        start, end = samples[0], last
    work = end.done - start.done
    return Cost(
        all_us=last.cpu_seconds / items * 1e6,
        steady_us=(end.cpu_seconds - start.cpu_seconds) / work * 1e6,
        per_second=work / (end.at - start.at),
        grown_bytes=last.memory_bytes - samples[0].memory_bytes,
        peak_bytes=max(sample.memory_bytes for sample in samples),
    )


def _bare(source: Settings, target: Settings, records: int) -> dict[str, float]:
    words = {
        "bootstrap-servers": source.kafka_bootstrap_servers,
        "source-topic": source.topic("orders.events.v1"),
        "prefix": target.topic_prefix,
        "app-id": target.app_id,
        "partitions": PARTITIONS,
        "records": records,
    }
    argv = [sys.executable, "-m", "bench.bare_loop", *(part for name, value in words.items() for part in (f"--{name}", str(value)))]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=RUN_SECONDS_MAX, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told | {"cpu_us": told["cpu_seconds"] / records * 1e6, "per_second": records / told["wall_seconds"]}


def _entries(bootstrap: str, topic: str) -> dict[str, str]:
    """entry_id -> content hash of all committed entries of a topic."""
    found = (decode_entry(value) for value in _values(bootstrap, topic))
    return {hashed.entry.entry_id: hashed.content_hash for hashed in found}


def _values(bootstrap: str, topic: str) -> list[bytes]:
    """The values of all committed records of a topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-reader",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    found: list[bytes] = []
    ended = 0
    while ended < PARTITIONS:
        for message in consumer.consume(5_000, 1.0):
            value = message.value()
            if message.error() is not None or value is None:
                ended += 1
                continue
            found.append(value)
    consumer.close()
    return found


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _report(arguments: argparse.Namespace, rounds: list[dict[str, Any]]) -> None:
    def median(pick: Callable[[dict[str, Any]], float]) -> float:
        return statistics.median([pick(one) for one in rounds])

    orders = median(lambda one: one["bare"]["orders"])
    _say(f"\nmedians of {len(rounds)} round(s), seed {arguments.seed}, {arguments.records} records of {orders:.0f} orders")
    rows: list[tuple[str, Mapping[str, float], str]] = [
        ("order worker", _figures(rounds, "worker"), "one transaction per chunk, fenced, state recoverable"),
        (
            "bare loop",
            {
                "all": median(lambda one: one["bare"]["cpu_us"]),
                "steady": median(lambda one: one["bare"]["cpu_us"]),
                "per_second": median(lambda one: one["bare"]["per_second"]),
            },
            "at least once, state in memory only",
        ),
        ("ledger sink (per entry)", _figures(rounds, "sink"), "entries and offset in one SQLite transaction, synchronous FULL"),
        ("projector (per event)", _figures(rounds, "projector"), "rows of all topics and offsets in one SQLite transaction, rebuildable"),
    ]
    _say(f"{'runner':<26}{'CPU us, all':>12}{'steady':>9}{'per second':>12}   guarantee")
    for name, figures, guarantee in rows:
        _say(f"{name:<26}{figures['all']:>12.1f}{figures['steady']:>9.1f}{figures['per_second']:>12.0f}   {guarantee}")
    _say(f"worker : bare loop = {median(lambda one: one['worker'].steady_us / one['bare']['cpu_us']):.2f} (steady CPU per event)")
    disk = ", ".join(f"{name} {median(lambda one, name=name: one['disk'][name]):.0f}" for name in rounds[0]["disk"])
    _say(f"bytes on disk per event, one copy: {disk}")
    _say(
        f"worker memory per order: {median(lambda one: one['worker'].grown_bytes) / orders:.0f} bytes, "
        f"peak {median(lambda one: one['worker'].peak_bytes) / 1e6:.0f} MB"
    )


def _figures(rounds: list[dict[str, Any]], runner: str) -> dict[str, float]:
    names = {"all": "all_us", "steady": "steady_us", "per_second": "per_second"}
    return {name: statistics.median(getattr(one[runner], field) for one in rounds) for name, field in names.items()}


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
