"""A group that was set back to records that were left out: what was not judged before counts, what was stays as it is."""

from dataclasses import replace

import pytest

from asiento.runtime.metrics import Exporter, Metrics
from schemas.decisions import DecisionBatch, HealedOutcome, RecordOutcome, decode_decisions, encode_decisions
from schemas.topics import ACCOUNTING_DECISIONS, ORDERS_EVENTS
from sinks.databases.database import Row
from sinks.databases.sqlite import SqliteDatabase
from sinks.projector.database import OPERATIONAL, migrate
from sinks.projector.figures import FiguresReader
from sinks.projector.folding import PlacedBatch, named_again
from sinks.projector.gauges import AccountedGauges
from sinks.projector.writer import OperationalWriter
from sinks.verify.workbook import Workbook
from tests.projected_stream import STARTED_AT, ProjectedStream, projected_stream
from tests.unit.projector.feeding import Feeder, dumped, written

PARTITION = 2
LATE = STARTED_AT + 86_400_000_000


def batches(stream: ProjectedStream) -> list[DecisionBatch]:
    """Those of the partition, in their order."""
    return [decode_decisions(record.value) for record in stream.topics[ACCOUNTING_DECISIONS][PARTITION]]


def put(stream: ProjectedStream, batch: DecisionBatch) -> None:
    stream.put(ACCOUNTING_DECISIONS, PARTITION, None, encode_decisions(batch), LATE)


def leave_out(stream: ProjectedStream, number: int) -> DecisionBatch:
    """As if the group had been set beyond the records of that batch before they were judged."""
    left_out = batches(stream)[number]
    del stream.topics[ACCOUNTING_DECISIONS][PARTITION][number]
    return left_out


def judged_again(stream: ProjectedStream, left_out: DecisionBatch) -> DecisionBatch:
    """From the start of what was left out to the end, in one batch: the rest are duplicates now."""
    told = [item for batch in batches(stream) for item in batch.outcomes if item.offset >= left_out.next_offset]
    duplicates = tuple(replace(item, outcome="duplicate", code=None, entry_ids=()) for item in told)
    outcomes = left_out.outcomes + duplicates
    return replace(left_out, next_offset=batches(stream)[-1].next_offset, outcomes=outcomes, decided_at=LATE)


def rows_of(writer: OperationalWriter, table: str) -> set[Row]:
    return set(writer.database.query(f"SELECT * FROM {table} WHERE partition = ?", (PARTITION,)))  # noqa: S608 - of this test alone


def accounted(gauges: AccountedGauges, metrics: Metrics, writer: OperationalWriter) -> tuple[float, dict[str, float]]:
    """What is unaccounted of the partition, and its records by outcome."""
    while gauges.read(FiguresReader(writer.database)):
        pass
    gauges.show()
    found: dict[str, dict[str, float]] = {"asiento_accounted_records": {}, "asiento_unaccounted_records": {}}
    for family in metrics.registry.collect():
        for sample in family.samples:
            if family.name in found and sample.labels.get("partition") == str(PARTITION):
                found[family.name][sample.labels.get("outcome", "")] = sample.value
    return found["asiento_unaccounted_records"][""], found["asiento_accounted_records"]


def test_records_that_were_left_out_are_accounted_for_once_they_are_judged() -> None:
    """While the projector runs: the alert ends. What verify adds up is the same."""
    stream, metrics = projected_stream(), Metrics(Exporter.PROJECTOR)
    left_out = leave_out(stream, 1)
    writer = written(stream)
    before, gauges = rows_of(writer, "decision"), AccountedGauges(metrics, ORDERS_EVENTS)
    assert accounted(gauges, metrics, writer)[0] == len(left_out.outcomes) > 0

    put(stream, judged_again(stream, left_out))
    Feeder(writer, stream).finish()
    after = rows_of(writer, "decision")
    assert before < after, "what was decided before stays as it is"
    assert {row[1] for row in after - before} == {item.offset for item in left_out.outcomes}

    workbook = Workbook()
    doubled = [workbook.note_decisions(batch)[0] for batch in batches(stream)]
    assert doubled[-1] > 0, "verify goes on naming what was decided twice"
    totals = workbook.outcome_totals()[PARTITION]
    workbook.close()
    missing, shown = accounted(gauges, metrics, writer)
    assert (missing, {outcome: number for outcome, number in shown.items() if number}) == (0, totals)
    fresh = Metrics(Exporter.PROJECTOR)
    assert accounted(AccountedGauges(fresh, ORDERS_EVENTS), fresh, writer) == (0, shown), "after a start it is the same"


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_late_outcomes_are_the_same_in_whatever_slices_they_are_written(count: int) -> None:
    """And when the database is made again, where all may come at once."""
    stream = projected_stream()
    left_out = leave_out(stream, 1)
    again = judged_again(stream, left_out)
    cut = left_out.next_offset - 2
    parts = [replace(again, next_offset=cut, outcomes=tuple(item for item in again.outcomes if item.offset < cut), healed=()), again]
    for batch in (*parts, again):
        put(stream, batch)
    database = SqliteDatabase.in_memory(OPERATIONAL)
    migrate(database)
    writer = OperationalWriter(database)
    feeder = Feeder(writer, stream)
    while places := feeder.open:
        feeder.step([(*place, count) for place in places])
        writer = OperationalWriter(database)  # as after a restart
        feeder = Feeder(writer, stream)
    assert dumped(writer) == dumped(written(stream))


def test_a_range_that_is_told_again_changes_nothing_but_its_batch() -> None:
    stream = projected_stream()
    usual = written(stream)
    for batch in batches(stream):
        put(stream, replace(batch, worker="w2", decided_at=LATE))
    again = written(stream)
    for table in ("decision", "event_state", "healed"):
        assert rows_of(again, table) == rows_of(usual, table)
    assert len(rows_of(again, "decision_batch")) == 2 * len(rows_of(usual, "decision_batch"))


def test_a_late_record_lets_go_of_what_waited_for_it() -> None:
    """The event that waited was judged before, the one that it waited for is judged late: it waits no more."""
    event_id, posted = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
    stream = projected_stream()
    end = batches(stream)[-1].next_offset
    waits = RecordOutcome(offset=end + 1, event_id=event_id, order_key="a:b:c:d", outcome="deferred", code="unknown_order", entry_ids=())
    comes = replace(waits, offset=end, event_id=posted, outcome="posted", code=None)
    usual = replace(batches(stream)[-1], first_offset=end + 1, next_offset=end + 2, outcomes=(waits,), healed=())
    put(stream, usual)
    healed = (HealedOutcome(event_id=event_id, outcome="posted", code=None, entry_ids=()),)
    put(stream, replace(usual, first_offset=end, outcomes=(comes, replace(waits, outcome="duplicate", code=None)), healed=healed))
    put(stream, replace(usual, first_offset=end, outcomes=(comes,), healed=healed))
    writer = written(stream)
    assert [row[4] for row in rows_of(writer, "event_state") if row[1] == event_id] == ["posted"]
    assert len([row for row in rows_of(writer, "healed") if row[3] == event_id]) == 1, "told twice, it was healed once"
    outcomes = {row[1]: row[4] for row in rows_of(writer, "decision")}
    assert (outcomes[end], outcomes[end + 1]) == ("posted", "deferred")


def test_the_database_is_asked_about_what_was_decided_only_where_a_range_is_named_again() -> None:
    placed = [PlacedBatch(number, batch) for number, batch in enumerate(batches(projected_stream()))]
    until = 0
    for one in placed:
        assert named_again([one], {PARTITION: until}) == []
        until = one.batch.next_offset
    (found,) = named_again(placed[1:2], {PARTITION: until})
    assert (found.partition, found.start, found.end) == (PARTITION, placed[1].batch.first_offset, placed[1].batch.next_offset)
    (cut,) = named_again(placed[-1:], {PARTITION: until - 1})
    assert cut.end == until - 1
