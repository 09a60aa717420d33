"""`asiento config policy` and `asiento config schema policy`: all versions, all faults, one exit code each."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.exits import CommandError
from asiento.cli.main import app
from asiento.runtime.settings import SettingsError
from schemas.policy_json_schema import policy_json_schema

TWO_VERSIONS = """
versions:
  - version: 2
    in_force_from: 2027-01-01T00:00:00-06:00
    discounts: net
  - version: 1
    entities: {acme-mx: {time_zone: America/Mexico_City, book_currency: MXN}}
    channels: {amazon: {discounts: net, psp_fees_from: capture}, ebay: {}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["config", *words])


def test_people_see_all_versions_with_their_defaults(path: Path) -> None:
    path.write_text(TWO_VERSIONS)
    result = run("policy", str(path))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == [str(path), "version 1: in force from the beginning until 2027-01-01T06:00:00Z"]
    assert "version 2: in force from 2027-01-01T06:00:00Z from then on" in lines
    rows = [line.split(maxsplit=1) for line in lines]
    assert [row[1] for row in rows if row[0] == "discounts"] == ["contra  [default]", "net"]
    assert [row[1] for row in rows if row[0] == "archive_after_days"] == ["730  [default]"] * 2
    assert [" ".join(row[1].split()) for row in rows if row[0] in ("entity", "channel")] == [
        "acme-mx time_zone America/Mexico_City, book_currency MXN",
        "amazon discounts net",
        "ebay as above",
    ]


def test_the_json_is_a_policy_file_itself(path: Path) -> None:
    path.write_text(TWO_VERSIONS)
    first = run("policy", str(path), "--json")
    path.write_text(first.stdout)
    assert run("policy", str(path), "--json").stdout == first.stdout
    assert [version["version"] for version in json.loads(first.stdout)["versions"]] == [1, 2]


def test_a_sealed_version_that_was_edited_is_refused(path: Path) -> None:
    path.write_text(TWO_VERSIONS)
    path.write_text(run("policy", str(path), "--json").stdout.replace('"tax_tolerance":1', '"tax_tolerance":2', 1))
    result = run("policy", str(path))
    assert isinstance(result.exception, CommandError)
    assert "versions[0].digest: the version was edited after it was sealed" in str(result.exception)


def test_the_file_of_the_settings_is_shown_where_none_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASIENTO_POLICY", raising=False)
    assert run("policy").stdout.splitlines()[:2] == ["no policy file is named: version 1 with its defaults", "version 1: in force for ever"]
    path.write_text("version: 9\n")
    monkeypatch.setenv("ASIENTO_POLICY", str(path))
    assert run("policy").stdout.splitlines()[:2] == [str(path), "version 9: in force for ever"]


def test_a_refused_file_ends_with_1_and_a_missing_one_with_2(path: Path) -> None:
    missing = run("policy", str(path))
    assert isinstance(missing.exception, SettingsError)  # which the program ends with 2
    path.write_text("charge: x\ndiscounts: y\n")
    refused = run("policy", str(path), "--json")
    assert isinstance(refused.exception, CommandError)
    assert refused.exception.exit_code == 1
    assert [line.partition(": ")[0] for line in str(refused.exception).splitlines()[1:]] == [f"{path}:1:1", f"{path}:2:1"]
    assert refused.stdout == ""


def test_the_schema_of_the_policy_file_is_printed() -> None:
    assert json.loads(run("schema", "policy").stdout) == policy_json_schema()
    assert json.loads(run("schema", "policy", "--json").stdout) == policy_json_schema()
    assert run("schema").stdout == run("schema", "settings").stdout
    assert "kafka_bootstrap_servers" in json.loads(run("schema").stdout)["properties"]
