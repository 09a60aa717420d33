"""Two operational databases compared, row by row in the order of their dumps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from typing import Final, cast

from schemas.topics import ACCOUNTING_ACKS, ORDERS_DLQ
from sinks.databases.database import Database
from sinks.projector.answers import RetentionGap
from sinks.projector.dump import DumpedRow, dump_rows

DIFFERENCES_LISTED_MAX: Final = 50
_TABLE_OF: Final = {ORDERS_DLQ: "dead_letter", ACCOUNTING_ACKS: "ack"}
"""Topics with a retention, and the table that their records make."""


@dataclass(slots=True)
class Comparison:
    """What differs between a database and its rebuild; at most `DIFFERENCES_LISTED_MAX` are listed, all are counted.

    `taken_by_retention`: table -> rows that the topics cannot make again any more.
    """

    rows: int = 0
    differences: int = 0
    listed: list[str] = field(default_factory=list)
    taken_by_retention: dict[str, int] = field(default_factory=dict)

    def note(self, what: str, row: DumpedRow) -> None:
        """Count a difference, and list it if there is room."""
        self.differences += 1
        if len(self.listed) < DIFFERENCES_LISTED_MAX:
            self.listed.append(f"{what}: {row.table.name} {'/'.join(str(part) for part in row.place[1:])}")


def compare(kept: Database, rebuilt: Database, gaps: Sequence[RetentionGap], topic_prefix: str) -> Comparison:
    """Compare row by row; rows that stand in the rebuild's gaps are counted apart. The callers have begun transactions.

    What each database missed itself (`retention_gap`) is no difference: it depends on when it was made.
    """
    result = Comparison()
    gone = {(_TABLE_OF[gap.topic.removeprefix(topic_prefix)], gap.partition): gap.next_offset for gap in gaps}
    both = merge(_comparable(kept, 0), _comparable(rebuilt, 1), key=_place_and_side)
    for _, group in groupby(both, key=lambda sided: sided[1].place):
        rows = dict(group)
        if len(rows) == 2:
            result.rows += 1
            if rows[0].values != rows[1].values:
                result.note("differs", rows[0])
        elif 1 in rows:
            result.note("only in the rebuild", rows[1])
        elif _is_gone(rows[0], gone):
            table = rows[0].table.name
            result.taken_by_retention[table] = result.taken_by_retention.get(table, 0) + 1
        else:
            result.note("only in the database", rows[0])
    return result


def _comparable(database: Database, side: int) -> Iterator[tuple[int, DumpedRow]]:
    return ((side, row) for row in dump_rows(database) if row.table.name != "retention_gap")


def _place_and_side(sided: tuple[int, DumpedRow]) -> tuple[tuple[int | str, ...], int]:
    return sided[1].place, sided[0]


def _is_gone(row: DumpedRow, gone: Mapping[tuple[str, int], int]) -> bool:
    if row.table.name not in _TABLE_OF.values():
        return False
    partition, offset = cast(tuple[int, int], row.place[1:])
    return offset < gone.get((row.table.name, partition), 0)
