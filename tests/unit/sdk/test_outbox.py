"""The outbox on SQLite: with the caller's transaction or not at all, in order per key, marked only once confirmed."""

import asyncio
import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event_faults import FaultyEvent
from schemas.event_messages import EventMessage
from sources.sdk import outbox, outbox_relay
from sources.sdk.outbox import Backlog, add, backlog, create_outbox, mark_confirmed, purge, waiting
from sources.sdk.outbox_relay import OutboxRelay, RelayReport
from tests.unit.sdk.outbox_doubles import RememberingProducer, capture, id_of


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(path)
    create_outbox(connection)
    create_outbox(connection)  # again changes nothing
    connection.execute("CREATE TABLE payment (id TEXT)")
    connection.commit()
    connection.close()
    return path


def filled(database: Path, *events: tuple[str, str]) -> None:
    connection = sqlite3.connect(database)
    add(connection, *[capture(*event) for event in events])
    connection.commit()
    connection.close()


def left(database: Path) -> list[tuple[int, EventMessage]]:
    connection = sqlite3.connect(database)
    found = [tuple(one) for one in waiting(connection, 1000)]
    connection.close()
    return found  # type: ignore[return-value]


async def relayed(database: Path, producer: RememberingProducer, **options: int) -> RelayReport:
    async with OutboxRelay(lambda: sqlite3.connect(database), producer.typed(), **options) as relay:
        return await relay.run_once()


def test_an_event_is_there_with_its_fact_or_not_at_all(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("INSERT INTO payment VALUES ('p1')")
    add(connection, capture("1", "p1"))
    connection.rollback()
    assert left(database) == []
    connection.execute("INSERT INTO payment VALUES ('p1')")
    add(connection, capture("1", "p1"))
    connection.commit()
    assert [message for _, message in left(database)] == [capture("1", "p1").message()]
    connection.close()


def test_a_faulty_event_is_refused_before_anything_is_written(database: Path) -> None:
    connection = sqlite3.connect(database)
    with pytest.raises(FaultyEvent, match="/payment_id"):
        add(connection, capture("1", "p1"), capture("1", ""))
    assert waiting(connection, 10) == ()
    connection.close()


async def test_the_relay_sends_in_order_per_key_and_marks(database: Path) -> None:
    filled(database, ("1", "a"), ("1", "b"), ("2", "c"), ("1", "d"), ("2", "e"))
    producer = RememberingProducer()
    assert await relayed(database, producer) == RelayReport(5, 5, ())
    assert [[message.key.decode()[-1] for message in call] for call in producer.calls] == [["1", "2"], ["1", "2"], ["1"]]
    assert left(database) == []
    assert await relayed(database, producer) == RelayReport(0, 0, ())


async def test_what_failed_goes_again_and_holds_back_its_own_order_only(database: Path) -> None:
    filled(database, ("1", "a"), ("2", "b"), ("1", "c"), ("2", "d"))
    refused = id_of(capture("1", "a").message())
    producer = RememberingProducer(lambda message: id_of(message) != refused)
    report = await relayed(database, producer)
    assert (report.found, report.confirmed, [one.event_id for one in report.failed]) == (4, 2, [refused])
    assert [message.key[-1:] for _, message in left(database)] == [b"1", b"1"]
    producer.takes = lambda message: True
    assert (await relayed(database, producer)).confirmed == 2


async def test_while_nothing_is_taken_the_rest_of_a_batch_is_not_tried(database: Path) -> None:
    filled(database, ("1", "a"), ("1", "b"), ("2", "c"), ("2", "d"))
    producer = RememberingProducer(lambda message: False)
    assert (await relayed(database, producer)).confirmed == 0
    assert len(producer.calls) == 1


async def test_a_batch_is_bounded(database: Path) -> None:
    filled(database, *[("1", str(number)) for number in range(7)])
    assert await relayed(database, RememberingProducer(), batch_events_max=3) == RelayReport(3, 3, ())
    assert len(left(database)) == 4


class Killed(BaseException):
    """As if the process had ended here."""


async def test_killed_between_sending_and_marking_it_sends_again(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(database, ("1", "a"), ("1", "b"))
    producer = RememberingProducer()

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(outbox_relay, "mark_confirmed", killed)
    with pytest.raises(Killed):
        await relayed(database, producer)
    monkeypatch.setattr(outbox_relay, "mark_confirmed", mark_confirmed)
    assert (await relayed(database, producer)).confirmed == 2
    first, second = (id_of(capture("1", payment).message()) for payment in "ab")
    assert [id_of(message) for message in producer.stored] == [first, first, second]
    assert producer.stored[0] == producer.stored[1]


@given(st.lists(st.tuples(st.sampled_from("123"), st.integers(0, 99)), max_size=30, unique=True), st.data())
def test_whatever_fails_nothing_is_lost_and_no_order_is_turned(events: list[tuple[str, int]], data: st.DataObject) -> None:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    create_outbox(connection)
    expected = defaultdict(list)
    for order_id, number in events:
        add(connection, capture(order_id, str(number)))
        expected[order_id].append(id_of(capture(order_id, str(number)).message()))
    seen: dict[str, list[str]] = defaultdict(list)
    fate: dict[tuple[int, str], bool] = {}
    producer = RememberingProducer(lambda message: fate.setdefault((len(producer.calls), id_of(message)), data.draw(st.booleans())))
    relay = OutboxRelay(lambda: connection, producer.typed(), batch_events_max=5)

    async def tries() -> None:
        async with relay:
            for _ in range(4):
                await relay.run_once()
            producer.takes = lambda message: True
            while (await relay.run_once()).found:
                pass

    calls: list[list[EventMessage]] = producer.calls
    asyncio.run(tries())
    for number, call in enumerate(calls, start=1):
        for message in call:
            if fate.get((number, id_of(message)), True):
                seen[message.key.decode()[-1]].append(id_of(message))
    assert seen == expected


async def test_run_goes_on_until_it_is_stopped(database: Path) -> None:
    filled(database, *[("1", str(number)) for number in range(5)])
    stopping, reports = asyncio.Event(), []

    def note(report: RelayReport) -> None:
        reports.append(report)
        if len(reports) == 3:
            stopping.set()

    async with OutboxRelay(lambda: sqlite3.connect(database), RememberingProducer().typed(), batch_events_max=2) as relay:
        await relay.run(stopping, note)
    assert [report.confirmed for report in reports] == [2, 2, 1]


def test_what_was_confirmed_long_ago_is_removed(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(database, ("1", "a"), ("1", "b"))
    connection = sqlite3.connect(database)
    count, oldest = backlog(connection)
    assert count == 2
    assert oldest is not None
    mark_confirmed(connection, [1])
    assert purge(connection) == 0
    monkeypatch.setattr(outbox, "_now", lambda: oldest + 8 * outbox.MICROSECONDS_PER_DAY)
    assert purge(connection) == 1
    mark_confirmed(connection, [2])
    assert backlog(connection) == Backlog(0, None)
    connection.close()
