"""Orders with refunds in a real Tryton, while the process that posts there dies again and again: every balance is ours, nothing twice."""

import logging
import time
from pathlib import Path

import pytest

from schemas.event_messages import message_from_json
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES
from sinks.trial_balance import read_trial_balance
from tests.acceptance.load import Load, Sent
from tests.acceptance.order_pipeline import OrderPipeline
from tests.acceptance.tryton_connection import TrytonConnection, euro_orders
from tests.integration.ledger_sink import LedgerSink, emit, make_topics
from tests.oracle.lives import life
from tests.tryton_chart import CURRENCY
from tests.tryton_server import TrytonBooks
from tests.unit.sinks_planner.lived import entries_of

LOG = logging.getLogger("tryton")
BOOKED_SECONDS_MAX = 300.0


@pytest.mark.soak
@pytest.mark.parametrize("mode", ["journals", "documents"])
async def test_a_few_orders_and_three_deaths(kafka: str, topic_prefix: str, tmp_path: Path, tryton_books: TrytonBooks, mode: str) -> None:
    """Entries of 20 orders, as they stand on their topic."""
    entries = [entry for profile, seed in euro_orders(20) for entry in entries_of(profile, seed)]
    await make_topics(kafka, [f"{topic_prefix}{name}" for name in (ACCOUNTING_ENTRIES, ACCOUNTING_ACKS, ACCOUNTING_DISCREPANCIES)], 1)
    await emit(kafka, f"{topic_prefix}{ACCOUNTING_ENTRIES}", [(0, entry) for entry in entries])
    tryton_books.empty()
    ours = LedgerSink(tmp_path, kafka, topic_prefix, partitions="1")
    connection = TrytonConnection(tmp_path / "erp", kafka, topic_prefix, tryton_books, mode, ledger_url=ours.ledger_url)
    try:
        ours.start()
        connection.start()
        connection.die_often(3, len(entries), seed=3)
        states = connection.wait_posted(len(entries))
        await ours.wait_booked(len(entries))
        assert (connection.terminate(), ours.terminate()) == (0, 0)
        assert set(states) == {"POSTED"}
        connection.check(read_trial_balance(ours.ledger_url)[CURRENCY], states["POSTED"])
        read_back = connection.reconcile()
        assert (read_back["documents"]["compared"], read_back["findings"]) == (states["POSTED"], [])
    finally:
        connection.close()
        ours.close()


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("mode", ["journals", "documents"])
def test_orders_end_to_end_and_twenty_deaths(kafka: str, topic_prefix: str, tmp_path: Path, tryton_books: TrytonBooks, mode: str) -> None:
    """300 orders from their events on: worker, our own ledger, and Tryton."""
    pipeline = OrderPipeline(kafka, topic_prefix, tmp_path)
    connection = TrytonConnection(tmp_path / "erp", kafka, topic_prefix, tryton_books, mode, ledger_url=pipeline.sink.ledger_url)
    tryton_books.empty()
    try:
        balances, entries = _booked_by_us(pipeline, euro_orders(300))
        started = time.monotonic()
        connection.start()
        deaths = connection.die_often(20, entries, seed=11)
        states = connection.wait_posted(entries)
        assert connection.terminate() == 0
        seconds = time.monotonic() - started
        LOG.warning("%s: %d entries, %s, deaths after %s documents, %.0f s", mode, entries, states, deaths, seconds)
        assert set(states) == {"POSTED"}
        connection.check(balances, states["POSTED"])
        read_back = connection.reconcile()
        assert (read_back["documents"]["compared"], read_back["findings"]) == (states["POSTED"], [])
    finally:
        connection.close()
        pipeline.close()


def _booked_by_us(pipeline: OrderPipeline, orders: list[tuple[str, int]]) -> tuple[dict[str, int], int]:
    """All events judged and booked in our own ledger; its balances in the currency of the books, and how many entries it has."""
    events = [message_from_json(event) for profile, seed in orders for event in life(profile, seed)]
    records = [Sent(one.key, one.value, one.partition(pipeline.stream.partitions)) for one in events]
    Load(pipeline.stream, iter(records)).send(len(records))
    worker = pipeline.stream.start_worker()
    pipeline.sink.start()
    deadline = time.monotonic() + BOOKED_SECONDS_MAX
    while pipeline.stream.lag() > 0 or pipeline.open_transactions() or pipeline.ledger_lag() > 0:
        assert time.monotonic() < deadline, pipeline.sink.log.read_text()[-4000:]
        time.sleep(1)
    assert worker.wait_ready().stop() == 0
    assert pipeline.sink.terminate() == 0
    return read_trial_balance(f"sqlite:///{pipeline.sink.ledger}")[CURRENCY], len(pipeline.sink.booked())
