"""One verification from start to end.

The order of reading makes it right on a running system. The ledger is pictured first, so that all it holds is on the
stream below the ends taken afterwards. The decisions' ends are taken after the entries were read, so that they cover
every transaction those entries came from; the entries written meanwhile are read last, for what the decisions name.
"""

from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient

from asiento.runtime.kafka_clients import client_options
from asiento.runtime.settings import Settings
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS
from sinks.ledger import ForeignLedger
from sinks.sqlite_ledger import LedgerReader
from sinks.stream_identity import identify
from sinks.topic_scan import TopicScan
from sinks.verify.ledger_check import LedgerCheck
from sinks.verify.record_check import RecordCheck
from sinks.verify.report import Problems, Report
from sinks.verify.workbook import Workbook

STILL_SECONDS_BEYOND_TRANSACTION = 30.0
"""An open transaction may hold a topic for its own longest life; so much longer is a fault."""


async def verify(settings: Settings) -> Report:
    """Compare ledger, entries, decisions and source records; changes nothing.

    Raises `LedgerError`, `StreamUnknown`, `ScanStuck`, `KafkaError`.
    """
    still_seconds_max = settings.kafka_transaction_timeout_seconds + STILL_SECONDS_BEYOND_TRANSACTION
    workbook, problems = Workbook(), Problems()
    try:
        with LedgerReader.at(settings.ledger_location) as reader:
            async with TopicScan(client_options(settings), still_seconds_max=still_seconds_max) as scan:
                return await _verify(settings, reader, scan, workbook, problems)
    finally:
        workbook.close()


async def _verify(settings: Settings, reader: LedgerReader, scan: TopicScan, workbook: Workbook, problems: Problems) -> Report:
    entries, decisions, source = (settings.topic(name) for name in (ACCOUNTING_ENTRIES, ACCOUNTING_DECISIONS, ORDERS_EVENTS))
    stream, numbers = await identify(entries, client_options(settings))
    bound = reader.stream()
    if bound is not None and bound != stream:
        raise ForeignLedger(
            f"{settings.ledger_location} books from topic {bound.topic} (id {bound.topic_id}, cluster {bound.cluster_id}), "
            f"not from {stream.topic} (id {stream.topic_id}, cluster {stream.cluster_id}): name the right broker, prefix or ledger"
        )
    ledger_check = LedgerCheck(reader, workbook, problems, reader.next_offsets())
    starts, ends = await scan.starts(entries, numbers), await scan.ends(entries, numbers)
    async for records in scan.read(entries, starts, ends):
        ledger_check.stream_records(records)
    booked, stream_total = ledger_check.finish(ends), ledger_check.entries
    source_starts = await scan.starts(source, await scan.partitions(source))
    record_check = RecordCheck(workbook, problems, source_starts, await _committed(settings, source))
    lag = await _check_records(scan, decisions, source, record_check)
    async for records in scan.read(entries, ends, await scan.ends(entries, numbers)):
        ledger_check.note(records)
    record_check.entries(ends)
    return Report(
        entries_on_stream=stream_total,
        entries_booked=booked,
        pending=ledger_check.pending,
        repeats=ledger_check.repeats,
        consumed=workbook.records_total(),
        outcomes=workbook.outcome_totals(),
        lag=lag,
        problems=problems,
    )


async def _check_records(scan: TopicScan, decisions: str, source: str, check: RecordCheck) -> int:
    """Read decisions and source; answer how many source offsets are not decided yet."""
    numbers = await scan.partitions(decisions)
    async for records in scan.read(decisions, await scan.starts(decisions, numbers), await scan.ends(decisions, numbers)):
        check.decision_records(records)
    source_ends = await scan.ends(source, tuple(check.source_starts))
    decided = {number: min(check.decided_to.get(number, start), source_ends[number]) for number, start in check.source_starts.items()}
    async for records in scan.read(source, check.source_starts, decided):
        check.source_records(records)
    check.finish()
    return sum(source_ends[number] - max(decided[number], start) for number, start in check.source_starts.items())


async def _committed(settings: Settings, source: str) -> Mapping[int, int]:
    """The workers' committed offsets on the source topic; empty before their first commit."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(settings.orders_id)
    finally:
        await admin.close()
    return {partition.partition: value.offset for partition, value in offsets.items() if partition.topic == source and value.offset >= 0}
