"""What the ledger sink costs beside writing the same rows with nothing around it, in one run, without any broker.

    python -m bench.sink_rates [--entries 20000] [--rounds 5] [--batch 1000] [--seed 1] [--only NAME ...]

The entries are those of synthetic trading days, as the core gives them. In each round every runner books them into a new ledger,
in turn; the row-by-row runners book a twentieth of them. Two kinds of runner per database:

- bare ones write rows that were made beforehand into the tables of the ledger, with its triggers and offsets, a transaction per batch,
  committed durably: COPY into the staging table and `INSERT ... ON CONFLICT`, `executemany`, row by row. `copy, no triggers` is the
  first of them with every trigger disabled, which only the owner may do: it shows what the database's own checks cost;
- `sink` is the delivery loop of the process itself: it reads records from memory, decodes and proves them, chains, seals, books,
  reads the outbox and encodes the acks.

Printed per runner: entries per second, CPU of this process and of the server per entry in microseconds; medians, and the range of the
rates. The last lines are medians of ratios inside one round. Machines are noisy: read the ratios.
"""

import argparse
import asyncio
import contextlib
import gc
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psycopg

from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.service_process import GC_THRESHOLDS
from bench.verify_million import templates
from schemas.entries import encode_entry
from sinks.ack_publisher import AckPublisher
from sinks.bookkeeping.draft import Draft, Standing
from sinks.bookkeeping.rows import Row, offset_row
from sinks.chain import START, ChainHead
from sinks.delivery import DeliveryLoop, bookable_of
from sinks.entry_stream import Record
from sinks.ledger import OffsetRange, StreamIdentity
from sinks.ledger_access import writer_at
from sinks.ledger_process import THREAD_TURN_SECONDS
from sinks.outbox_publisher import OutboxRecord
from sinks.postgresql_ledger.statements import statement as postgresql_statement
from sinks.sqlite_ledger.statements import statement as sqlite_statement
from tests.postgresql import PostgresqlServer

STREAM: Final = StreamIdentity(cluster_id="bench", topic="accounting.entries.v1", topic_id="AAAAAAAAAAAAAAAAAAAAAA")
BOOKED_AT: Final = 1_750_000_000_000_000
ROW_BY_ROW_SHARE: Final = 20
TABLES: Final = ("entry", "posting", "document")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one runner in one round: entries per second, microseconds of CPU per entry here and in the server."""

    rate: float
    client_us: float
    server_us: float


@dataclass(frozen=True, slots=True)
class BatchRows:
    """The rows of one transaction: of the entry, posting and document tables, and the move of the offset."""

    tables: Mapping[str, Sequence[Row]]
    start: int
    before: tuple[int, str]
    offset: Row


def main() -> None:
    """Run the rounds and print them, the medians and the ratios."""
    parser = argparse.ArgumentParser(prog="python -m bench.sink_rates", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="runners whose name begins so")
    arguments = parser.parse_args()
    records = _records(arguments.seed, arguments.entries)
    batches = _batches(records, arguments.batch)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(THREAD_TURN_SECONDS)
    server = PostgresqlServer(durable=True)
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as place, closing(_Servers(server, Path(place))) as servers:
        runners = {
            name: runner
            for name, runner in _runners(servers, records, batches, arguments.batch).items()
            if not arguments.only or name.startswith(tuple(arguments.only))
        }
        costs: dict[str, list[Cost]] = {name: [] for name in runners}
        for number in range(arguments.rounds):
            for name, runner in runners.items():
                costs[name].append(runner())
                print(f"round {number + 1} {name:<28} {_spell(costs[name][-1])}", flush=True)
    _report(costs)


def _records(seed: int, count: int) -> list[Record]:
    """Records of one partition; ids are made anew for each copy of a day."""
    found: list[Record] = []
    day = [entry for template in templates(seed) for entry in template.entries]
    while len(found) < count:
        copy = len(found) // len(day)
        for entry in day[: count - len(found)]:
            renamed = replace(entry, entry_id=_of_copy(entry.entry_id, copy), reverses=entry.reverses and _of_copy(entry.reverses, copy))
            found.append(Record(0, len(found), BOOKED_AT // 1000, entry.order_key.encode(), encode_entry(renamed)))
    return found


def _of_copy(entry_id: str, copy: int) -> str:
    return f"{int(entry_id[:8], 16) ^ copy:08x}{entry_id[8:]}"


def _batches(records: Sequence[Record], size: int) -> list[BatchRows]:
    """The rows as the ledger writes them, chain and seals included."""
    standing = Standing(STREAM, {0: (0, START)}, (0, START))
    batches = []
    for start in range(0, len(records), size):
        taken = records[start : start + size]
        draft, before = Draft(standing, BOOKED_AT, lambda: 0), standing.heads[0]
        draft.take([bookable_of(record) for record in taken], {})
        draft.settle(standing)
        length, link = standing.heads[0]
        offset = offset_row(STREAM, 0, start + len(taken), ChainHead(length=length, link=link))
        batches.append(BatchRows({"entry": draft.entries, "posting": draft.postings, "document": draft.documents}, start, before, offset))
    return batches


class _Servers:
    """New ledgers on a server of this run and in files."""

    def __init__(self, server: PostgresqlServer, place: Path) -> None:
        self._server = server
        self._place = place
        self._made = 0
        self._started = False

    def new(self, kind: str) -> str:
        """The URL of an empty ledger, its tables made and its partition bound."""
        self._made += 1
        if kind == "sqlite":
            url = f"sqlite:///{self._place / f'{self._made}.sqlite'}"
        else:
            if not self._started:
                self._server.start()
                self._started = True
            url = self._server.new_database(f"bench{self._made}")

        async def prepare() -> None:
            ledger = writer_at(url, lambda: BOOKED_AT)
            await ledger.open(STREAM, (0,))
            await ledger.close()

        asyncio.run(prepare())
        return url

    def cpu_seconds(self) -> float:
        """Of the server so far."""
        return self._server.cpu_seconds() if self._started else 0.0

    def close(self) -> None:
        """End the server."""
        self._server.stop()

    @contextlib.contextmanager
    def measured(self, entries: int, into: list[Cost]) -> Iterator[None]:
        """Take the time of what is done inside."""
        client, served, wall = time.process_time(), self.cpu_seconds(), time.monotonic()
        yield
        seconds = time.monotonic() - wall
        client, served = time.process_time() - client, self.cpu_seconds() - served
        into.append(Cost(entries / seconds, client / entries * 1e6, served / entries * 1e6))


def _runners(servers: _Servers, records: list[Record], batches: list[BatchRows], size: int) -> dict[str, Callable[[], Cost]]:
    few = _few(batches)
    return {
        "postgresql sink": lambda: _sink(servers, "postgresql", records, size),
        "postgresql copy": lambda: _postgresql(servers, batches, _copy),
        "postgresql copy, no triggers": lambda: _postgresql(servers, batches, _copy, triggers=False),
        "postgresql executemany": lambda: _postgresql(servers, batches, _executemany),
        "postgresql row by row": lambda: _postgresql(servers, few, _row_by_row),
        "sqlite sink": lambda: _sink(servers, "sqlite", records, size),
        "sqlite executemany": lambda: _sqlite(servers, batches, many=True),
        "sqlite row by row": lambda: _sqlite(servers, few, many=False),
    }


def _few(batches: Sequence[BatchRows]) -> list[BatchRows]:
    return list(batches[: max(1, len(batches) // ROW_BY_ROW_SHARE)])


def _entries_of(batches: Sequence[BatchRows]) -> int:
    return sum(len(batch.tables["entry"]) for batch in batches)


def _postgresql(
    servers: _Servers, batches: Sequence[BatchRows], write: Callable[["psycopg.Cursor[Row]", BatchRows], None], *, triggers: bool = True
) -> Cost:
    costs: list[Cost] = []
    with psycopg.connect(servers.new("postgresql"), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = asiento_ledger, pg_temp")
        cursor.execute(postgresql_statement("stage_entries"))
        if not triggers:
            for table in (*TABLES, "source_offset"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        with servers.measured(_entries_of(batches), costs):
            for batch in batches:
                with connection.transaction():
                    write(cursor, batch)
                    move = (0, batch.start, *batch.before, *batch.offset[4:])
                    cursor.execute(postgresql_statement("advance_offsets"), (STREAM.topic, *([value] for value in move)))
    return costs[0]


def _copy(cursor: "psycopg.Cursor[Row]", batch: BatchRows) -> None:
    for table, rows in batch.tables.items():
        target = "pg_temp.staged_entry" if table == "entry" else table
        with cursor.copy(f"COPY {target} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)
        if table == "entry":
            cursor.execute(postgresql_statement("insert_staged_entries"))


def _insert(table: str, columns: int) -> bytes:
    conflict = " ON CONFLICT ON CONSTRAINT entry_once DO NOTHING" if table == "entry" else ""
    return f"INSERT INTO {table} VALUES ({', '.join(['%s'] * columns)}){conflict}".encode()  # noqa: S608


def _executemany(cursor: "psycopg.Cursor[Row]", batch: BatchRows) -> None:
    for table, rows in batch.tables.items():
        if rows:
            cursor.executemany(_insert(table, len(rows[0])), rows)


def _row_by_row(cursor: "psycopg.Cursor[Row]", batch: BatchRows) -> None:
    for table, rows in batch.tables.items():
        for row in rows:
            cursor.execute(_insert(table, len(row)), row)


def _sqlite(servers: _Servers, batches: Sequence[BatchRows], *, many: bool) -> Cost:
    """Postings and documents first, as the triggers of the file want it."""
    costs: list[Cost] = []
    with closing(sqlite3.connect(servers.new("sqlite").removeprefix("sqlite:///"), isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        with servers.measured(_entries_of(batches), costs):
            for batch in batches:
                connection.execute("BEGIN IMMEDIATE")
                for table in reversed(TABLES):
                    sql, rows = sqlite_statement(f"insert_{table}"), batch.tables[table]
                    if many:
                        connection.executemany(sql, rows)
                    else:
                        for row in rows:
                            connection.execute(sql, row)
                moved = (*batch.offset[4:], STREAM.topic, 0, batch.start, *batch.before)
                connection.execute(sqlite_statement("advance_offset"), moved)
                connection.execute("COMMIT")
    return costs[0]


class _MemoryStream:
    """Records that wait in memory, all of one partition."""

    def __init__(self, records: Sequence[Record], stop: asyncio.Event) -> None:
        self._records = records
        self._stop = stop
        self._position = 0
        self._handed = 0
        self.next_offsets = {0: 0}

    async def fetch(self, records_max: int) -> list[Record]:
        """The next ones."""
        taken = self._records[self._position : self._position + records_max]
        self._position += len(taken)
        if not taken:
            await asyncio.sleep(0.01)
        return list(taken)

    async def ranges(self) -> tuple[OffsetRange, ...]:
        """Since the last hand-over."""
        return (OffsetRange(partition=0, start=self._handed, end=self._position),) if self._position > self._handed else ()

    def hand_over(self, ranges: Sequence[OffsetRange]) -> None:
        """They are on their way."""
        for moved in ranges:
            self._handed = moved.end

    def take(self, ranges: Sequence[OffsetRange]) -> None:
        """They are booked."""
        self.next_offsets[0] = ranges[-1].end
        if self.next_offsets[0] == len(self._records):
            self._stop.set()

    async def end_offsets(self) -> dict[int, int]:
        """All."""
        return {0: len(self._records)}

    async def note_positions(self) -> str | None:
        """Nowhere."""
        return None


class _Unsent(AckPublisher):
    """Acks are read, encoded and marked, and not sent."""

    async def _send(self, records: Sequence[OutboxRecord]) -> None:
        pass


def _sink(servers: _Servers, kind: str, records: Sequence[Record], size: int) -> Cost:
    costs: list[Cost] = []
    url = servers.new(kind)

    async def deliver() -> None:
        stop, leave = asyncio.Event(), asyncio.Event()
        ledger, metrics = writer_at(url, lambda: BOOKED_AT), Metrics(Exporter.LEDGER)
        await ledger.open(STREAM, (0,))
        stream = _MemoryStream(records, stop)
        clock = lambda: time.time_ns() // 1000  # noqa: E731
        places = {"group": "bench", "topic": STREAM.topic, "batch_entries_max": size, "booking_seconds_max": 60.0, "clock": clock}
        loop = DeliveryLoop(stream, ledger, metrics, **places)  # type: ignore[arg-type]
        publisher = _Unsent(ledger, metrics, topic="acks", client_options={}, clock=clock)
        with servers.measured(len(records), costs):
            publishing = asyncio.create_task(publisher.run(leave))
            await loop.run(stop)
            leave.set()
            await publishing
        await ledger.close()

    asyncio.run(deliver())
    return costs[0]


def _report(costs: Mapping[str, Sequence[Cost]]) -> None:
    for name, rounds in costs.items():
        rates = [cost.rate for cost in rounds]
        middle = Cost(*(statistics.median(getattr(cost, field) for cost in rounds) for field in ("rate", "client_us", "server_us")))
        print(f"median  {name:<28} {_spell(middle)}  ({min(rates):,.0f} to {max(rates):,.0f})")
    for one, other in (
        ("postgresql sink", "postgresql copy"),
        ("postgresql sink", "postgresql copy, no triggers"),
        ("sqlite sink", "sqlite executemany"),
    ):
        if one in costs and other in costs:
            pairs = list(zip(costs[one], costs[other], strict=True))
            rate = statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)
            cpu = statistics.median((mine.client_us + mine.server_us) / (theirs.client_us + theirs.server_us) for mine, theirs in pairs)
            print(f"{one} : {other} = {rate:.2f} rate, {cpu:.2f} CPU (client and server)")


def _spell(cost: Cost) -> str:
    return f"{cost.rate:8,.0f} entries/s, client {cost.client_us:6.1f} us, server {cost.server_us:6.1f} us"


if __name__ == "__main__":
    main()
