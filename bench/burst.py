"""A burst of ten times the usual load: nothing lost, memory bounded, and how long the lag takes to be gone. One worker, SQLite ledger.

    python -m bench.burst [--quiet-rate 300] [--quiet-seconds 120] [--burst-rate 3000] [--burst-seconds 300] [--catch-up-seconds 300]

The load is quiet, bursts, and is quiet again until the time to catch up is over; events come in an open loop. Lag counts events that were
due and are not decided. Memory is that of worker and sink together: the most in the run, to what they have at its end, when the lag is
gone and all orders are in the table. Exits with 1 if an event has no outcome or an entry no row in the ledger, if the lag was not gone in
time, or if that ratio is more than 1.3.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asiento.runtime.child_process import ChildProcess
from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.settings import Settings
from asiento.runtime.topic_admin import apply
from bench.books import committed, losses, sqlite_url
from bench.core import processor
from bench.measuring import CommittedWork, require_running, sample_of
from bench.open_sender import OpenSender, Schedule, due_offsets, records_of
from bench.processes import start
from bench.rounds import PARTITIONS
from bench.runners import settings_for
from bench.visibility import LedgerWatch
from schemas.topics import ACCOUNTING_ENTRIES, ORDERS_EVENTS, catalogue

MEMORY_RATIO_MAX: Final = 1.3
SAMPLE_SECONDS: Final = 1.0
READY_SECONDS: Final = 15.0
SETTLE_SECONDS_MAX: Final = 120.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds after the start, events that were due and are not decided, memory of worker and sink."""

    at: float
    lag: int
    memory_bytes: int


def main() -> None:
    """Run and judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.burst", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quiet-rate", type=float, default=300.0)
    parser.add_argument("--quiet-seconds", type=float, default=120.0)
    parser.add_argument("--burst-rate", type=float, default=3_000.0)
    parser.add_argument("--burst-seconds", type=float, default=300.0)
    parser.add_argument("--catch-up-seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    schedule = [(told.quiet_rate, told.quiet_seconds), (told.burst_rate, told.burst_seconds), (told.quiet_rate, told.catch_up_seconds)]
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as folder, LocalKafka(Path(folder) / "kafka") as broker:
        settings = settings_for(Path(folder), broker.bootstrap_servers, PARTITIONS, "burst-", "burst")
        asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
        ledger = sqlite_url(settings.data_dir / "ledger.sqlite")
        moments = _run(settings, ledger, schedule, told.seed)
        lost = losses(settings, ledger, records_of(schedule))
    words, faults = judged(moments, told.quiet_seconds + told.burst_seconds, told.catch_up_seconds, told.quiet_rate)
    print(f"{processor()}; {records_of(schedule)} events: {words}")
    faults = lost + faults
    print("; ".join(faults) if faults else "nothing lost, lag gone in time, memory bounded")
    sys.exit(1 if faults else 0)


def _run(settings: Settings, ledger: str, schedule: Schedule, seed: int) -> list[Moment]:
    with ExitStack() as stack:
        children = [start(settings, ("streams", "run"), 0), start(settings, ("sinks", "run", "ledger"), 0, {"ASIENTO_LEDGER_URL": ledger})]
        for child in children:
            stack.callback(child.stop, 30.0)
        work = CommittedWork(str(settings.kafka_bootstrap_servers), settings.orders_id, settings.topic(ORDERS_EVENTS), PARTITIONS)
        stack.callback(work.close)
        rows = stack.enter_context(LedgerWatch(ledger))
        sender = OpenSender.of(settings, seed, 0, schedule)
        time.sleep(READY_SECONDS)
        moments = _watched(children, work, schedule, sender.start(), settings.data_dir)
        sender.late_ms()
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while work.done() < records_of(schedule) and time.monotonic() < deadline:
            time.sleep(SAMPLE_SECONDS)
        entries = sum(1 for _ in committed(settings, ACCOUNTING_ENTRIES))
        while rows.count() < entries and time.monotonic() < deadline:
            time.sleep(SAMPLE_SECONDS)
    return moments


def _watched(children: Sequence[ChildProcess], work: CommittedWork, schedule: Schedule, start_at: float, log_folder: Path) -> list[Moment]:
    """A moment a second, as long as the schedule lasts."""
    moments, due, offsets = [], 0, due_offsets(schedule)
    next_due = next(offsets, None)
    while (at := time.time() - start_at) < sum(seconds for _, seconds in schedule):
        while next_due is not None and next_due <= at:
            due, next_due = due + 1, next(offsets, None)
        require_running(children, log_folder)
        memory = sum(sample_of(child.pid, 0).memory_bytes for child in children)
        moments.append(Moment(at, max(due - work.done(), 0), memory))
        time.sleep(SAMPLE_SECONDS)
    return moments


def judged(moments: Sequence[Moment], burst_ends: float, catch_up_seconds: float, quiet_rate: float) -> tuple[str, list[str]]:
    """The figures in words, and what is wrong. The lag is gone when it is no more than what comes in a second."""
    after = [moment for moment in moments if moment.at >= burst_ends]
    gone = next((moment for moment in after if moment.lag <= quiet_rate), None)
    lag_max = max(moment.lag for moment in moments)
    if gone is None:
        left = after[-1].lag if after else lag_max
        return f"lag at most {lag_max} events", [f"the lag was not gone {catch_up_seconds:.0f} s after the burst: {left}"]
    peak, rest = max(moment.memory_bytes for moment in moments), after[-1].memory_bytes
    words = (
        f"lag at most {lag_max} events, gone {gone.at - burst_ends:.0f} s after the burst; "
        f"memory of worker and sink at most {peak / 1e6:.0f} MB, {rest / 1e6:.0f} MB at the end: ratio {peak / rest:.2f}"
    )
    swollen = peak > MEMORY_RATIO_MAX * rest
    return words, [f"memory: more than {MEMORY_RATIO_MAX} times what is there when the lag is gone"] if swollen else []


if __name__ == "__main__":
    main()
