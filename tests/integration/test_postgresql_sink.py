"""The ledger sink as a process, a real broker and a real PostgreSQL, whatever dies of the three."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from asiento.accounting.journal import JournalEntry
from sinks.ledger import LedgerUnavailable
from sinks.ledger_access import reader_at
from tests.integration.ledger_sink import DEADLINE_SECONDS, POLL_SECONDS, LedgerSink, committed_entries, emit, make_topics
from tests.postgresql import PostgresqlServer
from tests.unit.sinks.journal import capture, invoice

PARTITIONS = 2


@pytest.fixture
async def sink(tmp_path: Path, kafka: str, topic_prefix: str, postgresql: str) -> AsyncIterator[LedgerSink]:
    """A sink with its empty topic and an empty database; not started."""
    sink = LedgerSink(tmp_path, kafka, topic_prefix, ledger_url=postgresql)
    await make_topics(kafka, [sink.topic, sink.acks], PARTITIONS)
    yield sink
    sink.close()


def pairs(first: int, count: int) -> list[tuple[int, JournalEntry]]:
    """A capture and an invoice per order, each order on its partition."""
    return [(number % PARTITIONS, entry) for number in range(first, first + count) for entry in (capture(number), invoice(number))]


async def test_an_empty_database_becomes_a_ledger_and_the_sink_drains_on_sigterm(sink: LedgerSink, kafka: str) -> None:
    await emit(kafka, sink.topic, pairs(1, 20))
    sink.start()
    await sink.wait_booked(40)
    await sink.wait_offsets({0: 21, 1: 21})
    assert sink.terminate() == 0
    assert sink.booked() == await committed_entries(kafka, sink.topic, PARTITIONS)


async def test_a_second_sink_is_told_that_there_is_one(sink: LedgerSink, kafka: str, tmp_path: Path, topic_prefix: str) -> None:
    await emit(kafka, sink.topic, pairs(1, 1))
    sink.start()
    await sink.wait_booked(2)
    second = LedgerSink(tmp_path, kafka, topic_prefix, ledger_url=sink.ledger_url)
    second.log = tmp_path / "second.log"
    second.start()
    assert await second.wait_exit() == 1
    assert "writes this ledger" in second.log.read_text()
    assert sink.running


async def test_a_sink_that_is_killed_between_copy_and_commit_books_once(sink: LedgerSink, kafka: str) -> None:
    """Its batch is held up half written, and it is killed there."""
    await emit(kafka, sink.topic, pairs(1, 3))
    sink.start()
    await sink.wait_booked(6)
    with closing(psycopg.connect(sink.ledger_url)) as other:
        other.execute("LOCK TABLE asiento_ledger.posting IN SHARE MODE")
        await emit(kafka, sink.topic, pairs(4, 3))
        await wait_until(lambda: waits_for_a_lock(other))
        sink.kill()
        other.rollback()
    assert len(sink.booked()) == 6
    sink.start()
    await sink.wait_booked(12)
    assert sink.terminate() == 0
    assert sink.booked() == await committed_entries(kafka, sink.topic, PARTITIONS)


async def test_a_server_that_is_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path, kafka: str, topic_prefix: str) -> None:
    """kill -9 of PostgreSQL at random instants while batches are committed; whoever supervises the sink starts it again."""
    server, noise = PostgresqlServer(durable=True), random.Random(7)
    try:
        server.start()
        sink = LedgerSink(tmp_path, kafka, topic_prefix, ledger_url=server.new_database("books"), sink_batch_entries_max="10")
        await make_topics(kafka, [sink.topic, sink.acks], PARTITIONS)
        placed = pairs(1, 600)
        await emit(kafka, sink.topic, placed)
        sink.start()
        for crash in range(3):
            await wait_until(partial(has_booked, sink, 150 * (crash + 1)))
            await asyncio.sleep(noise.uniform(0, 0.05))
            server.crash()
            assert await sink.wait_exit() == 3
            server.come_back()
            away = time.monotonic()
            sink.start()
            before = booked_entries(sink)
            await wait_until(partial(has_booked, sink, before + 1))
            assert time.monotonic() - away < 30
        await sink.wait_booked(len(placed))
        assert sink.terminate() == 0
        assert sink.booked() == await committed_entries(kafka, sink.topic, PARTITIONS)
        with reader_at(sink.ledger_url) as reader:
            assert [row.entry_no for row in reader.all_rows()] == list(range(1, len(placed) + 1))
    finally:
        sink.close()
        server.stop()


async def test_a_server_that_is_not_there_is_a_dependency_that_is_unreachable(tmp_path: Path, kafka: str, topic_prefix: str) -> None:
    sink = LedgerSink(tmp_path, kafka, topic_prefix, ledger_url="postgresql://ana:canary-7@127.0.0.1:9/books")
    await make_topics(kafka, [sink.topic, sink.acks], PARTITIONS)
    sink.start()
    assert await sink.wait_exit() == 3
    assert "postgresql://127.0.0.1:9/books" in sink.log.read_text()
    assert "canary-7" not in sink.log.read_text()


def booked_entries(sink: LedgerSink) -> int:
    """How many entries are booked; 0 while the server is away."""
    try:
        with reader_at(sink.ledger_url) as reader:
            return reader.last_entry()[0]
    except LedgerUnavailable:
        return 0


def has_booked(sink: LedgerSink, entries: int) -> bool:
    """Whether so many entries are booked."""
    return booked_entries(sink) >= entries


def waits_for_a_lock(connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
    """Whether the sink's session waits."""
    text = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'asiento ledger sink' AND wait_event_type = 'Lock'"
    return connection.execute(text).fetchone() == (1,)


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline
        await asyncio.sleep(POLL_SECONDS)
