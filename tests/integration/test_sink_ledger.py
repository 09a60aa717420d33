"""The ledger sink as a process on a real broker: books what is committed, once, whatever happens to it."""

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from confluent_kafka.admin import AdminClient

from asiento.accounting.journal import JournalEntry
from asiento.runtime.local_kafka import LocalKafka
from schemas.entries import encode_entry
from sinks.ledger_access import reader_at
from tests.integration.ledger_sink import LedgerSink, committed_entries, emit, emit_raw, make_topics, published_acks, wait_acks
from tests.unit.sinks.journal import capture, hashed, invoice

PARTITIONS = 2


@pytest.fixture
async def sink(tmp_path: Path, kafka: str, topic_prefix: str) -> AsyncIterator[LedgerSink]:
    """A sink with its empty topic; not started."""
    sink = LedgerSink(tmp_path, kafka, topic_prefix)
    await make_topics(kafka, [sink.topic, sink.acks], PARTITIONS)
    yield sink
    sink.close()


def _pairs(first: int, count: int) -> list[tuple[int, JournalEntry]]:
    """A capture and an invoice per order, each order on its partition."""
    return [(number % PARTITIONS, entry) for number in range(first, first + count) for entry in (capture(number), invoice(number))]


async def test_books_what_is_committed_and_drains_on_sigterm(sink: LedgerSink, kafka: str) -> None:
    placed = _pairs(1, 20)
    await emit(kafka, sink.topic, placed)
    sink.start()
    await sink.wait_booked(len(placed))
    await sink.wait_offsets({0: 21, 1: 21})  # 20 entries and the commit marker
    assert sink.terminate() == 0
    assert sink.booked() == {entry.entry_id: hashed(entry).content_hash for _, entry in placed}
    assert '"process_stopped"' in sink.log.read_text()


async def test_an_aborted_transaction_books_nothing(sink: LedgerSink, kafka: str) -> None:
    await emit(kafka, sink.topic, _pairs(1, 5), commit=False)
    await emit(kafka, sink.topic, _pairs(11, 1))
    sink.start()
    await sink.wait_booked(2)
    # Orders 1 to 5 stand on the log (5 and a marker, twice), unseen; order 11 is on partition 1.
    await sink.wait_offsets({0: 5, 1: 10})
    assert set(sink.booked()) == {capture(11).entry_id, invoice(11).entry_id}


async def test_goes_on_at_the_ledgers_offset_whatever_the_broker_remembers(sink: LedgerSink, kafka: str) -> None:
    """The positions on the broker are for lag tools: deleted or far ahead, they change nothing."""
    await emit(kafka, sink.topic, _pairs(1, 3))
    sink.start()
    await sink.wait_booked(6)
    assert sink.terminate() == 0
    await emit(kafka, sink.topic, _pairs(4, 3))
    await _commit_end(kafka, sink)
    sink.start()
    await sink.wait_booked(12)
    assert sink.terminate() == 0
    await emit(kafka, sink.topic, _pairs(7, 3))
    await _forget_group(kafka, sink)
    sink.start()
    await sink.wait_booked(18)
    assert sink.terminate() == 0
    assert sink.booked() == await committed_entries(kafka, sink.topic, PARTITIONS)


async def test_notes_its_positions_for_lag_tools(sink: LedgerSink, kafka: str) -> None:
    await emit(kafka, sink.topic, _pairs(1, 2))
    sink.start()
    await sink.wait_booked(4)
    assert sink.terminate() == 0
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    noted = await admin.list_consumer_group_offsets(sink.group)
    await admin.close()
    assert {partition.partition: noted[partition].offset for partition in noted} == sink.next_offsets()


@pytest.mark.parametrize("kind", ["bytes", "nothing", "altered", "other key"])
async def test_a_record_that_is_no_entry_stops_the_sink(sink: LedgerSink, kafka: str, kind: str) -> None:
    """The topic is ours alone: skipping would be a silent gap in the books."""
    await emit(kafka, sink.topic, [(0, capture(1))])
    good = encode_entry(invoice(1))
    altered = good.replace(b"revenue:sales", b"revenue:other")
    value = {"bytes": b"\x07 no entry", "nothing": None, "altered": altered, "other key": good}
    key = b"t1:shopify:mx:2" if kind == "other key" else b"t1:shopify:mx:1"
    await emit_raw(kafka, sink.topic, value[kind], key)
    sink.start()
    assert await sink.wait_exit() == 1
    assert "partition 0 offset 2" in sink.log.read_text()
    assert invoice(1).entry_id not in sink.booked()


async def test_a_second_sink_on_the_same_ledger_is_told_who_has_it(sink: LedgerSink, kafka: str, tmp_path: Path, topic_prefix: str) -> None:
    await emit(kafka, sink.topic, _pairs(1, 1))
    sink.start()
    await sink.wait_booked(2)
    second = LedgerSink(tmp_path, kafka, topic_prefix)
    second.log = tmp_path / "second.log"
    second.start()
    assert await second.wait_exit() == 1
    assert "writes this ledger" in second.log.read_text()
    assert sink.running


async def test_a_sink_whose_offset_was_moved_by_another_books_nothing_and_ends(sink: LedgerSink, kafka: str) -> None:
    await emit(kafka, sink.topic, _pairs(1, 1))
    sink.start()
    await sink.wait_offsets({0: 0, 1: 3})
    intruder = sqlite3.connect(sink.ledger, timeout=30)
    with closing(intruder), intruder:
        intruder.execute("UPDATE source_offset SET next_offset = next_offset + 1 WHERE partition = 1")
    await emit(kafka, sink.topic, _pairs(3, 1))
    assert await sink.wait_exit() == 1
    assert "not at offset 3 and link 2 of its chain any more" in sink.log.read_text()
    assert set(sink.booked()) == {capture(1).entry_id, invoice(1).entry_id}


async def test_a_broker_that_restarts_does_not_end_the_sink(sink: LedgerSink, kafka: str, local_kafka: LocalKafka) -> None:
    await emit(kafka, sink.topic, _pairs(1, 2))
    sink.start()
    await sink.wait_booked(4)
    local_kafka.kill()
    local_kafka.start()
    await emit(kafka, sink.topic, _pairs(3, 2))
    await sink.wait_booked(8)
    assert sink.terminate() == 0


async def test_a_topic_made_again_is_refused(sink: LedgerSink, kafka: str) -> None:
    await emit(kafka, sink.topic, _pairs(1, 1))
    sink.start()
    await sink.wait_booked(2)
    assert sink.terminate() == 0
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_topics([sink.topic])
    await _wait_gone(admin, sink.topic)
    await admin.close()
    await make_topics(kafka, [sink.topic], PARTITIONS)
    sink.start()
    assert await sink.wait_exit() == 1
    assert "made again" in sink.log.read_text()


async def test_a_log_that_lost_unbooked_entries_stops_the_sink(sink: LedgerSink, kafka: str) -> None:
    await emit(kafka, sink.topic, _pairs(1, 3))
    await _delete_records(kafka, TopicPartition(sink.topic, 1), 2)
    sink.start()
    assert await sink.wait_exit() == 1
    assert "the ledger goes on at offset 0, the log holds 2 to 5" in sink.log.read_text()
    assert sink.booked() == {}


async def test_a_missing_topic_is_named(tmp_path: Path, kafka: str, topic_prefix: str) -> None:
    sink = LedgerSink(tmp_path, kafka, topic_prefix)
    sink.start()
    assert await sink.wait_exit() == 3
    assert "asiento topics apply" in sink.log.read_text()


async def test_no_broker_is_exit_3(tmp_path: Path, topic_prefix: str) -> None:
    sink = LedgerSink(tmp_path, "127.0.0.1:1", topic_prefix)
    sink.start()
    assert await sink.wait_exit() == 3
    assert "no broker answers" in sink.log.read_text()


async def test_acks_follow_the_booking_in_the_partition_and_order_of_their_entries(sink: LedgerSink, kafka: str) -> None:
    placed = _pairs(1, 30)
    conflict = invoice(2, amount=5_800)
    await emit(kafka, sink.topic, [*placed, (0, conflict)])
    sink.start()
    found = await wait_acks(kafka, sink.acks, PARTITIONS, len(placed) + 1)
    assert sink.terminate() == 0
    for number in range(PARTITIONS):
        posted = [ack for ack in found[number] if ack.status == "POSTED"]
        assert [ack.entry_id for ack in posted] == [entry.entry_id for partition, entry in placed if partition == number]
    assert [ack.entry_id for ack in found[0] if ack.status == "REJECTED"] == [conflict.entry_id]
    with reader_at(f"sqlite:///{sink.ledger}") as reader:
        booked = {row.entry_id: (str(row.entry_no), row.booked_at, row.chain_hash) for row in reader.all_rows()}
    acknowledged = {ack.entry_id: (ack.remote_id, ack.at, ack.chain_hash) for acks in found.values() for ack in acks if ack.chain_hash}
    assert acknowledged == booked


async def test_acks_that_cannot_be_published_hold_nothing_up_and_are_not_lost(tmp_path: Path, kafka: str, topic_prefix: str) -> None:
    sink = LedgerSink(tmp_path, kafka, topic_prefix)
    await make_topics(kafka, [sink.topic], PARTITIONS)
    await emit(kafka, sink.topic, _pairs(1, 5))
    sink.start()
    await sink.wait_booked(10)
    await emit(kafka, sink.topic, _pairs(11, 5))
    await sink.wait_booked(20)
    assert sink.terminate() == 0
    assert '"acks_not_published"' in sink.log.read_text()
    await make_topics(kafka, [sink.acks], PARTITIONS)
    sink.start()
    found = await wait_acks(kafka, sink.acks, PARTITIONS, 20)
    assert sink.terminate() == 0
    assert sorted(ack.entry_id for acks in found.values() for ack in acks) == sorted(sink.booked())


async def test_a_killed_sink_loses_no_ack(sink: LedgerSink, kafka: str, local_kafka: LocalKafka) -> None:
    await emit(kafka, sink.topic, _pairs(1, 200))
    for number in range(3):
        sink.start()
        await sink.wait_booked(1 + number)
        sink.kill()
    local_kafka.kill()
    local_kafka.start()
    sink.start()
    await sink.wait_booked(400)
    await wait_acks(kafka, sink.acks, PARTITIONS, 400)
    assert sink.terminate() == 0
    found = await published_acks(kafka, sink.acks, PARTITIONS)
    for acks in found.values():
        first_seen = list(dict.fromkeys(ack.entry_id for ack in acks))
        assert first_seen == [
            ack.entry_id for ack in sorted({ack.entry_id: ack for ack in acks}.values(), key=lambda ack: int(ack.remote_id or 0))
        ]
    assert {ack.entry_id for acks in found.values() for ack in acks} == set(sink.booked())


@pytest.mark.soak
@pytest.mark.parametrize("kills", [5, 20])
async def test_killed_at_random_instants_under_load_the_ledger_equals_the_topic(sink: LedgerSink, kafka: str, kills: int) -> None:
    """Each kill hits a sink that has booked something of a backlog and not all of it."""
    seed = random.Random(20_261_122)
    total, batch_orders = 0, 1_500
    sink_settings = {"sink_batch_entries_max": "20"}
    sink = LedgerSink(sink.ledger.parent, kafka, sink.topic.removesuffix("accounting.entries.v1"), **sink_settings)
    behind = 0
    for kill in range(kills):
        placed = _pairs(1 + kill * batch_orders, batch_orders)
        await emit(kafka, sink.topic, placed, commit=seed.random() < 0.8)
        before = len(sink.booked())
        sink.start()
        deadline = time.monotonic() + 30
        wanted = before + seed.randrange(1, 200)
        total = len(await committed_entries(kafka, sink.topic, PARTITIONS))
        while len(sink.booked()) < min(wanted, total):
            assert time.monotonic() < deadline
        sink.kill()
        behind += len(sink.booked()) < total
    sink.start()
    await sink.wait_booked(total)
    assert sink.terminate() == 0
    assert sink.booked() == await committed_entries(kafka, sink.topic, PARTITIONS)
    assert behind >= kills // 2
    with reader_at(f"sqlite:///{sink.ledger}") as reader:
        assert [row.entry().entry_id for row in reader.all_rows()] == list(sink.booked())


async def _commit_end(kafka: str, sink: LedgerSink) -> None:
    assigned = [TopicPartition(sink.topic, number) for number in range(PARTITIONS)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka, group_id=sink.group, enable_auto_commit=False) as consumer:
        consumer.assign(assigned)
        await consumer.commit(await consumer.end_offsets(assigned))


async def _forget_group(kafka: str, sink: LedgerSink) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    await asyncio.to_thread(admin.delete_consumer_groups([sink.group])[sink.group].result, 30)


async def _delete_records(kafka: str, partition: TopicPartition, before: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({partition: RecordsToDelete(before_offset=before)})
    await admin.close()


async def _wait_gone(admin: AIOKafkaAdminClient, topic: str) -> None:
    deadline = time.monotonic() + 30
    while topic in await admin.list_topics():
        assert time.monotonic() < deadline
