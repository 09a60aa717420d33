"""The facts of one replay in a temporary database: sets of any size without holding them in memory."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, Literal, NamedTuple, TypeAlias

import orjson

from schemas.decisions import DecisionBatch
from sinks.sql_files import read_sql

Side: TypeAlias = Literal["here", "there"]
"""here = what the replay says, there = what the workers decided and the ledger booked."""

CACHE_KIB: Final = 64 * 1024
"""Memory of the temporary database; what is more lies on disk, in the folder of SQLITE_TMPDIR or TMPDIR."""


class DifferingOutcome(NamedTuple):
    """A record that ended otherwise; None where one side has no outcome for it."""

    partition: int
    offset: int
    event_id: str | None
    here: str | None
    here_code: str | None
    there: str | None
    there_code: str | None


@cache
def _sql(name: str) -> str:
    return read_sql(__package__, name)


class Notes:
    """Collects outcomes and entries of both sides and answers where they differ."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        for pragma in ("synchronous = OFF", "journal_mode = OFF", f"cache_size = -{CACHE_KIB}"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_sql("schema"))
        self._connection.execute("BEGIN")

    def close(self) -> None:
        """Throw the notes away."""
        self._connection.close()

    def decisions(self, side: Side, batch: DecisionBatch, *, inside: bool) -> None:
        """Note the outcomes of a batch, healed events included; `inside`: whether it lies in the range."""
        number = batch.partition
        rows = [(side, number, one.offset, one.event_id, one.outcome, one.code, int(inside)) for one in batch.outcomes]
        self._connection.executemany(_sql("note_outcome"), rows)
        for one in batch.healed:
            values = {"side": side, "partition": number, "event_id": one.event_id, "outcome": one.outcome, "code": one.code}
            self._connection.execute(_sql("heal_outcome"), {**values, "inside": int(inside)})

    def name(self, batch: DecisionBatch) -> None:
        """Note the entries that a batch names."""
        groups = [one.entry_ids for one in batch.outcomes] + [one.entry_ids for one in batch.healed]
        self._connection.executemany(_sql("note_named"), [(entry_id,) for group in groups for entry_id in group])

    def claim(self, entry_ids: Sequence[str]) -> set[str]:
        """Those of the ids that batches have named and that were not claimed before."""
        return {row[0] for row in self._connection.execute(_sql("claim"), (orjson.dumps(entry_ids).decode(),)).fetchall()}

    def replayed(self, entries: Sequence[tuple[str, bytes]]) -> None:
        """Note (entry_id, encoded entry) of the replay."""
        self._connection.executemany(_sql("note_replayed"), entries)

    def meet(self, entry_id: str) -> bytes | None:
        """The replayed entry of an id of the books, None where there is none."""
        rows = self._connection.execute(_sql("meet"), (entry_id,)).fetchall()
        return bytes(rows[0][0]) if rows else None

    def unmet(self) -> Iterator[bytes]:
        """The replayed entries that were not met."""
        return (row[0] for row in self._connection.execute(_sql("unmet")))

    def differing_outcomes(self) -> Iterator[DifferingOutcome]:
        """By partition and offset."""
        return (DifferingOutcome(*row) for row in self._connection.execute(_sql("differing_outcomes")))

    def outcome_counts(self) -> Mapping[Side, Mapping[str, int]]:
        """How many records of the range ended how."""
        counts: dict[Side, dict[str, int]] = {"here": {}, "there": {}}
        for side, outcome, number in self._connection.execute(_sql("outcome_counts")):
            counts[side][outcome] = number
        return counts
