"""How long an event takes to become an entry that others see, and a committed row of a ledger: open loop, on one real broker.

    python -m bench.latency [--rates 300 1000] [--shares 25 50 80] [--seconds 60] [--ledgers sqlite postgresql] [--seed 1]

A process of its own sends events at a steady rate, each at its scheduled time; latency counts from that time, so that a stall is told
by every event it delays. `entry` ends when a consumer that reads committed records has it, `row` when a query every 5 ms finds its row
in the ledger (so it is up to 5 ms too long). Shares are percents of the worker's peak, which is measured first on a stored input. The
ledger in PostgreSQL waits for its disk (fsync on), SQLite too (synchronous FULL). CPU of worker and sink per event stands beside.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.settings import Settings
from asiento.runtime.topic_admin import apply
from bench.core import processor
from bench.jobs import ORDERS
from bench.measuring import require_running, sample_of
from bench.open_sender import OpenSender, records_of
from bench.prefill import messages, send
from bench.processes import start
from bench.reference import entries_by_event
from bench.rounds import PARTITIONS, JobRounds
from bench.runners import product_runners, settings_for
from bench.spread import percentile
from bench.visibility import EntryWatch, LedgerWatch
from schemas.topics import ACCOUNTING_ENTRIES, ORDERS_EVENTS, catalogue
from tests.postgresql import PostgresqlServer

WARM_RECORDS: Final = 400
"""Sent ahead, not measured: until their rows are booked nothing is scheduled."""
STILL_SECONDS_MAX: Final = 90.0
POLL_SECONDS: Final = 0.1
PEAK_RECORDS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the latencies: CPU of worker and sink per event, and how late the sender was at most."""

    worker_us: float
    sink_us: float
    sender_late_ms: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of the entries and rows of one run, and how many never came."""

    rate: float
    entry_ms: tuple[float, ...]
    row_ms: tuple[float, ...]
    missing: int
    beside: Beside


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: event number n (after the warm ones) is due at `start_at + n / rate`."""

    seed: int
    seconds: float
    rate: float

    @property
    def records(self) -> int:
        """How many, without the warm ones."""
        return records_of([(self.rate, self.seconds)])


def main() -> None:
    """Run every rate on every ledger and print a line of each."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rates", type=float, nargs="*", default=[300.0, 1_000.0])
    parser.add_argument("--shares", type=float, nargs="*", default=[25.0, 50.0, 80.0], help="percents of the worker's peak")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--ledgers", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peak-records", type=int, default=PEAK_RECORDS)
    told = parser.parse_args()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asiento-bench-")))
        broker = stack.enter_context(LocalKafka(place / "kafka"))
        rates = [*told.rates, *_shares_of_peak(place, broker, told)]
        urls = {"sqlite": None, "postgresql": _server(stack)} if "postgresql" in told.ledgers else {"sqlite": None}
        _say(f"{processor()}; {told.seconds:.0f} s per run; ms from the scheduled time; p50 / p99 / max")
        for number, (rate, ledger) in enumerate((rate, ledger) for rate in rates for ledger in told.ledgers):
            server = urls[ledger]
            run = LatencyRun(place, broker.bootstrap_servers, f"l{number}", server.new_database(f"l{number}") if server else None)
            _say(_line(ledger, run.measure(Load(told.seed, told.seconds, rate))))


def _shares_of_peak(place: Path, broker: LocalKafka, told: argparse.Namespace) -> list[float]:
    if not told.shares:
        return []
    peak = JobRounds(ORDERS, place, broker, told.seed).run(product_runners()[0], told.peak_records, "peak").cost.per_second
    _say(f"peak of the worker: {peak:.0f} events/s")
    return [peak * share / 100 for share in told.shares]


def _server(stack: ExitStack) -> PostgresqlServer:
    server = PostgresqlServer(durable=True)
    stack.callback(server.stop)
    server.start()
    return server


class LatencyRun:
    """One rate on one ledger, with topics, worker and sink of its own."""

    def __init__(self, place: Path, bootstrap_servers: str, name: str, ledger_url: str | None) -> None:
        self._settings: Settings = settings_for(place, bootstrap_servers, PARTITIONS, f"{name}-", name)
        self._ledger_url = ledger_url or f"sqlite:///{self._settings.data_dir / 'ledger.sqlite'}"

    def measure(self, load: Load) -> Latency:
        """Send, wait until all has come, stop."""
        settings = self._settings
        asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
        triggers = entries_by_event(messages(load.seed, WARM_RECORDS + load.records), PARTITIONS)
        warm = sum(1 for number in triggers.values() if number < WARM_RECORDS)
        bootstrap = str(settings.kafka_bootstrap_servers)
        with ExitStack() as stack:
            worker = start(settings, ("streams", "run"), 0)
            stack.callback(worker.stop, 30.0)
            sink = start(settings, ("sinks", "run", "ledger"), 0, {"ASIENTO_LEDGER_URL": self._ledger_url})
            stack.callback(sink.stop, 30.0)
            entries = stack.enter_context(EntryWatch(bootstrap, settings.topic(ACCOUNTING_ENTRIES), PARTITIONS))
            rows = stack.enter_context(LedgerWatch(self._ledger_url))
            send(settings, ORDERS_EVENTS, messages(load.seed, WARM_RECORDS))
            _wait(rows, warm)
            require_running((worker, sink), settings.data_dir)
            before = [sample_of(child.pid, 0).cpu_seconds for child in (worker, sink)]
            sender = OpenSender.of(settings, load.seed, WARM_RECORDS, [(load.rate, load.seconds)])
            start_at = sender.start()
            late = sender.late_ms()
            _wait(rows, len(triggers))
            after = [sample_of(child.pid, 0).cpu_seconds for child in (worker, sink)]
        cpu_us = [(then - now) / load.records * 1e6 for now, then in zip(before, after, strict=True)]
        due = due_times(load, start_at, triggers)
        return latency_of(load.rate, due, (entries.times(), rows.times()), Beside(cpu_us[0], cpu_us[1], late))


def _wait(rows: LedgerWatch, count: int) -> None:
    """Until so many rows are there; no longer than nothing moves."""
    moved_at, seen = time.monotonic(), rows.count()
    while rows.count() < count and time.monotonic() < moved_at + STILL_SECONDS_MAX:
        if rows.count() > seen:
            moved_at, seen = time.monotonic(), rows.count()
        time.sleep(POLL_SECONDS)


def due_times(load: Load, start_at: float, triggers: Mapping[str, int]) -> dict[str, float]:
    """When the event behind each entry was due; `triggers` names its number, the warm ones counted, which have no entry here."""
    return {entry_id: start_at + (number - WARM_RECORDS) / load.rate for entry_id, number in triggers.items() if number >= WARM_RECORDS}


def latency_of(rate: float, due: Mapping[str, float], seen: tuple[Mapping[str, float], Mapping[str, float]], beside: Beside) -> Latency:
    """From when each entry was due to when it was `seen` as an entry and as a row."""
    entry_ms, row_ms = (tuple([(times[one] - at) * 1000 for one, at in due.items() if one in times]) for times in seen)
    return Latency(rate, entry_ms, row_ms, 2 * len(due) - len(entry_ms) - len(row_ms), beside)


def _line(ledger: str, found: Latency) -> str:
    def told(values: tuple[float, ...]) -> str:
        return f"{percentile(values, 0.5):.0f} / {percentile(values, 0.99):.0f} / {max(values):.0f}" if values else "none"

    beside = found.beside
    missing = f"; MISSING: {found.missing}" if found.missing else ""
    return (
        f"{found.rate:6.0f}/s, {ledger:<10} entry {told(found.entry_ms):>18}   row {told(found.row_ms):>18}   "
        f"CPU per event: worker {beside.worker_us:.0f} us, sink {beside.sink_us:.0f} us; sender late {beside.sender_late_ms:.0f}{missing}"
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
