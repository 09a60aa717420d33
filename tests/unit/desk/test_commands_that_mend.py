"""Every reason and every code has a command that mends it, and every such command exists with its options."""

import re
import shlex
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from asiento.cli.main import app
from schemas.refusal import REASONS
from schemas.wording.messages import CODES
from schemas.wording.texts_of_mending import OF_CODES, OF_REASONS, filled, mendings_of
from tests.unit.desk.offline_desk import OfflineDesk
from tests.unit.schemas import examples

ROOT = Path(__file__).resolve().parents[3]
IDS = {"own_id": "shipment_id", "subject": "orders.events.v1/0/7", "event_id": examples.EVENT_ID, "discrepancy_id": examples.OTHER_ID}
COMMANDS = sorted({one.command for table in (OF_REASONS, OF_CODES) for mendings in table.values() for one in mendings})


def test_none_is_without() -> None:
    assert OF_REASONS.keys() == REASONS.keys()
    assert OF_CODES.keys() == CODES.keys()
    assert all(mendings_of(code) for code in (*REASONS, *CODES, "D99"))


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_a_command_of_ours(command: str) -> None:
    words = shlex.split(command.format(**IDS).replace("AMOUNT", "1"))
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    inner = group.commands[words[0]]
    assert isinstance(inner, TyperGroup)
    found = inner.commands[words[1]]
    options = {name for parameter in found.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
    found.make_context(words[1], words[2:])


def test_the_places_are_those_of_the_case() -> None:
    for mending in mendings_of("D11"):
        command = filled(mending, event_id=examples.EVENT_ID, own_id="refund_id")
        assert command is None or not re.search(r"[{}]", command)
    assert filled(mendings_of("wrong_key")[0], subject="a/1/2") == 'asiento dlq fix a/1/2 --reason "WHY"'


def test_the_pages_show_them_with_ids(desk: OfflineDesk) -> None:
    captured = examples.captured(event_id=examples.OTHER_ID)
    desk.arrive(examples.placed(), {**captured, "currency": "USD"})
    subject = desk.refuse(b"junk")
    assert f'asiento dlq resolve {subject} --reason "WHY"' in desk.text("dlq", "show", subject)
    text = desk.text("events", "show", examples.OTHER_ID, "--lang", "es")
    assert f"su pedido o la política ya están bien: asiento events replay {examples.OTHER_ID}" in text
    assert "shipment_id" not in text
    (item,) = desk.json("discrepancies", "list")["items"]
    shown = desk.json("discrepancies", "show", item["discrepancy_id"])["commands"]
    assert f"asiento events fix {examples.OTHER_ID} --set PATH=VALUE" in shown[0]["command"]


def test_what_waits_is_told_otherwise_than_what_was_rejected(desk: OfflineDesk) -> None:
    desk.arrive(examples.placed(), examples.shipped(event_id=examples.OTHER_ID, lines=[{"line_id": "L1", "quantity": "9"}]))
    commands = [one["command"] for one in desk.json("events", "show", examples.OTHER_ID)["commands"]]
    assert [command.split()[2] for command in commands] == ["fix", "send", "assign"]
    assert "--set shipment_id=NEW" in commands[0]
    (item,) = desk.json("discrepancies", "list")["items"]
    assert [one["command"] for one in desk.json("discrepancies", "show", item["discrepancy_id"])["commands"]] == commands


@pytest.mark.parametrize("command", re.findall(r"^asiento (.+)$", (ROOT / "docs" / "desk.md").read_text(encoding="utf-8"), re.MULTILINE))
def test_the_page_names_commands_of_ours(command: str) -> None:
    words = shlex.split(command)
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    inner = group.commands[words[0]]
    assert isinstance(inner, TyperGroup)
    inner.commands[words[1]].make_context(words[1], words[2:])
