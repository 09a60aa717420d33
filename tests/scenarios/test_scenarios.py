"""Every file in lives/ is one order's life with the journal an accountant expects of it, written by hand."""

from pathlib import Path

import pytest

from tests.scenarios.player import Player, checked_balances
from tests.scenarios.scenario import read_scenario

LIVES = sorted((Path(__file__).parent / "lives").glob("*.txt"))


def test_there_are_enough_lives() -> None:
    assert len(LIVES) >= 300


@pytest.mark.parametrize("path", LIVES, ids=lambda path: path.stem)
def test_life_gives_the_journal_written_down(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("> "), "say first what it shows"
    scenario = read_scenario(path)
    player = Player(scenario)
    for step in scenario.events:
        assert step.expected == player.play(step), f"{step.place}: {step.text}"
    assert checked_balances(scenario) == player.balances(), scenario.steps[-1].place
