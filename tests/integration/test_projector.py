"""The projector as a process on a real broker: killed at any instant, locked out, cut off by retention; and rebuilt from the topics."""

import asyncio
import json
import random
import re
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from asiento.runtime.ports import free_ports
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS
from sinks.projector.database import open_database
from sinks.projector.reader import OperationalReader
from tests.integration.ledger_sink import emit_raw, make_topics
from tests.integration.operational_projector import Projector, make_projected_topics, send_stream
from tests.projected_stream import projected_stream

PARTITIONS = 3
SHARES = 6


@pytest.fixture
async def projector(tmp_path: Path, kafka: str, topic_prefix: str) -> AsyncIterator[Projector]:
    """A projector with its empty topics; not started."""
    await make_projected_topics(kafka, topic_prefix, PARTITIONS)
    projector = Projector(tmp_path, kafka, topic_prefix)
    yield projector
    projector.close()


def _second(projector: Projector, directory: Path, url: str | None = None) -> Projector:
    directory.mkdir()
    return Projector(directory, projector.kafka, projector.prefix, url=url)


async def _delete_before(projector: Projector, topic: str, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=projector.kafka)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(f"{projector.prefix}{topic}", 0): RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()


async def test_projects_what_is_committed_drains_on_sigterm_and_goes_on(projector: Projector, kafka: str) -> None:
    stream = projected_stream()
    await send_stream(kafka, projector.prefix, stream, end=0.5)
    projector.start()
    await projector.wait_caught_up(PARTITIONS)
    assert projector.terminate() == 0
    assert '"process_stopped"' in projector.log.read_text()
    await send_stream(kafka, projector.prefix, stream, start=0.5)
    projector.start()
    await projector.wait_caught_up(PARTITIONS)
    with OperationalReader.at(projector.url) as reader:
        assert sum(sum(counts.values()) for counts in reader.outcome_counts().values()) == len(list(stream.records(ORDERS_EVENTS)))
        assert reader.gaps() == ()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_killed_at_any_instant_it_goes_on_and_a_rebuild_is_equal(
    projector: Projector, kafka: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "postgresql":
        projector = _second(projector, tmp_path / "postgresql", request.getfixturevalue("postgresql"))
    chance = random.Random(7)
    stream = projected_stream(seed=5, orders=60, partitions=PARTITIONS)
    for share in range(SHARES):
        projector.environment["ASIENTO_PROJECTOR_BATCH_RECORDS_MAX"] = str(chance.choice((1, 7, 40)))
        projector.start()
        await send_stream(kafka, projector.prefix, stream, start=share / SHARES, end=(share + 1) / SHARES)
        await asyncio.sleep(chance.random() * 1.5)
        projector.kill()
    projector.start()
    await projector.wait_caught_up(PARTITIONS)
    projector.kill()
    fresh = f"sqlite:///{tmp_path / 'fresh.sqlite'}"
    done = projector.command("operational", "rebuild", "--into", fresh, "--verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["differences"], report["taken_by_retention"]) == (0, {})
    dumped = projector.command("operational", "dump").stdout
    projector.environment["ASIENTO_OPERATIONAL_URL"] = fresh
    assert dumped == projector.command("operational", "dump").stdout
    assert len(dumped.splitlines()) == report["rows_compared"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_second_projector_is_locked_out(
    projector: Projector, kafka: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = projector.url if kind == "sqlite" else request.getfixturevalue("postgresql")
    first, second = _second(projector, tmp_path / "first", url), _second(projector, tmp_path / "second", url)
    first.start()
    await first.wait_until(bool)
    second.start()
    assert await second.wait_exit() == 1
    assert "another projector writes this database" in second.log.read_text()
    assert first.terminate() == 0


async def test_offsets_that_somebody_else_moved_stop_it(projector: Projector, kafka: str) -> None:
    """Whoever gets around the lock loses the compare-and-set."""
    stream = projected_stream()
    await send_stream(kafka, projector.prefix, stream, end=0.3)
    projector.start()
    await projector.wait_caught_up(PARTITIONS)
    database = open_database(projector.url, for_writing=True)
    database.change("UPDATE source_offset SET next_offset = next_offset + 1 WHERE topic LIKE '%entries.v1'")
    database.close()
    await send_stream(kafka, projector.prefix, stream, start=0.3)
    assert await projector.wait_exit() == 1
    assert "another process has written; nothing of this batch was kept" in projector.log.read_text()


async def test_records_that_are_kept_for_ever_must_be_there(projector: Projector, kafka: str) -> None:
    await send_stream(kafka, projector.prefix, projected_stream())
    await _delete_before(projector, ACCOUNTING_ENTRIES, 4)
    projector.start()
    assert await projector.wait_exit() == 1
    log = projector.log.read_text()
    assert re.search(r"accounting\.entries\.v1 partition 0: the operational database goes on at offset 0, the log holds 4 to \d+", log)


async def test_what_the_retention_of_acks_took_is_noted_and_gone_over(projector: Projector, kafka: str) -> None:
    await send_stream(kafka, projector.prefix, projected_stream())
    await _delete_before(projector, ACCOUNTING_ACKS, 4)
    projector.start()
    await projector.wait_caught_up(PARTITIONS)
    with OperationalReader.at(projector.url) as reader:
        (gap,) = reader.gaps()
    assert (gap.topic, gap.partition, gap.first_offset, gap.next_offset) == (f"{projector.prefix}{ACCOUNTING_ACKS}", 0, 0, 4)
    assert '"retention_gap"' in projector.log.read_text()


async def test_a_topic_that_was_made_again_is_refused(projector: Projector, kafka: str) -> None:
    projector.start()
    await projector.wait_until(bool)
    assert projector.terminate() == 0
    topic = f"{projector.prefix}{ACCOUNTING_DECISIONS}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_topics([topic])
    await admin.close()
    await make_topics(kafka, [topic], PARTITIONS)
    projector.start()
    assert await projector.wait_exit() == 1
    assert "the topic or the broker was replaced" in projector.log.read_text()


async def test_a_record_that_is_not_ours_stops_it_and_nothing_is_skipped(projector: Projector, kafka: str) -> None:
    await emit_raw(kafka, f"{projector.prefix}{ACCOUNTING_DECISIONS}", b"\x07 no decision", b"k")
    projector.start()
    assert await projector.wait_exit() == 1
    assert f"partition 0 offset 0 of {projector.prefix}{ACCOUNTING_DECISIONS} is no record of ours" in projector.log.read_text()


async def test_says_how_it_is_and_what_is_open(projector: Projector, kafka: str) -> None:
    (port,) = free_ports(1)
    projector.environment["ASIENTO_METRICS_PORT"] = str(port)
    await send_stream(kafka, projector.prefix, projected_stream())
    projector.start()
    await projector.wait_caught_up(PARTITIONS)

    def ask(page: str) -> str:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}{page}", timeout=10) as answer:
            return str(answer.read().decode())

    assert '"ok":true' in ask("/readyz")
    metrics = ask("/metrics")
    assert re.search(r'asiento_projected_records_total\{topic="orders.events.v1"\} \d+', metrics)
    assert re.search(rf'asiento_lag_records\{{group="{projector.prefix}app-projector",partition="0",topic="[^"]+events.v1"\}} ', metrics)
    assert "asiento_open_items" in metrics


async def test_a_rebuild_says_what_differs_and_what_retention_took(projector: Projector, kafka: str) -> None:
    await send_stream(kafka, projector.prefix, projected_stream())
    projector.start()
    await projector.wait_caught_up(PARTITIONS)
    assert projector.terminate() == 0
    await _delete_before(projector, ACCOUNTING_ACKS, 4)
    done = projector.command("operational", "rebuild", "--verify", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["taken_by_retention"] == {"ack": 4}
    assert "retention took 4 rows of ack" in projector.command("operational", "rebuild", "--verify").stdout
    database = open_database(projector.url, for_writing=True)
    database.change("UPDATE entry SET order_key = 'somebody:else:was:here' WHERE partition = 0 AND record_offset = 0")
    database.change("DELETE FROM decision WHERE partition = 1 AND record_offset = 0")
    database.close()
    done = projector.command("operational", "rebuild", "--verify", "--json")
    assert done.returncode == 1
    listed = json.loads(done.stdout)["listed"]
    assert len(listed) == 2
    assert "only in the rebuild: decision 1/0" in listed
    assert any(line.startswith("differs: entry ") for line in listed)


async def test_a_rebuild_goes_into_a_fresh_database_only(projector: Projector, kafka: str, tmp_path: Path) -> None:
    assert projector.command("operational", "rebuild").returncode == 2
    assert projector.command("operational", "rebuild", "--into", projector.url).returncode == 2
    assert projector.command("operational", "status").returncode == 3
    fresh = f"sqlite:///{tmp_path / 'fresh.sqlite'}"
    assert projector.command("operational", "rebuild", "--into", fresh, "--dry-run").returncode == 0
    assert not (tmp_path / "fresh.sqlite").exists()
    assert projector.command("operational", "rebuild", "--into", fresh).returncode == 0
    again = projector.command("operational", "rebuild", "--into", fresh)
    assert again.returncode == 1
    assert "in use already" in again.stderr
    projector.environment["ASIENTO_OPERATIONAL_URL"] = fresh
    assert "open parked: 0" in projector.command("operational", "status").stdout
