"""An ordered dump of the operational database: every row of every table as one JSON line, the same on both databases."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from sinks.databases.database import Database


@dataclass(frozen=True, slots=True)
class DumpedTable:
    """A table and the columns that its rows are ordered by."""

    name: str
    key: tuple[str, ...]


TABLES: Final = (
    DumpedTable("event", ("partition", "record_offset")),
    DumpedTable("decision_batch", ("partition", "batch_offset")),
    DumpedTable("decision", ("partition", "record_offset")),
    DumpedTable("healed", ("partition", "batch_offset", "place")),
    DumpedTable("event_state", ("partition", "event_id")),
    DumpedTable("entry", ("entry_id",)),
    DumpedTable("discrepancy_log", ("partition", "record_offset")),
    DumpedTable("discrepancy", ("discrepancy_id",)),
    DumpedTable("dead_letter", ("partition", "record_offset")),
    DumpedTable("ack", ("partition", "record_offset")),
    DumpedTable("operator_action", ("action_id",)),
    DumpedTable("closing", ("subject_kind", "subject")),
    DumpedTable("assignment", ("subject_kind", "subject")),
    DumpedTable("source_offset", ("topic", "partition")),
    DumpedTable("retention_gap", ("topic", "partition", "first_offset")),
)
"""Every table but the one of versions, in the order of the dump."""


@dataclass(frozen=True, slots=True)
class DumpedRow:
    """A row of the dump; rows of one dump come in the order of `place`."""

    table: DumpedTable
    place: tuple[int | str, ...]
    values: dict[str, int | str | None]

    def line(self) -> bytes:
        """The row as one JSON object, newline included: `table`, then the columns in their order; None stays null."""
        return orjson.dumps({"table": self.table.name, **self.values}, option=orjson.OPT_APPEND_NEWLINE)


def dump_rows(database: Database) -> Iterator[DumpedRow]:
    """Every row; the caller has begun a transaction."""
    for number, table in enumerate(TABLES):
        columns = database.columns(table.name)
        for row in database.stream(f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"):  # noqa: S608
            values = dict(zip(columns, row, strict=True))
            yield DumpedRow(table, (number, *(values[column] for column in table.key)), values)


def dump_lines(database: Database) -> Iterator[bytes]:
    """The whole dump as JSON lines; the caller has begun a transaction."""
    return (row.line() for row in dump_rows(database))
