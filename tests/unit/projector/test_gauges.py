"""Gauges out of the operational database: they agree with what it answers to people, and cost what has changed."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import pytest

from asiento.runtime.metrics import Exporter, Metrics
from schemas.decisions import OUTCOMES, decode_decisions
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ORDERS_DLQ, ORDERS_EVENTS
from schemas.wording.messages import CODES
from sinks.databases.database import Database, Row
from sinks.databases.sqlite import SqliteDatabase
from sinks.projector import gauges as gauges_module
from sinks.projector.database import OPERATIONAL, migrate
from sinks.projector.figures import FiguresReader
from sinks.projector.gauges import SEVERITIES, AccountedGauges, Gauges, OpenGauges
from sinks.projector.reader import OperationalReader
from sinks.projector.writer import OperationalWriter
from sinks.verify.workbook import Workbook
from tests.projected_stream import STARTED_AT, ProjectedStream, projected_stream
from tests.unit.projector.feeding import Feeder, written

NOW = STARTED_AT + 3_600_000_000
PARTITIONS = range(3)


@pytest.fixture
def stream() -> ProjectedStream:
    return projected_stream()


@pytest.fixture
def database(stream: ProjectedStream) -> Database:
    return written(stream).database


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Exporter.PROJECTOR)


def shown(metrics: Metrics, name: str, **labels: object) -> float | None:
    return metrics.registry.get_sample_value(name, {label: str(value) for label, value in labels.items()})


def series(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Values by the values of their labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in metrics.registry.collect()
        if family.name == name
        for sample in family.samples
    }


def show_open(metrics: Metrics, database: Database, now: int = NOW) -> OpenGauges:
    gauges = OpenGauges(metrics)
    gauges.read(FiguresReader(database))
    gauges.show(now)
    return gauges


def show_accounted(metrics: Metrics, database: Database) -> AccountedGauges:
    gauges = AccountedGauges(metrics, ORDERS_EVENTS)
    while gauges.read(FiguresReader(database)):
        pass
    gauges.show()
    return gauges


def test_open_items_are_those_that_people_are_shown(metrics: Metrics, database: Database) -> None:
    show_open(metrics, database)
    counts = OperationalReader(database).open_counts()
    by_kind = {
        "parked": counts.parked,
        "rejected": counts.rejected,
        "discrepancy": counts.discrepancies,
        "dead_letter": counts.dead_letters,
        "proposal": {"": counts.proposals},
    }
    assert min(sum(codes.values()) for codes in by_kind.values()) >= 1, "there is something of each to look at"
    expected = {(kind, code): number for kind, codes in by_kind.items() for code, number in codes.items()}
    assert series(metrics, "asiento_open_items") == expected


def test_ages_are_those_of_the_oldest(metrics: Metrics, database: Database) -> None:
    show_open(metrics, database)
    reader = OperationalReader(database)
    parked = reader.parked(limit=None)
    rejected = reader.rejected(limit=None)
    letters = reader.dead_letters(limit=None)
    discrepancies = reader.discrepancies(limit=None)
    proposals = reader.open_proposals()
    oldest: dict[tuple[str, str], int] = {}
    found = [
        *((("parked", one.code or ""), one.since) for one in parked),
        *((("rejected", one.code or ""), one.since) for one in rejected),
        *((("dead_letter", one.reason), one.first_seen_at) for one in letters),
        *((("discrepancy", one.value.code), one.value.raised_at) for one in discrepancies),
        *((("proposal", ""), one.at) for one in proposals),
    ]
    for key, at in found:
        oldest[key] = min(at, oldest.get(key, at))
    assert series(metrics, "asiento_open_items_oldest_seconds") == {key: max(0, NOW - at) / 1e6 for key, at in oldest.items()}
    assert max(series(metrics, "asiento_open_items_oldest_seconds").values()) > 0


def test_discrepancies_have_a_series_for_every_code_and_severity_before_the_first_one(metrics: Metrics) -> None:
    database = SqliteDatabase.in_memory(OPERATIONAL)
    migrate(database)
    show_open(metrics, database)
    closed_set = {(code, severity) for code in CODES for severity in SEVERITIES}
    assert series(metrics, "asiento_discrepancies_open") == dict.fromkeys(closed_set, 0.0)
    assert series(metrics, "asiento_discrepancies_oldest_seconds") == dict.fromkeys(closed_set, 0.0)


def test_open_discrepancies_are_counted_by_code_and_severity(metrics: Metrics, database: Database) -> None:
    show_open(metrics, database)
    expected: dict[tuple[str, str], int] = {}
    for one in OperationalReader(database).discrepancies(limit=None):
        key = (one.value.code, one.value.severity)
        expected[key] = expected.get(key, 0) + 1
    assert expected
    assert {key: number for key, number in series(metrics, "asiento_discrepancies_open").items() if number} == expected


def test_what_is_over_stays_with_0(metrics: Metrics, database: Database) -> None:
    gauges = show_open(metrics, database)
    (code, severity), *_ = [key for key, number in series(metrics, "asiento_discrepancies_open").items() if number]
    database.change("UPDATE discrepancy SET state = 'RESOLVED'")
    gauges.written([ACCOUNTING_DISCREPANCIES])
    gauges.read(FiguresReader(database))
    gauges.show(NOW)
    assert shown(metrics, "asiento_open_items", kind="discrepancy", code=code) == 0
    assert shown(metrics, "asiento_open_items_oldest_seconds", kind="discrepancy", code=code) == 0
    assert shown(metrics, "asiento_discrepancies_open", code=code, severity=severity) == 0


def test_an_age_grows_without_the_database(metrics: Metrics, database: Database) -> None:
    gauges = show_open(metrics, database)
    before = series(metrics, "asiento_open_items_oldest_seconds")["dead_letter", "bad_magic"]
    gauges.show(NOW + 60_000_000)
    assert series(metrics, "asiento_open_items_oldest_seconds")["dead_letter", "bad_magic"] == before + 60


def test_only_what_may_have_changed_is_asked_again(metrics: Metrics, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    gauges = show_open(metrics, database)
    asked: list[str] = []
    ask = FiguresReader._ask

    def noting(self: FiguresReader, name: str, *values: object) -> list[Row]:
        asked.append(name)
        return ask(self, name, *values)

    monkeypatch.setattr(FiguresReader, "_ask", noting)
    gauges.read(FiguresReader(database))
    assert asked == []
    gauges.written([ORDERS_DLQ])
    gauges.read(FiguresReader(database))
    assert asked == ["open_dead_letters"]


def verified(stream: ProjectedStream, partition: int) -> Mapping[str, int]:
    """What `asiento verify` makes of the decisions."""
    with closing(Workbook()) as workbook:
        for record in stream.records(ACCOUNTING_DECISIONS):
            workbook.note_decisions(decode_decisions(record.value))
        return workbook.outcome_totals()[partition]


def test_every_record_is_accounted_for_once(metrics: Metrics, stream: ProjectedStream, database: Database) -> None:
    show_accounted(metrics, database)
    for partition in PARTITIONS:
        assert shown(metrics, "asiento_unaccounted_records", partition=partition) == 0
        found = {outcome: shown(metrics, "asiento_accounted_records", partition=partition, outcome=outcome) for outcome in OUTCOMES}
        assert {outcome: number for outcome, number in found.items() if number} == verified(stream, partition)
        assert sum(number or 0 for number in found.values()) == len(stream.topics[ORDERS_EVENTS][partition])


@pytest.mark.parametrize("seed", range(5))
def test_no_order_in_which_topics_are_projected_shows_a_false_alarm(
    metrics: Metrics, stream: ProjectedStream, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decisions may be projected long before their records, and the other way round."""
    monkeypatch.setattr(gauges_module, "SLICE_OFFSETS_MAX", 3)
    database = SqliteDatabase.in_memory(OPERATIONAL)
    migrate(database)
    feeder = Feeder(OperationalWriter(database), stream)
    gauges, number = AccountedGauges(metrics, ORDERS_EVENTS), seed
    while places := feeder.open:
        number = (number * 1_103_515_245 + 12_345) % 2**31
        feeder.step([(*places[number % len(places)], 1 + number % 9)])
        gauges.read(FiguresReader(database))
        gauges.show()
        assert set(series(metrics, "asiento_unaccounted_records").values()) <= {0.0}
    show_accounted(metrics, database)
    assert sum(series(metrics, "asiento_accounted_records").values()) == sum(1 for _ in stream.records(ORDERS_EVENTS))


@pytest.mark.parametrize(("table", "missing"), [("decision", 2), ("event", 2)])
def test_a_record_without_an_outcome_and_an_outcome_without_a_record_show(
    metrics: Metrics, database: Database, table: str, missing: int
) -> None:
    database.change(f"DELETE FROM {table} WHERE partition = 1 AND record_offset IN (2, 3)")  # noqa: S608 - of the list above
    show_accounted(metrics, database)
    assert [shown(metrics, "asiento_unaccounted_records", partition=partition) for partition in PARTITIONS] == [0, missing, 0]


def test_what_was_missing_is_counted_when_it_comes_at_last(metrics: Metrics, database: Database) -> None:
    """As when the group is set back to records that were left out: the alert ends without a restart."""
    where = "WHERE partition = 1 AND record_offset = 2"
    (row,) = database.query(f"SELECT * FROM decision {where}")  # noqa: S608 - of this test alone
    database.change(f"DELETE FROM decision {where}")  # noqa: S608
    gauges = show_accounted(metrics, database)
    short = sum(series(metrics, "asiento_accounted_records").values())
    assert shown(metrics, "asiento_unaccounted_records", partition=1) == 1
    database.change(f"INSERT INTO decision VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    gauges.read(FiguresReader(database))
    gauges.show()
    assert shown(metrics, "asiento_unaccounted_records", partition=1) == 0
    assert sum(series(metrics, "asiento_accounted_records").values()) == short + 1


def test_a_partition_is_shown_when_it_is_whole_and_not_before(
    metrics: Metrics, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges_module, "SLICE_OFFSETS_MAX", 5)
    gauges, reader = AccountedGauges(metrics, ORDERS_EVENTS), FiguresReader(database)
    assert gauges.read(reader)
    gauges.show()
    assert series(metrics, "asiento_unaccounted_records") == {}, "half a partition is no figure"
    while gauges.read(reader):
        pass
    gauges.show()
    assert len(series(metrics, "asiento_unaccounted_records")) == len(PARTITIONS)


async def test_both_are_kept_up_to_date(metrics: Metrics, stream: ProjectedStream, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written while they are shown is shown soon."""
    monkeypatch.setattr(gauges_module, "SHOWN_SECONDS", 0.01)
    database = SqliteDatabase.in_memory(OPERATIONAL)
    migrate(database)
    feeder, gauges = Feeder(OperationalWriter(database), stream), Gauges(metrics, ORDERS_EVENTS)

    async def at_once(work: Callable[[], Any]) -> Any:
        return work()

    showing = asyncio.create_task(gauges.keep_showing(at_once, database, lambda: NOW))
    try:
        async with asyncio.timeout(10):
            while shown(metrics, "asiento_unaccounted_records", partition=0) is None:
                await asyncio.sleep(0)
        assert set(series(metrics, "asiento_accounted_records").values()) == {0.0}
        feeder.finish()
        gauges.written(stream.topics)
        total = sum(1 for _ in stream.records(ORDERS_EVENTS))
        async with asyncio.timeout(10):
            while sum(series(metrics, "asiento_accounted_records").values()) < total:
                await asyncio.sleep(0)
            while not shown(metrics, "asiento_open_items", kind="dead_letter", code="bad_magic"):
                await asyncio.sleep(0)
    finally:
        showing.cancel()
