"""`config`, `doctor`, `up`, `down` without any process: values with their origin, secrets hidden, problems with what mends them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.main import app


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def _shown() -> dict[str, Any]:
    rows: dict[str, Any] = json.loads(_run("config", "show", "--json").stdout)
    return rows


def test_each_value_tells_where_it_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "asiento.yaml").write_text("partitions: 12\napp_id: from-file\n")
    monkeypatch.setenv("ASIENTO_CONFIG", str(tmp_path / "asiento.yaml"))
    monkeypatch.setenv("ASIENTO_APP_ID", "from-environment")
    rows = _shown()
    assert (rows["app_id"]["value"], rows["app_id"]["origin"]) == ("from-environment", "environment")
    assert (rows["partitions"]["value"], rows["partitions"]["origin"]) == (12, "file")
    assert (rows["topic_prefix"]["value"], rows["topic_prefix"]["origin"]) == ("", "default")


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_OPERATIONAL_URL", "postgresql://books:s3cr@t@localhost/books")
    monkeypatch.setenv("ASIENTO_UNSAFE_ENGINE", "s3cr@t")
    rows = _shown()
    assert rows["operational_url"]["value"] == "postgresql://books:***@localhost/books"
    assert rows["unsafe_engine"]["value"] == "***"
    assert "s3cr" not in _run("config", "show").stdout


def test_the_schema_describes_every_setting() -> None:
    schema = json.loads(_run("config", "schema").stdout)
    assert schema["additionalProperties"] is False
    assert schema["properties"]["partitions"]["maximum"] == 1024
    assert all(prop.get("description") for prop in schema["properties"].values())


def _findings(*, exit_code: int) -> dict[str, dict[str, str]]:
    result = _run("doctor", "--json")
    assert (result.exit_code != 0) == (exit_code != 0), result.output
    if result.exception and exit_code:
        assert getattr(result.exception, "exit_code", None) == exit_code
    return {item["check"]: item for item in json.loads(result.stdout)}


def test_doctor_is_content_with_an_empty_folder(tmp_path: Path) -> None:
    findings = _findings(exit_code=0)
    assert {item["state"] for item in findings.values()} == {"ok"}
    assert "46 of 46 not in" in findings["kafka jars"]["detail"]
    assert list(tmp_path.iterdir()) == []


def test_doctor_names_a_wrong_jar(tmp_path: Path) -> None:
    (tmp_path / "cache" / "asiento" / "kafka-4.1.1").mkdir(parents=True)
    planted = tmp_path / "cache" / "asiento" / "kafka-4.1.1" / "kafka_2.13-4.1.1.jar"
    planted.write_bytes(b"evil")
    finding = _findings(exit_code=1)["kafka jars"]
    assert finding["state"] == "problem"
    assert str(planted) in finding["detail"]
    assert "delete" in finding["mend"]


def test_doctor_tells_a_misspelt_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_PARTITION", "8")
    assert "the nearest is ASIENTO_PARTITIONS" in _findings(exit_code=1)["settings"]["detail"]


def test_doctor_names_a_data_directory_that_is_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(tmp_path / "file"))
    assert _findings(exit_code=1)["data directory"]["state"] == "problem"


def test_up_refuses_a_check_without_a_demo_and_shows_a_dry_run(tmp_path: Path) -> None:
    assert getattr(_run("up", "--check").exception, "exit_code", None) == 2
    shown = _run("up", "--dry-run", "--workers", "3").stdout
    assert "worker-3: asiento streams run" in shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("named", "runs"),
    [
        ((), set()),
        (("CONNECTIONS",), {"normalizer"}),
        (("MAPPERS",), {"normalizer"}),
        (("GATEWAY_CONFIG",), {"normalizer", "gateway"}),
        (("FETCHER_SOURCES",), {"normalizer", "fetcher"}),
        (("GATEWAY_CONFIG", "FETCHER_SOURCES"), {"normalizer", "gateway", "fetcher"}),
    ],
)
def test_up_runs_what_takes_payloads_in_where_it_has_files(monkeypatch: pytest.MonkeyPatch, named: tuple[str, ...], runs: set[str]) -> None:
    for name in named:
        monkeypatch.setenv(f"ASIENTO_{name}", "some.yaml")
    shown = dict(line.split(": ", 1) for line in _run("up", "--dry-run").stdout.splitlines())
    commands = {"normalizer": "asiento streams run normalizer", "gateway": "asiento gateway run", "fetcher": "asiento fetcher run"}
    assert {name: shown[name] for name in commands if name in shown} == {name: commands[name] for name in runs}


def test_down_with_nothing_to_stop_is_fine(tmp_path: Path) -> None:
    assert _run("down").exit_code == 0
    assert list(tmp_path.iterdir()) == []
