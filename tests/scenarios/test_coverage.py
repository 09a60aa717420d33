"""No rule without a scenario: what the rules page and the core know is looked for in what the scenarios give."""

import ast
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from asiento.accounting import order_events
from asiento.accounting.order_events import EVENT_TYPES
from asiento.accounting.policy import Policy
from schemas.decisions import OUTCOMES
from tests.scenarios.player import Occurred, Player
from tests.scenarios.scenario import read_scenario

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "asiento" / "accounting"
_CODE = re.compile(r"\bD\d\d\b|\b[a-z]+_[a-z]+\b")


@pytest.fixture(scope="module")
def occurred() -> Occurred:
    """All that happens in all scenarios together."""
    everything = Occurred()
    for path in sorted((Path(__file__).parent / "lives").glob("*.txt")):
        scenario = read_scenario(path)
        player = Player(scenario, everything)
        for step in scenario.events:
            player.play(step)
    return everything


def _tables(section: int) -> list[list[str]]:
    """The rows of the tables of one section of the rules page, header rows left out."""
    page = (ROOT / "docs" / "spec" / "accounting.md").read_text(encoding="utf-8")
    text = page.split(f"\n## {section}. ")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for place, row in enumerate(rows) if not _is_rule(row) and not (place + 1 < len(rows) and _is_rule(rows[place + 1]))]


def _is_rule(row: list[str]) -> bool:
    return set("".join(row)) <= set("-: ")


def _constants(*functions: str) -> set[str]:
    """Literal first arguments of the calls of such functions in the core."""
    found: set[str] = set()
    for path in sorted(CORE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in functions and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


def _checks() -> Iterator[tuple[str, list[str]]]:
    """(code, its severities) of section 5; a row of several codes has one severity each."""
    for codes, _, severities, *_ in _tables(5):
        names = _CODE.findall(codes)
        words = re.findall(r"\b(?:low|medium|high|critical)\b", severities)
        yield from zip(names, [[word] for word in words], strict=True) if len(names) > 1 else [(names[0], words)]


def test_every_event_type_occurs(occurred: Occurred) -> None:
    assert occurred.event_types == set(EVENT_TYPES)


def test_every_entry_kind_occurs(occurred: Occurred) -> None:
    told = {kind for row in _tables(4) if len(row) > 2 for kind in re.findall(r"`([a-z_]+)`", row[1])}
    assert occurred.entry_kinds == told == _constants("enter")


def test_every_check_occurs_in_each_severity(occurred: Occurred) -> None:
    told = {f"{code} {severity}" for code, severities in _checks() for severity in severities}
    assert occurred.findings >= told
    assert {finding.split()[0] for finding in occurred.findings} == {code for code, _ in _checks()}


def test_every_check_that_ends_by_itself_does(occurred: Occurred) -> None:
    page = (ROOT / "docs" / "spec" / "accounting.md").read_text(encoding="utf-8")
    sentence = next(line for line in page.splitlines() if line.startswith("A discrepancy of a waiting event resolves"))
    by_totals = set(re.findall(r"D\d\d", sentence.split(" The record of ")[0]))
    waiting = {result.split()[1] for result in occurred.outcomes if result.startswith("deferred")}
    assert len(by_totals) > 4
    assert {f"{code} resolved" for code in by_totals | waiting} <= occurred.findings


def test_every_outcome_occurs_with_each_code(occurred: Occurred) -> None:
    told = {f"{row[0]} {code}" for row in _tables(1) if row[0] in ("deferred", "conflict") for code in re.findall(r"D\d\d", row[1])}
    told |= {f"rejected {code}" for row in _tables(1) if row[0] == "rejected" for code in _CODE.findall(row[1])}
    told |= {f"ignored {code}" for code in _constants("Ignored")}
    assert len(told) > 15
    assert {"posted", "duplicate"} | told == occurred.outcomes
    assert {result.split()[0] for result in occurred.outcomes} == set(OUTCOMES) - {"dead_letter"}


def test_every_symbol_of_the_contract_occurs(occurred: Occurred) -> None:
    literals = [value for value in vars(order_events).values() if get_origin(value) is Literal]
    symbols = {symbol for literal in literals for symbol in get_args(literal)}
    assert len(symbols) > 40
    assert symbols <= {text for event in occurred.events for text in _texts(asdict(event))}


def test_every_booking_rule_occurs(occurred: Occurred) -> None:
    rules = {field.name: (get_args(get_type_hints(Policy)[field.name]), field.default) for field in fields(Policy) if field.init}
    told = {
        f"{name} {value}" for name, (values, default) in rules.items() for value in values if isinstance(value, str) and value != default
    }
    assert len(told) > 5
    assert told <= occurred.policies


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
