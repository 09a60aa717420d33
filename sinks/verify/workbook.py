"""The facts of one verification, in a temporary database: sets of any size without holding them in memory."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from schemas.decisions import DecisionBatch
from sinks.sql_files import read_sql


@cache
def _sql(name: str) -> str:
    return read_sql(__package__, name)


_NOTE_ENTRY = _sql("note_stream_entry")
CACHE_KIB = 64 * 1024
"""Memory of the temporary database; what is more lies on disk, in the folder of SQLITE_TMPDIR or TMPDIR."""


class Workbook:
    """Notes what the topics say and answers where they differ. Offsets are called positions: OFFSET is a word of SQL."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        for pragma in ("synchronous = OFF", "journal_mode = OFF", f"cache_size = -{CACHE_KIB}"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_sql("schema"))
        self._connection.execute("BEGIN")

    def close(self) -> None:
        """Throw the notes away."""
        self._connection.close()

    def note_entries(self, entries: Sequence[tuple[str, str, int, int]]) -> dict[str, tuple[str, int, int]]:
        """Note (entry_id, content_hash, partition, offset) where the id is new; answer what stands for each id.

        The answer is empty where all of them were new, which is what nearly always happens.
        """
        if not entries or self._connection.executemany(_NOTE_ENTRY, entries).rowcount == len(entries):
            return {}
        ids = orjson.dumps([entry[0] for entry in entries]).decode()
        return {row[0]: row[1:] for row in self._connection.execute(_sql("stream_entries"), (ids,))}

    def not_on_stream(self, entry_ids: Sequence[Any]) -> set[Any]:
        """Those ids that were not noted; a value that no id can be is none of them."""
        texts = [entry_id for entry_id in entry_ids if isinstance(entry_id, str) and entry_id.isprintable()]
        unknown = {row[0] for row in self._connection.execute(_sql("unknown_ids"), (orjson.dumps(texts).decode(),))}
        return unknown | (set(entry_ids) - set(texts))

    def note_decisions(self, batch: DecisionBatch) -> tuple[int, tuple[str, ...]]:
        """Note a batch; answer how many outcomes came a second time, and the events that were healed without being parked."""
        number = batch.partition
        outcomes = [(number, item.offset, item.event_id, item.outcome) for item in batch.outcomes]
        noted = self._connection.executemany(_sql("note_outcome"), outcomes).rowcount if outcomes else 0
        groups = [item.entry_ids for item in batch.outcomes] + [item.entry_ids for item in batch.healed]
        named = [(entry_id, number, batch.first_offset) for group in groups for entry_id in group]
        self._connection.executemany(_sql("note_named_entry"), named)
        strangers = []
        for healed in batch.healed:
            values = {"outcome": healed.outcome, "partition": number, "event_id": healed.event_id}
            if self._connection.execute(_sql("heal_outcome"), values).rowcount == 0:
                strangers.append(healed.event_id)
        return len(outcomes) - noted, tuple(strangers)

    def note_records(self, records: Sequence[tuple[int, int]]) -> None:
        """Note (partition, offset) of records on the source topic."""
        self._connection.executemany(_sql("note_source_record"), records)

    def outcome_totals(self) -> Mapping[int, Mapping[str, int]]:
        """How many records ended in each class, per partition."""
        totals: dict[int, dict[str, int]] = {}
        for partition, outcome, count in self._connection.execute(_sql("outcome_totals")):
            totals.setdefault(partition, {})[outcome] = count
        return totals

    def records_total(self) -> Mapping[int, int]:
        """How many source records were noted, per partition."""
        return dict(self._connection.execute(_sql("source_total")))

    def undecided(self) -> Iterator[tuple[int, int]]:
        """(partition, offset) of records without an outcome."""
        yield from self._connection.execute(_sql("undecided_records"))

    def decided_nothing(self, starts: Mapping[int, int]) -> Iterator[tuple[int, int]]:
        """(partition, offset) of outcomes without a record, from the start of each partition's log on."""
        for partition, start in starts.items():
            yield from self._connection.execute(_sql("outcomes_without_record"), {"partition": partition, "start": start})

    def named_but_absent(self) -> Iterator[tuple[str, int, int]]:
        """(entry_id, partition, first offset of the range) of entries that are not on the stream."""
        yield from self._connection.execute(_sql("named_but_absent"))

    def never_named(self, ends: Mapping[int, int]) -> Iterator[tuple[str, int, int]]:
        """(entry_id, partition, offset) of entries below `ends` that no decision names."""
        for partition, end in ends.items():
            for entry_id, position in self._connection.execute(_sql("never_named"), {"partition": partition, "end": end}):
                yield entry_id, partition, position
