"""A ledger, asked in SQL of the test's own; SQLite and PostgreSQL have the relations alike."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

SQLITE = "sqlite:///"
CONNECT_SECONDS_MAX = 5
SEARCH_PATH = "-c search_path=asiento_ledger"
FETCHED_ROWS = 10_000

LEGS = """
SELECT order_key, entry_seq, entry_id, event_id, entry_kind, part, currency, account,
       CASE side WHEN 'DEBIT' THEN amount ELSE -amount END
FROM entry JOIN posting USING (entry_no) ORDER BY order_key, entry_seq, entry_no, line"""


@dataclass(frozen=True, slots=True)
class LegRow:
    """A posting with its entry; `amount` is signed, debit positive, in minor units."""

    order_key: str
    entry_seq: int
    entry_id: str
    event_id: str
    entry_kind: str
    part: str
    currency: str
    account: str
    amount: int


class LedgerRows:
    """The ledger at a URL. A ledger that is not there yet is empty; one that cannot be reached raises the driver's error."""

    def __init__(self, url: str) -> None:
        self.url = url

    def legs(self) -> Iterator[LegRow]:
        """All postings, ordered by order and number of the entry."""
        for row in self._rows(LEGS):
            yield LegRow(*row)

    def next_offsets(self) -> dict[int, int]:
        """How far each partition is booked."""
        return dict(self._rows("SELECT partition, next_offset FROM source_offset"))

    def newest_entry(self) -> int:
        """The number of the entry booked last, 0 before the first."""
        ((newest,),) = list(self._rows("SELECT max(entry_no) FROM entry")) or [(0,)]
        return int(newest or 0)

    def places_after(self, entry_no: int) -> Iterator[tuple[int, int]]:
        """Partition and offset of each entry that was booked after this one."""
        yield from self._rows(f"SELECT stream_partition, stream_offset FROM entry WHERE entry_no > {entry_no}")  # noqa: S608 - a number

    def head(self, partition: int) -> tuple[int, str]:
        """Length and head of a partition's chain."""
        heads = {row[0]: (row[1], row[2]) for row in self._rows("SELECT partition, chain_length, chain_hash FROM source_offset")}
        return heads.get(partition, (0, "0" * 64))

    def conflicts(self) -> int:
        """Entries that came again with other content."""
        ((number,),) = list(self._rows("SELECT count(*) FROM entry_conflict"))
        return int(number)

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        if self.url.startswith(SQLITE):
            path = Path(self.url.removeprefix(SQLITE))
            if not path.exists():
                return
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
                if file.execute("SELECT 1 FROM sqlite_master WHERE name = 'source_offset'").fetchone():
                    yield from file.execute(sql)
            return
        connection = psycopg.connect(self.url, connect_timeout=CONNECT_SECONDS_MAX, options=SEARCH_PATH)
        with connection, connection.cursor("rows") as cursor:
            if connection.execute("SELECT to_regclass('asiento_ledger.source_offset')").fetchone() == (None,):
                return
            cursor.itersize = FETCHED_ROWS
            cursor.execute(sql.encode())
            yield from cursor
