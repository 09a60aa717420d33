"""What a scrape of a loaded order worker costs: one worker on 48 partitions with a backlog, scraped much and not at all in turns.

    python -m bench.scrape_cost [--records 60000] [--scrapes-per-second 20]

The worker's CPU per record is compared between windows with and without scrapes, in one run on one broker; the difference, by scrape, is
told as a share of the CPU that a worker at work takes when it is scraped every 5 s. Machines are noisy: read the share.
"""

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from asiento.runtime.child_process import ChildProcess
from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.ports import free_ports
from asiento.runtime.settings import load_settings
from asiento.runtime.topic_admin import apply
from bench.prefill import prefill
from bench.processes import start
from schemas.topics import catalogue

PARTITIONS = 48
WORKER_COUNTER = re.compile(r"^asiento_records_consumed_total\{[^}]*\} (\S+)$", re.MULTILINE)
WINDOW_SECONDS = 3.0
SCRAPED_EVERY_SECONDS = 5.0
READY_SECONDS_MAX = 120.0
PATIENCE = {"KAFKA_SESSION_TIMEOUT_SECONDS": "20", "KAFKA_PRODUCER_REQUEST_TIMEOUT_SECONDS": "15", "CHUNK_AGE_SECONDS_MAX": "45"}


@dataclass(frozen=True, slots=True)
class Window:
    """Some seconds of the worker's life."""

    scrapes: int
    records: int
    cpu_seconds: float
    seconds: float


def main() -> None:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.scrape_cost", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--scrapes-per-second", type=float, default=20.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as place, LocalKafka(Path(place) / "kafka") as broker:
        own = {"kafka_bootstrap_servers": broker.bootstrap_servers, "app_id": "bench", "partitions": PARTITIONS}
        settings = load_settings({**own, "replication_factor": 1, "min_insync_replicas": 1, "data_dir": Path(place) / "data"})
        asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
        prefill(settings, 1, arguments.records)
        port = free_ports(1)[0]
        worker = start(settings, ("streams", "run"), port, {f"ASIENTO_{name}": value for name, value in PATIENCE.items()})
        try:
            windows, series = _measure(worker, f"http://127.0.0.1:{port}/metrics", arguments.records, arguments.scrapes_per_second)
        finally:
            worker.stop(30.0)
    _report(windows, series)


def _measure(worker: ChildProcess, url: str, records: int, rate: float) -> tuple[list[Window], int]:
    """Windows in turns until nine tenths are done; and how many series a scrape has."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while _done(url) < records // 20:
        if worker.exit_code() is not None or time.monotonic() > deadline:
            sys.exit("the worker does not work: see its log")
        time.sleep(0.2)
    windows: list[Window] = []
    while _done(url) < records * 9 // 10:
        windows.append(_window(worker, url, 0.0 if len(windows) % 2 else rate))
    return windows, sum(not line.startswith("#") for line in _page(url).splitlines())


def _window(worker: ChildProcess, url: str, rate: float) -> Window:
    process = psutil.Process(worker.pid)
    before, done, began, scrapes = process.cpu_times(), _done(url), time.monotonic(), 0
    while (spent := time.monotonic() - began) < WINDOW_SECONDS:
        if rate and scrapes < spent * rate:
            _page(url)
            scrapes += 1
        else:
            time.sleep(0.005)
    after, seconds = process.cpu_times(), time.monotonic() - began
    return Window(scrapes, _done(url) - done, after.user + after.system - before.user - before.system, seconds)


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - loopback
        text: str = answer.read().decode()
    return text


def _done(url: str) -> int:
    try:
        return round(sum(float(value) for value in WORKER_COUNTER.findall(_page(url))))
    except OSError:
        return 0


def _report(windows: Sequence[Window], series: int) -> None:
    loud, quiet = ([one for one in windows if bool(one.scrapes) is scraped and one.records] for scraped in (True, False))
    if not loud or not quiet:
        sys.exit("too few records for two windows: name more --records")
    per_record = statistics.median(one.cpu_seconds / one.records for one in quiet)
    per_scrape = statistics.median((one.cpu_seconds - per_record * one.records) / one.scrapes for one in loud)
    busy = statistics.median(one.cpu_seconds / one.seconds for one in quiet)
    print(f"{len(loud)} windows with {sum(one.scrapes for one in loud)} scrapes of {series} series, {len(quiet)} without")
    print(f"CPU per record {per_record * 1e6:.0f} us, per scrape {per_scrape * 1e3:.1f} ms; the worker takes {busy:.2f} of a core")
    print(f"a scrape every {SCRAPED_EVERY_SECONDS:.0f} s is {per_scrape / SCRAPED_EVERY_SECONDS / busy:.2%} of it")


if __name__ == "__main__":
    main()
