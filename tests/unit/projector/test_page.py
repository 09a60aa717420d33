"""docs/operational-database.md says what is there: tables, views, commands, settings."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asiento.cli.main import app
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings
from sinks.databases.sqlite import SqliteDatabase
from sinks.projector.database import OPERATIONAL, migrate
from sinks.projector.dump import TABLES

PAGE = (Path(__file__).resolve().parents[3] / "docs/operational-database.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line.split("#")[0].split() for block in BLOCKS for line in block.splitlines()]


def test_every_table_and_view_is_on_the_page_and_in_the_dump() -> None:
    database = SqliteDatabase.in_memory(OPERATIONAL)
    migrate(database)
    tables = database.tables() - {"operational_version"}
    views = {row[0] for row in database.query("SELECT name FROM sqlite_schema WHERE type = 'view'")}
    assert {table.name for table in TABLES} == tables
    assert [name for name in sorted(tables | views) if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_exists(words: list[str]) -> None:
    assert words[0] == "asiento"
    options = {word for word in words if word.startswith("--")}
    names = [word for word in words[1:] if re.fullmatch(r"[a-z]+", word)]
    done = CliRunner().invoke(app, [*names[:2], "--help"] if names[0] in {"orders", "operational"} else [names[0], "--help"])
    assert done.exit_code == 0, done.output
    assert [option for option in options if option not in done.output] == []


def test_settings_and_metrics_exist() -> None:
    settings = {f"ASIENTO_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"ASIENTO_[A-Z_]+", PAGE)) <= settings
    metrics = {sample.name for metric in Metrics().registry.collect() for sample in [metric]}
    assert {name.removesuffix("_total") for name in re.findall(r"\basiento_[a-z_]+", PAGE)} <= metrics
