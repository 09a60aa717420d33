"""`asiento doctor` against addresses that answer and that do not."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asiento.cli.exits import Unreachable
from asiento.cli.main import app


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
