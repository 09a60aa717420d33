"""Shopify payloads all the way: normalize -> events send -> Kafka -> worker -> sink -> ledger, and out again by entries export."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_shopify_corpus import emitted_events
from tests.contract.test_shopify_life import life_events, simulated
from tests.integration.ledger_sink import LedgerSink
from tests.integration.order_stream import PARTITIONS, OrderStream

COMMAND_SECONDS_MAX = 60


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with its topics."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield installation
    installation.close()


@pytest.fixture
def sink(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[LedgerSink]:
    """The embedded ledger of the same installation, not started yet."""
    ledger = LedgerSink(tmp_path, kafka, topic_prefix, partitions=str(PARTITIONS))
    yield ledger
    ledger.close()


def asiento(sink: LedgerSink, *words: str) -> str:
    """Run a command with the installation's settings; answers its standard output."""
    command = [sys.executable, "-m", "asiento.cli.main", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")} | sink.environment
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS_MAX)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_ledger_equals_simulate(stream: OrderStream, sink: LedgerSink, tmp_path: Path) -> None:
    """The life of our own and everything the corpus gives, under one tenant."""
    events = life_events(tmp_path / "state") + emitted_events()
    lines = simulated(events, tmp_path)
    expected: list[dict[str, Any]] = [line["entry"] for line in lines if "entry" in line]
    assert len(expected) >= 8
    assert lines[-1]["summary"]["dead_letter"] == 0

    asiento(sink, "events", "send", str(tmp_path / "events.jsonl"))
    sink.start()
    stream.start_worker().wait_ready()
    stream.wait_drained()
    asyncio.run(sink.wait_booked(len(expected)))

    exported = [json.loads(line) for line in asiento(sink, "entries", "export", "--format", "jsonl").splitlines()]
    assert {entry["entry_id"]: entry for entry in exported} == {entry["entry_id"]: entry for entry in expected}
    assert len(exported) == len(expected)
