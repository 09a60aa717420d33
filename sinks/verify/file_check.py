"""The ledger's file itself: is it whole, is it protected, whose is it, and how far does it say it has booked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sinks.bookkeeping.audit import LedgerAudit
from sinks.chain import Unsealable, seal
from sinks.ledger import ForeignLedger, LedgerUnavailable, StreamIdentity
from sinks.verify.report import Problems
from sinks.verify.spelling import spell


@dataclass(frozen=True, slots=True)
class Stated:
    """What source_offset says: the next offset per partition (0 where it is no offset), and (length, link) as they are."""

    booked_to: Mapping[int, int]
    heads: Mapping[int, tuple[Any, Any]]


def check_file(audit: LedgerAudit, problems: Problems) -> int:
    """Compare the schema, let the database check its files, index the ids; answers how many entries there are.

    Raises `LedgerUnavailable` where a table is missing.
    """
    missing = audit.missing_tables()
    if missing:
        raise LedgerUnavailable(f"{audit.place}: no table {', '.join(missing)} in it: this is no whole ledger; restore a copy of it")
    for text in audit.schema_differences():
        problems.add("unprotected", text)
    for text in audit.integrity():
        problems.add("damaged_file", f"the database's own check: {spell(text)}")
    return audit.prepare()


def check_offsets(audit: LedgerAudit, problems: Problems, stream: StreamIdentity, numbers: Sequence[int]) -> Stated:
    """Read source_offset; raises `ForeignLedger` where it is sealed for another stream."""
    rows = audit.offsets()
    for row in rows:
        bound = StreamIdentity(cluster_id=row[0], topic=row[1], topic_id=row[2])
        if bound != stream and _sealed(row):
            raise ForeignLedger(
                f"{audit.place} books from topic {bound.topic} (id {bound.topic_id}, cluster {bound.cluster_id}), "
                f"not from {stream.topic} (id {stream.topic_id}, cluster {stream.cluster_id}): name the right broker, prefix or ledger"
            )
    stated = {row[3]: (row[4], (row[5], row[6])) for row in rows}
    started = bool(rows) or next(audit.seals(), None) is not None
    for number in numbers if started else ():
        if number not in stated:
            text = f"partition {number}: the ledger has no source_offset for it: its row was removed"
            problems.add("ledger_offset", text, partition=number)
    for number, (offset, _) in stated.items():
        if number not in numbers:
            problems.add(
                "ledger_offset", f"partition {spell(number)}: the ledger has a source_offset, but the stream has no such partition"
            )
        elif type(offset) is not int or offset < 0:
            problems.add("ledger_offset", f"partition {number}: the source_offset is {spell(offset)}, which is none", partition=number)
    return Stated(
        booked_to={number: offset for number, (offset, _) in stated.items() if number in numbers and type(offset) is int and offset >= 0},
        heads={number: head for number, (_, head) in stated.items() if number in numbers},
    )


def _sealed(row: tuple[Any, ...]) -> bool:
    try:
        return bool(seal(*row[:-1]) == row[-1])
    except Unsealable:
        return False
