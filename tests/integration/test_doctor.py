"""`asiento doctor` against addresses that answer and that do not."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asiento.cli.exits import Unreachable
from asiento.cli.main import app
from asiento.runtime.broker_clock import clock_ahead_milliseconds
from asiento.runtime.settings import Settings, load_settings
from schemas.topics import ACCOUNTING_ENTRIES
from sinks.projector.reader import OperationalReader
from sinks.sink_process import identified
from sinks.sqlite_ledger import SqliteLedger
from tests.unit.sinks.journal import BOOKED_AT, batch, capture, invoice


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_broker_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert isinstance(result.exception, Unreachable)
    findings = {item["check"]: item for item in json.loads(result.stdout)}
    assert findings["broker"]["state"] == "unreachable"
    assert "127.0.0.1:9" in findings["broker"]["detail"]


def test_missing_topics_are_a_problem_until_they_are_applied(monkeypatch: pytest.MonkeyPatch, kafka: str, topic_prefix: str) -> None:
    for name, value in {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "TOPIC_PREFIX": topic_prefix,
        "PARTITIONS": "2",
        "REPLICATION_FACTOR": "1",
    }.items():
        monkeypatch.setenv(f"ASIENTO_{name}", value)
    monkeypatch.setenv("ASIENTO_MIN_INSYNC_REPLICAS", "1")
    runner = CliRunner()
    assert "asiento topics apply" in runner.invoke(app, ["doctor"]).stdout
    planned = json.loads(runner.invoke(app, ["topics", "apply", "--dry-run", "--json"]).stdout)
    assert (len(planned["create"]), planned["applied"]) == (11, False)
    applied = json.loads(runner.invoke(app, ["topics", "apply", "--json"]).stdout)
    assert (applied["create"], applied["applied"]) == (planned["create"], True)
    assert runner.invoke(app, ["topics", "plan"]).stdout.count("= " + topic_prefix) == 11
    assert "as the catalogue says" in runner.invoke(app, ["doctor"]).stdout
    monkeypatch.setenv("ASIENTO_PARTITIONS", "4")
    refused = runner.invoke(app, ["topics", "apply"])
    assert getattr(refused.exception, "exit_code", None) == 1
    assert "has 2 partitions, 4 are wanted" in refused.stdout


def _on(monkeypatch: pytest.MonkeyPatch, kafka: str, topic_prefix: str, directory: Path) -> None:
    for name, value in {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "TOPIC_PREFIX": topic_prefix,
        "PARTITIONS": "2",
        "REPLICATION_FACTOR": "1",
        "MIN_INSYNC_REPLICAS": "1",
        "DATA_DIR": str(directory),
    }.items():
        monkeypatch.setenv(f"ASIENTO_{name}", value)


def _mendings(*words: str) -> dict[str, tuple[str, str]]:
    found = json.loads(CliRunner().invoke(app, ["doctor", "--json", "--mend", *words]).stdout)["mendings"]
    return {item["check"]: (item["result"], item["detail"]) for item in found}


def test_doctor_mends_topics_acks_and_an_unreadable_operational_database(
    monkeypatch: pytest.MonkeyPatch, kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    _on(monkeypatch, kafka, topic_prefix, tmp_path / "data")
    assert _mendings("--dry-run")["topics"][0] == "would"
    assert _mendings()["topics"] == ("done", "created 11 topics, set 0 values")
    settings = load_settings()
    asyncio.run(_book(settings))
    (tmp_path / "data" / "operational.sqlite").write_bytes(b"spoilt" * 1_000)
    rows = _rows(tmp_path / "data" / "ledger.sqlite")
    done = _mendings("--yes")
    assert done["acks"] == ("done", "published 3 acks")
    assert "made again of " in done["operational database"][1]
    assert _rows(tmp_path / "data" / "ledger.sqlite") == rows
    with OperationalReader.at(settings.operational_location) as reader:
        assert reader.offsets()
    assert _mendings("--yes") == {}
    ahead = asyncio.run(clock_ahead_milliseconds(settings))
    assert ahead is not None
    assert abs(ahead) < 5_000


async def _book(settings: Settings) -> None:
    """Three entries in a ledger that no sink serves: their acks wait."""
    ledger = SqliteLedger(settings.data_dir / "ledger.sqlite", lambda: BOOKED_AT)
    await ledger.open(*await identified(settings.topic(ACCOUNTING_ENTRIES), settings))
    await ledger.book(batch([capture(), invoice(), invoice(2)]))
    await ledger.close()


def _rows(path: Path) -> list[object]:
    """What is booked, all columns."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
        return [ledger.execute(f"SELECT * FROM {relation}").fetchall() for relation in ("entry", "posting", "document", "source_offset")]  # noqa: S608 - names of ours
