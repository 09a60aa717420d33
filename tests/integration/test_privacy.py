"""Personal data on a real broker: how long the program keeps it, and that erasing takes what was judged and nothing else."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from asiento.cli.main import app
from asiento.runtime import topic_admin
from schemas.dead_letters import decode_dead_letter
from schemas.partitioning import partition_for
from schemas.raw_records import RawRecord, encode_raw_record
from schemas.topics import DAY_MS, ORDERS_DLQ, ORDERS_RAW
from tests.integration.order_stream import PARTITIONS, OrderStream, Worker, wait_until
from tests.kiosk_source import SAID_BY_CUSTOMER, kiosk_record, write_mapper

YESTERDAY = (int(time.time()) // 60 - 1_440) * 60_000
"""A whole minute, milliseconds; older records the broker would take away by itself within the test, as their month is over."""
REDACT = {
    "shop_id": 1,
    "shop_domain": "a-shop.example",
    "customer": {"id": 191, "email": "jane.canary@example.com", "phone": "+34600000000"},
    "orders_to_redact": [4711, 4712],
}


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OrderStream]:
    installed = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    write_mapper(tmp_path / "mappers", knows_pickup=True)
    for name, value in installed.environment().items():
        if name.startswith("ASIENTO_"):
            monkeypatch.setenv(name, value)
    yield installed
    installed.close()


def send(stream: OrderStream, *records: tuple[bytes, bytes], at: int = YESTERDAY) -> None:
    """Raw records that came at that time, milliseconds."""
    with stream.producer() as producer:
        for key, value in records:
            topic = stream.settings.topic(ORDERS_RAW)
            producer.produce(topic, value, key, partition_for(key, PARTITIONS), timestamp=at)


def start(stream: OrderStream) -> Worker:
    return stream.start(("-m", "asiento.cli.main", "streams", "run", "normalizer"), mappers=stream.directory / "mappers").wait_ready()


def erase(*words: str, exit_code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["topics", "erase-raw", "--json", *words])
    assert getattr(result.exception, "exit_code", 0) == exit_code, repr(result.exception)
    found: dict[str, Any] = orjson.loads(result.stdout)
    return found


def moment(seconds: int) -> str:
    """So long after `YESTERDAY`, as an option."""
    return (datetime.fromtimestamp(YESTERDAY / 1000, UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def redact_record() -> tuple[bytes, bytes]:
    raw = RawRecord(
        source_topic="customers/redact", origin="WEBHOOK", signature="VERIFIED", received_at=YESTERDAY * 1000, body=orjson.dumps(REDACT)
    )
    return b"acme:shopify:main:191", encode_raw_record(raw)


def kept(stream: OrderStream) -> list[bytes]:
    return sorted(record.key or b"" for record in stream.read(stream.settings.topic(ORDERS_RAW)))


def test_the_raw_topic_is_kept_for_a_month_in_segments_of_a_day(stream: OrderStream) -> None:
    async def configuration() -> dict[str, str | None]:
        async with topic_admin._admin(stream.settings) as admin:
            name = stream.settings.topic(ORDERS_RAW)
            return dict((await topic_admin._existing(admin, {name}))[name].config)

    config = asyncio.run(configuration())
    assert (config["cleanup.policy"], config["retention.ms"], config["segment.ms"]) == ("delete", str(30 * DAY_MS), str(DAY_MS))


def test_what_was_judged_is_erased_on_request_and_nothing_else(stream: OrderStream) -> None:
    worker = start(stream)
    send(stream, redact_record(), kiosk_record("K-1"), kiosk_record("K-2", state="lost"))
    wait_until(lambda: worker.logged("privacy_request"), "the request is logged")
    wait_until(lambda: len(stream.read(stream.events)) == 2, "the sale is told")
    wait_until(lambda: len(stream.dead_letters()) == 1, "the other one is refused")
    (line,) = [line for line in worker.log() if line["event"] == "privacy_request"]
    assert {name: line[name] for name in ("tenant", "source", "kind", "customer", "orders")} == {
        "tenant": "acme",
        "source": "shopify:main",
        "kind": "erase_customer",
        "customer": "191",
        "orders": ["4711", "4712"],
    }
    assert "jane" not in worker.log_file.read_text(encoding="utf-8")
    (letter,) = [decode_dead_letter(record.value) for record in stream.read(stream.settings.topic(ORDERS_DLQ))]
    assert (letter.value, letter.key, letter.topic) == (None, b"acme:kiosk:main:K-2", stream.settings.topic(ORDERS_RAW))
    assert not [record for record in stream.dead_letters() if SAID_BY_CUSTOMER.encode() in (record.value or b"")]
    assert worker.stop() == 0
    send(stream, kiosk_record("K-3"))
    everything = [b"acme:kiosk:main:K-1", b"acme:kiosk:main:K-2", b"acme:kiosk:main:K-3", b"acme:shopify:main:191"]
    assert erase("--before", moment(-1), exit_code=1)["unread"] == 1
    assert erase("--dry-run", exit_code=1)["unread"] == 1
    assert kept(stream) == everything
    erase(exit_code=1)
    assert kept(stream) == [b"acme:kiosk:main:K-3"]
    worker = start(stream)
    wait_until(lambda: len(stream.read(stream.events)) == 4, "what was not judged yet is told")
    send(stream, kiosk_record("K-4"), at=YESTERDAY + 60_000)
    wait_until(lambda: len(stream.read(stream.events)) == 6, "a later sale is told")
    assert worker.stop() == 0
    erase("--before", moment(1))
    assert kept(stream) == [b"acme:kiosk:main:K-4"]
    assert erase()["unread"] == 0
    assert kept(stream) == []
    assert len(stream.read(stream.events)) == 6
