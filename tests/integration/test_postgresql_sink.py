"""The ledger sink as a process, a real broker and a real PostgreSQL, whatever dies of the three."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asiento.accounting.journal import JournalEntry
from tests.integration.ledger_sink import LedgerSink, committed_entries, emit, make_topics
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
