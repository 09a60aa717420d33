"""docs/deadlines.md: its examples are what the command says, its events what the sweeper makes, its figures those of the settings."""

import re
import shlex
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from asiento.accounting.decide import decide
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES, Policy
from asiento.accounting.standing_deadlines import standing_deadlines
from asiento.cli.exits import UsageError
from asiento.cli.main import app
from asiento.runtime.settings import Settings
from schemas.events import event_from_json
from streams.sweeper.deadline_events import EVENT_TYPE, deadline_event

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "deadlines.md").read_text(encoding="utf-8")
EVENTS = [orjson.loads(line) for line in (ROOT / "docs" / "examples" / "deadlines.jsonl").read_bytes().splitlines()]
EXAMPLES = re.findall(r"```console\n\$ asiento ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_an_example_is_what_the_command_says(monkeypatch: pytest.MonkeyPatch, command: str, shown: str) -> None:
    monkeypatch.chdir(ROOT)
    assert CliRunner().invoke(app, shlex.split(command)).stdout == shown


def test_the_example_s_deadlines_are_those_of_the_sweeper() -> None:
    state: OrderState | None = None
    told = 0
    for row in EVENTS:
        event = event_from_json(row)
        if row["type"] == EVENT_TYPE:
            assert state is not None
            deadline = standing_deadlines(state, Policy())[0]
            assert row == deadline_event(event.order_key, deadline, event.received_at)
            assert row["event_id"] in PAGE
            told += 1
        state = decide(event, state, DEFAULT_POLICIES).state
    assert told == len(EXAMPLES) == 2


def test_the_page_has_the_defaults_of_settings_and_policy() -> None:
    rows = dict(re.findall(r"^\| `ASIENTO_(SWEEPER_\w+)` \| ([\d ]+) \|", PAGE, re.MULTILINE))
    fields = {name.upper(): field.default for name, field in Settings.model_fields.items() if name.startswith("sweeper_")}
    assert {name: int(value.replace(" ", "")) for name, value in rows.items()} == fields
    limits = dict(re.findall(r"^\| \*\*(\w+)\*\*.* \| (\d+ \w+) \| ", PAGE, re.MULTILINE))
    policy = Policy()
    assert limits == {
        "PARKED": f"{policy.parked_deadline_hours} hours",
        "UNPAID": f"{policy.unpaid_deadline_days} days",
        "UNSHIPPED": f"{policy.unshipped_deadline_days} days",
        "UNREFUNDED": f"{policy.unrefunded_deadline_days} days",
    }


@pytest.mark.parametrize("words", [["sweeper", "run", "--clock", "noon"], ["deadlines", "list", "--before", "2026-01-01"]])
def test_a_time_that_is_none_is_refused(words: list[str]) -> None:
    error = CliRunner().invoke(app, words).exception
    assert isinstance(error, UsageError)
    assert words[2] in str(error)
