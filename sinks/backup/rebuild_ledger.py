"""A ledger booked anew from the archived entries topic, without a broker: as far as the backed-up ledger was."""

from collections.abc import Iterator
from pathlib import Path

from asiento.runtime.service_process import now_microseconds
from schemas.topics import ACCOUNTING_ENTRIES
from sinks.backup.errors import BackupRefused
from sinks.backup.sqlite_copy import publish
from sinks.backup.topic_archive import SLICE_RECORDS_MAX, read_partition
from sinks.delivery import bookable_of
from sinks.entry_stream import Record, StreamBroken
from sinks.ledger import Batch, OffsetRange
from sinks.sqlite_ledger import SqliteLedger
from sinks.verify.kept_heads import KeptHeads


async def rebuild_ledger(backup: Path, heads: KeptHeads, target: Path) -> None:
    """Book every archived entry below the heads' offsets into a new ledger at `target`.

    Numbers and times of booking are new, all else is as it was, the hash chain too. Raises `BackupRefused`, `LedgerError`.
    """
    partial = target.with_name(f"{target.name}.part")
    ledger = SqliteLedger(partial, now_microseconds)
    await ledger.open(heads.stream, sorted(heads.booked_to))
    try:
        for partition, end in sorted(heads.booked_to.items()):
            for batch in _batches(backup, partition, end):
                await ledger.book(batch)
    except StreamBroken as error:
        raise BackupRefused(f"the archived entries cannot be booked: {error}") from error
    finally:
        await ledger.close()
    partial.with_name(f"{partial.name}.lock").unlink()
    publish(partial, target)


def _batches(backup: Path, partition: int, end: int) -> Iterator[Batch]:
    start, found = 0, list[Record]()
    for record in read_partition(backup, ACCOUNTING_ENTRIES, partition):
        if record.offset >= end:
            break
        found.append(record)
        if len(found) == SLICE_RECORDS_MAX:
            yield _batch(found, partition, start, record.offset + 1)
            start, found = record.offset + 1, []
    if start < end:
        yield _batch(found, partition, start, end)


def _batch(records: list[Record], partition: int, start: int, end: int) -> Batch:
    moved = OffsetRange(partition=partition, start=start, end=end)
    return Batch(ranges=(moved,), entries=tuple(bookable_of(record) for record in records))
