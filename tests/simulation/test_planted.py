"""Planted delivery bugs: each of them makes one of the first worlds end badly. A simulation that could not fail would prove nothing."""

import pytest

from tests.simulation.planted import PLANTED
from tests.simulation.players import played
from tests.simulation.world import run

SEEDS_MAX = 60
FAST = (
    "offset outside the transaction, before it",
    "state before entries, outside the transaction",
    "an exception of the transaction is swallowed",
    "a chunk that starts late is accepted",
    "dedupe is skipped after a restart: states are not recovered",
    "the entries of an order reuse one id",
    "the ledger's offsets move in a transaction of their own, first",
    "the projector goes over a batch that failed",
)
"""Those that nearly every world finds."""


def seeds_needed(name: str) -> tuple[str, int, str]:
    """Name, the first seed that ends badly (0: none), and what was found."""
    for seed in range(1, SEEDS_MAX + 1):
        with PLANTED[name]():
            report = run(seed)
        if report.problems:
            return name, seed, report.problems[0]
    return name, 0, ""


@pytest.mark.slow
@pytest.mark.parametrize("name", FAST)
def test_planted_bug_is_caught(name: str) -> None:
    _, seed, _ = seeds_needed(name)
    assert seed


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_all_planted_bugs_are_caught() -> None:
    """Prints how many worlds each of them needed."""
    found = list(played(seeds_needed, tuple(PLANTED)))
    for name, seed, problem in found:
        print(f"{seed:3} {name}: {problem[:100]}")
    assert len(found) >= 20
    assert not [name for name, seed, _ in found if not seed]
