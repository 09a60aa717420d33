"""Reads a scenario file (see README.md beside it): its policy, its events with what is expected of them, its balances."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.scenarios.words import NotUnderstood, NotUnderstoodAt, Words, at

SHOWN = ("documents", "dimensions", "dates")
"""What `show` may ask for."""
_EXPECTED = ("->", "Dr ", "Cr ", "| ")


@dataclass
class Step:
    """One event as written: where, its line, the indented lines below it with their numbers, what is expected of it."""

    place: str
    text: str
    details: list[tuple[str, str]] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


@dataclass
class Scenario:
    """A file. `policies` are the versions of its policy as a policy file has them; `shown` is a part of SHOWN."""

    path: Path
    policies: list[dict[str, Any]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    balances: list[str] = field(default_factory=list)

    @property
    def events(self) -> list[Step]:
        """The steps without the balances at the end."""
        return self.steps[:-1]


def read_scenario(path: Path) -> Scenario:
    """Parse a file; raises NotUnderstood with file and line."""
    scenario = Scenario(path)
    place = path.name
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = " ".join(raw.split("#", 1)[0].split())
        place = f"{path.name}:{number}"
        if text and not text.startswith(">"):
            with at(place):
                _take(scenario, place, raw, text)
    if not scenario.steps or scenario.steps[-1].text != "balances":
        raise NotUnderstoodAt(f"{place}: the last block must be `balances`")
    return scenario


def _take(scenario: Scenario, place: str, raw: str, text: str) -> None:
    if not raw.startswith(" "):
        words = Words(text)
        if words.next_is("policy"):
            _policy(scenario.policies, words)
        elif words.next_is("show"):
            scenario.shown = words.rest()
            if not set(scenario.shown) <= set(SHOWN):
                raise NotUnderstood(f"show knows {', '.join(SHOWN)}")
        else:
            scenario.steps.append(Step(place, text))
        return
    if not scenario.steps:
        raise NotUnderstood("an indented line needs an event above it")
    step = scenario.steps[-1]
    if step.text == "balances":
        scenario.balances.append(text)
    elif text.startswith(_EXPECTED):
        step.expected.append(text)
    elif step.expected:
        raise NotUnderstood("what belongs to the event stands above what is expected of it")
    else:
        step.details.append((place, text))


def _policy(policies: list[dict[str, Any]], words: Words) -> None:
    """`policy name=value ...` is a version where it says `version=`; after `entity=` or `channel=`, what differs there."""
    groups = {"entities": words.named("entity"), "channels": words.named("channel")}
    values: dict[str, Any] = {name: int(value) if value.isdecimal() else value for name, value in words.units()}
    words.nothing_left()
    if not policies or "version" in values:
        policies.append({})
    for group, about in groups.items():
        if about is not None:
            policies[-1].setdefault(group, {})[about] = values
            return
    policies[-1].update(values)
