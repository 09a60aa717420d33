"""When entries become visible: to a consumer that reads committed records, and as rows of a ledger. Times are of the machine's clock."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from confluent_kafka import Consumer, TopicPartition

from asiento.runtime.database_urls import POSTGRESQL_PREFIX, SQLITE_PREFIX
from schemas.entries import decode_entry

POLL_SECONDS: Final = 0.005
"""How often the ledger is asked: the resolution of its figures."""
FETCH_WAIT_MS: Final = 100
ROWS: Final = "SELECT entry_no, entry_id FROM {} WHERE entry_no > {} ORDER BY entry_no"


class EntryWatch:
    """Notes when each entry of a topic was first seen; a context, its consumer reads from the start in a thread."""

    def __init__(self, bootstrap_servers: str, topic: str, partitions: int) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "bench-latency",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": FETCH_WAIT_MS,
                "fetch.min.bytes": 1,
            }
        )
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        self._seen: list[tuple[float, bytes]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def count(self) -> int:
        """Entries seen so far, copies counted."""
        return len(self._seen)

    def times(self) -> Mapping[str, float]:
        """entry_id -> seconds since 1970 when it was first seen. Decodes: not while it is measured."""
        found: dict[str, float] = {}
        for at, value in self._seen:
            found.setdefault(decode_entry(value).entry.entry_id, at)
        return found

    def _watch(self) -> None:
        while not self._stopping.is_set():
            first: Any = self._consumer.poll(0.2)
            if first is None or first.error() is not None:
                continue
            batch = [first, *self._consumer.consume(1_000, 0.0)]
            now = time.time()
            self._seen += [(now, message.value()) for message in batch if message.error() is None]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()
        self._consumer.close()


class LedgerWatch:
    """Notes when each entry was first found in a ledger, asked every `POLL_SECONDS`; a context with a thread."""

    def __init__(self, ledger_url: str) -> None:
        self._url = ledger_url
        self._times: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def count(self) -> int:
        """Rows found so far."""
        return len(self._times)

    def times(self) -> Mapping[str, float]:
        """entry_id -> seconds since 1970 when its row was first found."""
        return self._times

    def _watch(self) -> None:
        for rows in _new_rows(self._url, self._stopping):
            now = time.time()
            self._times |= dict.fromkeys(rows, now)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()


def ledger_rows(url: str) -> dict[str, str]:
    """entry_id -> content hash of all rows of a ledger."""
    table = "asiento_ledger.entry" if url.startswith(POSTGRESQL_PREFIX) else "entry"
    with closing(_reader(url)) as connection:
        return dict(connection.execute(f"SELECT entry_id, content_hash FROM {table}").fetchall())  # noqa: S608 - one of two names


def _new_rows(url: str, stopping: threading.Event) -> Iterator[list[str]]:
    """The ids of the rows that came since the last look; opens the ledger when it is there."""
    while not stopping.is_set():
        try:
            with closing(_reader(url)) as connection:
                yield from _looks(connection, url.startswith(POSTGRESQL_PREFIX), stopping)
        except (sqlite3.Error, psycopg.Error):
            stopping.wait(0.1)


def _looks(connection: Any, postgresql: bool, stopping: threading.Event) -> Iterator[list[str]]:
    statement = ROWS.format("asiento_ledger.entry", "%s") if postgresql else ROWS.format("entry", "?")
    ask: Callable[..., Any] = connection.execute
    last = 0
    while not stopping.wait(POLL_SECONDS):
        rows = ask(statement, (last,)).fetchall()
        if rows:
            last = rows[-1][0]
            yield [entry_id for _, entry_id in rows]


def _reader(url: str) -> Any:
    if url.startswith(POSTGRESQL_PREFIX):
        return psycopg.connect(url, autocommit=True)
    path = Path(url.removeprefix(SQLITE_PREFIX))
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
