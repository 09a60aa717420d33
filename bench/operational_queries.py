"""How long operators wait: the questions of the reader on an operational database of a million events, SQLite.

    python -m bench.operational_queries [--events 1000000]

The rows are made by SQL, with the shares of a busy year: 2 % of the events waited once and 1 in 200 still waits, 1 % were rejected
and half of those are closed, 3 % showed a discrepancy of which one in three is open, 1 % are dead letters, half of them replayed.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sinks.databases.database import Database, transaction
from sinks.databases.sqlite import open_sqlite
from sinks.projector.answers import Cursor
from sinks.projector.database import OPERATIONAL, migrate
from sinks.projector.figures import FiguresReader
from sinks.projector.gauges import SLICE_OFFSETS_MAX
from sinks.projector.reader import OperationalReader

PARTITIONS = 8
EVENTS_OF_ORDER = 5
REPEATS = 5

FILL = """
CREATE TEMP TABLE number AS WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {events}) SELECT i FROM n;
INSERT INTO event SELECT i % 8, i / 8, i, 't:shopify:main:' || (i / 40 * 8 + i % 8), NULL, 'e' || i, 'OrderPlaced', 'order', 'shopify:main',
    i, i, '{{}}' FROM number;
INSERT INTO decision_batch SELECT i % 8, i / 800, i / 8, i / 8 + 100, 'w', i FROM number WHERE i % 800 < 8;
INSERT INTO decision SELECT i % 8, i / 8, i / 800, 'e' || i, CASE WHEN i % 50 = 0 THEN 'deferred' WHEN i % 100 = 1 THEN 'rejected'
    ELSE 'posted' END, 'D11', '[]' FROM number;
INSERT INTO event_state SELECT i % 8, 'e' || i, i / 8, 't:shopify:main:' || (i / 40 * 8 + i % 8),
    CASE WHEN i % 200 = 0 THEN 'deferred' WHEN i % 50 = 0 THEN 'posted' ELSE 'rejected' END, 'D' || (i % 7), i, i / 800
    FROM number WHERE i % 50 = 0 OR i % 100 = 1;
INSERT INTO entry SELECT 'n' || i, i % 8, i / 8, 'h', 't:shopify:main:' || (i / 40 * 8 + i % 8), i / 8 % 5 + 1, 'invoice',
    'e' || i, 't', 'E', 'web', '2026-03-02', 'EUR', NULL, 'INVOICE', 'ref' || i, 1, '{{}}' FROM number;
INSERT INTO ack SELECT i % 8, i / 8, 'n' || i, 'books', 'POSTED', NULL, NULL, NULL, i, NULL FROM number;
INSERT INTO discrepancy SELECT 'd' || i, i % 8, i / 8, 'D' || (i % 30), 'low', 't:shopify:main:' || (i / 40 * 8 + i % 8), 'e' || i, NULL,
    NULL, NULL, NULL, NULL, '{{}}', i, CASE WHEN i / 33 % 3 = 0 THEN 'OPEN' ELSE 'RESOLVED' END FROM number WHERE i % 33 = 2;
INSERT INTO dead_letter SELECT i % 8, i / 8, 'orders/' || (i % 8) || '/' || (i / 8), 'orders', i % 8, i / 8, NULL, 'bad_magic', '', NULL,
    9, i, '1' FROM number WHERE i % 100 = 3;
INSERT INTO closing SELECT 'EVENT', 'e' || i, 'RESOLVE', i, 'a' || i FROM number WHERE i % 200 = 1;
INSERT INTO closing SELECT 'DEAD_LETTER', 'orders/' || (i % 8) || '/' || (i / 8), 'REPLAY', i, 'a' || i FROM number WHERE i % 200 = 3;
INSERT INTO source_offset SELECT 'orders', i, 'c', 't', {events} / 8 FROM number WHERE i < 8;
DROP TABLE number;
"""


def main() -> None:
    """Fill a database and ask it."""
    parser = argparse.ArgumentParser(prog="python -m bench.operational_queries", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as place:
        path = Path(place) / "operational.sqlite"
        database = open_sqlite(path, OPERATIONAL, for_writing=True)
        _fill(database, arguments.events)
        database.close()
        print(f"{arguments.events} events, {path.stat().st_size / 1e6:.0f} MB")
        with OperationalReader.at(f"sqlite:///{path}") as reader:
            for name, ask in questions(reader, arguments.events).items():
                print(f"{name:<38}{_milliseconds(ask):>10.1f} ms")


def questions(reader: OperationalReader, events: int) -> dict[str, Callable[[], object]]:
    """What the desk asks, by name."""
    return {
        "one order's whole file": lambda: reader.order("t:shopify:main:8"),
        "an event by its id": lambda: reader.event(f"e{events // 2}"),
        "parked, first page": reader.parked,
        "parked of one code": lambda: reader.parked(code="D3"),
        "parked, a page in the middle": lambda: reader.parked(after=Cursor(events // 2, "")),
        "rejected and open, first page": reader.rejected,
        "open discrepancies, first page": reader.discrepancies,
        "open discrepancies of one code": lambda: reader.discrepancies(code="D6"),
        "all discrepancies of one code": lambda: reader.discrepancies(code="D7", state=None),
        "open dead letters, first page": reader.dead_letters,
        "how many are open, by code": reader.open_counts,
        "first outcomes of all records": reader.outcome_counts,
        **metrics_questions(FiguresReader(reader.database)),
    }


def metrics_questions(figures: FiguresReader) -> dict[str, Callable[[], object]]:
    """What the projector asks for its gauges, each after records that may have changed it."""
    return {
        "gauge: parked by code, oldest": lambda: figures.open_items("parked"),
        "gauge: rejected by code, oldest": lambda: figures.open_items("rejected"),
        "gauge: open discrepancies, oldest": figures.open_discrepancies,
        "gauge: open dead letters, oldest": lambda: figures.open_items("dead_letter"),
        "gauge: how far records are known": lambda: figures.accounted_to("orders"),
        f"gauge: {SLICE_OFFSETS_MAX} records accounted for": lambda: figures.accounted(3, 20_000, 20_000 + SLICE_OFFSETS_MAX),
    }


def _fill(database: Database, events: int) -> None:
    migrate(database)
    with transaction(database):
        database.run_script(FILL.format(events=events))


def _milliseconds(ask: Callable[[], object]) -> float:
    """The median time of an answer, after one that warms the cache."""
    ask()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        ask()
        times.append(time.perf_counter() - started)
    return sorted(times)[REPEATS // 2] * 1_000


if __name__ == "__main__":
    main()
