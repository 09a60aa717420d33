"""docs/registry.md says what is so: its settings with their defaults, its metrics, log lines and commands."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asiento.cli.main import app
from asiento.runtime.log_events import EVENTS
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import ENVIRONMENT_PREFIX, Settings
from schemas.refusal import REASONS
from streams.schema_ids import UNREACHABLE_SECONDS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "registry.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


def test_every_setting_of_the_registry_is_there_with_its_default() -> None:
    named = set(re.findall(r"ASIENTO_REGISTRY_\w+", PAGE))
    assert named == {ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields if name.startswith("registry_")}
    rows = dict(re.findall(r"^\| `(ASIENTO_REGISTRY_\w+)` \| ([\d.]+) \|", PAGE, re.MULTILINE))
    assert len(rows) == 4
    for name, shown in rows.items():
        assert str(Settings.model_fields[name.removeprefix(ENVIRONMENT_PREFIX).lower()].default) == shown
    assert f"for {UNREACHABLE_SECONDS:g} s only" in PAGE


def test_metrics_log_lines_and_reasons_exist() -> None:
    samples = {sample.name for metric in Metrics().registry.collect() for sample in metric.samples}
    exported = samples | {f"{metric.name}_total" for metric in Metrics().registry.collect()}
    named = set(re.findall(r"asiento_\w+", PAGE))
    assert named
    assert named <= exported
    for name in re.findall(r"`(schema_ids?_\w+|registry_not_\w+)`", PAGE):
        assert name in EVENTS
    assert {"unknown_schema_id", "schema_not_ours"} <= REASONS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_have_the_words_that_the_page_uses(command: str) -> None:
    """They are run for real in tests/integration/test_schema_server.py."""
    program, *words = shlex.split(command)
    assert program == "asiento"
    result = CliRunner().invoke(app, [*words[:2], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert result.exit_code == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in result.stdout
