"""The engine and its source topic: aborted transactions, log starts, topics that do not fit."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition

from schemas.topics import ACCOUNTING_ENTRIES, changelog_name
from sources.synthetic.day import trading_day
from streams.engine.failure import ExitCode
from tests.integration.order_stream import OrderStream


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation; its topics are made by the tests that want them."""
    installation = OrderStream(kafka, topic_prefix, tmp_path)
    yield installation
    installation.close()


def send_transactions(stream: OrderStream, seed: int, *, abort: tuple[bool, ...]) -> int:
    """One transaction per item of `abort`, each with a part of one day; returns the number of records that count."""
    arrivals = trading_day(seed, 20).arrivals
    part = len(arrivals) // len(abort)
    counted = 0
    with stream.producer(**{"transactional.id": f"{stream.settings.app_id}-upstream"}) as producer:
        producer.init_transactions()
        for number, aborted in enumerate(abort):
            producer.begin_transaction()
            records = arrivals[number * part : (number + 1) * part]
            for arrival in records:
                producer.produce(stream.events, *stream.record(arrival))
            producer.flush()
            if aborted:
                producer.abort_transaction()
            else:
                producer.commit_transaction()
                counted += len(records)
    return counted


def test_aborted_transaction_of_a_producer_books_nothing(stream: OrderStream) -> None:
    """Aborted records and markers have no outcome, but the ranges cover them, at the end of the log too."""
    stream.make_topics()
    counted = send_transactions(stream, seed=3, abort=(True, False, True, False, True))
    worker = stream.start_worker(merged_records_max=7).wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    assert len(stream.check_books().outcomes) == counted


def test_chunk_of_markers_only_still_advances(stream: OrderStream) -> None:
    """A later transaction that is aborted brings no record at all: the committed offsets still reach the end."""
    stream.make_topics()
    worker = stream.start_worker().wait_ready()
    assert send_transactions(stream, seed=4, abort=(False,)) > 0
    stream.wait_drained()
    assert send_transactions(stream, seed=5, abort=(True,)) == 0
    stream.wait_drained()
    assert worker.stop() == 0
    stream.check_books()


def delete_until(stream: OrderStream, offsets: dict[int, int]) -> None:
    """Retention at work: the log starts at these offsets."""
    asyncio.run(_delete_until(stream, offsets))


async def _delete_until(stream: OrderStream, offsets: dict[int, int]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stream.kafka)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(stream.events, partition): RecordsToDelete(before_offset=offset) for partition, offset in offsets.items()}
        )
    finally:
        await admin.close()


def test_fresh_group_starts_exactly_at_the_earliest_offset(stream: OrderStream) -> None:
    """A group without commits takes every record of a log that does not start at 0."""
    stream.make_topics()
    stream.send_day(seed=6, orders=20)
    delete_until(stream, dict.fromkeys(range(stream.partitions), 5))
    worker = stream.start_worker().wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    stream.check_books()


def test_stops_where_retention_ate_unprocessed_records(stream: OrderStream) -> None:
    """The log starts behind the committed offset: exit 78 and a line that says so, never a skip."""
    stream.make_topics()
    stream.send_day(seed=7, orders=10)
    worker = stream.start_worker().wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    stream.send_day(seed=8, orders=10)
    delete_until(stream, {partition: end - 1 for partition, (_, end) in stream.watermarks().items()})
    stopped = stream.start_worker()
    assert stopped.wait_exit() == ExitCode.SOURCE_GONE
    assert "retention ate unprocessed records" in stopped.log_file.read_text()


def test_missing_topics_are_named(stream: OrderStream) -> None:
    """Exit 1, the topic and the command that mends it."""
    worker = stream.start_worker()
    assert worker.wait_exit() == 1
    assert "asiento topics apply" in worker.log_file.read_text()
    assert stream.events in worker.log_file.read_text()


def test_other_partition_count_is_refused(stream: OrderStream) -> None:
    """The setting and the topics must agree before anything is read."""
    stream.make_topics()
    worker = stream.start_worker(partitions=stream.partitions + 1)
    assert worker.wait_exit() == 1
    assert f"must have {stream.partitions + 1} partitions" in worker.log_file.read_text()


def test_a_topic_that_would_lose_records_is_refused_with_its_mend(stream: OrderStream) -> None:
    """Somebody gave the entries a retention and the changelog another policy: exit 1 before anything is read, both are named."""
    stream.make_topics()
    changelog, entries = stream.settings.topic(changelog_name(stream.settings.app_id)), stream.settings.topic(ACCOUNTING_ENTRIES)
    asyncio.run(alter(stream, {entries: {"retention.ms": "3600000"}, changelog: {"cleanup.policy": "delete"}}))
    worker = stream.start_worker()
    assert worker.wait_exit() == 1
    said = worker.log_file.read_text()
    assert f"{entries} has retention.ms=3600000" in said
    assert f"{changelog} has cleanup.policy=delete" in said
    assert "asiento topics apply" in said
    assert not worker.logged("partitions_assigned")


def test_one_broker_is_warned_of_whatever_the_settings_want(stream: OrderStream) -> None:
    """Three copies are wanted by default; one broker cannot have them, and a trial must start all the same."""
    stream.make_topics()
    worker = stream.start_worker(replication_factor=3, min_insync_replicas=2).wait_ready()
    assert worker.stop() == 0
    assert worker.logged("one_copy")


async def alter(stream: OrderStream, configs: dict[str, dict[str, str]]) -> None:
    """Give topics a configuration of their own, as somebody with Kafka's tools would."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stream.kafka)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=config) for name, config in configs.items()])
    finally:
        await admin.close()


def test_no_broker_is_exit_three(stream: OrderStream) -> None:
    """A dependency that does not answer has its own code."""
    worker = stream.start_worker(kafka_bootstrap_servers="127.0.0.1:9", kafka_request_timeout_seconds=6)
    assert worker.wait_exit() == 3
