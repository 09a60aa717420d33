"""All events of a topic into an empty ledger, worker and sink side by side: the same books, and at which speed.

    python -m bench.full_replay [--records 1000000] [--seed 1]

First the worker alone takes the stored input (its peak), then the sink alone books what it wrote (the floor of the ledger). Then both work
at the same time, from nothing, on the same input under other topics. The rows of both ledgers must be the same, ids and content hashes.
Speeds are events a second of the clock, so a busy machine tells nothing; both share its cores with the broker. Exits with 1 if the books
differ, or if both together reach less than 0.7 of the slower of the two alone.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.ports import free_ports
from asiento.runtime.settings import Settings
from asiento.runtime.topic_admin import apply
from bench.books import books_digest, committed, differing_rows, sqlite_url
from bench.core import processor
from bench.jobs import ORDERS
from bench.measuring import CommittedWork, CountedWork, measured
from bench.prefill import prefill
from bench.processes import start
from bench.rounds import PARTITIONS
from bench.runners import RunPlace, product_runners, settings_for
from bench.visibility import LedgerWatch, ledger_rows
from schemas.topics import ACCOUNTING_ENTRIES, ORDERS_EVENTS, catalogue

SHARE_MIN: Final = 0.7
STILL_SECONDS_MAX: Final = 120.0
POLL_SECONDS: Final = 0.5


def main() -> None:
    """Run all three and judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.full_replay", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as folder, LocalKafka(Path(folder) / "kafka") as broker:
        apart, together = (_stored(Path(folder), broker.bootstrap_servers, name, told) for name in ("apart", "together"))
        peak = _worker_alone(apart, told.records)
        entries = sum(1 for _ in committed(apart, ACCOUNTING_ENTRIES))
        floor = _sink_alone(apart, told.records, entries)
        both = _together(together, told.records, entries)
        books = [ledger_rows(_ledger(settings)) for settings in (apart, together)]
    slower = min(peak, floor)
    print(f"{processor()}; {told.records} events, {entries} entries")
    print(f"worker alone {peak:.0f} events/s, sink alone {floor:.0f}, both together {both:.0f}: {both / slower:.2f} of the slower")
    print(f"books: {books_digest(books[0])[:16]} and {books_digest(books[1])[:16]}")
    faults = differing_rows(books[0], books[1])
    if both < SHARE_MIN * slower:
        faults.append(f"less than {SHARE_MIN} of the slower of worker and sink alone")
    print("; ".join(faults) if faults else "the books are the same, and made fast enough")
    sys.exit(1 if faults else 0)


def _stored(place: Path, bootstrap: str, name: str, told: argparse.Namespace) -> Settings:
    settings = settings_for(place, bootstrap, PARTITIONS, f"{name}-", name)
    asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
    prefill(settings, told.seed, told.records)
    return settings


def _ledger(settings: Settings) -> str:
    return sqlite_url(settings.data_dir / "ledger.sqlite")


def _worker_alone(settings: Settings, records: int) -> float:
    run = RunPlace(settings, settings.topic(ORDERS_EVENTS), ORDERS)
    work = CommittedWork(str(settings.kafka_bootstrap_servers), run.group, run.source, PARTITIONS)
    cost = measured(lambda: product_runners()[0].start(run), work.done, records, settings.data_dir)
    work.close()
    return cost.per_second


def _sink_alone(settings: Settings, records: int, entries: int) -> float:
    """In events a second: its entries a second, by the entries that an event has."""
    (port,) = free_ports(1)
    counted = CountedWork(port, "asiento_entries_booked_total")
    cost = measured(lambda: start(settings, ("sinks", "run", "ledger"), port), counted.done, entries, settings.data_dir)
    return cost.per_second * records / entries


def _together(settings: Settings, records: int, entries: int) -> float:
    """Events a second, from the first that is decided to the last row that is booked; ends the program when nothing moves any more."""
    with ExitStack() as stack:
        source = settings.topic(ORDERS_EVENTS)
        work = CommittedWork(str(settings.kafka_bootstrap_servers), settings.orders_id, source, PARTITIONS)
        stack.callback(work.close)
        for command in (("sinks", "run", "ledger"), ("streams", "run")):
            stack.callback(start(settings, command, 0).stop, 30.0)
        rows = stack.enter_context(LedgerWatch(_ledger(settings)))
        moved_at, moved, started = time.monotonic(), (0, 0), 0.0
        while moved[1] < entries:
            if (now := (work.done(), rows.count())) != moved:
                moved_at, moved = time.monotonic(), now
                started = started or moved_at
            if time.monotonic() > moved_at + STILL_SECONDS_MAX:
                sys.exit(f"{moved[0]} of {records} events decided, {moved[1]} of {entries} entries booked, and nothing moves")
            time.sleep(POLL_SECONDS)
        return records / (time.monotonic() - started)


if __name__ == "__main__":
    main()
